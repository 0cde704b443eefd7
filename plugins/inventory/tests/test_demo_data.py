from collections import Counter
from datetime import date
from itertools import pairwise

import pytest

from kantor_inventory import demo_catalogue, demo_data, rules

TODAY = date(2025, 11, 22)
MONTHS_18 = demo_data.DAYS


@pytest.fixture(scope="module")
def ledger():
    return list(demo_data.movements(7, TODAY))


def test_the_stock_list_is_complete_and_unique():
    items = demo_catalogue.items()
    codes = [pack.gtin for item in items for pack in item.packs]
    assert 130 <= len(items) <= 160
    assert len({item.sku for item in items}) == len({item.name for item in items}) == len(items)
    assert len(set(codes)) == len(codes)
    assert all(rules.is_gtin(code) and code.startswith("2") for code in codes)
    assert len(demo_catalogue.suppliers()) == 6
    assert {item.supplier for item in items} == {s.code for s in demo_catalogue.suppliers()}
    assert all(item.minimum is None or item.minimum < item.maximum for item in items)


def test_the_same_seed_and_day_give_the_same_ledger(ledger):
    assert list(demo_data.movements(7, TODAY)) == ledger
    assert list(demo_data.movements(8, TODAY)) != ledger


@pytest.mark.parametrize("today", [date(2025, 1, 1), date(2026, 3, 21), date(2027, 8, 17)])
def test_no_place_ever_holds_less_than_nothing(today):
    on_hand = Counter()
    for line in demo_data.movements(today.year, today):
        if line.from_place:
            on_hand[line.sku, line.from_place] -= line.quantity
            assert on_hand[line.sku, line.from_place] >= 0, line
        if line.to_place:
            on_hand[line.sku, line.to_place] += line.quantity


def test_eighteen_months_lie_before_today(ledger):
    assert (TODAY - ledger[0].occurred_on).days in range(MONTHS_18 - 10, MONTHS_18 + 1)
    assert ledger[-1].posted_at.date() < TODAY
    assert all(
        line.occurred_on <= line.posted_at.astimezone(demo_data.JAKARTA).date() for line in ledger
    )


def test_the_ledger_is_in_the_order_in_which_it_was_written(ledger):
    assert [line.number for line in ledger] == list(range(1, len(ledger) + 1))
    assert all(a.posted_at < b.posted_at for a, b in pairwise(ledger))


def test_nothing_is_written_when_the_clinic_is_shut(ledger):
    days = {line.posted_at.astimezone(demo_data.JAKARTA).date() for line in ledger}
    assert not [day for day in days if day.weekday() == 6 or (day.month, day.day) == (8, 17)]


def test_every_kind_of_movement_has_a_story(ledger):
    kinds = Counter(line.kind for line in ledger)
    assert set(kinds) == {"opening", "receive", "issue", "transfer", "scrap", "reversal"}
    assert 5000 < len(ledger) < 12_000
    assert kinds["reversal"] >= 5


def test_a_reversal_is_the_exact_opposite(ledger):
    lines = {line.number: line for line in ledger}
    reversals = [line for line in ledger if line.kind == "reversal"]
    assert len({line.reverses for line in reversals}) == len(reversals)
    for line in reversals:
        wrong = lines[line.reverses]
        assert (line.sku, line.quantity) == (wrong.sku, wrong.quantity)
        assert (line.from_place, line.to_place) == (wrong.to_place, wrong.from_place)


def test_the_late_supplier_leaves_a_shelf_empty(ledger):
    late = {item.sku for item in demo_catalogue.items() if item.supplier == "listrik"}
    on_hand, emptied = Counter(), set()
    for line in ledger:
        on_hand[line.sku] += line.quantity * (bool(line.to_place) - bool(line.from_place))
        if line.kind == "issue" and on_hand[line.sku] == 0:
            emptied.add(line.sku)
    assert emptied & late


def test_prices_are_exact_and_paid_for_what_comes_in(ledger):
    for line in ledger:
        assert (line.price is not None) == (line.kind in {"opening", "receive"}), line
        assert line.price is None or (type(line.price) is int and line.price > 0)
        assert type(line.quantity) is int
        assert line.quantity > 0
