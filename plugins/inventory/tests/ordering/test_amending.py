"""An order that has gone out is changed by numbered amendments, each kept as it was."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from kantor_inventory.models import Item
from kantor_inventory.ordering.changes import differences, needs_new_approval, total_of
from kantor_inventory.ordering.models import PurchaseOrder
from kantor_inventory.ordering.services import amending, snapshots
from kantor_inventory.ordering.states import NotNow
from portal.api import NotFound, ValidationFailed


@pytest.fixture
def ordered(office):
    """The office with four boxes of pens on order."""
    office.want()
    office.place()
    return office


def line(**changes):
    plain = {"line": "a", "item": "Pen", "unit": "box", "packs": 4, "quantity": 48_000}
    return plain | {"base": "piece", "price": 100, "expected_on": None, "given_up": 0} | changes


def test_more_is_more_on_order_and_is_kept_under_a_number(ordered):
    made = ordered.amend(6)
    assert (made.number, made.reason) == (1, "they asked")
    assert made.changes == [
        {"what": "packs", "item": "Blue pen", "unit": "box", "before": 4, "after": 6}
    ]
    assert ordered.balance().on_order == 72_000
    assert (ordered.order().amended, ordered.order().status) == (1, "placed")


def test_what_was_ordered_first_stays_as_it_was(ordered):
    before = ordered.order().snapshot
    ordered.amend(6)
    second = ordered.amend(5)
    with ordered.shop.work() as tx:
        tx.one(select(Item), public_id=ordered.shop.pen).name = "Red pen"
        order = tx.one(select(PurchaseOrder))
        assert order.snapshot == before
        assert snapshots.kept(tx, order, 1)["lines"][0]["packs"] == 6
        assert snapshots.kept(tx, order) == second.snapshot
        assert snapshots.kept(tx, order)["lines"][0]["item"] == "Blue pen"
        with pytest.raises(NotFound):
            snapshots.kept(tx, order, 3)


def test_less_than_has_come_is_refused(ordered):
    ordered.receive(2_000)
    with pytest.raises(ValidationFailed) as refused:
        ordered.amend(1)
    (said,) = refused.value.fields.values()
    assert str(said).startswith("24 piece have come already.")
    assert ordered.balance().on_order == 24_000


def test_exactly_what_has_come_is_all_of_it(ordered):
    ordered.receive(2_000)
    ordered.amend(2)
    assert (ordered.order().status, ordered.balance().on_order) == ("received", 0)


def test_what_has_not_come_is_cancelled_by_the_line(ordered):
    ordered.receive(1_000)
    made = ordered.amend(line={"cancel": True})
    assert made.changes[0]["what"] == "cancelled"
    assert (made.changes[0]["after"], made.changes[0]["unit"]) == (36_000, "piece")
    assert (ordered.lines()[0].state, ordered.order().status) == ("short", "received")
    assert ordered.balance().on_order == 0


def test_an_order_of_which_nothing_would_be_left_is_cancelled_instead(ordered):
    with pytest.raises(NotNow) as refused:
        ordered.amend(line={"cancel": True})
    assert str(refused.value.message).startswith("Nothing would be left of the order.")
    assert ordered.balance().on_order == 48_000


def test_a_new_day_and_a_new_price_are_changes(ordered):
    day = ordered.lines()[0].expected_on + timedelta(days=3)
    new = {"expected_on": day, "price": 25_000_00, "sets_price": True}
    made = ordered.amend(line=new)
    assert [change["what"] for change in made.changes] == ["price", "expected_on"]
    assert ordered.order().expected_on == day


def test_a_change_that_changes_nothing_is_told(ordered):
    with pytest.raises(ValidationFailed) as refused:
        ordered.amend()
    assert "Nothing is other than before" in str(refused.value.fields["lines"])
    with pytest.raises(ValidationFailed):
        ordered.amend(6, reason=" ")
    assert ordered.order().amended == 0


def test_a_line_that_is_added_is_on_order(ordered):
    new = amending.NewLine(offer=ordered.offer(ordered.supplier), packs=2, place=ordered.shop.shelf)
    made = ordered.amend(lines=(), added=(new,))
    assert [change["what"] for change in made.changes] == ["added"]
    assert ordered.balance().on_order == 72_000


def test_what_another_supplier_sells_is_not_added(ordered):
    new = amending.NewLine(offer=ordered.offer(ordered.other), packs=2, place=ordered.shop.shelf)
    with pytest.raises(NotFound):
        ordered.amend(lines=(), added=(new,))


def test_a_list_is_edited_and_not_amended(office):
    office.want()
    with pytest.raises(NotNow):
        office.amend(6)


def test_what_changed_is_said_line_by_line():
    before = {"lines": [line()]}
    after = {"lines": [line(packs=5, quantity=60_000, price=110), line(line="b", item="Ink")]}
    assert [(one["what"], one["item"]) for one in differences(before, after)] == [
        ("packs", "Pen"),
        ("price", "Pen"),
        ("added", "Ink"),
    ]
    assert total_of({"lines": [line(given_up=12_000)]}) == 300


@pytest.mark.parametrize(
    ("change", "tolerance", "needed"),
    [
        ({}, 0, False),
        ({"packs": 5, "quantity": 60_000}, 0, True),
        ({"packs": 5, "quantity": 60_000}, 25, False),
        ({"price": 101}, 0, True),
        ({"price": 99}, 0, False),
        ({"packs": 3, "quantity": 36_000}, 0, False),
    ],
)
def test_more_money_than_was_agreed_to_wants_a_new_approval(change, tolerance, needed):
    before, after = {"lines": [line()]}, {"lines": [line(**change)]}
    assert needs_new_approval(before, after, tolerance=tolerance) is needed


def test_without_a_price_the_quantity_decides_about_a_new_approval():
    before = {"lines": [line(price=None)]}
    assert not needs_new_approval(before, {"lines": [line(price=None)]})
    assert needs_new_approval(before, {"lines": [line(price=None, packs=5, quantity=60_000)]})
    assert needs_new_approval(before, {"lines": [line(price=None), line(line="b", price=None)]})
