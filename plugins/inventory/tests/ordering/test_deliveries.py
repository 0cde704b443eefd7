"""What comes in parts, damaged, too much or twice; and what is taken back as a whole."""

import pytest
from sqlalchemy import select

from kantor_inventory.models import Movement
from kantor_inventory.ordering.models import DeliveryLine
from kantor_inventory.ordering.services import deliveries, placing, receiving
from kantor_inventory.ordering.services.notes import key_of
from kantor_inventory.services import stock
from portal.api import Conflict, NotFound, ValidationFailed


@pytest.fixture
def ordered(office):
    """The office with four boxes of pens on order."""
    office.want()
    office.place()
    return office


def figures(office):
    with office.shop.work(None) as tx:
        row = tx.session.scalars(select(DeliveryLine).order_by(DeliveryLine.id.desc())).first()
        return (row.counted, row.rejected, row.closed, row.returned, row.free)


@pytest.mark.parametrize("note", ["SJ-08/15", "sj 0815", " SJ0815 ", "SJ_08-15."])
def test_a_number_is_the_same_however_it_is_written(note):
    assert key_of(note) == "sj0815"


def test_what_is_damaged_stays_out_of_stock_and_is_still_to_come(ordered):
    ordered.receive(4_000, of_it={"rejected": 1_000, "reason": "wet"})
    assert (ordered.balance().quantity, ordered.balance().on_order) == (41_000, 12_000)
    assert (ordered.order().status, ordered.lines()[0].received) == ("placed", 36_000)
    assert figures(ordered) == (48_000, 12_000, 0, 0, 0)


def test_what_is_damaged_may_be_given_up(ordered):
    ordered.receive(4_000, of_it={"rejected": 1_000, "reason": "wet", "closes": True})
    assert (ordered.balance().quantity, ordered.balance().on_order) == (41_000, 0)
    assert (ordered.order().status, ordered.lines()[0].state) == ("received", "short")


def test_all_of_it_damaged_and_given_up_ends_the_order_short(ordered):
    ordered.receive(4_000, of_it={"rejected": 4_000, "reason": "wet", "closes": True})
    assert ordered.order().status == "closed_short"
    assert (ordered.balance().quantity, ordered.balance().on_order) == (5_000, 0)


@pytest.mark.parametrize(
    "of_it", [{"rejected": 1_000}, {"rejected": 3_000, "reason": "wet"}], ids=["why", "too-much"]
)
def test_what_is_wrong_is_said_and_never_more_than_came(ordered, of_it):
    with pytest.raises(ValidationFailed):
        ordered.receive(2_000, of_it=of_it)
    assert ordered.balance().on_order == 48_000


@pytest.mark.parametrize(("over", "there"), [("return", 53_000), ("free", 65_000)])
def test_more_than_was_ordered_goes_back_or_is_kept_for_nothing(ordered, over, there):
    before = ordered.balance().value
    with pytest.raises(receiving.MoreThanOrdered):
        ordered.receive(5_000)
    ordered.receive(5_000, of_it={"over": over})
    assert ordered.balance().quantity == there
    assert ordered.balance().value - before == 4 * ordered.price
    assert (ordered.lines()[0].received, ordered.balance().on_order) == (48_000, 0)


def test_the_paper_and_the_count_may_differ(ordered):
    ordered.receive(2_000, delivery_note="SJ-9", of_it={"noted": 3_000})
    (delivery,) = ordered.deliveries()
    with ordered.shop.work() as tx:
        row = deliveries.find(tx, delivery.public_id)
        (line,) = deliveries.lines_of(tx, delivery=row)
    assert (line.ordered, line.before, line.noted, line.counted) == (48_000, 0, 36_000, 24_000)


def test_a_delivery_taken_back_is_on_order_again_and_frees_its_number(ordered):
    ordered.receive(
        5_000, delivery_note="SJ-1", of_it={"over": "free", "rejected": 500, "reason": "wet"}
    )
    (delivery,) = ordered.deliveries()
    taken = ordered.take_back(delivery.public_id)
    assert taken.reversed_at is not None
    assert (ordered.balance().quantity, ordered.balance().on_order) == (5_000, 48_000)
    assert (ordered.order().status, ordered.lines()[0].received) == ("placed", 0)
    ordered.receive(4_000, delivery_note="SJ-1")
    assert ordered.order().status == "received"


def test_what_was_given_up_with_a_delivery_is_waited_for_again(ordered):
    ordered.receive(4_000, of_it={"rejected": 1_000, "reason": "wet", "closes": True})
    ordered.take_back(ordered.deliveries()[0].public_id)
    assert (ordered.balance().quantity, ordered.balance().on_order) == (5_000, 48_000)


def test_a_delivery_is_taken_back_once(ordered):
    ordered.receive(1_000)
    (delivery,) = ordered.deliveries()
    ordered.take_back(delivery.public_id)
    with pytest.raises(Conflict):
        ordered.take_back(delivery.public_id)
    assert ordered.balance().on_order == 48_000


def test_a_line_taken_back_before_is_not_taken_back_twice(ordered):
    (movement,) = ordered.receive(1_000)
    with ordered.shop.work() as tx:
        stock.reverse(tx, stock.Reverse(movement=movement.public_id, note="wrong"))
    ordered.take_back(ordered.deliveries()[0].public_id)
    assert (ordered.balance().quantity, ordered.balance().on_order) == (5_000, 48_000)


def test_what_was_issued_already_keeps_the_delivery(ordered):
    ordered.receive(4_000)
    with ordered.shop.work() as tx:
        issued = stock.Issue(
            item=ordered.shop.pen,
            quantity=50_000,
            from_place=ordered.shop.shelf,
            for_place=ordered.shop.shelf,
        )
        stock.issue(tx, issued)
    with pytest.raises(deliveries.GoneAlready) as refused:
        ordered.take_back(ordered.deliveries()[0].public_id)
    assert "of Blue pen some was issued since" in str(refused.value.message)
    assert ordered.deliveries()[0].reversed_at is None
    assert (ordered.balance().quantity, ordered.balance().on_order) == (3_000, 0)


def test_a_delivery_of_a_closed_order_taken_back_orders_nothing(ordered):
    ordered.receive(1_000)
    ordered.end(placing.close_short)
    ordered.take_back(ordered.deliveries()[0].public_id)
    assert (ordered.order().status, ordered.balance().on_order) == ("closed_short", 0)


def test_who_may_not_reverse_takes_nothing_back(ordered):
    ordered.receive(1_000)
    with pytest.raises(NotFound):
        ordered.take_back(ordered.deliveries()[0].public_id, role="assistant")
    with ordered.shop.work(None) as tx:
        assert not tx.session.scalars(select(Movement).filter_by(type="reversal")).all()
