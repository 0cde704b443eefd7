"""Months and weeks, whatever the day and whichever day weeks begin with."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.dates.grid import (
    BadDay,
    first_weekday,
    months_on,
    read_day,
    read_month,
    shown,
    week_of,
    weeks,
)
from portal.dates.rules import Dated

DAYS = st.dates(date(1971, 1, 1), date(2199, 12, 31))
JAKARTA = ZoneInfo("Asia/Jakarta")


@given(DAYS, st.integers(0, 6))
def test_a_month_is_whole_weeks_that_have_each_of_its_days_once(day, weekday):
    first = day.replace(day=1)
    after = months_on(first, 1)
    drawn = weeks(first, after, weekday)
    flat = [one for week in drawn for one in week]
    assert flat == [flat[0] + timedelta(n) for n in range(len(flat))]
    assert all(week[0].weekday() == weekday and len(week) == 7 for week in drawn)
    assert flat[0] <= first < flat[0] + timedelta(7)
    assert flat[-1] >= after - timedelta(1) > flat[-1] - timedelta(7)


@given(DAYS, st.integers(-30, 30))
def test_months_forth_and_back_are_the_same_month(day, steps):
    first = day.replace(day=1)
    there = months_on(first, steps)
    assert there.day == 1
    assert months_on(there, -steps) == first


@given(DAYS, DAYS, st.integers(0, 6), st.sampled_from(["", "month", "list", "week", "day"]))
def test_the_next_page_begins_where_this_one_ends(day, today, weekday, view):
    asked = {
        "week": {"week": day.isoformat()},
        "day": {"day": day.isoformat()},
    }.get(view, {"view": view, "month": f"{day:%Y-%m}"})
    here = shown(asked, today, weekday)
    assert here.first <= day < here.after
    assert shown(here.address(), today, weekday) == here
    if 1971 < day.year < 2199:
        following = shown(here.address(1), today, weekday)
        assert following.first == here.after
        assert shown(following.address(-1), today, weekday) == here
    first, after = here.asked(weekday)
    assert first <= here.agenda[0]
    assert after >= here.agenda[1]


@given(DAYS, st.integers(0, 6))
def test_a_week_has_its_day(day, weekday):
    begins = week_of(day, weekday)
    assert begins.weekday() == weekday
    assert begins <= day < begins + timedelta(7)


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-00", "0000-01", "9999-12", "x"])
def test_what_is_no_month_is_refused(text):
    with pytest.raises(BadDay):
        read_month(text)


@pytest.mark.parametrize("text", ["", "2026-02-30", "20261130", "0001-01-01", "9999-12-31", "now"])
def test_what_is_no_day_is_refused(text):
    with pytest.raises(BadDay):
        read_day(text)


def test_weeks_begin_as_the_country_of_the_language_has_it():
    assert first_weekday("en") == 0
    assert first_weekday("id") == 6


def at(*when, **more):
    return Dated(key="1", title="Visit", at=datetime(*when, tzinfo=UTC), **more)


def test_an_instant_is_on_the_day_the_reader_has_then():
    late = at(2026, 11, 30, 20)
    assert late.span(ZoneInfo("UTC")) == (date(2026, 11, 30),) * 2
    assert late.span(JAKARTA) == (date(2026, 12, 1),) * 2


def test_what_ends_at_midnight_is_not_on_the_day_after():
    night = at(2026, 11, 30, 14, until=datetime(2026, 11, 30, 17, tzinfo=UTC))
    assert night.span(JAKARTA) == (date(2026, 11, 30),) * 2


def test_a_day_has_no_zone():
    holiday = Dated(key="1", title="Holiday", on=date(2026, 12, 25))
    assert holiday.whole_day
    for zone in ("UTC", "Asia/Jakarta", "Pacific/Kiritimati", "Pacific/Pago_Pago"):
        assert holiday.span(ZoneInfo(zone)) == (date(2026, 12, 25),) * 2


@pytest.mark.parametrize("when", [{}, {"on": date(2026, 1, 1), "at": datetime.now(UTC)}])
def test_what_has_no_day_or_two_is_refused(when):
    with pytest.raises(ValueError, match="1"):
        Dated(key="1", title="Visit", **when)


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        Dated(key="1", title="Visit", at=datetime.now(UTC).replace(tzinfo=None))
