"""How often to count what: pure arithmetic."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kantor_inventory.watching.rules import classes, due_at, months, percent

NOW = datetime(2026, 11, 29, 2, tzinfo=UTC)
used = st.dictionaries(st.integers(1, 500), st.integers(-5, 10**9), max_size=60)


def test_the_most_valuable_four_fifths_are_a_and_the_next_up_to_95_percent_b():
    values = {1: 600, 2: 200, 3: 100, 4: 50, 5: 30, 6: 20}
    assert classes(values) == {1: "A", 2: "A", 3: "B", 4: "B", 5: "C", 6: "C"}


def test_what_crosses_a_limit_is_still_within_it():
    assert classes({1: 790, 2: 110, 3: 100}) == {1: "A", 2: "A", 3: "B"}


def test_what_nobody_used_is_c_and_a_single_item_is_a():
    assert classes({1: 0, 2: 0}) == {1: "C", 2: "C"}
    assert classes({1: 7, 2: 0}) == {1: "A", 2: "C"}
    assert classes({}) == {}


@given(used)
def test_more_use_is_never_a_lower_class_and_equal_use_is_the_same_one(values):
    found = classes(values)
    assert found.keys() == values.keys()
    for one, first in values.items():
        for other, second in values.items():
            if first == second:
                assert found[one] == found[other]
            if first > second:
                assert found[one] <= found[other]


@given(used, st.randoms(use_true_random=False))
def test_the_order_of_the_items_does_not_matter(values, chance):
    items = list(values.items())
    chance.shuffle(items)
    assert classes(dict(items)) == classes(values)


@given(used, st.integers(1, 1000))
def test_another_currency_changes_no_class(values, rate):
    assert classes({k: v * rate for k, v in values.items()}) == classes(values)


@given(used)
def test_a_is_at_least_four_fifths_of_the_value_and_no_class_of_equals_could_be_left_out(values):
    found = classes(values)
    total = sum(v for v in values.values() if v > 0)
    a = {k: v for k, v in values.items() if found[k] == "A"}
    assert sum(a.values()) * 100 >= total * 80
    if a:
        least = min(a.values())
        assert sum(v for v in a.values() if v > least) * 100 < total * 80
    assert all(found[k] == "C" for k, v in values.items() if v <= 0)


@given(st.integers(1, 700), st.integers(0, 900))
def test_what_was_counted_is_due_so_many_days_later(every, ago):
    counted = NOW - timedelta(days=ago)
    at = due_at(counted, every, known=None, now=NOW)
    assert at - counted == timedelta(days=every)
    assert (at <= NOW) == (ago >= every)


def test_what_was_never_counted_has_been_due_since_it_was_noticed():
    assert due_at(None, 30, known=None, now=NOW) == NOW
    noticed = NOW - timedelta(days=3)
    assert due_at(None, 365, known=noticed, now=NOW) == noticed


@pytest.mark.parametrize(
    ("today", "first"),
    [(date(2026, 11, 29), date(2025, 12, 1)), (date(2026, 1, 31), date(2025, 2, 1))],
)
def test_twelve_months_end_with_this_one(today, first):
    found = months(today, 12)
    assert (found[0], found[-1], len(found)) == (first, today.replace(day=1), 12)
    assert found == sorted(set(found))


def test_a_part_of_nothing_is_nothing():
    assert (percent(0, 0), percent(1, 3), percent(3, 3)) == (0, 33, 100)
