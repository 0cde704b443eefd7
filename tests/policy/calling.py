"""Calling services as somebody made for it, who holds these grants and no others."""

from __future__ import annotations

from types import SimpleNamespace

from sqlalchemy import select

from portal.errors import NotFound
from portal.roles.models import Role, RolePermission
from portal.testing import add_person, give_role, working_as
from tests.policy import tables

EVERY = tables.roles()["alone"].keys()
NOTHING = (NotFound, None, False, [], {})


def visitor(stand, world, grants):
    """Return somebody who holds these grants, measured from the same department as all others."""
    with stand.building() as tx:
        role = Role(slug="made-for-this", name="Made for this")
        role.permissions = [RolePermission(permission=p, reach=r) for p, r in grants.items()]
        tx.session.add(role)
        tx.session.flush()
        department = world.departments["same"]
        person_id = add_person(tx, "Visitor", department_id=department)
        give_role(tx, person_id, "made-for-this", department_id=department)
    return person_id


def answer(stand, world, grants, call):
    """Return what a service answers to somebody; NotFound is an answer too."""
    person_id = visitor(stand, world, grants)
    with stand.app.test_request_context():
        try:
            with working_as(stand.app, person_id) as tx:
                return call(tx, world)
        except NotFound:
            return NotFound


def there(world, kind, relation="any"):
    return world.get(kind, relation, "*")


def gives_only_with(stand, world, permission, call):
    """Fail unless a service gives something to who may do all, and nothing without this one."""
    everything = dict.fromkeys(EVERY, "all")
    assert answer(stand, world, everything, call) not in NOTHING
    stand.restore()
    all_but_one = {p: reach for p, reach in everything.items() if p != permission}
    assert answer(stand, world, all_but_one, call) in NOTHING


def the(tx, model, world, kind, relation="same"):
    """Return a row, whoever may see it."""
    wanted = select(model).filter_by(public_id=there(world, kind, relation)["id"])
    with tx.acting_for("inventory", reason="test") as own:
        found = own.session.scalars(wanted).one()
        return SimpleNamespace(**{c.key: getattr(found, c.key) for c in model.__mapper__.columns})
