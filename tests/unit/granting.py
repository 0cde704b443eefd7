"""Giving somebody exactly one thing to be allowed, for tests."""

from __future__ import annotations

from portal.people.models import Department, Person
from portal.roles.models import Assignment, Role, RolePermission
from portal.roles.principals import raise_epoch
from portal.testing import LONG_AGO, principal_of


def make_role(tx, slug, **permissions):
    """Return a role with these permissions; ``core__role__view="all"`` is core.role.view."""
    role = Role(slug=slug, name=slug.replace("_", " ").capitalize())
    role.permissions = [
        RolePermission(permission=name.replace("__", "."), reach=reach)
        for name, reach in permissions.items()
    ]
    tx.session.add(role)
    tx.session.flush()
    return role


def give(tx, person_id, role, department_id=None, **more):
    """Let a person hold a role, from long ago and without end unless ``more`` says otherwise."""
    facts = {"from_on": LONG_AGO, "granted_at": tx.now} | more
    row = Assignment(person_id=person_id, role_id=role.id, department_id=department_id, **facts)
    tx.session.add(row)
    tx.session.flush()
    raise_epoch(tx.session, person_id=person_id)
    return row


def department(tx, world, name):
    return tx.session.get(Department, world.departments[name])


def person(tx, person_id):
    return tx.session.get(Person, person_id)


def rights_of(app, person_id):
    """Return permission -> reach of what a person may do right now."""
    with app.app_context():
        return principal_of(app, person_id).grants
