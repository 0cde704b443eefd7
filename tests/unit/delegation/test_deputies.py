"""Naming deputies and asking who may decide: every rule, on every database."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from portal.absences.services import EndAbsence, NoteAbsence, end_absence, note_absence
from portal.api import Way, deciders, may_decide
from portal.commands.doctor import examine
from portal.delegation import services
from portal.delegation.models import Delegation
from portal.delegation.resolving import organisation
from portal.delegation.services import (
    ChangeDelegation,
    NameDeputy,
    change_delegation,
    end_delegation,
    find_delegation,
    name_deputy,
    uncovered,
    warnings_of,
)
from portal.errors import Conflict, EditConflict, NotFound, ValidationFailed
from portal.messages import translate
from portal.people.models import Membership
from portal.people.services import EndPerson, end_person
from portal.testing import add_person, counting_statements, working_as
from tests.unit.granting import person
from tests.unit.people.test_races import at_once


def days(tx, first, last=None):
    """Return the first and the last day, counted from today."""
    last = first if last is None else last
    return {
        "from_on": tx.today + timedelta(days=first),
        "last_on": tx.today + timedelta(days=last),
    }


def name(tx, deputy, first=0, last=None, **more):
    command = NameDeputy(deputy=person(tx, deputy).public_id, **(days(tx, first, last) | more))
    return name_deputy(tx, command)


def change(tx, row, first, last=None, **more):
    command = ChangeDelegation(version=row.version, **(days(tx, first, last) | more))
    return change_delegation(tx, row.public_id, command)


def refused(call, *arguments, **named):
    with pytest.raises(ValidationFailed) as error:
        call(*arguments, **named)
    return {field: translate(text) for field, text in error.value.fields.items()}


def away(app, who, first=0, last=0):
    with working_as(app, who) as tx:
        return note_absence(tx, NoteAbsence(**days(tx, first, last))).public_id


@pytest.fixture
def me(world):
    return world.people["employee"]


@pytest.fixture
def dewi(portal_app, world):
    with working_as(portal_app) as tx:
        office = world.departments["office"]
        return add_person(tx, "Dewi", role="employee", department_id=office)


@pytest.fixture
def boss(portal_app, world):
    """Return the id of the only manager of the office, who names for everybody in it and below."""
    who, office = world.people["department_manager"], world.departments["office"]
    with working_as(portal_app) as tx:
        leads = select(Membership).where(Membership.kind == "manager", Membership.person_id == who)
        if tx.session.scalars(leads).first() is None:
            row = Membership(person_id=who, department_id=office, kind="manager", from_on=tx.today)
            tx.session.add(row)
    return who


@pytest.fixture
def admin(portal_app, world):
    with working_as(portal_app) as tx:
        return add_person(tx, "Chief", role="administrator", everywhere=True)


def test_somebody_names_who_stands_in_for_them(portal_app, me, dewi):
    with working_as(portal_app, me) as tx:
        row = name(tx, dewi, 1, 5)
        assert (row.principal_id, row.deputy_id, row.created_by_id) == (me, dewi, me)
        assert (row.scope, row.max_amount, row.only_when_absent) == ("all", None, True)
        assert [event.name for event in tx.events] == ["core.delegation_added"]
        assert [entry["action"] for entry in tx.entries] == ["core.delegation_added"]


def test_days_that_cannot_be(portal_app, me, dewi):
    with working_as(portal_app, me) as tx:
        assert refused(name, tx, dewi, 3, 2) == {"last_on": "This is before the first day."}
        assert refused(name, tx, dewi, -1, 2) == {"from_on": "Begin today or later."}
        wrong = refused(name, tx, dewi, 0, 60, longer=True)
        assert wrong == {"last_on": "At most 60 days; an administrator can allow more."}
        assert name(tx, dewi, 0, 59)


def test_an_administrator_confirms_more_than_60_days_and_never_more_than_a_year(
    portal_app, admin, me, dewi
):
    with working_as(portal_app, admin) as tx:
        whose = person(tx, me).public_id
        assert refused(name, tx, dewi, 0, 60, principal=whose).keys() == {"longer"}
        assert "At most 366" in refused(name, tx, dewi, 0, 366, longer=True)["last_on"]
        row = name(tx, dewi, 0, 60, principal=whose, longer=True)
        assert (row.principal_id, row.created_by_id) == (me, admin)


def test_people_and_words_that_cannot_be(portal_app, me, dewi):
    with working_as(portal_app, me) as tx:
        wrong = refused(name, tx, me)
        assert wrong == {"deputy": "Nobody stands in for themselves. Choose somebody else."}
        unknown = NameDeputy(deputy="zzzzzzzzzzzz", **days(tx, 0))
        assert refused(name_deputy, tx, unknown) == {"deputy": "Choose one of the list."}
        assert refused(name, tx, dewi, scope="salary") == {"scope": "Choose one of the list."}
        wrong = refused(name, tx, dewi, department="zzzzzzzzzzzz")
        assert wrong == {"department": "Choose one of the list."}


def test_the_deputy_works_here_the_whole_time(portal_app, me, dewi):
    with working_as(portal_app) as tx:
        row = person(tx, dewi)
        row.active_from = tx.today + timedelta(days=2)
        row.active_until = tx.today + timedelta(days=9)
    with working_as(portal_app, me) as tx:
        assert refused(name, tx, dewi, 1, 9) == {
            "from_on": "Dewi does not work here yet on this day.",
            "last_on": "Dewi does not work here any more then.",
        }
        name(tx, dewi, 2, 8)


def test_the_same_deputy_does_not_stand_in_twice_for_the_same(portal_app, me, dewi):
    with working_as(portal_app, me) as tx:
        first, later = name(tx, dewi, 1, 5), name(tx, dewi, 6, 9)
        wrong = refused(name, tx, dewi, 5, 5)
        assert wrong == {"deputy": "Dewi stands in for Employee then already."}
        assert refused(change, tx, later, 5, 9).keys() == {"from_on"}
        name(tx, dewi, 5, 5, scope="tickets")
        end_delegation(tx, first.public_id, first.version)
        name(tx, dewi, 2, 3)


def test_two_deputies_at_a_time_are_allowed_and_said(portal_app, me, boss, dewi):
    with working_as(portal_app, me) as tx:
        first = name(tx, dewi, 1, 5)
        first_id = first.public_id
        assert warnings_of(tx, first) == []
        second = name(tx, boss, 5, 6)
        said = [translate(text) for text in warnings_of(tx, second)]
        assert said == ["Dewi stands in at the same time: both may decide."]
    away(portal_app, dewi, 4, 4)
    with working_as(portal_app, me) as tx:
        said = [translate(text) for text in warnings_of(tx, find_delegation(tx, first_id))]
        assert said[1:] == ["Dewi is away too on some of these days."]


def test_a_manager_names_for_the_tree_and_not_outside(portal_app, world, me, boss, dewi):
    with working_as(portal_app) as tx:
        outside = add_person(tx, "Lab", department_id=world.departments["lab"])
        public_id = person(tx, outside).public_id
        row = Delegation(principal_id=outside, deputy_id=dewi, **days(tx, 1, 2))
        tx.session.add(row)
        tx.session.flush()
        foreign = row.public_id
    with working_as(portal_app, boss) as tx:
        row = name(tx, dewi, principal=person(tx, me).public_id)
        assert (row.principal_id, row.created_by_id) == (me, boss)
        assert refused(name, tx, dewi, principal=public_id) == {
            "principal": "Choose one of the list."
        }
        row = find_delegation(tx, foreign)  # Who stands in may be seen.
        for call in (
            lambda: change(tx, row, 1, 1),
            lambda: end_delegation(tx, foreign, 1),
        ):
            with pytest.raises(NotFound):
                call()
    with working_as(portal_app, me) as tx:
        assert not services.names_for_others(tx)
        boss_id = person(tx, boss).public_id
        assert refused(name, tx, dewi, principal=boss_id).keys() == {"principal"}


def test_a_deputy_does_not_change_what_they_were_given(portal_app, me, dewi):
    with working_as(portal_app, me) as tx:
        kept_id = name(tx, dewi, 1, 5).public_id
    with working_as(portal_app, dewi) as tx:
        row = find_delegation(tx, kept_id)
        assert not services.may_edit(tx, row)
        with pytest.raises(NotFound):
            end_delegation(tx, row.public_id, row.version)


def test_days_are_changed_until_it_is_over(portal_app, me, dewi):
    with working_as(portal_app, me) as tx:
        row = name(tx, dewi, 0, 5)
        assert refused(change, tx, row, 1, 5).keys() == {"from_on"}
        assert refused(change, tx, row, -1, 5).keys() == {"from_on"}
        assert change(tx, row, 0, 9, only_when_absent=False).version == 2
        assert change(tx, row, 0, 9, only_when_absent=False).version == 2  # Nothing changed.
        with pytest.raises(EditConflict):
            change_delegation(tx, row.public_id, ChangeDelegation(version=1, **days(tx, 0)))
        coming = name(tx, dewi, 20, 25)
        assert refused(change, tx, coming, -1, 25).keys() == {"from_on"}
        change(tx, coming, 19, 25)
        end_delegation(tx, row.public_id, row.version)
        for call in (
            lambda: change(tx, row, 0, 3),
            lambda: end_delegation(tx, row.public_id, row.version),
        ):
            with pytest.raises(Conflict, match="over"):
                call()


def test_two_at_once_name_one_deputy(portal_app, me, boss, dewi):
    with working_as(portal_app) as tx:
        mine = person(tx, me).public_id

    def act(tx):
        name(tx, dewi, 1, 3, principal=mine)

    assert at_once(portal_app, (me, act), (boss, act)) == ["ValidationFailed", "done"]


def test_with_the_last_day_of_somebody_what_they_gave_and_were_given_ends(
    portal_app, me, admin, dewi, boss
):
    with working_as(portal_app, me) as tx:
        cut, never = name(tx, dewi, 0, 9).id, name(tx, dewi, 20, 21).id
    with working_as(portal_app, admin) as tx:
        leaver = person(tx, dewi)
        last_day = tx.today + timedelta(days=5)
        end_person(tx, leaver.public_id, EndPerson(version=leaver.version, last_day=last_day))
        assert tx.session.get(Delegation, cut).last_on == last_day
        assert tx.session.get(Delegation, never).revoked_at is not None
        assert tx.entries[-1]["detail"]["deputies"] == 2


def test_the_days_on_which_nobody_stands_in(portal_app, me, dewi):
    with working_as(portal_app, me) as tx:

        def left(first, last):
            found = uncovered(tx, me, **days(tx, first, last))
            return found and tuple((day - tx.today).days for day in found)

        assert left(-3, 4) == (0, 4)
        name(tx, dewi, 0, 2)
        assert left(-3, 4) == (3, 4)
        row = name(tx, dewi, 3, 9)
        assert left(-3, 4) is None
        end_delegation(tx, row.public_id, row.version)
        assert left(-3, 4) == (3, 4)


def test_the_deputy_decides_while_the_manager_is_away_and_not_a_moment_longer(
    portal_app, world, boss, dewi, admin
):
    office = world.departments["office"]
    with working_as(portal_app, boss) as tx:
        number = name(tx, dewi, 0, 3).id
        assert set(deciders(tx, office)) == {boss}
        assert may_decide(tx, office).way is Way.OWN
    absence = away(portal_app, boss)
    with working_as(portal_app, dewi) as tx:
        found = may_decide(tx, office)
        assert (found.way, found.for_id, found.delegations) == (Way.DEPUTY, boss, (number,))
        assert may_decide(tx, office, person_id=boss).way is Way.OWN
        assert may_decide(tx, office, requester_id=dewi) is None
        assert dewi not in deciders(tx, office, requester_id=boss)
    with working_as(portal_app, boss) as tx:
        end_absence(tx, absence, EndAbsence(version=1, since="morning"))
    with working_as(portal_app, dewi) as tx:
        assert may_decide(tx, office) is None


def test_until_and_including_the_last_day_by_the_clock_of_the_organisation(
    portal_app, world, boss, dewi
):
    office = world.departments["office"]
    away(portal_app, boss, 0, 5)
    with working_as(portal_app, boss) as tx:
        name(tx, dewi, 0, 1)
        midnight = datetime.combine(tx.today, datetime.min.time(), tx.zone)
        for minutes, decides in ((0, True), (2 * 1440 - 1, True), (2 * 1440, False)):
            at = midnight + timedelta(minutes=minutes)
            assert (dewi in deciders(tx, office, at=at)) is decides


def test_what_a_deputy_decided_before_the_end_was_rightly_decided(portal_app, world, boss, dewi):
    office = world.departments["office"]
    away(portal_app, boss)
    with working_as(portal_app, boss) as tx:
        row = name(tx, dewi)
        end_delegation(tx, row.public_id, row.version)
        assert dewi not in deciders(tx, office)
        assert dewi in deciders(tx, office, at=row.revoked_at - timedelta(seconds=1))


def test_amount_scope_and_department_limit_what_is_decided(portal_app, world, boss, dewi):
    office = world.departments["office"]
    away(portal_app, boss)
    with working_as(portal_app, boss) as tx:
        name(tx, dewi, max_amount=10**12, scope="approvals")
        assert may_decide(tx, office, 10**12, person_id=dewi).limit == 10**12
        assert dewi not in deciders(tx, office, 10**12 + 1)
        assert dewi not in deciders(tx, office, scope="tickets")


def test_what_nobody_decides_goes_to_the_fallback(portal_app, world, admin, me):
    with working_as(portal_app, me) as tx:
        found = deciders(tx, None)
        assert admin in found
        assert {decider.way for decider in found.values()} == {Way.FALLBACK}
        assert admin not in deciders(tx, None, requester_id=admin)


def test_who_decides_is_found_with_the_same_few_statements_however_many_there_are(
    portal_app, world, boss, dewi
):
    def counted():
        with working_as(portal_app, boss) as tx, counting_statements(portal_app) as seen:
            organisation(tx, tx.now)
        return len([one for one in seen if "SAVEPOINT" not in str(one)])

    before = counted()
    with working_as(portal_app) as tx:
        for number in range(12):
            who = add_person(tx, f"P{number}", department_id=world.departments["office"])
            tx.session.add(Delegation(principal_id=boss, deputy_id=who, **days(tx, 0, 3)))
    assert counted() == before == 1


def test_no_column_holds_a_reason():
    assert not {"reason", "note", "why"} & set(Delegation.__table__.columns.keys())


def test_the_doctor_says_when_one_person_alone_decides_what_nobody_else_can(
    portal_app, world, admin
):
    def told():
        found = [str(problem.title) for problem in examine(portal_app)]
        return [text for text in found if "what nobody else can" in text]

    with working_as(portal_app) as tx:
        last = len(organisation(tx, tx.now).fallback)
    assert told() == ([] if last > 1 else ["Fewer than two people decide what nobody else can."])
    with working_as(portal_app) as tx:
        add_person(tx, "Second chief", role="administrator", everywhere=True)
        add_person(tx, "Third chief", role="administrator", everywhere=True)
    assert told() == []
