"""Noting who is away, changing it, being back: every rule, on every database."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from portal.absences import services
from portal.absences.models import Absence
from portal.absences.rules import Away
from portal.absences.services import (
    ChangeAbsence,
    EndAbsence,
    NoteAbsence,
    absences_between,
    change_absence,
    end_absence,
    find_absence,
    is_away,
    note_absence,
    remove_absence,
)
from portal.errors import Conflict, EditConflict, NotFound, ValidationFailed
from portal.messages import translate
from portal.people.models import Person
from portal.people.services import EndPerson, end_person
from portal.testing import add_person, working_as
from portal.worktime.models import WorkCalendar, WorksBy
from tests.unit.granting import give, make_role, person
from tests.unit.people.test_races import at_once


def days(tx, first, last=None, **more):
    """Return the first and the last day, counted from today."""
    last = first if last is None else last
    return {
        "from_on": tx.today + timedelta(days=first),
        "last_on": tx.today + timedelta(days=last),
    } | more


def note(tx, first, last=None, person="", **more):
    return note_absence(tx, NoteAbsence(person=person, **days(tx, first, last, **more)))


def change(tx, row, first, last=None, **more):
    return change_absence(
        tx, row.public_id, ChangeAbsence(version=row.version, **days(tx, first, last, **more))
    )


def back(tx, row, since="morning"):
    return end_absence(tx, row.public_id, EndAbsence(version=row.version, since=since))


def refused(call, *arguments, **named):
    with pytest.raises(ValidationFailed) as error:
        call(*arguments, **named)
    return {field: translate(text) for field, text in error.value.fields.items()}


def kept(tx):
    return tx.session.scalars(select(Absence).order_by(Absence.from_on, Absence.id)).all()


@pytest.fixture
def me(world):
    return world.people["employee"]


@pytest.fixture
def boss(portal_app, world):
    """Return the id of the manager of the office, who notes for everybody in it and below."""
    return world.people["department_manager"]


@pytest.fixture
def admin(portal_app, world):
    with working_as(portal_app) as tx:
        return add_person(tx, "Chief", role="administrator", everywhere=True)


@pytest.fixture
def outsider(portal_app, world):
    """Return the public id of somebody of the laboratory."""
    with working_as(portal_app) as tx:
        return person(tx, add_person(tx, "Lab", department_id=world.departments["lab"])).public_id


def public_id(app, who):
    with working_as(app) as tx:
        return person(tx, who).public_id


@pytest.mark.parametrize(
    ("first", "last", "more"),
    [
        (0, 0, {}),
        (0, 0, {"from_noon": True}),
        (0, 0, {"until_noon": True}),
        (1, 5, {"from_noon": True, "until_noon": True}),
        (-31, -30, {}),
        (0, 365, {}),
    ],
)
def test_somebody_is_away_on_whole_and_half_days(portal_app, me, first, last, more):
    with working_as(portal_app, me) as tx:
        row = note(tx, first, last, **more)
        assert (row.person_id, row.source) == (me, "own")
        assert row.away == Away(**days(tx, first, last, **more))


WRONG = {
    "the last day before the first": ((3, 2), {}, "last_on", "before the first day"),
    "from noon until noon": (
        (3, 3),
        {"from_noon": True, "until_noon": True},
        "until_noon",
        "no time at all",
    ),
    "longer than a leap year": ((0, 366), {}, "last_on", "At most 366 days"),
    "more than 31 days back": ((-32, 0), {}, "from_on", "Only the last 31 days"),
}


@pytest.mark.parametrize(("when", "more", "field", "said"), WRONG.values(), ids=WRONG.keys())
def test_days_that_cannot_be(portal_app, me, when, more, field, said):
    with working_as(portal_app, me) as tx:
        wrong = refused(note, tx, *when, **more)
        assert said in wrong.pop(field)
        assert wrong == {}
        assert kept(tx) == []


def test_nobody_is_away_before_the_first_day_of_work_or_after_the_last(portal_app, world, me):
    with working_as(portal_app) as tx:
        row = person(tx, me)
        row.active_from = tx.today - timedelta(days=2)
        row.active_until = tx.today + timedelta(days=3)
    with working_as(portal_app, me) as tx:
        assert refused(note, tx, -3, 0) == {
            "from_on": "Employee does not work here yet on this day."
        }
        assert refused(note, tx, 0, 3) == {"last_on": "Employee does not work here any more then."}
        note(tx, -2, 2)


def test_with_the_last_day_of_somebody_their_absences_end_too(portal_app, me, admin):
    with working_as(portal_app, me) as tx:
        note(tx, 1, 2)
        cut, never = note(tx, 4, 9, until_noon=True).id, note(tx, 20, 21).id
    with working_as(portal_app, admin) as tx:
        leaver = person(tx, me)
        last_day = tx.today + timedelta(days=5)
        end_person(tx, leaver.public_id, EndPerson(version=leaver.version, last_day=last_day))
        assert [row.away for row in kept(tx)] == [
            Away(**days(tx, 1, 2)),
            Away(**days(tx, 4, 5)),
        ]
        told = [event for event in tx.events if event.name == "core.absence_ended"]
        assert [(event.absence_id, event.back_on - tx.today) for event in told] == [
            (cut, timedelta(days=6)),
            (never, timedelta(days=20)),
        ]
        assert tx.entries[-1]["detail"]["absences"] == 2


@pytest.mark.parametrize(
    ("first", "last", "more", "fits"),
    [
        (0, 1, {}, True),
        (6, 7, {}, True),
        (0, 2, {}, False),
        (5, 9, {}, False),
        (3, 4, {}, False),
        (0, 9, {}, False),
        (0, 2, {"until_noon": True}, True),
        (5, 9, {"from_noon": True}, True),
        (2, 2, {"from_noon": True}, False),
        (5, 5, {"until_noon": True}, False),
    ],
)
def test_an_absence_does_not_overlap_another_of_the_same_person(
    portal_app, me, boss, first, last, more, fits
):
    with working_as(portal_app, me) as tx:
        note(tx, 2, 5, from_noon=True, until_noon=True)
    with working_as(portal_app, me) as tx:
        if fits:
            note(tx, first, last, **more)
        else:
            wrong = refused(note, tx, first, last, **more)
            assert wrong.keys() == {"from_on"}
            assert "Employee is away then already:" in wrong["from_on"]
            assert ", from noon, to" in wrong["from_on"]
        assert len(kept(tx)) == 1 + fits
    with working_as(portal_app, boss) as tx:
        note(tx, first, last, **more)  # Somebody else is not in the way.


def test_a_changed_absence_does_not_overlap_either_and_is_not_in_its_own_way(portal_app, me):
    with working_as(portal_app, me) as tx:
        row, other = note(tx, 2, 5), note(tx, 8, 9)
        assert change(tx, row, 3, 7).last_on == tx.today + timedelta(days=7)
        assert refused(change, tx, row, 3, 8).keys() == {"from_on"}
        change(tx, other, 8, 8, from_noon=True)
        change(tx, row, 3, 8, until_noon=True)
    with working_as(portal_app) as tx:
        assert [row.away.meets(other.away) for row, other in [kept(tx)]] == [False]


def test_an_old_form_meets_the_newer_absence(portal_app, me):
    with working_as(portal_app, me) as tx:
        row = note(tx, 2, 5)
        for call in (
            lambda: change_absence(tx, row.public_id, ChangeAbsence(version=9, **days(tx, 2))),
            lambda: end_absence(tx, row.public_id, EndAbsence(version=9, since="noon")),
            lambda: remove_absence(tx, row.public_id, 9),
        ):
            with pytest.raises(EditConflict):
                call()


def test_what_is_longer_past_than_31_days_stays_as_it_was(portal_app, me, admin):
    with working_as(portal_app) as tx:
        row = Absence(person_id=me, **days(tx, -60, 3))
        tx.session.add(row)
        tx.session.flush()
        kept_id = row.public_id
    for who in (me, admin):
        with working_as(portal_app, who) as tx:
            row = find_absence(tx, kept_id)
            assert refused(change, tx, row, -59, 3).keys() == {"from_on"}
            assert refused(change, tx, row, -60, -40).keys() == {"last_on"}
            assert refused(change, tx, row, -60, 3, from_noon=True).keys() == {"from_on"}
    with working_as(portal_app, me) as tx:
        assert change(tx, find_absence(tx, kept_id), -60, 9).version == 2


def test_what_is_over_is_changed_by_who_may_change_everybodys(portal_app, me, boss, admin):
    with working_as(portal_app, me) as tx:
        kept_id = note(tx, -5, -2).public_id
    for who in (me, boss):
        with working_as(portal_app, who) as tx, pytest.raises(Conflict, match="is over"):
            change(tx, find_absence(tx, kept_id), -5, -3)
    with working_as(portal_app, admin) as tx:
        row = change(tx, find_absence(tx, kept_id), -5, -3)
        with pytest.raises(Conflict, match="over already"):
            back(tx, row)


def test_who_is_back_early_is_away_until_noon_or_until_yesterday(portal_app, me):
    with working_as(portal_app, me) as tx:
        row = note(tx, -3, 4)
        assert back(tx, row, "noon").away == Away(**days(tx, -3, 0, until_noon=True))
        assert back(tx, row, "noon").version == row.version  # It ends then anyhow.
        assert back(tx, row, "morning").away == Away(**days(tx, -3, -1))
        assert [event.name for event in tx.events][1:] == ["core.absence_ended"] * 2
        assert (tx.events[-1].back_on, tx.events[-1].back_noon) == (tx.today, False)


@pytest.mark.parametrize(
    ("first", "more", "since"),
    [(1, {}, "noon"), (0, {}, "morning"), (0, {"from_noon": True}, "noon")],
)
def test_of_an_absence_that_did_not_happen_nothing_is_left(portal_app, me, first, more, since):
    with working_as(portal_app, me) as tx:
        assert back(tx, note(tx, first, 4, **more), since) is None
        assert kept(tx) == []
        note(tx, first, 4)


def test_being_back_at_an_unknown_time_is_refused(portal_app, me):
    with working_as(portal_app, me) as tx:
        assert refused(back, tx, note(tx, 0, 4), "tea").keys() == {"since"}


def test_an_absence_is_removed_until_it_begins(portal_app, me):
    with working_as(portal_app, me) as tx:
        row = note(tx, 1, 4)
        remove_absence(tx, row.public_id, row.version)
        assert kept(tx) == []
        row = note(tx, 0, 4)
        with pytest.raises(Conflict, match="has begun"):
            remove_absence(tx, row.public_id, row.version)


@pytest.mark.parametrize(("hour", "begun"), [(11, False), (12, True)])
def test_an_absence_from_noon_begins_at_noon(portal_app, me, hour, begun):
    with working_as(portal_app, me) as tx:
        row = note(tx, 0, 4, from_noon=True)
        tx.now = datetime.combine(row.from_on, datetime.min.time(), tx.zone).replace(hour=hour)
        assert services.has_begun(tx, row) is begun


def test_a_manager_notes_for_the_tree_and_not_outside(portal_app, world, me, boss, outsider):
    with working_as(portal_app) as tx:
        below = person(tx, add_person(tx, "Below", department_id=world.departments["stores"]))
        below_id = below.public_id
        row = Absence(person_id=tx.one(select(Person), public_id=outsider).id, **days(tx, 1, 2))
        tx.session.add(row)
        tx.session.flush()
        foreign = row.public_id
    with working_as(portal_app, boss) as tx:
        row = note(tx, 1, 2, person=below_id)
        assert row.source == "other"
        assert change(tx, row, 1, 3).last_on == tx.today + timedelta(days=3)
        for unknown in (outsider, "zzzzzzzzzzzz"):
            assert refused(note, tx, 1, 2, person=unknown) == {"person": "Choose one of the list."}
        row = find_absence(tx, foreign)  # Who is away may be seen.
        for call in (
            lambda: change(tx, row, 1, 1),
            lambda: back(tx, row),
            lambda: remove_absence(tx, foreign, 1),
        ):
            with pytest.raises(NotFound):
                call()
    with working_as(portal_app, me) as tx:
        assert refused(note, tx, 1, 2, person=below_id).keys() == {"person"}
        assert not services.notes_for_others(tx)


def test_who_leads_elsewhere_than_they_work_notes_their_own_absence(portal_app, world):
    with working_as(portal_app) as tx:
        who = add_person(tx, "Two Hats", department_id=world.departments["lab"])
        rights = {"core__absence__edit": "tree", "core__absence__view": "all"}
        give(tx, who, make_role(tx, "leads", **rights), world.departments["office"])
    with working_as(portal_app, who) as tx:
        row = note(tx, 1, 2)
        assert services.may_edit(tx, row)
        remove_absence(tx, row.public_id, row.version)


def test_two_at_once_give_one_absence(portal_app, me, boss):
    mine = public_id(portal_app, me)

    def act(tx):
        note(tx, 1, 3, person=mine)

    assert at_once(portal_app, (me, act), (boss, act)) == ["ValidationFailed", "done"]
    with working_as(portal_app) as tx:
        assert len(kept(tx)) == 1


def test_two_who_move_absences_towards_one_another_do_not_overlap(portal_app, me, boss):
    with working_as(portal_app, me) as tx:
        first, second = note(tx, 1, 2).public_id, note(tx, 5, 6).public_id
    acts = (
        (me, lambda tx: change(tx, find_absence(tx, first), 1, 4)),
        (boss, lambda tx: change(tx, find_absence(tx, second), 4, 6)),
    )
    assert at_once(portal_app, *acts) == ["ValidationFailed", "done"]


def test_who_is_away_is_told_by_the_clock_people_work_by(portal_app, world, me, boss):
    with working_as(portal_app, me) as tx:
        row = note(tx, 0, 1, from_noon=True)
        midnight = datetime.combine(row.from_on, datetime.min.time(), tx.zone)
        for hours, away in ((11, False), (12, True), (36, True), (47, True), (48, False)):
            at = (midnight + timedelta(hours=hours)).astimezone(UTC)
            assert is_away(tx, [me, boss], at) == ({me} if away else set())
        assert is_away(tx, [], midnight) == set()


def test_noon_is_where_the_person_works_by_the_clock_there(portal_app, world, me, boss):
    with working_as(portal_app) as tx:
        far = WorkCalendar(name="Jayapura", week=[[]] * 7, time_zone="Asia/Jayapura")
        tx.session.add(far)
        tx.session.flush()
        tx.session.add(WorksBy(calendar_id=far.id, person_id=me))
    with working_as(portal_app, me) as tx:
        row = note(tx, 0, 0, from_noon=True)
        noon = datetime.combine(row.from_on, time(12), ZoneInfo("Asia/Jayapura"))
        assert is_away(tx, [me, boss], noon) == {me}
        assert is_away(tx, [me, boss], noon - timedelta(minutes=1)) == set()
        over = datetime.combine(row.from_on + timedelta(days=1), time(), noon.tzinfo)
        assert is_away(tx, [me], over - timedelta(minutes=1)) == {me}
        assert is_away(tx, [me], over) == set()


def test_absences_between_two_days_are_told_by_person(portal_app, me, boss):
    with working_as(portal_app, me) as tx:
        first, second = note(tx, 5, 6), note(tx, 1, 2)
        today = tx.today
        asked = today + timedelta(days=2), today + timedelta(days=6)
        assert absences_between(tx, [me, boss], *asked) == {me: (second.away, first.away)}
        assert absences_between(tx, [me], today, today + timedelta(days=1)) == {}


def test_events_and_the_audit_tell_days_and_never_why(portal_app, me):
    with working_as(portal_app, me) as tx:
        row = note(tx, 1, 2)
        change(tx, row, 1, 3)
        remove_absence(tx, row.public_id, row.version)
        assert [event.name for event in tx.events] == [
            "core.absence_added",
            "core.absence_changed",
            "core.absence_ended",
        ]
        told = {"absence_id", "person_id", "from_on", "last_on", "from_noon", "until_noon"}
        assert vars(tx.events[0]).keys() == told
        assert vars(tx.events[2]).keys() == {"absence_id", "person_id", "back_on", "back_noon"}
        assert [entry["action"] for entry in tx.entries] == [
            "core.absence_added",
            "core.absence_changed",
            "core.absence_removed",
        ]


def test_no_column_holds_a_reason():
    assert set(Absence.__table__.columns.keys()) == {
        *("id", "public_id", "version", "person_id", "source"),
        *("from_on", "last_on", "from_noon", "until_noon"),
    }
