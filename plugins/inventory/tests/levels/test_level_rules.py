"""When levels are worked out, how far they move in a night, and what counts as usage."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kantor_inventory.levels import rules, words
from kantor_inventory.levels.formulas import Lead
from kantor_inventory.levels.rules import Levels, Past, Wanted, Week, move, past_of, work_out
from kantor_inventory.ordering.rules import Day

TODAY = date(2026, 6, 1)
WANTED = Wanted(service=98, review=14, lead=Lead(mean=6), measured=0)


def weeks(*used, busy=None):
    found = tuple(Week(one * 1000) for one in used)
    return Past(
        weeks=found,
        until=TODAY,
        busy=sum(one > 0 for one in used) if busy is None else busy,
    )


def days(*lines):
    """Return days of the ledger: (days ago, used, change)."""
    return {TODAY - timedelta(days=ago): Day(used, change) for ago, used, change in lines}


def test_steady_usage_gives_the_level_of_the_book():
    found = work_out(weeks(*[9, 9, 9, 9] * 13), WANTED)
    # Nine a week never vary: what is used in 6 + 14 days, and 14 days more up to the maximum.
    assert found.levels == Levels(minimum=26_000, maximum=44_000)
    assert str(words.explain(found.inputs, "reams")) == (
        "You use about 9 reams a week; the supplier takes 6 days and you order every 14; to run"
        " out at most once in 50 orders that takes a minimum of 26 reams."
    )


@pytest.mark.parametrize(
    ("past", "kept", "said"),
    [
        (weeks(*[9] * 7), "short", "Only 7 weeks of history"),
        (weeks(*[9, 9, 9], *[0] * 20), "few", "used in only 3 weeks"),
    ],
)
def test_with_too_little_history_the_levels_stay(past, kept, said):
    found = work_out(past, WANTED)
    assert (found.kept, found.levels) == (kept, None)
    assert said in str(words.explain(found.inputs, "reams"))


def test_a_slower_supplier_and_one_who_varies_need_a_higher_level():
    past = weeks(*[8, 10, 9, 9] * 13)
    fast, slow, erratic = (
        work_out(past, Wanted(service=98, review=14, lead=lead)).levels.minimum
        for lead in (Lead(mean=6), Lead(mean=14), Lead(mean=6, sd=4))
    )
    assert fast < slow
    assert fast < erratic


def test_an_unusual_week_is_cut_with_a_mark():
    found = work_out(weeks(*[9, 10, 8, 11] * 6, 400), WANTED)
    [[place, used, most]] = found.inputs["capped"]
    assert (place, used) == (24, 400_000)
    assert most < 40_000
    assert any("unusually much" in str(line) for line in words.details(found.inputs, "reams"))
    assert found.levels.minimum < 60_000


def test_levels_never_pass_the_cap():
    capped = Wanted(service=98, review=14, lead=Lead(mean=6), cap=20_000)
    found = work_out(weeks(*[9] * 52), capped)
    assert found.levels == Levels(minimum=20_000, maximum=20_000)
    assert "more than 20 reams is never kept here" in str(words.explain(found.inputs, "reams"))


def test_what_is_used_now_and_then_follows_its_own_past():
    found = work_out(weeks(*[0, 0, 0, 5] * 13), WANTED)
    assert found.inputs["way"] == "windows"
    assert found.levels.minimum == 5_000


def test_days_without_stock_are_left_out_of_the_average():
    known = [Week(7_000)] * 10 + [Week(0, 7)] * 10
    found = work_out(Past(weeks=tuple(known), until=TODAY, busy=10), WANTED)
    assert found.inputs["weekly"] == 7_000
    assert any("70 days" in str(line) for line in words.details(found.inputs, "reams"))


def test_parts_of_a_unit_give_levels_in_tenths():
    past = Past(weeks=(Week(1_500),) * 20, until=TODAY, busy=20)
    minimum = work_out(past, WANTED).levels.minimum
    assert minimum % 1000 != 0
    assert minimum % 100 == 0


def test_the_past_begins_with_the_first_receipt():
    found = past_of(
        days((70, 0, 100_000), (50, 9_000, -9_000), (3, 5_000, -5_000)),
        on_hand=86_000,
        until=TODAY,
        now=TODAY,
    )
    assert [week.used for week in found.weeks] == [0, 0, 9_000, 0, 0, 0, 0, 0, 0, 5_000]
    assert sum(week.out for week in found.weeks) == 0
    assert found.busy == 2


def test_days_on_which_nothing_was_there_are_noted():
    found = past_of(
        days((100, 0, 9_000), (20, 9_000, -9_000), (8, 0, 5_000)),
        on_hand=5_000,
        until=TODAY,
        now=TODAY,
    )
    assert sum(week.out for week in found.weeks) == 12


def test_what_was_never_there_has_no_past():
    assert past_of({}, on_hand=0, until=TODAY, now=TODAY).weeks == ()


def test_what_a_count_finds_is_spread_over_the_weeks_before_it():
    counts = [TODAY - timedelta(days=ago) for ago in (57, 29, 1)]
    found = past_of(
        days((29, 12_000, -12_000), (1, 8_000, -8_000)),
        on_hand=50_000,
        until=TODAY,
        now=TODAY,
        counts=counts,
    )
    assert [week.used for week in found.weeks[-8:]] == [3_000] * 4 + [2_000] * 4
    assert found.every == 4


def test_a_level_moves_by_thirty_percent_and_the_rest_waits():
    now, wanted = Levels(minimum=40_000, maximum=60_000), Levels(minimum=80_000, maximum=100_000)
    step = move(now, wanted, waiting=False)
    assert step.levels == Levels(minimum=52_000, maximum=78_000)
    assert step.proposed == wanted
    again = move(step.levels, wanted, waiting=True)
    assert (again.levels, again.proposed) == (step.levels, wanted)


def test_a_level_that_is_near_needs_nobody():
    now, wanted = Levels(minimum=40_000, maximum=60_000), Levels(minimum=44_000, maximum=58_000)
    assert move(now, wanted, waiting=True) == rules.Step(levels=wanted)


def test_where_there_was_no_level_there_is_nothing_to_move_from():
    none, wanted = Levels(minimum=None, maximum=None), Levels(minimum=4_000, maximum=9_000)
    assert move(none, wanted, waiting=False) == rules.Step(levels=wanted)


LEVEL = st.integers(1, 500).map(lambda n: n * 1000)


@given(LEVEL, st.integers(0, 100), LEVEL, st.integers(0, 100), st.booleans())
def test_no_night_moves_a_level_by_more_than_thirty_percent(low, gap, wanted, over, waiting):
    now = Levels(minimum=low, maximum=low + gap * 1000)
    goal = Levels(minimum=wanted, maximum=wanted + over * 1000)
    step = move(now, goal, waiting=waiting)
    assert step.levels.minimum <= step.levels.maximum
    assert abs(step.levels.minimum - now.minimum) * 10 <= now.minimum * 3
    if step.proposed is None:
        assert step.levels == goal
    else:
        assert step.proposed == goal


@given(
    st.lists(st.integers(0, 60), min_size=8, max_size=52), st.integers(50, 99), st.integers(1, 40)
)
def test_levels_are_whole_and_in_order(used, service, lead):
    found = work_out(weeks(*used), Wanted(service=service, review=14, lead=Lead(mean=lead)))
    if found.levels is None:
        assert found.kept == "few"
        return
    assert 0 < found.levels.minimum <= found.levels.maximum
    assert found.levels.minimum % 1000 == found.levels.maximum % 1000 == 0
