"""In which order work comes, and how it is laid over somebody's days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as some

from portal.mywork.rules import (
    AHEAD,
    GUESS,
    Clock,
    Group,
    Whose,
    WorkAsk,
    WorkItem,
    load_of,
    spread,
)

JAKARTA = ZoneInfo("Asia/Jakarta")
NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)  # a Monday, ten in the morning there
CLOCK = Clock(NOW, JAKARTA)
TODAY = date(2026, 11, 30)
WEEK = {TODAY + timedelta(n): 480 if (TODAY + timedelta(n)).weekday() < 5 else 0 for n in range(28)}


def item(key="a", **more):
    return WorkItem(key=key, title=key, endpoint="home.index", since=NOW, **more)


def on(day):
    """Return what is due on a day as items say it."""
    return {"due_at": CLOCK.end_of(day), "whole_day": True}


def order(*items):
    return [one.key for one in sorted(items, key=CLOCK.rank)]


def test_danger_comes_first_then_what_is_late_then_today():
    assert order(
        item("whenever"),
        item("friday", **on(date(2026, 12, 4))),
        item("today", **on(TODAY)),
        item("late", **on(date(2026, 11, 27))),
        item("danger", priority=1),
    ) == ["danger", "late", "today", "friday", "whenever"]


def test_of_what_is_late_the_more_important_comes_first():
    late, later = on(date(2026, 11, 20)), on(date(2026, 11, 27))
    assert order(item("old", **late), item("urgent", priority=2, **later)) == ["urgent", "old"]


def test_of_two_alike_the_older_comes_first():
    older = WorkItem(key="b", title="b", endpoint="x", since=NOW - timedelta(days=1))
    assert order(item("a"), older) == ["b", "a"]


def test_what_is_due_on_a_day_is_late_only_when_that_day_is_over_there():
    yesterday, today = item(**on(date(2026, 11, 29))), item(**on(TODAY))
    assert CLOCK.group(yesterday) is Group.OVERDUE
    assert CLOCK.group(today) is Group.TODAY
    assert CLOCK.day_of(today) == TODAY
    # In Jakarta it is Tuesday already when it is still Monday in Greenwich.
    after = Clock(datetime(2026, 11, 30, 17, 0, tzinfo=UTC), JAKARTA)
    assert after.today == date(2026, 12, 1)
    assert after.group(today) is Group.OVERDUE


def test_an_instant_is_late_the_moment_it_comes():
    assert CLOCK.group(item(due_at=NOW)) is Group.OVERDUE
    assert CLOCK.group(item(due_at=NOW + timedelta(minutes=1))) is Group.TODAY


def test_the_next_seven_days_and_what_is_later():
    assert CLOCK.group(item(**on(TODAY + timedelta(days=7)))) is Group.WEEK
    assert CLOCK.group(item(**on(TODAY + timedelta(days=8)))) is Group.LATER
    assert CLOCK.group(item()) is Group.LATER


def test_until_and_keys_narrow_a_question():
    friday = item("f", **on(date(2026, 12, 4)))
    ask = WorkAsk(whose=Whose.ME, until=CLOCK.end_of(date(2026, 12, 4)) + timedelta(seconds=1))
    assert ask.wants(friday)
    assert not WorkAsk(whose=Whose.ME, until=CLOCK.end_of(TODAY)).wants(friday)
    assert not ask.wants(item("whenever"))
    assert not WorkAsk(whose=Whose.ME, keys=frozenset({"g"})).wants(friday)


@given(minutes=some.integers(0, 10_000), worked=some.lists(some.integers(0, 600), max_size=20))
def test_minutes_laid_over_days_are_all_there_and_even(minutes, worked):
    days = [(TODAY + timedelta(n), capacity) for n, capacity in enumerate(worked)]
    laid = spread(minutes, days)
    if any(worked):
        assert sum(laid.values()) == minutes
        assert max(laid.values()) - min(laid.values()) <= 1
        assert all(dict(days)[day] > 0 for day in laid)
    else:
        assert laid == {}


def test_an_item_is_laid_evenly_over_the_working_days_until_it_is_due():
    load = load_of([item(minutes=500, **on(date(2026, 12, 4)))], WEEK, CLOCK)
    assert {day: load.planned[day] for day in sorted(load.planned)} == {
        TODAY + timedelta(days=number): 100 for number in range(5)
    }
    assert load.between(TODAY, date(2026, 12, 7)) == (500, 5 * 480)


def test_what_is_late_counts_today_in_full():
    load = load_of([item(minutes=300, **on(date(2026, 11, 26)))], WEEK, CLOCK)
    assert dict(load.planned) == {TODAY: 300}
    assert (load.open, load.overdue, load.guessed) == (1, 1, 0)


def test_what_is_due_before_the_next_working_day_counts_today_in_full():
    saturday = Clock(datetime(2026, 12, 5, 3, 0, tzinfo=UTC), JAKARTA)
    days = {day: capacity for day, capacity in WEEK.items() if day >= saturday.today}
    sunday = item(minutes=60, due_at=saturday.end_of(date(2026, 12, 6)), whole_day=True)
    assert dict(load_of([sunday], days, saturday).planned) == {date(2026, 12, 5): 60}


def test_what_nobody_estimated_is_guessed_and_said_to_be():
    load = load_of([item()], WEEK, CLOCK)
    assert sum(load.planned.values()) == GUESS
    assert load.guessed == 1
    assert len(load.planned) == AHEAD
    assert all(day.weekday() < 5 for day in load.planned)


@given(
    some.lists(
        some.tuples(some.integers(0, 900) | some.none(), some.integers(-20, 26) | some.none()),
        max_size=12,
    )
)
def test_no_minute_of_a_load_is_lost(items):
    made = [
        item(minutes=minutes, **({} if due is None else on(TODAY + timedelta(days=due))))
        for minutes, due in items
    ]
    load = load_of(made, WEEK, CLOCK)
    assert sum(load.planned.values()) == sum(GUESS if m is None else m for m, _ in items)
    assert load.open == len(items)
