"""Working time by golden values, and by laws that hold for any calendar and any clock."""

import os
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.worktime.rules import (
    DAY,
    BadWindows,
    Calendar,
    add_working,
    checked,
    next_working,
    read_windows,
    shared,
    spans,
    spans_on,
    working_between,
    written,
)

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE_DAY = read_windows("09:00-12:30, 13:00-17:00")
OFFICE = Calendar(
    zone=BERLIN,
    week=(OFFICE_DAY,) * 5 + ((), ()),
    days={
        date(2026, 4, 3): (),
        date(2026, 4, 6): (),
        date(2026, 12, 24): read_windows("9-12"),
        date(2026, 12, 25): (),
    },
)
ALWAYS = Calendar(zone=BERLIN, week=(((0, DAY),),) * 7)
NEVER = Calendar(zone=BERLIN, week=((),) * 7)
MOST = int(os.environ.get("KANTOR_TEST_EXAMPLES", "50")) * 4


def at(month, day, hour, minute=0):
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


def hours(number, minutes=0):
    return timedelta(hours=number, minutes=minutes)


@pytest.mark.parametrize(
    ("begin", "amount", "due"),
    [
        pytest.param(at(4, 2, 16), hours(2), at(4, 7, 10), id="V1 over Easter"),
        pytest.param(at(3, 28, 14), hours(4), at(3, 30, 13, 30), id="V2 from a Saturday"),
        pytest.param(at(12, 24, 11, 30), hours(1), at(12, 28, 9, 30), id="V6 a half day"),
        pytest.param(at(3, 30, 13), hours(4), at(3, 30, 17), id="V7 to the end of the day"),
        pytest.param(at(3, 30, 13), hours(4, 1), at(3, 31, 9, 1), id="V7 a minute more"),
    ],
)
def test_what_is_due_when(begin, amount, due):
    assert add_working(OFFICE, begin, amount) == due


def test_v3_a_clock_that_stood_still_runs_on():
    begin, stopped, again = at(3, 30, 9), at(3, 30, 15), at(4, 1, 11)
    left = hours(8) - working_between(OFFICE, begin, stopped)
    assert left == hours(2, 30)
    assert add_working(OFFICE, again, left) == at(4, 1, 14)


def test_v4_standing_still_outside_working_time_changes_nothing():
    begin, stopped, again = at(3, 27, 16), at(3, 27, 18), at(3, 29, 10)
    left = hours(4) - working_between(OFFICE, begin, stopped)
    assert add_working(OFFICE, again, left) == at(3, 30, 12)
    assert add_working(OFFICE, begin, hours(4)) == at(3, 30, 12)


def test_v5_round_the_clock_a_day_is_24_real_hours():
    assert add_working(ALWAYS, at(3, 28, 12), hours(24)) == at(3, 29, 13)
    assert working_between(ALWAYS, at(3, 29, 0), at(3, 30, 0)) == hours(23)
    assert working_between(ALWAYS, at(10, 25, 0), at(10, 26, 0)) == hours(25)


def test_v8_a_calendar_without_working_time_gives_no_date_instead_of_searching_for_ever():
    assert add_working(NEVER, at(3, 30, 9), hours(1)) is None
    assert next_working(NEVER, at(3, 30, 9)) is None
    assert working_between(NEVER, at(1, 1, 0), at(12, 31, 0)) == hours(0)


def test_a_month_of_the_office_is_165_hours():
    assert working_between(OFFICE, at(3, 1, 0), at(4, 1, 0)) == hours(165)


def test_working_time_cannot_be_taken_back():
    with pytest.raises(ValueError, match="taken back"):
        add_working(OFFICE, at(3, 30, 9), -hours(1))


def test_the_pieces_say_how_it_adds_up():
    pieces = list(spans(OFFICE, at(4, 2, 16), at(4, 7, 10)))
    assert pieces == [(at(4, 2, 16), at(4, 2, 17)), (at(4, 7, 9), at(4, 7, 10))]


def test_work_begins_again_after_the_break_and_after_easter():
    assert next_working(OFFICE, at(3, 30, 12, 45)) == at(3, 30, 13)
    assert next_working(OFFICE, at(4, 2, 17)) == at(4, 7, 9)
    assert next_working(OFFICE, at(3, 30, 10)) == at(3, 30, 10)


