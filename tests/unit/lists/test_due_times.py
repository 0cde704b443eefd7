"""When a view goes out: at a full hour of the right day, whatever the month and the clock do."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.lists.due import Rhythm, next_due
from portal.worktime.rules import Calendar

DAY = ((480, 960),)
ZONES = ("Asia/Jakarta", "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
BEGIN = datetime(2000, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 100 * 365 * 24 * 60).map(
    lambda minutes: BEGIN + timedelta(minutes=minutes)
)
RHYTHMS = st.builds(
    Rhythm,
    every=st.sampled_from(("day", "week", "month")),
    hour=st.integers(0, 23),
    weekday=st.integers(0, 6),
    day=st.integers(1, 31),
)


def calendar(zone, *, off=()):
    week = (DAY,) * 5 + ((), ())
    return Calendar(zone=ZoneInfo(zone), week=week, days=dict.fromkeys(off, ()))


@given(RHYTHMS, INSTANTS, st.sampled_from(ZONES))
def test_the_next_time_is_later_on_a_right_day_and_none_is_left_out(rhythm, after, zone):
    works = calendar(zone)
    at = next_due(rhythm, after, works)
    assert at > after
    there = at.astimezone(works.zone)
    assert (there.minute % 30, there.second) == (0, 0)
    assert there.hour - rhythm.hour in (0, 1) or there.hour == 0  # The clock may leave an hour out.
    assert rhythm.falls_on(there.date(), works)
    between = after + (at - after) / 2
    assert next_due(rhythm, between, works) == at


@given(RHYTHMS, INSTANTS)
def test_one_after_the_other_comes_once_a_day_at_most(rhythm, after):
    works = calendar("Asia/Jakarta")
    days = []
    for _ in range(5):
        after = next_due(rhythm, after, works)
        days.append(after.astimezone(works.zone).date())
    assert days == sorted(set(days))
    if rhythm.every == "week":
        assert {later - day for day, later in pairwise(days)} == {timedelta(7)}
    if rhythm.every == "month":
        assert len({(day.year, day.month) for day in days}) == 5


@pytest.mark.parametrize(
    ("after", "day"),
    [
        (date(2026, 1, 31), date(2026, 2, 28)),
        (date(2028, 1, 31), date(2028, 2, 29)),
        (date(2026, 3, 31), date(2026, 4, 30)),
        (date(2026, 4, 30), date(2026, 5, 31)),
    ],
)
def test_the_31st_is_the_last_day_of_a_shorter_month(after, day):
    rhythm = Rhythm(every="month", hour=7, day=31)
    begin = datetime(after.year, after.month, after.day, 12, tzinfo=UTC)
    assert next_due(rhythm, begin, calendar("Asia/Jakarta")).date() == day
    assert monthrange(day.year, day.month)[1] == day.day


def test_days_off_are_left_out():
    rhythm, works = Rhythm(every="day", hour=7), calendar("UTC", off=[date(2026, 12, 25)])
    thursday = datetime(2026, 12, 24, 8, tzinfo=UTC)
    assert next_due(rhythm, thursday, works) == datetime(2026, 12, 28, 7, tzinfo=UTC)


def test_it_is_the_readers_hour():
    rhythm = Rhythm(every="week", hour=7, weekday=0)
    sunday = datetime(2026, 11, 29, 12, tzinfo=UTC)
    assert next_due(rhythm, sunday, calendar("Asia/Jakarta")) == datetime(2026, 11, 30, tzinfo=UTC)


def test_an_hour_that_comes_twice_is_used_once():
    rhythm, works = Rhythm(every="week", hour=2, weekday=6), calendar("Europe/Berlin")
    first = next_due(rhythm, datetime(2026, 10, 24, tzinfo=UTC), works)
    assert first == datetime(2026, 10, 25, 0, tzinfo=UTC)
    assert next_due(rhythm, first, works).date() == date(2026, 11, 1)


def test_nobody_waits_for_ever_for_a_day_of_work():
    idle = Calendar(zone=ZoneInfo("UTC"), week=((),) * 7)
    assert next_due(Rhythm(every="day", hour=7), datetime(2026, 1, 1, tzinfo=UTC), idle)
