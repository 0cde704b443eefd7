"""Who may give which role to whom: administrators to others, everybody else what they may pass
on.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.errors import Conflict, EditConflict, Forbidden, NotFound, ValidationFailed
from portal.people.services import EndPerson, end_person
from portal.roles.models import Assignment, Role
from portal.roles.services import (
    AssignRole,
    approve,
    assign_role,
    end_assignment,
    pass_on_role,
    refuse,
    take_back,
)
from portal.testing import add_person, sign_in, working_as
from tests.unit.granting import department, give, make_role, person, rights_of


@pytest.fixture
def second(portal_app, world):
    """Return the id of another administrator."""
    with working_as(portal_app) as tx:
        return add_person(tx, "Second", role="administrator", everywhere=True)


@pytest.fixture
def head(portal_app, world):
    """Return somebody who may pass the role ``keeper`` on in the office and below."""
    with working_as(portal_app) as tx:
        office = world.departments["office"]
        who = add_person(tx, "Head", department_id=office)
        keeper = make_role(tx, "keeper", core__place__edit="tree", core__contact__edit="own")
        give(tx, who, keeper, office, may_grant=True)
        give(tx, who, make_role(tx, "granter", core__role__grant="tree"), office)
        return who


def assigning(tx, role, person_id, world=None, where="", **more):
    row = tx.session.scalars(select(Role).where(Role.slug == role)).one()
    facts = {
        "role": row.public_id,
        "person": person(tx, person_id).public_id,
        "department": department(tx, world, where).public_id if where else "",
        "from_on": tx.today,
    }
    return AssignRole(**(facts | more))


def newest(tx):
    return tx.session.scalars(select(Assignment).order_by(Assignment.id.desc())).first()


def refused_fields(call, *arguments):
    with pytest.raises(ValidationFailed) as refused:
        call(*arguments)
    return {name: str(text) for name, text in refused.value.fields.items()}


def test_an_administrator_gives_any_role_to_somebody_else(portal_app, world):
    who = world.people["employee"]
    with working_as(portal_app, world.people["administrator"]) as tx:
        row = assign_role(tx, assigning(tx, "office_manager", who, world, "lab", reason="cover"))
        assert (row.approved, row.granted_by_id) == (True, world.people["administrator"])
    held = rights_of(portal_app, who)["core.place.edit"]
    assert held.departments == {world.departments["lab"]}
    with working_as(portal_app) as tx:
        kept = tx.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert kept.action == "core.role_assigned"
        assert kept.detail["role"] == "office_manager"
        assert (kept.detail["department"], kept.detail["reason"]) == ("Lab", "cover")


def test_a_role_for_oneself_waits_for_another_administrator(portal_app, world, second):
    me = world.people["administrator"]
    with working_as(portal_app, me) as tx:
        row = assign_role(tx, assigning(tx, "office_manager", me, world, "lab"))
        public_id, version = row.public_id, row.role.version
        with pytest.raises(Forbidden):
            approve(tx, public_id, role_version=version)
    assert not rights_of(portal_app, me)["core.place.edit"].departments
    with working_as(portal_app, second) as tx:
        approve(tx, public_id, role_version=version)
        with pytest.raises(Conflict):
            approve(tx, public_id, role_version=version)
    lab = world.departments["lab"]
    assert lab in rights_of(portal_app, me)["core.place.edit"].departments


def test_what_is_approved_is_the_role_that_was_looked_at(portal_app, world, second):
    me = world.people["administrator"]
    with working_as(portal_app, me) as tx:
        asked = assign_role(tx, assigning(tx, "office_manager", me)).public_id
    with working_as(portal_app, second) as tx, pytest.raises(EditConflict):
        approve(tx, asked, role_version=99)


def test_a_request_can_be_declined_and_taken_back(portal_app, world, second):
    me = world.people["administrator"]
    for decider in (second, me):
        with working_as(portal_app, me) as tx:
            asked = assign_role(tx, assigning(tx, "office_manager", me)).public_id
        with working_as(portal_app, decider) as tx:
            refuse(tx, asked)
            with pytest.raises(Conflict):
                approve(tx, asked, role_version=1)
    assert rights_of(portal_app, me)["core.place.edit"].everything  # from the other role


def test_the_same_role_twice_is_refused(portal_app, world):
    with working_as(portal_app, world.people["administrator"]) as tx:
        who = world.people["employee"]
        assert set(
            refused_fields(assign_role, tx, assigning(tx, "employee", who, world, "office"))
        ) == {"role"}


def test_only_the_right_for_the_whole_organisation_assigns(portal_app, world):
    with working_as(portal_app) as tx:
        who = add_person(tx, "Half", department_id=world.departments["office"])
        give(tx, who, make_role(tx, "half", core__role__assign="tree"), world.departments["office"])
    with working_as(portal_app, who) as tx, pytest.raises(Forbidden):
        assign_role(tx, assigning(tx, "employee", world.people["assistant"]))


def test_one_passes_on_what_one_holds_within_ones_reach(portal_app, world, head):
    who = world.people["employee"]
    with working_as(portal_app, head) as tx:
        pass_on_role(tx, assigning(tx, "keeper", who, world, "stores"))
    stores = world.departments["stores"]
    assert rights_of(portal_app, who)["core.place.edit"].departments == {stores}


REFUSED = {
    "somewhere else": ({"where": "lab"}, {"department"}),
    "above": ({"where": "board"}, {"department"}),
    "in the whole organisation": ({}, {"department"}),
    "another role": ({"role": "office_manager", "where": "office"}, {"role"}),
    "a role held without the right to pass it on": (
        {"role": "granter", "where": "office"},
        {"role"},
    ),
    "for yesterday": ({"where": "office", "from_on": -1}, {"from_on"}),
    "an unknown person": ({"where": "office", "person": "nobody"}, {"person"}),
    "an unknown role": ({"where": "office", "role_id": "nothing"}, {"role"}),
}


@pytest.mark.parametrize(("wish", "fields"), REFUSED.values(), ids=REFUSED.keys())
def test_one_does_not_pass_on(portal_app, world, head, wish, fields):
    with working_as(portal_app, head) as tx:
        role, where = wish.get("role", "keeper"), wish.get("where", "")
        more = {key: value for key, value in wish.items() if key not in {"role", "where"}}
        if "from_on" in more:
            more["from_on"] = tx.today + timedelta(days=more["from_on"])
        command = assigning(tx, role, world.people["employee"], world, where)
        command = replace(command, **{key.removesuffix("_id"): more[key] for key in more})
        assert set(refused_fields(pass_on_role, tx, command)) == fields


def test_one_does_not_pass_on_to_oneself(portal_app, world, head):
    with working_as(portal_app, head) as tx:
        command = assigning(tx, "keeper", head, world, "stores")
        assert set(refused_fields(pass_on_role, tx, command)) == {"person"}


def test_what_is_passed_on_does_not_outlast_ones_own(portal_app, world, head):
    with working_as(portal_app) as tx:
        mine = tx.session.scalars(
            select(Assignment).where(Assignment.person_id == head, Assignment.may_grant)
        ).one()
        mine.until_on = tx.today + timedelta(days=10)
    with working_as(portal_app, head) as tx:
        who = world.people["employee"]
        for last in (None, tx.today + timedelta(days=10)):
            command = assigning(tx, "keeper", who, world, "stores", last_day=last)
            assert set(refused_fields(pass_on_role, tx, command)) == {"role"}
        fits = tx.today + timedelta(days=9)
        pass_on_role(tx, assigning(tx, "keeper", who, world, "stores", last_day=fits))


def test_the_right_to_pass_on_goes_on_only_with_the_role(portal_app, world, head):
    next_one = world.people["employee"]
    with working_as(portal_app, head) as tx:
        pass_on_role(tx, assigning(tx, "keeper", next_one, world, "stores", may_grant=True))
    with working_as(portal_app) as tx:
        granter = tx.session.scalars(select(Role).where(Role.slug == "granter")).one()
        give(tx, next_one, granter, world.departments["office"])
    with working_as(portal_app, next_one) as tx:
        last = world.people["assistant"]
        command = assigning(tx, "keeper", last, world, "office")
        assert set(refused_fields(pass_on_role, tx, command)) == {"role"}
        pass_on_role(tx, assigning(tx, "keeper", last, world, "stores"))


def test_ending_a_role_signs_the_person_out(portal_app, world):
    who = world.people["employee"]
    browser = sign_in(portal_app, who)
    assert browser.get("/").status_code == 200
    with working_as(portal_app, world.people["administrator"]) as tx:
        row = tx.session.scalars(select(Assignment).where(Assignment.person_id == who)).one()
        end_assignment(tx, row.public_id)
        with pytest.raises(Conflict):
            end_assignment(tx, row.public_id)
    assert browser.get("/").status_code == 303
    assert "core.person.view" not in rights_of(portal_app, who)


def test_a_role_that_ends_later_is_held_until_then(portal_app, world):
    who = world.people["employee"]
    browser = sign_in(portal_app, who)
    with working_as(portal_app, world.people["administrator"]) as tx:
        row = tx.session.scalars(select(Assignment).where(Assignment.person_id == who)).one()
        end_assignment(tx, row.public_id, last_day=tx.today)
        assert row.until_on == tx.today + timedelta(days=1)
    assert browser.get("/").status_code == 200
    assert "core.person.view" in rights_of(portal_app, who)


def test_an_administrator_does_not_end_a_role_of_their_own(portal_app, world):
    me = world.people["administrator"]
    with working_as(portal_app, me) as tx:
        row = tx.session.scalars(select(Assignment).where(Assignment.person_id == me)).one()
        with pytest.raises(Forbidden):
            end_assignment(tx, row.public_id)


def test_one_takes_back_what_one_could_give(portal_app, world, head):
    who = world.people["employee"]
    with working_as(portal_app, head) as tx:
        mine = pass_on_role(tx, assigning(tx, "keeper", who, world, "stores"))
        greater = tx.session.scalars(
            select(Assignment)
            .join(Role, Role.id == Assignment.role_id)
            .where(Role.slug == "office_manager")
        ).one()
        with pytest.raises(Forbidden):
            take_back(tx, greater.public_id)
        take_back(tx, mine.public_id)
        assert mine.until_on == mine.from_on
    with working_as(portal_app) as tx:
        keeper = tx.session.scalars(select(Role).where(Role.slug == "keeper")).one()
        elsewhere = give(tx, who, keeper, world.departments["lab"]).public_id
    with working_as(portal_app, head) as tx, pytest.raises((NotFound, Forbidden)):
        take_back(tx, elsewhere)


def test_somebody_who_leaves_gets_no_role(portal_app, world):
    with working_as(portal_app, world.people["administrator"]) as tx:
        gone = person(tx, world.people["employee"])
        last = tx.today - timedelta(days=1)
        end_person(tx, gone.public_id, EndPerson(version=gone.version, last_day=last))
        command = assigning(tx, "assistant", gone.id)
        assert set(refused_fields(assign_role, tx, command)) == {"person"}


def test_assignments_are_seen_within_the_reach_of_a_grant_on_roles(portal_app, world, head):
    with working_as(portal_app) as tx:
        far = add_person(tx, "Far", department_id=world.departments["lab"], role="employee")
    with working_as(portal_app, head) as tx:
        seen = set(tx.session.scalars(select(Assignment.person_id)))
        assert world.people["employee"] in seen
        assert far not in seen
    with working_as(portal_app, world.people["employee"]) as tx:
        assert tx.session.scalars(select(Assignment.id)).all() == []