def test_the_hour_that_the_clock_leaves_out_is_nobodys():
    night = Calendar(zone=BERLIN, week=(read_windows("1:30-2:30, 2:40-2:50, 3-4"),) * 7)
    assert spans_on(night, date(2026, 3, 29)) == [
        (at(3, 29, 1, 30), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (
            datetime(2026, 3, 29, 1, 40, tzinfo=UTC),
            datetime(2026, 3, 29, 1, 50, tzinfo=UTC),
        ),
        (
            datetime(2026, 3, 29, 1, 50, tzinfo=UTC),
            datetime(2026, 3, 29, 2, 0, tzinfo=UTC),
        ),
    ]


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("", ()),
        ("9-17", ((540, 1020),)),
        ("09.00 - 12.30, 13.00 - 17.00", ((540, 750), (780, 1020))),
        ("13:00\u201317:00; 8:00\u201312:00", ((480, 720), (780, 1020))),
        ("0:00-24:00", ((0, 1440),)),
        ("8-12,12-16", ((480, 720), (720, 960))),
    ],
)
def test_windows_are_read_as_people_write_them(text, windows):
    assert read_windows(text) == windows
    assert read_windows(written(windows)) == windows


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nine to five", "shape"),
        ("9", "shape"),
        ("9:75-10", "shape"),
        ("17-9", "order"),
        ("9-9", "order"),
        ("9-24:30", "order"),
        ("9-13, 12-17", "overlap"),
        ("9-12,", "shape"),
    ],
)
def test_windows_that_cannot_be_are_refused_with_the_reason(text, reason):
    with pytest.raises(BadWindows) as refused:
        read_windows(text)
    assert refused.value.reason == reason


def test_half_a_holiday_is_worked_as_far_as_the_day_is():
    office = read_windows("9-12, 13-17")
    assert written(shared(office, read_windows("7-11"))) == "09:00-11:00"
    assert written(shared(office, read_windows("11-14"))) == "11:00-12:00, 13:00-14:00"
    assert shared((), office) == shared(office, ()) == ()


# --- laws


@st.composite
def windows(draw):
    ends = sorted(draw(st.sets(st.integers(0, DAY // 15), max_size=6)))
    if len(ends) % 2:
        ends.pop()
    return checked(tuple((a * 15, b * 15) for a, b in zip(ends[::2], ends[1::2], strict=True)))


zones = st.sampled_from(
    ["Asia/Jakarta", "Europe/Berlin", "America/Santiago", "Africa/Cairo", "Australia/Lord_Howe"]
).map(ZoneInfo)
near_changes = st.sampled_from(
    [date(2026, 3, 29), date(2026, 10, 25), date(2026, 4, 4), date(2026, 9, 6), date(2026, 4, 24)]
)
instants = st.builds(
    lambda day, minutes: (
        datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    near_changes,
    st.integers(-5 * DAY, 5 * DAY),
)
calendars = st.builds(
    lambda zone, week, days: Calendar(zone=zone, week=tuple(week), days=days),
    zones,
    st.lists(windows(), min_size=7, max_size=7),
    st.dictionaries(near_changes, windows(), max_size=3),
)
often = settings(max_examples=MOST, deadline=None)


@often
@given(calendars, instants, st.integers(0, 6_000))
def test_what_was_added_lies_between(calendar, begin, minutes):
    amount = timedelta(minutes=minutes)
    due = add_working(calendar, begin, amount)
    if due is not None:
        assert working_between(calendar, begin, due) == amount
        assert due >= begin


@often
@given(calendars, instants, instants, instants)
def test_parts_add_up_in_any_order(calendar, a, b, c):
    together = working_between(calendar, a, b) + working_between(calendar, b, c)
    assert together == working_between(calendar, a, c)


@often
@given(calendars, instants, st.integers(1, 6_000))
def test_nothing_is_due_later_than_it_must_be(calendar, begin, minutes):
    due = add_working(calendar, begin, timedelta(minutes=minutes))
    if due is not None:
        almost = due - timedelta(minutes=1)
        assert working_between(calendar, begin, almost) < timedelta(minutes=minutes)


@often
@given(calendars, near_changes)
def test_the_windows_of_a_day_are_in_order_and_apart(calendar, day):
    found = spans_on(calendar, day)
    assert all(first < last for first, last in found)
    assert all(last <= first for (_, last), (first, _) in pairwise(found))


@often
@given(windows(), windows())
def test_what_two_days_share_is_in_both_to_the_minute(one, other):
    def minutes(day):
        return {minute for begins, ends in day for minute in range(begins, ends)}

    found = shared(one, other)
    assert checked(found) == found
    assert minutes(found) == minutes(one) & minutes(other)
