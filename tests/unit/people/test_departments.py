"""Departments keep to a tree, and nobody moves one to widen their own rights."""

from __future__ import annotations

import pytest

from portal.errors import Conflict, EditConflict, NotFound, ValidationFailed
from portal.people.models import Person
from portal.people.services import (
    AddDepartment,
    AddMembership,
    ChangeDepartment,
    EndMembership,
    add_department,
    add_membership,
    change_department,
    close_department,
    end_membership,
    memberships_of,
    reopen_department,
    tree,
)
from portal.testing import add_person, give_role, working_as
from tests.unit.granting import department, give, make_role


def person(tx, world, role):
    return tx.session.get(Person, world.people[role])


def move(tx, row, below):
    command = ChangeDepartment(
        version=row.version, name=row.name, parent=below.public_id if below else ""
    )
    return change_department(tx, row.public_id, command)


def test_the_tree_names_who_leads_and_counts_people(portal_app, world):
    with working_as(portal_app) as tx:
        office, chief = department(tx, world, "office"), person(tx, world, "department_manager")
        add_membership(
            tx,
            AddMembership(
                person=chief.public_id,
                department=office.public_id,
                kind="manager",
                from_on=tx.today,
            ),
        )
        found = {branch.department.name: branch for branch in tree(tx)}
        assert [(b.department.name, b.depth) for b in tree(tx)] == [
            ("Board", 0),
            ("Office", 1),
            ("Stores", 2),
            ("Lab", 0),
        ]
        assert found["Office"].manager.name == "Department Manager"
        assert found["Office"].people == 6
        assert found["Lab"].manager is None


def test_a_department_cannot_lie_below_itself(portal_app, world):
    with working_as(portal_app, world.people["administrator"]) as tx:
        board, stores = department(tx, world, "board"), department(tx, world, "stores")
        with pytest.raises(ValidationFailed) as refused:
            move(tx, board, stores)
        assert set(refused.value.fields) == {"parent"}
        with pytest.raises(ValidationFailed):
            move(tx, board, board)


def test_two_departments_beside_each_other_have_different_names(portal_app, world):
    with working_as(portal_app, world.people["administrator"]) as tx:
        with pytest.raises(ValidationFailed):
            add_department(tx, AddDepartment(name="LAB"))
        below = department(tx, world, "board").public_id
        assert add_department(tx, AddDepartment(name="Lab", parent=below)).name == "Lab"


def test_an_old_form_meets_the_newer_state(portal_app, world):
    with working_as(portal_app, world.people["administrator"]) as tx:
        lab = department(tx, world, "lab")
        with pytest.raises(EditConflict) as refused:
            change_department(tx, lab.public_id, ChangeDepartment(version=9, name="Laboratory"))
        assert refused.value.theirs["name"] == "Lab"


def test_a_department_with_people_stays_open(portal_app, world):
    with working_as(portal_app, world.people["administrator"]) as tx:
        office, board = department(tx, world, "office"), department(tx, world, "board")
        with pytest.raises(Conflict, match="6 people still belong to Office"):
            close_department(tx, office.public_id, version=office.version)
        with pytest.raises(Conflict, match="Office still lies below it"):
            close_department(tx, board.public_id, version=board.version)
        lab = department(tx, world, "lab")
        close_department(tx, lab.public_id, version=lab.version)
        assert not lab.active
        assert reopen_department(tx, lab.public_id, version=lab.version).active


def test_moving_a_department_may_not_widen_ones_own_rights(portal_app, world):
    admin = world.people["administrator"]
    with working_as(portal_app) as tx:
        give_role(tx, admin, "office_manager", department_id=world.departments["office"])
    with working_as(portal_app, admin) as tx:
        office, lab = department(tx, world, "office"), department(tx, world, "lab")
        with pytest.raises(ValidationFailed, match="another look") as refused:
            move(tx, lab, office)
        assert "widen your own rights" in str(refused.value.fields["parent"])
        move(tx, department(tx, world, "stores"), lab)
        assert department(tx, world, "stores").parent_id == lab.id


def test_who_changes_some_departments_does_not_see_the_others_as_theirs(portal_app, world):
    with working_as(portal_app) as tx:
        head = add_person(tx, "Head of office", department_id=world.departments["office"])
        role = make_role(tx, "head", core__department__edit="tree")
        give(tx, head, role, world.departments["office"])
    with working_as(portal_app, head) as tx:
        office, stores = department(tx, world, "office"), department(tx, world, "stores")
        lab = department(tx, world, "lab")
        with pytest.raises(NotFound):
            change_department(tx, lab.public_id, ChangeDepartment(version=1, name="Mine"))
        with pytest.raises(ValidationFailed):
            move(tx, stores, lab)
        with pytest.raises(ValidationFailed):
            move(tx, stores, None)
        with pytest.raises(ValidationFailed):
            add_department(tx, AddDepartment(name="New"))
        made = add_department(tx, AddDepartment(name="New", parent=office.public_id))
        assert made.parent_id == office.id


def test_a_new_manager_makes_the_old_one_a_member(portal_app, world):
    with working_as(portal_app) as tx:
        old = add_person(tx, "Old Manager", department_id=world.departments["lab"], kind="manager")
        new = add_person(tx, "New Manager")
    with working_as(portal_app, world.people["administrator"]) as tx:
        lab = department(tx, world, "lab")
        command = {
            "person": tx.session.get(Person, new).public_id,
            "department": lab.public_id,
            "kind": "manager",
            "from_on": tx.today,
        }
        with pytest.raises(ValidationFailed) as refused:
            add_membership(tx, AddMembership(**command))
        assert str(refused.value.fields["person"]) == "Old Manager manages this department then."
        add_membership(tx, AddMembership(**command, replace=True))
        kept = [(m.kind, m.until_on) for m in memberships_of(tx, old)]
        assert kept == [("member", None), ("manager", tx.today)]
        assert [m.kind for m in memberships_of(tx, new)] == ["manager"]


def test_nobody_makes_themselves_a_manager(portal_app, world):
    admin = world.people["administrator"]
    with working_as(portal_app, admin) as tx:
        me, lab = tx.session.get(Person, admin), department(tx, world, "lab")
        for kind in ("manager", "standing_deputy"):
            with pytest.raises(ValidationFailed) as refused:
                add_membership(
                    tx,
                    AddMembership(
                        person=me.public_id, department=lab.public_id, kind=kind, from_on=tx.today
                    ),
                )
            assert set(refused.value.fields) == {"person"}


def test_a_membership_ends_and_leaves_no_trace_if_it_never_began(portal_app, world):
    with working_as(portal_app, world.people["administrator"]) as tx:
        lab, someone = department(tx, world, "lab"), person(tx, world, "employee")
        later = tx.today.replace(year=tx.today.year + 1, day=1)
        row = add_membership(
            tx,
            AddMembership(person=someone.public_id, department=lab.public_id, from_on=later),
        )
        end_membership(tx, row.public_id, EndMembership(last_day=tx.today))
        assert [m.department.name for m in memberships_of(tx, someone.id)] == ["Office"]
        with pytest.raises(Conflict):
            end_membership(tx, row.public_id, EndMembership(last_day=tx.today))
