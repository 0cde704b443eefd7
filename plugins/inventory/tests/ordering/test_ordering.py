"""From what is missing to what is ordered and received, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from kantor_inventory.models import Item, Movement, Supplier
from kantor_inventory.ordering.models import PurchaseOrder, Receipt
from kantor_inventory.ordering.services import drafts, placing, putting_off, receiving, sheet
from kantor_inventory.ordering.states import NotNow
from kantor_inventory.services import stock
from portal.api import Conflict, EditConflict, NotFound, ValidationFailed
from portal.testing import together


def suggestions(office, role="office_manager", **asked):
    with office.shop.work(role) as tx:
        return sheet.page(tx, **asked).rows


def do(office, service, command):
    with office.shop.work() as tx:
        service(tx, command)


def words(call):
    """Return what a service says is wrong with a field."""
    with pytest.raises(ValidationFailed) as refused:
        call()
    return " ".join(str(text) for text in refused.value.fields.values())


def test_what_is_below_its_minimum_is_suggested_in_boxes(office):
    (row,) = suggestions(office)
    # 55 are missing; five boxes make 65 and pass the maximum of 60, so four are suggested.
    assert (row.name, row.on_hand, row.on_order) == ("Blue pen", 5_000, 0)
    assert (row.suggestion.packs, row.suggestion.quantity) == (4, 48_000)
    assert row.cost(4) == 4 * office.price


def test_an_order_is_on_order_and_asked_for_no_more(office):
    office.want()
    placed = office.place(placed_with="Ibu Sari")
    assert placed.number.startswith("PO-")
    assert placed.snapshot["lines"][0]["packs"] == 4
    assert (office.balance().on_order, office.balance().to_order) == (48_000, False)
    assert suggestions(office) == []


def test_a_list_is_not_on_order_yet(office):
    office.want()
    assert office.balance().on_order == 0
    (row,) = suggestions(office)
    assert row.packs == 4


def test_numbers_of_a_year_have_no_gaps(office):
    office.want()
    first = office.place().number
    office.end(placing.cancel)
    office.want()
    second = office.place().number
    assert [int(number.rpartition("-")[2]) for number in (first, second)] == [1, 2]


def test_a_cancelled_order_returns_the_suggestion(office):
    office.want()
    office.place()
    office.end(placing.cancel)
    assert office.balance().on_order == 0
    assert len(suggestions(office)) == 1
    assert office.order().status == "cancelled"


def test_closing_short_returns_what_never_came(office):
    office.want()
    office.place()
    office.receive(1_000)
    office.end(placing.close_short, "they have no more")
    assert (office.balance().quantity, office.balance().on_order) == (17_000, 0)
    (row,) = suggestions(office)
    assert row.suggestion.packs == 3
    assert [line.state for line in office.lines()] == ["short"]


def test_a_late_order_still_counts(office):
    office.want()
    office.place()
    with office.shop.work(None) as tx:
        tx.session.execute(update(PurchaseOrder).values(expected_on=tx.today - timedelta(days=3)))
    assert suggestions(office) == []


def test_a_supplier_who_is_gone_leaves_the_next_in_rank(office):
    with office.shop.work(None) as tx:
        tx.one(select(Supplier), public_id=office.supplier).active = False
    (row,) = suggestions(office)
    assert row.offer.price == 2 * office.price


def test_what_is_used_up_is_not_ordered_again(office):
    with office.shop.work(None) as tx:
        tx.one(select(Item), public_id=office.shop.pen).status = "use_up"
    assert suggestions(office) == []


def test_without_a_supplier_the_row_says_so_and_cannot_be_added(office):
    with office.shop.work(None) as tx:
        for supplier in tx.session.scalars(select(Supplier)):
            supplier.active = False
    (row,) = suggestions(office)
    assert row.offer is None
    assert "Nobody sells Blue pen yet." in words(lambda: office.want())


def test_put_off_is_out_of_sight_until_its_day(office):
    with office.shop.work() as tx:
        until = tx.today + timedelta(days=7)
        putting_off.put_off(
            tx, putting_off.PutOff(item=office.shop.pen, place=office.shop.shelf, until_on=until)
        )
    assert suggestions(office) == []
    assert len(suggestions(office, view="put_off")) == 1
    with office.shop.work() as tx:
        putting_off.take_up(tx, office.shop.pen, office.shop.shelf)
    assert len(suggestions(office)) == 1


def test_the_same_item_twice_is_told(office):
    office.want()
    assert (office.want().lines, office.want().known) == (0, 1)
    command = drafts.AddLine(
        item=office.shop.pen,
        offer=office.offer(office.other),
        place=office.shop.shelf,
        packs=1,
    )
    assert "is on the order list for Shelf A1 already" in words(
        lambda: do(office, drafts.add_line, command)
    )


def test_a_line_moves_to_the_list_of_another_supplier(office):
    office.want()
    (line,) = office.lines()
    command = drafts.ChangeLine(
        line=line.public_id,
        version=line.version,
        packs=2,
        offer=office.offer(office.other),
        place=office.shop.other_shelf,
    )
    do(office, drafts.change_line, command)
    (line,) = office.lines()
    assert (line.packs, line.ordered, line.price) == (2, 24_000, 2 * office.price)
    with office.shop.work(None) as tx:
        (order,) = tx.session.scalars(select(PurchaseOrder))
        assert order.supplier.public_id == office.other


def test_two_people_change_one_line(office):
    office.want()
    (line,) = office.lines()
    command = drafts.ChangeLine(
        line=line.public_id,
        version=line.version,
        packs=5,
        offer=office.offer(office.supplier),
        place=office.shop.shelf,
    )
    with office.shop.work() as tx:
        drafts.change_line(tx, command)
    with office.shop.work() as tx, pytest.raises(EditConflict):
        drafts.change_line(tx, command)


def test_the_last_line_takes_the_list_with_it(office):
    office.want()
    (line,) = office.lines()
    with office.shop.work() as tx:
        command = drafts.RemoveLine(line=line.public_id, version=line.version)
        assert drafts.remove_line(tx, command) is None
    with office.shop.work(None) as tx:
        assert tx.session.scalars(select(PurchaseOrder)).all() == []


def test_what_came_lies_on_the_shelf_at_the_price_of_the_order(office):
    office.want()
    office.place()
    (movement,) = office.receive(4_000, delivery_note="SJ-1")
    assert (movement.quantity, movement.value) == (48_000, 4 * office.price)
    balance = office.balance()
    assert (balance.quantity, balance.on_order) == (53_000, 0)
    assert office.order().status == "received"


def test_the_rest_stays_on_order(office):
    office.want()
    office.place()
    office.receive(1_000)
    office.receive(5_000, unit=office.piece)
    assert (office.balance().quantity, office.balance().on_order) == (22_000, 31_000)
    assert (office.order().status, office.lines()[0].received) == ("placed", 17_000)


def test_more_than_was_ordered_is_refused_with_what_to_do(office):
    office.want()
    office.place()
    with pytest.raises(receiving.MoreThanOrdered, match="only 48 piece are still to come"):
        office.receive(5_000)
    assert office.balance().quantity == 5_000


def test_one_delivery_note_is_booked_twice_only_when_somebody_says_so(office):
    office.want()
    office.place()
    office.receive(1_000, delivery_note="SJ-1")
    with pytest.raises(receiving.AlreadyBooked) as refused:
        office.receive(1_000, delivery_note="sj 1")
    assert "booked delivery note SJ-1 on" in str(refused.value.message)
    office.receive(1_000, delivery_note="SJ-1", again=refused.value.delivery)
    assert office.lines()[0].received == 24_000


def test_what_was_received_wrongly_is_on_order_again(office):
    office.want()
    office.place()
    (movement,) = office.receive(4_000)
    with office.shop.work() as tx:
        stock.reverse(tx, stock.Reverse(movement=movement.public_id, note="wrong pens"))
    line = office.lines()[0]
    assert (line.state, line.received, line.outstanding) == ("open", 0, 48_000)
    assert (office.order().status, office.balance().on_order) == ("placed", 48_000)
    office.receive(4_000)
    assert office.order().status == "received"


def test_a_receipt_of_a_closed_order_taken_back_orders_nothing(office):
    office.want()
    office.place()
    (movement,) = office.receive(1_000)
    office.end(placing.close_short)
    with office.shop.work() as tx:
        stock.reverse(tx, stock.Reverse(movement=movement.public_id, note="wrong pens"))
    assert (office.order().status, office.balance().on_order) == ("closed_short", 0)
    assert office.lines()[0].received == 0


@pytest.mark.parametrize("service", [placing.cancel, placing.close_short])
def test_an_order_that_came_is_not_given_up(office, service):
    office.want()
    office.place()
    office.receive(4_000)
    with pytest.raises(NotNow):
        office.end(service)


def test_something_has_come_so_the_order_is_closed_short_instead(office):
    office.want()
    office.place()
    office.receive(1_000)
    with pytest.raises(NotNow, match="Close the order short instead"):
        office.end(placing.cancel)


def test_nothing_has_come_so_the_order_is_cancelled_instead(office):
    office.want()
    office.place()
    with pytest.raises(NotNow, match="Cancel the order instead"):
        office.end(placing.close_short)


def test_an_order_is_placed_once(office):
    office.want()
    version = office.order().version
    office.place()
    with pytest.raises(Conflict):
        office.place(version=version)


def test_a_list_that_was_changed_meanwhile_is_not_placed(office):
    office.want()
    with pytest.raises(EditConflict):
        office.place(version=office.order().version + 1)


def test_a_reason_is_wanted(office):
    office.want()
    office.place()
    assert words(lambda: office.end(placing.cancel, "  ")) == "Say why."


def test_what_is_no_longer_kept_is_not_ordered(office):
    office.want()
    with office.shop.work(None) as tx:
        tx.one(select(Item), public_id=office.shop.pen).status = "discontinued"
    with pytest.raises(placing.CannotBeOrdered, match="Blue pen is not ordered any more"):
        office.place()


def test_another_department_neither_sees_nor_fills_the_list(office):
    office.want()
    with office.shop.work_in_lab() as tx:
        assert sheet.page(tx).rows == []
        with pytest.raises(NotFound):
            drafts.add_lines(
                tx,
                drafts.AddLines(
                    lines=(drafts.Wanted(item=office.shop.pen, place=office.shop.shelf, packs=1),)
                ),
            )
    public_id = office.order().public_id
    with office.shop.work_in_lab() as tx, pytest.raises(NotFound):
        placing.find(tx, public_id, "inventory.order.view")


def test_an_assistant_fills_the_list_and_does_not_place_it(office):
    office.want(role="assistant")
    with pytest.raises(NotFound):
        office.place(role="assistant")
    office.place()
    office.receive(1_000, role="assistant")


def test_eight_clients_book_one_delivery_once(office):
    office.want()
    office.place()
    command = office.came(2_000)
    done, refused = run_at_once(office, receiving.receive, command)
    assert (done, refused) == (1, 7)
    assert (office.balance().quantity, office.balance().on_order) == (29_000, 24_000)
    with office.shop.work(None) as tx:
        assert len(tx.session.scalars(select(Receipt)).all()) == 1
        assert (
            len(tx.session.scalars(select(Movement).where(Movement.quantity == 24_000)).all()) == 1
        )


def test_eight_clients_place_one_list_once(office):
    office.want()
    order = office.order()
    command = placing.Place(order=order.public_id, version=order.version, placed_by="phone")
    assert run_at_once(office, placing.place, command) == (1, 7)
    assert office.balance().on_order == 48_000


def test_eight_clients_put_one_item_on_the_list_once(office):
    line = drafts.Wanted(item=office.shop.pen, place=office.shop.shelf, packs=4)
    done, refused = run_at_once(office, drafts.add_lines, drafts.AddLines(lines=(line,)))
    assert (done, refused) == (8, 0)
    assert [row.packs for row in office.lines()] == [4]


def run_at_once(office, service, command):
    """Run one command by eight clients at the same moment; return how many did it or not."""
    came = together(*[lambda: do(office, service, command)] * 8)
    return came.count(None), sum(isinstance(one, Conflict) for one in came)
