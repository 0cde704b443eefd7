"""What was used between two counts, by the periodic inventory identity."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from kantor_inventory.counting import rules
from kantor_inventory.counting.rules import usage_from_counts
from kantor_inventory.models import Item
from kantor_inventory.rules import LARGEST
from kantor_inventory.services import stock

quantities = st.integers(0, LARGEST)
KINDS = ("receipts", "transfers_in", "transfers_out", "scrapped")
flows = st.lists(st.tuples(st.sampled_from((*KINDS, "used")), quantities), max_size=20)


@pytest.mark.parametrize(
    ("flows", "used"),
    [
        ({"opening": 40, "closing": 40}, 0),
        ({"opening": 40, "closing": 28}, 12),
        ({"opening": 40, "receipts": 24, "closing": 30}, 34),
        ({"opening": 40, "transfers_in": 6, "transfers_out": 10, "closing": 30}, 6),
        ({"opening": 40, "scrapped": 2, "closing": 30}, 8),
        (
            {"opening": 40, "receipts": 24, "transfers_in": 6, "transfers_out": 10, "scrapped": 2}
            | {"closing": 30},
            28,
        ),
        ({"opening": 0, "closing": 5}, -5),
    ],
)
def test_golden_values(flows, used):
    assert usage_from_counts(**flows) == used


def walk(opening, flows):
    """Return (what each kind came to, what lies there in the end), as somebody would watch it."""
    sums, level = dict.fromkeys((*KINDS, "used"), 0), opening
    for kind, quantity in flows:
        sums[kind] += quantity
        level += quantity if kind in ("receipts", "transfers_in") else -quantity
    return sums, level


def by_counts(opening, sums, closing):
    return usage_from_counts(
        opening=opening, closing=closing, **{kind: sums[kind] for kind in KINDS}
    )


@given(quantities, flows)
def test_what_was_really_used_is_what_the_counts_say(opening, happened):
    sums, closing = walk(opening, happened)
    assert by_counts(opening, sums, closing) == sums["used"]


@given(quantities, flows, flows)
def test_a_count_in_between_changes_nothing_of_the_sum(opening, before, after):
    first, middle = walk(opening, before)
    second, closing = walk(middle, after)
    whole, _ = walk(opening, [*before, *after])
    parts = by_counts(opening, first, middle) + by_counts(middle, second, closing)
    assert parts == by_counts(opening, whole, closing)


@given(quantities, quantities, st.integers(-LARGEST, LARGEST))
def test_a_difference_is_the_usage_with_its_sign_turned(counted, book, included):
    found = rules.Difference(counted=counted, book=book, book_value=0, included=included)
    assert found.quantity == counted - book - included


def test_a_surplus_over_empty_books_is_worth_what_it_last_cost_and_large_by_that():
    found = rules.Difference(counted=3_000, book=0, book_value=0, cost=(2_000, 200_00))
    assert found.value == 300_00
    assert found.is_large(rules.Limits(value=299_99))
    assert not found.is_large(rules.Limits(value=300_00))


def test_the_ledger_books_what_the_formula_says(counting):
    shop = counting.shop
    with shop.work(None) as tx:
        tx.one(select(Item), public_id=shop.pen).mode = "periodic"
    counting.receive(40_000)
    _count(counting, 40_000)
    counting.receive(24_000)
    with shop.work() as tx:
        stock.scrap(
            tx, stock.Scrap(item=shop.pen, quantity=2_000, from_place=shop.shelf, note="dry")
        )
    _count(counting, 30_000)
    used = usage_from_counts(opening=40_000, receipts=24_000, scrapped=2_000, closing=30_000)
    assert [quantity for kind, quantity, _ in counting.movements() if kind == "usage"] == [used]


def _count(counting, quantity):
    count = counting.sent_in(quantity)
    counting.decide(count, reason="used")
    counting.post(count)
