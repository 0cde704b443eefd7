"""Who works here: adding, changing and leaving, within the reach of whoever does it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.errors import EditConflict, Forbidden, NotFound, ValidationFailed
from portal.people.models import Person
from portal.people.services import (
    AddPerson,
    ChangePerson,
    EndPerson,
    add_person,
    change_person,
    current,
    end_person,
    memberships_of,
)
from portal.roles.models import Assignment
from portal.testing import LONG_AGO, give_role, sign_in, working_as
from portal.testing import add_person as make_person
from tests.unit.granting import department, give, make_role, person


def changed(row, **values):
    stored = {"name": row.name, "email": row.email or "", "active_from": row.active_from}
    return ChangePerson(**({"version": row.version} | stored | values))


def test_a_person_begins_in_a_department(portal_app, world):
    with working_as(portal_app, world.people["administrator"]) as tx:
        office = department(tx, world, "office")
        made = add_person(
            tx,
            AddPerson(name="Ayu Lestari", active_from=tx.today, department=office.public_id),
        )
        assert [m.department.name for m in current(tx, person_id=made.id)] == ["Office"]
    with working_as(portal_app) as tx:
        kept = tx.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert (kept.action, kept.subject_label) == ("core.person_added", "Ayu Lestari")
        assert kept.detail == {"department": "Office"}


def test_a_manager_adds_people_to_their_own_departments_only(portal_app, world):
    with working_as(portal_app, world.people["department_manager"]) as tx:
        for name in ("lab", "board"):
            foreign = department(tx, world, name).public_id
            with pytest.raises(ValidationFailed) as refused:
                add_person(tx, AddPerson(name="X", active_from=tx.today, department=foreign))
            assert set(refused.value.fields) == {"department"}
        with pytest.raises(ValidationFailed):
            add_person(tx, AddPerson(name="X", active_from=tx.today))
        stores = department(tx, world, "stores")
        made = add_person(
            tx, AddPerson(name="X", active_from=tx.today, department=stores.public_id)
        )
        assert [m.department_id for m in memberships_of(tx, made.id)] == [stores.id]


def test_two_people_do_not_share_an_address(portal_app, world):
    with working_as(portal_app, world.people["administrator"]) as tx:
        add_person(tx, AddPerson(name="A", email="a@example.org", active_from=tx.today))
        with pytest.raises(ValidationFailed) as refused:
            add_person(tx, AddPerson(name="B", email="a@example.org", active_from=tx.today))
        assert str(refused.value.fields["email"]) == "A has this address already."


def test_a_change_keeps_what_was_before_in_the_audit(portal_app, world):
    with working_as(portal_app, world.people["administrator"]) as tx:
        row = person(tx, world.people["assistant"])
        change_person(tx, row.public_id, changed(row, name="Putri", phone="021 555"))
    with working_as(portal_app) as tx:
        kept = tx.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert kept.detail["changed"] == {
            "name": ["Assistant", "Putri"],
            "phone": [None, "021 555"],
        }


def test_an_old_form_meets_the_newer_person(portal_app, world):
    with working_as(portal_app, world.people["administrator"]) as tx:
        row = person(tx, world.people["assistant"])
        with pytest.raises(EditConflict) as refused:
            change_person(tx, row.public_id, changed(row, version=7, name="Other"))
        assert refused.value.theirs["name"] == "Assistant"


def test_a_manager_changes_only_people_of_their_departments(portal_app, world):
    with working_as(portal_app) as tx:
        outside = make_person(tx, "Lab person", department_id=world.departments["lab"])
    with working_as(portal_app, world.people["department_manager"]) as tx:
        near = person(tx, world.people["assistant"])
        change_person(tx, near.public_id, changed(near, name="Near"))
        far = person(tx, outside)
        with pytest.raises(NotFound):
            change_person(tx, far.public_id, changed(far, name="Far"))


def test_who_leaves_loses_departments_roles_and_sessions(portal_app, world):
    who = world.people["executive"]
    browser = sign_in(portal_app, who)
    assert browser.get("/").status_code == 200
    with working_as(portal_app, world.people["administrator"]) as tx:
        row = person(tx, who)
        last = tx.today - timedelta(days=1)
        end_person(tx, row.public_id, EndPerson(version=row.version, last_day=last))
        assert [m.until_on for m in memberships_of(tx, who)] == [tx.today]
        assert tx.session.scalars(
            select(Assignment.until_on).where(Assignment.person_id == who)
        ).all() == [tx.today]
    assert browser.get("/").status_code == 303


def test_a_later_last_day_leaves_today_as_it_is(portal_app, world):
    who = world.people["executive"]
    browser = sign_in(portal_app, who)
    with working_as(portal_app, world.people["administrator"]) as tx:
        row = person(tx, who)
        last = tx.today + timedelta(days=30)
        end_person(tx, row.public_id, EndPerson(version=row.version, last_day=last))
        assert row.active_until == last + timedelta(days=1)
    assert browser.get("/").status_code == 200


def test_nobody_ends_themselves_or_somebody_stronger(portal_app, world):
    manager = world.people["department_manager"]
    with working_as(portal_app, manager) as tx:
        for who in (manager, world.people["administrator"]):
            row = person(tx, who)
            with pytest.raises(Forbidden):
                end_person(tx, row.public_id, EndPerson(version=row.version, last_day=tx.today))


def test_nobody_is_shut_out_by_a_first_day_to_come(portal_app, world):
    manager = world.people["department_manager"]
    with working_as(portal_app, manager) as tx:
        later = tx.today + timedelta(days=1)
        chief, me = person(tx, world.people["administrator"]), person(tx, manager)
        with pytest.raises(Forbidden):
            change_person(tx, chief.public_id, changed(chief, active_from=later))
        with pytest.raises(ValidationFailed):
            change_person(tx, me.public_id, changed(me, active_from=later))
        clerk = person(tx, world.people["employee"])
        change_person(tx, clerk.public_id, changed(clerk, active_from=later))
        assert clerk.active_from == later


def test_a_manager_does_not_end_somebody_who_also_works_elsewhere(portal_app, world):
    with working_as(portal_app) as tx:
        both = make_person(tx, "In two places", department_id=world.departments["office"])
        from portal.people.models import Membership

        tx.session.add(
            Membership(person_id=both, department_id=world.departments["lab"], from_on=LONG_AGO)
        )
    with working_as(portal_app, world.people["department_manager"]) as tx:
        row = person(tx, both)
        with pytest.raises(Forbidden, match="also works in Lab"):
            end_person(tx, row.public_id, EndPerson(version=row.version, last_day=tx.today))


def test_team_reach_follows_who_is_managed_today(portal_app, world):
    with working_as(portal_app) as tx:
        head = make_person(tx, "Head", department_id=world.departments["lab"], kind="manager")
        make_person(tx, "Under", department_id=world.departments["lab"])
        give(tx, head, make_role(tx, "leads", core__person__edit="team"))
        give_role(tx, head, "employee", department_id=world.departments["lab"])
    with working_as(portal_app) as tx:
        under = tx.session.scalars(select(Person).where(Person.name == "Under")).one().public_id
    with working_as(portal_app, head) as tx:
        row = tx.one(select(Person), public_id=under)
        change_person(tx, under, changed(row, name="Led"))
        far = person(tx, world.people["assistant"])
        with pytest.raises(NotFound):
            change_person(tx, far.public_id, changed(far, name="Not led"))


def test_the_command_line_ends_a_person_as_the_page_does(portal_app, world):
    from click.testing import CliRunner

    from portal.commands.people import person as command

    desk = type("Desk", (), {"app": portal_app})()
    outcome = CliRunner().invoke(command, ["end", "Executive"], obj=desk)
    assert outcome.exit_code == 0, outcome.output
    with working_as(portal_app) as tx:
        row = person(tx, world.people["executive"])
        assert row.active_until == tx.today
        assert [m.until_on for m in memberships_of(tx, row.id)] == [tx.today]
