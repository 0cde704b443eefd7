"""Two people doing the same thing at once: one is first, and the other is told so."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import func, select

from portal.people.models import Department, Membership
from portal.people.rules import lies_below
from portal.people.services import (
    AddMembership,
    ChangeDepartment,
    add_membership,
    change_department,
)
from portal.roles.models import Assignment, Role
from portal.roles.services import AssignRole, assign_role, end_assignment, pass_on_role
from portal.testing import add_person, sign_in, together, working_as
from tests.unit.granting import department, give, make_role, person


def at_once(app, *acts):
    """Run each (person id, act) together; return what became of them."""

    def run(who, act):
        with working_as(app, who) as tx:
            act(tx)

    came = together(*(partial(run, *one) for one in acts))
    return sorted("done" if one is None else type(one).__name__ for one in came)


def typed_at_once(app, admins, address, form):
    """Send one form from a browser each at the same moment; return the answers."""
    clients = [sign_in(app, who) for who in (*admins, *admins)]
    return together(*(partial(client.post, address, data=form) for client in clients))


@pytest.mark.parametrize(
    ("address", "form", "said"),
    [
        (
            "/people/departments/new",
            {"name": "Archive"},
            "There is a department with this name already.",
        ),
        ("/roles/new", {"name": "Archivist"}, "There is a role with this name already."),
        (
            "/people/new",
            {
                "name": "Ayu Lestari",
                "email": "ayu@kantor.example",
                "language": "en",
                "active_from": "2026-01-01",
            },
            "Ayu Lestari has this address already.",
        ),
    ],
)
def test_one_name_typed_at_once_is_given_once_and_said_beside_the_field(
    portal_app, admins, address, form, said
):
    for round in range(3):
        mine = {
            key: value.replace("kantor", f"k{round}") if key == "email" else value
            for key, value in form.items()
        }
        if "email" not in mine:
            mine["name"] += f" {round}"
        answers = typed_at_once(portal_app, admins, address, mine)
        assert sorted(one.status_code for one in answers) == [303, 422, 422, 422]
        for one in answers:
            assert one.status_code == 303 or said in one.text


@pytest.fixture
def admins(portal_app, world):
    with working_as(portal_app) as tx:
        second = add_person(tx, "Second", role="administrator", everywhere=True)
    return world.people["administrator"], second


def test_a_department_gets_one_manager(portal_app, world, admins):
    with working_as(portal_app) as tx:
        lab = department(tx, world, "lab").public_id
        people = [person(tx, add_person(tx, name)).public_id for name in ("One", "Two")]

    def name(public_id):
        def act(tx):
            command = AddMembership(
                person=public_id, department=lab, kind="manager", from_on=tx.today
            )
            add_membership(tx, command)

        return act

    outcome = at_once(portal_app, *zip(admins, map(name, people), strict=True))
    assert outcome == ["ValidationFailed", "done"]
    with working_as(portal_app) as tx:
        managers = select(func.count()).where(Membership.kind == "manager")
        assert tx.session.execute(managers).scalar_one() == 1


def test_two_moves_make_no_circle(portal_app, world, admins):
    def move(which, below):
        def act(tx):
            row, parent = department(tx, world, which), department(tx, world, below)
            command = ChangeDepartment(version=row.version, name=row.name, parent=parent.public_id)
            change_department(tx, row.public_id, command)

        return act

    outcome = at_once(
        portal_app,
        (admins[0], move("board", "lab")),
        (admins[1], move("lab", "board")),
    )
    assert outcome == ["ValidationFailed", "done"]
    with working_as(portal_app) as tx:
        rows = tx.session.execute(select(Department.id, Department.parent_id)).all()
        above = {row.id: row.parent_id for row in rows}
        assert not any(lies_below(above[one], one, above) for one in above)


def test_a_role_is_given_once(portal_app, world, admins):
    def act(tx):
        role = tx.session.scalars(select(Role).where(Role.slug == "office_manager")).one()
        who = person(tx, world.people["employee"]).public_id
        command = AssignRole(role=role.public_id, person=who, from_on=tx.today)
        assign_role(tx, command)

    outcome = at_once(portal_app, *((admin, act) for admin in admins))
    assert outcome == ["ValidationFailed", "done"]


def test_what_is_taken_away_is_not_passed_on_meanwhile(portal_app, world, admins):
    office = world.departments["office"]
    with working_as(portal_app) as tx:
        head = add_person(tx, "Head", department_id=office)
        keeper = make_role(tx, "keeper", core__place__edit="tree")
        held = give(tx, head, keeper, office, may_grant=True).public_id
        give(tx, head, make_role(tx, "granter", core__role__grant="tree"), office)
        role, where = keeper.public_id, department(tx, world, "office").public_id
        who = person(tx, world.people["employee"]).public_id

    def pass_on(tx):
        command = AssignRole(role=role, person=who, department=where, from_on=tx.today)
        pass_on_role(tx, command)

    outcome = at_once(portal_app, (head, pass_on), (admins[0], lambda tx: end_assignment(tx, held)))
    with working_as(portal_app) as tx:
        given = tx.session.scalars(
            select(Assignment).where(Assignment.person_id == world.people["employee"])
        ).all()
        ended = tx.session.scalars(select(Assignment).where(Assignment.public_id == held)).one()
        assert ended.until_on is not None
        # Whoever was first: passed on before it ended, or refused afterwards.
        assert outcome in (["done", "done"], ["ValidationFailed", "done"])
        assert len(given) == (2 if outcome == ["done", "done"] else 1)
