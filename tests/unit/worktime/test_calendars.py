"""By which calendar somebody works, and the calendars themselves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from portal.api import add_working, calendar_of
from portal.errors import Conflict, EditConflict, NotFound, ValidationFailed
from portal.people.models import Membership
from portal.testing import LONG_AGO, add_person, counting_statements, working_as
from portal.worktime.models import WorkCalendar, WorksBy
from portal.worktime.rules import read_windows, written
from portal.worktime.services import (
    SaveDay,
    SaveHoliday,
    WorkBy,
    add_day,
    add_holiday,
    change_calendar,
    change_day,
    remove_calendar,
    remove_day,
    work_by,
    work_by_no_longer,
)
from tests.unit.granting import department, person
from tests.unit.worktime.common import at_once, changed, make_calendar, make_list, week

MONDAY, SUNDAY = date(2026, 11, 30), date(2026, 11, 29)


def on_mondays(tx, **who):
    return written(calendar_of(tx, **who).windows_on(MONDAY))


def refused(call, *arguments):
    with pytest.raises(ValidationFailed) as error:
        call(*arguments)
    return set(error.value.fields)


@pytest.fixture
def calendars(portal_app, world):
    """Return the public ids of a usual calendar, one of the office and one of a single person."""
    with working_as(portal_app) as tx:
        made = {
            "usual": make_calendar(tx, "Usual", "9-17", usual=True).public_id,
            "office": make_calendar(tx, "Office", "8-16").public_id,
            "own": make_calendar(tx, "Own", "8-12").public_id,
        }
        office = department(tx, world, "office").public_id
        work_by(tx, made["office"], WorkBy(department=office))
        return made


def test_while_there_is_none_monday_to_friday_is_assumed(portal_app, world):
    with working_as(portal_app) as tx:
        found = calendar_of(tx, person_id=world.people["employee"])
        assert written(found.windows_on(MONDAY)) == "08:00-12:00, 13:00-17:00"
        assert found.windows_on(SUNDAY) == ()
        assert found.zone == tx.zone


def test_a_person_works_by_the_nearest_calendar(portal_app, world, calendars):
    who = world.people["employee"]  # in the office, below the board
    with working_as(portal_app) as tx:
        assert on_mondays(tx) == "09:00-17:00"
        assert on_mondays(tx, person_id=who) == "08:00-16:00"
        work_by(tx, calendars["own"], WorkBy(person=person(tx, who).public_id))
        assert on_mondays(tx, person_id=who) == "08:00-12:00"


def test_a_department_works_by_the_calendar_above_it_or_by_the_usual(portal_app, world, calendars):
    with working_as(portal_app) as tx:
        by = {name: on_mondays(tx, department_id=key) for name, key in world.departments.items()}
    assert by == {
        "board": "09:00-17:00",
        "office": "08:00-16:00",
        "stores": "08:00-16:00",
        "lab": "09:00-17:00",
    }


def test_whoever_leads_a_department_works_by_its_calendar(portal_app, world, calendars):
    with working_as(portal_app) as tx:
        who = add_person(tx, "Leader", department_id=world.departments["lab"])
        leads = {"department_id": world.departments["stores"], "kind": "manager"}
        tx.session.add(Membership(person_id=who, from_on=LONG_AGO, **leads))
    with working_as(portal_app) as tx:
        assert on_mondays(tx, person_id=who) == "08:00-16:00"


def test_nobody_asks_for_a_person_and_a_department_at_once(portal_app, world):
    with working_as(portal_app) as tx, pytest.raises(ValueError, match="not for both"):
        calendar_of(tx, person_id=1, department_id=1)


def test_finding_a_calendar_takes_few_statements_however_deep_the_tree(
    portal_app, world, calendars
):
    with working_as(portal_app) as tx:
        kept = make_list(tx)
        row = tx.one(select(WorkCalendar), public_id=calendars["office"])
        change_calendar(tx, row.public_id, changed(row, holiday_list=kept.public_id))
        who = add_person(tx, "Deep", department_id=world.departments["stores"])
    with working_as(portal_app) as tx:
        assert tx.today  # What the organisation's clock is, is asked once.
        with counting_statements(portal_app) as seen:
            calendar_of(tx, person_id=who)
        assert len(seen) <= 6, "\n".join(seen)


def test_holidays_close_the_office_and_own_days_go_before_them(portal_app, world, calendars):
    days = [date(2026, 11, 30) + timedelta(days=number) for number in range(5)]
    with working_as(portal_app) as tx:
        kept = make_list(tx)
        row = tx.one(select(WorkCalendar), public_id=calendars["office"])
        change_calendar(tx, row.public_id, changed(row, holiday_list=kept.public_id))
        half = read_windows("7-12")
        for on, windows in ((days[0], ()), (days[1], half), (days[2], None), (days[3], ())):
            add_holiday(tx, kept.public_id, SaveHoliday(on=on, name="A day", windows=windows))
        add_day(tx, row.public_id, SaveDay(on=days[3], name="Moved", windows=read_windows("6-7")))
        add_holiday(tx, kept.public_id, SaveHoliday(on=SUNDAY, name="Half", windows=half))
        found = calendar_of(tx, department_id=world.departments["office"])
        worked = [written(found.windows_on(day)) for day in days]
        assert worked == ["", "08:00-12:00", "08:00-16:00", "06:00-07:00", "08:00-16:00"]
        assert found.windows_on(SUNDAY) == ()  # half a holiday makes no Sunday a working day
        begin = datetime(2026, 11, 28, tzinfo=UTC)
        assert add_working(found, begin, timedelta(hours=1)).date() == days[1]


def test_a_calendar_has_a_clock_of_its_own_if_it_says_so(portal_app, world):
    with working_as(portal_app) as tx:
        make_calendar(tx, "Far", usual=True, time_zone="Asia/Jayapura")
        assert calendar_of(tx).zone == ZoneInfo("Asia/Jayapura")


def test_one_calendar_is_the_usual_and_takes_that_from_the_other(portal_app, world, calendars):
    with working_as(portal_app) as tx:
        row = tx.one(select(WorkCalendar), public_id=calendars["own"])
        change_calendar(tx, row.public_id, changed(row, usual=True))
    with working_as(portal_app) as tx:
        usual = tx.session.scalars(select(WorkCalendar.name).where(WorkCalendar.usual)).all()
        assert usual == ["Own"]


def test_who_has_the_calendar_open_that_was_the_usual_meets_a_conflict(
    portal_app, world, calendars
):
    with working_as(portal_app) as tx:
        stale = changed(tx.one(select(WorkCalendar), public_id=calendars["usual"]), name="Mine")
    with working_as(portal_app) as tx:
        row = tx.one(select(WorkCalendar), public_id=calendars["own"])
        change_calendar(tx, row.public_id, changed(row, usual=True))
        assert tx.entries[-1]["detail"]["instead_of"] == "Usual"
    with working_as(portal_app) as tx, pytest.raises(EditConflict):
        change_calendar(tx, calendars["usual"], stale)


def usual_ones(app):
    with working_as(app) as tx:
        return tx.session.scalars(select(WorkCalendar.name).where(WorkCalendar.usual)).all()


def test_two_who_make_a_calendar_the_usual_at_once_leave_one(portal_app, world, calendars):
    def make_usual(public_id):
        def act(tx):
            row = tx.one(select(WorkCalendar), public_id=public_id)
            change_calendar(tx, public_id, changed(row, usual=True))
            return "done"

        return act

    acts = (make_usual(calendars["office"]), make_usual(calendars["own"]))
    outcome = at_once(portal_app, world.people["administrator"], *acts)
    assert outcome == ["done", "done"]
    assert usual_ones(portal_app) in (["Office"], ["Own"])


def test_two_who_make_the_first_calendar_at_once_leave_one_that_is_the_usual(portal_app, world):
    def make(name):
        def act(tx):
            make_calendar(tx, name, usual=True)
            return "done"

        return act

    outcome = at_once(portal_app, world.people["administrator"], make("One"), make("Other"))
    assert "done" in outcome
    assert set(outcome) <= {"done", "ValidationFailed"}
    assert len(usual_ones(portal_app)) == 1


def test_a_department_and_a_person_have_one_calendar_each(portal_app, world, calendars):
    with working_as(portal_app) as tx:
        office = department(tx, world, "office").public_id
        who = person(tx, world.people["employee"]).public_id
        both = WorkBy(department=office, person=who)
        assert work_by(tx, calendars["own"], both) == ["Office", "Employee"]
        rows = tx.session.scalars(select(WorksBy)).all()
        assert {row.calendar.name for row in rows} == {"Own"}
        assert len(rows) == 2
        assert work_by_no_longer(tx, calendars["own"], WorkBy(department=office)) == "Office"
        assert on_mondays(tx, department_id=world.departments["office"]) == "09:00-17:00"
        with pytest.raises(NotFound):
            work_by_no_longer(tx, calendars["own"], WorkBy(department=office))
        assert refused(work_by, tx, calendars["own"], WorkBy()) == {"department"}
        for wrong in ({"department": "zzzzzzzzzzzz"}, {"person": "zzzzzzzzzzzz"}):
            assert refused(work_by, tx, calendars["own"], WorkBy(**wrong)) == set(wrong)


IMPOSSIBLE = {
    "a name that is there": ({"name": "office"}, "name"),
    "a week without hours": ({"week": ((),) * 7}, "monday"),
    "a list that is not there": ({"holiday_list": "zzzzzzzzzzzz"}, "holiday_list"),
}


@pytest.mark.parametrize(("more", "named"), IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_calendars_that_cannot_be(portal_app, world, calendars, more, named):
    with working_as(portal_app) as tx:
        row = tx.one(select(WorkCalendar), public_id=calendars["own"])
        assert refused(change_calendar, tx, row.public_id, changed(row, **more)) == {named}


def test_an_old_form_meets_the_newer_calendar(portal_app, world, calendars):
    with working_as(portal_app) as tx:
        row = tx.one(select(WorkCalendar), public_id=calendars["own"])
        with pytest.raises(EditConflict) as error:
            change_calendar(tx, row.public_id, changed(row, version=9))
    assert error.value.theirs["monday"] == read_windows("8-12")


def test_a_calendar_is_removed_once_nobody_works_by_it(portal_app, world, calendars):
    with working_as(portal_app) as tx:
        for name in ("usual", "office"):
            row = tx.one(select(WorkCalendar), public_id=calendars[name])
            with pytest.raises(Conflict):
                remove_calendar(tx, row.public_id, version=row.version)
        row = tx.one(select(WorkCalendar), public_id=calendars["own"])
        remove_calendar(tx, row.public_id, version=row.version)
    with working_as(portal_app) as tx:
        assert len(tx.session.scalars(select(WorkCalendar)).all()) == 2


def test_a_date_is_exceptional_once(portal_app, world, calendars):
    with working_as(portal_app) as tx:
        day = add_day(tx, calendars["usual"], SaveDay(on=MONDAY, name="Stocktaking"))
        twin = SaveDay(on=MONDAY)
        assert refused(add_day, tx, calendars["usual"], twin) == {"on"}
        other = add_day(tx, calendars["usual"], SaveDay(on=SUNDAY))
        assert refused(change_day, tx, other.public_id, twin) == {"on"}
        change_day(tx, day.public_id, SaveDay(on=MONDAY, windows=read_windows("8-10")))
        assert on_mondays(tx) == "08:00-10:00"
        later = SaveDay(on=MONDAY + timedelta(days=7), name="Later")
        change_day(tx, other.public_id, later)
        assert (other.on, other.name) == (later.on, "Later")
        remove_day(tx, day.public_id)
        assert on_mondays(tx) == "09:00-17:00"


def test_who_may_only_look_changes_nothing(portal_app, world, calendars):
    with working_as(portal_app, world.people["employee"]) as tx:
        row = tx.one(select(WorkCalendar), public_id=calendars["own"])
        for act in (
            lambda: change_calendar(tx, row.public_id, changed(row, name="Mine")),
            lambda: work_by(tx, row.public_id, WorkBy()),
            lambda: add_day(tx, row.public_id, SaveDay(on=MONDAY)),
            lambda: remove_calendar(tx, row.public_id, version=row.version),
        ):
            with pytest.raises(NotFound):
                act()


def test_the_audit_says_what_was_changed(portal_app, world, calendars):
    with working_as(portal_app) as tx:
        row = tx.one(select(WorkCalendar), public_id=calendars["own"])
        change_calendar(tx, row.public_id, changed(row, week=week("8-13")))
        detail = tx.entries[-1]["detail"]
    assert "08:00-13:00" in str(detail)
