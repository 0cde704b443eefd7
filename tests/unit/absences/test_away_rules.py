"""Whole and half days away, and what they leave of a working day."""

import os
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.absences.rules import Away, without
from portal.worktime.rules import DAY, Calendar, checked, minutes_of, read_windows, written

OFFICE_DAY = read_windows("09:00-12:30, 13:00-17:00")
OFFICE = Calendar(zone=ZoneInfo("Asia/Jakarta"), week=(OFFICE_DAY,) * 5 + ((), ()))
often = settings(max_examples=int(os.environ.get("KANTOR_TEST_EXAMPLES", "50")), deadline=None)


@st.composite
def windows(draw):
    ends = sorted(draw(st.sets(st.integers(0, DAY // 15), max_size=6)))
    if len(ends) % 2:
        ends.pop()
    return checked(tuple((a * 15, b * 15) for a, b in zip(ends[::2], ends[1::2], strict=True)))


MONDAY, TUESDAY = date(2026, 3, 30), date(2026, 3, 31)


@pytest.mark.parametrize(
    ("away", "inside", "outside"),
    [
        (Away(from_on=MONDAY, last_on=MONDAY), [(30, 0), (30, 23)], [(29, 23), (31, 0)]),
        (Away(from_on=MONDAY, last_on=MONDAY, from_noon=True), [(30, 12)], [(30, 11), (31, 0)]),
        (Away(from_on=MONDAY, last_on=TUESDAY, until_noon=True), [(31, 11)], [(31, 12)]),
    ],
)
def test_whole_and_half_days(away, inside, outside):
    assert all(away.covers(date(2026, 3, day), hour * 60) for day, hour in inside)
    assert not any(away.covers(date(2026, 3, day), hour * 60) for day, hour in outside)


def test_noon_until_noon_of_one_day_is_nothing():
    assert Away(from_on=MONDAY, last_on=MONDAY, from_noon=True, until_noon=True).is_empty
    assert Away(from_on=TUESDAY, last_on=MONDAY).is_empty
    assert not Away(from_on=MONDAY, last_on=TUESDAY, from_noon=True, until_noon=True).is_empty


def test_half_a_day_away_leaves_the_other_half():
    morning = Away(from_on=MONDAY, last_on=MONDAY, until_noon=True)
    afternoon = Away(from_on=MONDAY, last_on=MONDAY, from_noon=True)
    assert written(without(OFFICE, (morning,), MONDAY)) == "12:00-12:30, 13:00-17:00"
    assert written(without(OFFICE, (afternoon,), MONDAY)) == "09:00-12:00"
    assert without(OFFICE, (morning, afternoon), MONDAY) == ()
    assert without(OFFICE, (morning,), TUESDAY) == OFFICE_DAY


@often
@given(windows(), st.booleans(), st.booleans())
def test_what_is_left_and_what_is_missed_are_the_whole_day(day, from_noon, until_noon):
    away = Away(from_on=MONDAY, last_on=MONDAY, from_noon=from_noon, until_noon=until_noon)
    left = away.of_day(MONDAY, day)
    missed = sum(
        away.covers(MONDAY, minute) for first, after in day for minute in range(first, after)
    )
    assert minutes_of(left) + missed == minutes_of(day)
