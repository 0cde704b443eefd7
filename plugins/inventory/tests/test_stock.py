"""What moving stock does, on both databases, through the session of whoever does it."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from kantor_inventory.models import Balance, Item, ItemUnit, Movement, Point
from kantor_inventory.rules import QuantityOutOfRange, UnevenQuantity
from kantor_inventory.services import stock
from kantor_inventory.services.ledger import AlreadyReversed, NotEnough
from portal.api import Conflict, NotFound, Place, ValidationFailed
from portal.testing import together


def receive(shop, quantity, place=None, item=None, role="office_manager", **more):
    with shop.work(role) as tx:
        command = stock.Receive(
            item=item or shop.pen, quantity=quantity, to_place=place or shop.shelf, **more
        )
        return stock.receive(tx, command).public_id


def issue(shop, quantity, place=None, item=None, role="office_manager", **more):
    with shop.work(role) as tx:
        command = stock.Issue(
            item=item or shop.pen,
            quantity=quantity,
            from_place=place or shop.shelf,
            for_department=shop.office,
            **more,
        )
        return stock.issue(tx, command).public_id


def do(unit, service, command):
    """Run one service in a unit of its own and return the public id of what it made."""
    with unit as tx:
        return service(tx, command).public_id


def pens_for_the_office(shop, quantity, place):
    return stock.Issue(
        item=shop.pen, quantity=quantity, from_place=place, for_department=shop.office
    )


def ledger(shop):
    with shop.work(None) as tx:
        return tx.session.execute(
            select(
                Movement.type,
                Movement.quantity,
                Movement.value,
                Movement.left_from,
                Movement.left_to,
            ).order_by(Movement.id)
        ).all()


def test_a_box_received_is_twelve_pens_on_the_shelf(shop):
    receive(shop, 2000, unit=shop.box, price=27_600_00)
    assert shop.balance(shop.pen, shop.shelf) == (24_000, 55_200_00)


def test_both_ends_remember_what_they_then_held(shop):
    receive(shop, 40_000, price=100)
    issue(shop, 28_000)
    assert ledger(shop) == [
        ("receive", 40_000, 4000, -40_000, 40_000),
        ("issue", 28_000, 2800, 12_000, 28_000),
    ]


def test_the_last_unit_takes_the_rest_of_the_value(shop):
    receive(shop, 3_000, price=333)
    receive(shop, 1_000, price=1)
    for _ in range(3):
        issue(shop, 1_000)
    assert shop.balance(shop.pen, shop.shelf) == (1_000, 250)
    issue(shop, 1_000)
    assert shop.balance(shop.pen, shop.shelf) == (0, 0)


def test_a_receipt_without_a_price_leaves_the_average_cost_as_it_is(shop):
    receive(shop, 10_000, price=200)
    receive(shop, 5_000)
    assert shop.balance(shop.pen, shop.shelf) == (15_000, 3000)


def test_a_receipt_without_a_price_onto_an_empty_shelf_is_worth_what_the_item_last_cost(shop):
    receive(shop, 10_000, price=200)
    issue(shop, 10_000)
    receive(shop, 5_000)
    assert shop.balance(shop.pen, shop.shelf) == (5_000, 1000)


def test_what_never_had_a_price_is_worth_nothing(shop):
    receive(shop, 5_000)
    issue(shop, 5_000)
    receive(shop, 5_000)
    assert shop.balance(shop.pen, shop.shelf) == (5_000, 0)


def test_five_pens_leave_a_box_as_five_pens(shop):
    receive(shop, 1000, unit=shop.box)
    issue(shop, 5_000)
    assert shop.balance(shop.pen, shop.shelf)[0] == 7_000


def test_a_third_is_refused_and_three_thirds_are_one(shop):
    with pytest.raises(UnevenQuantity):
        receive(shop, 1000, unit=shop.third)
    receive(shop, 3000, unit=shop.third)
    assert shop.balance(shop.pen, shop.shelf)[0] == 1_000


@pytest.mark.parametrize("quantity", [0, -1000, 10**15])
def test_a_quantity_is_above_zero_and_possible(shop, quantity):
    with pytest.raises(QuantityOutOfRange):
        receive(shop, quantity)


def test_more_than_a_place_holds_does_not_leave_it(shop):
    receive(shop, 2_000)
    receive(shop, 9_000, place=shop.other_shelf)
    with pytest.raises(NotEnough) as refused:
        issue(shop, 5_000)
    assert "Only 2 piece of Blue pen left at Shelf A1, 5 piece wanted." in str(refused.value)
    assert shop.balance(shop.pen, shop.shelf)[0] == 2_000
    assert shop.balance(shop.pen, shop.other_shelf)[0] == 9_000


def test_an_issue_says_for_whom(shop):
    receive(shop, 2_000)
    to_nobody = stock.Issue(item=shop.pen, quantity=1000, from_place=shop.shelf)
    with pytest.raises(ValidationFailed):
        do(shop.work(), stock.issue, to_nobody)


def test_an_issue_to_a_person_or_a_place_is_kept(shop):
    receive(shop, 2_000)
    with shop.work() as tx:
        command = stock.Issue(
            item=shop.pen,
            quantity=1000,
            from_place=shop.shelf,
            for_person=shop.keeper,
            for_place=shop.lab,
        )
        movement = stock.issue(tx, command)
        assert movement.for_person.name == "Office Manager"
        assert movement.for_place.code == "L1"
        assert movement.actor.name == "Office Manager"


def test_a_transfer_is_one_line_and_changes_no_total(shop):
    receive(shop, 10_000, price=50)
    with shop.work() as tx:
        stock.transfer(
            tx,
            stock.Transfer(
                item=shop.pen, quantity=4_000, from_place=shop.shelf, to_place=shop.other_shelf
            ),
        )
    assert shop.balance(shop.pen, shop.shelf) == (6_000, 300)
    assert shop.balance(shop.pen, shop.other_shelf) == (4_000, 200)


def test_a_transfer_needs_two_places(shop):
    receive(shop, 10_000)
    nowhere = stock.Transfer(
        item=shop.pen, quantity=1_000, from_place=shop.shelf, to_place=shop.shelf
    )
    with pytest.raises(ValidationFailed):
        do(shop.work(), stock.transfer, nowhere)


def test_nothing_is_brought_to_a_place_that_is_closed(shop):
    receive(shop, 10_000)
    with shop.work(None) as tx:
        tx.one(select(Place), public_id=shop.other_shelf).active = False
    there = stock.Transfer(
        item=shop.pen, quantity=1_000, from_place=shop.shelf, to_place=shop.other_shelf
    )
    with pytest.raises(stock.PlaceClosed):
        do(shop.work(), stock.transfer, there)


def test_scrapping_wants_a_reason(shop):
    receive(shop, 10_000)
    command = stock.Scrap(item=shop.pen, quantity=1_000, from_place=shop.shelf, note=" ")
    with pytest.raises(ValidationFailed):
        do(shop.work(), stock.scrap, command)
    do(shop.work(), stock.scrap, replace(command, note="Dried up"))
    assert shop.balance(shop.pen, shop.shelf)[0] == 9_000


def reverse(shop, movement, note="Entered twice"):
    with shop.work() as tx:
        return stock.reverse(tx, stock.Reverse(movement=movement, note=note)).public_id


def test_a_reversal_is_the_exact_opposite_and_happens_once(shop):
    receive(shop, 10_000, price=70)
    wrong = issue(shop, 4_000)
    reverse(shop, wrong)
    assert shop.balance(shop.pen, shop.shelf) == (10_000, 700)
    with pytest.raises(AlreadyReversed):
        reverse(shop, wrong)


def test_a_reversal_is_not_reversed(shop):
    receive(shop, 10_000)
    back = reverse(shop, issue(shop, 4_000))
    with pytest.raises(Conflict, match="Post the movement again"):
        reverse(shop, back)


def test_a_receipt_already_issued_cannot_be_taken_back(shop):
    wrong = receive(shop, 10_000)
    issue(shop, 1_000)
    with pytest.raises(NotEnough):
        reverse(shop, wrong)
    assert shop.balance(shop.pen, shop.shelf)[0] == 9_000


def test_a_reversal_never_leaves_value_without_stock(shop):
    receive(shop, 10_000, price=1)
    dear = receive(shop, 10_000, price=100)
    issue(shop, 10_000)
    reverse(shop, dear)
    assert shop.balance(shop.pen, shop.shelf) == (0, 0)


def test_the_same_key_posts_once(shop):
    receive(shop, 10_000)
    first = issue(shop, 1_000, key="ticket-7")
    assert issue(shop, 1_000, key="ticket-7") == first
    assert shop.balance(shop.pen, shop.shelf)[0] == 9_000


def test_a_day_that_has_not_come_is_refused(shop):
    with shop.work() as tx:
        tomorrow = tx.today + timedelta(days=1)
    with pytest.raises(ValidationFailed):
        receive(shop, 1_000, occurred_on=tomorrow)


def test_a_slip_of_yesterday_is_only_information(shop):
    with shop.work() as tx:
        yesterday = tx.today - timedelta(days=1)
    receive(shop, 5_000)
    issue(shop, 1_000, occurred_on=yesterday)
    assert ledger(shop)[-1] == ("issue", 1_000, 0, 4_000, 1_000)


@pytest.mark.parametrize("mode", ["non_stock"])
def test_what_is_not_kept_in_stock_does_not_move(shop, mode):
    with shop.work(None) as tx:
        tx.one(select(Item), public_id=shop.pen).mode = mode
    with pytest.raises(stock.NotKept):
        receive(shop, 1_000)


def test_what_is_discontinued_is_issued_but_not_received(shop):
    receive(shop, 2_000)
    with shop.work(None) as tx:
        tx.one(select(Item), public_id=shop.pen).status = "discontinued"
    issue(shop, 1_000)
    with pytest.raises(stock.NotKept):
        receive(shop, 1_000)


@pytest.mark.parametrize(
    "change",
    [
        lambda: update(Movement).values(quantity=1),
        lambda: update(Movement).values(note="nothing happened"),
        lambda: delete(Movement),
        lambda: update(ItemUnit).values(num=24),
    ],
    ids=["quantity", "note", "delete", "factor"],
)
def test_the_ledger_and_used_factors_are_never_changed(shop, change):
    receive(shop, 1000, unit=shop.box)
    with pytest.raises(DBAPIError, match=r"append-only|never changes"), shop.work(None) as tx:
        tx.session.execute(change())


def test_raw_sql_cannot_change_the_ledger_either(shop):
    receive(shop, 1000)
    with pytest.raises(DBAPIError, match="append-only"), shop.work(None) as tx:
        tx.session.execute(text("DELETE FROM inventory_movement"))


def test_the_database_itself_refuses_stock_below_zero(shop):
    receive(shop, 1000)
    for values in ({"quantity": -1}, {"value": -1}, {"quantity": 0, "value": 5}):
        with pytest.raises(DBAPIError), shop.work(None) as tx:
            tx.session.execute(
                update(Balance).where(~Balance.outside).values(below=False, **values)
            )


def test_a_served_department_sees_the_shelf_and_takes_nothing(shop):
    receive(shop, 5_000)
    with shop.work_in_lab() as tx:
        seen = tx.session.scalars(select(Balance)).all()
        assert [row.quantity for row in seen] == [5_000]
    with pytest.raises(NotFound):
        do(shop.work_in_lab(), stock.issue, pens_for_the_office(shop, 1000, shop.shelf))


def test_a_place_out_of_reach_is_not_there(shop):
    receive(shop, 5_000, place=shop.other_shelf)
    with shop.work_in_lab() as tx:
        assert tx.session.scalars(select(Balance)).all() == []
        assert tx.session.scalars(select(Movement)).all() == []
    goods = stock.Receive(item=shop.pen, quantity=1000, to_place=shop.other_shelf)
    with pytest.raises(NotFound):
        do(shop.work_in_lab(), stock.receive, goods)
    waste = stock.Scrap(item=shop.pen, quantity=1000, from_place=shop.other_shelf, note="Mine")
    with pytest.raises(NotFound):
        do(shop.work_in_lab(), stock.scrap, waste)


def test_nobody_carries_stock_into_a_place_out_of_reach(shop):
    goods = stock.Receive(item=shop.pen, quantity=5_000, to_place=shop.lab)
    do(shop.work_in_lab(), stock.receive, goods)
    gift = stock.Transfer(item=shop.pen, quantity=1000, from_place=shop.lab, to_place=shop.shelf)
    with pytest.raises(NotFound):
        do(shop.work_in_lab(), stock.transfer, gift)


def test_an_assistant_reverses_nothing(shop):
    goods = stock.Receive(item=shop.pen, quantity=5_000, to_place=shop.lab)
    movement = do(shop.work_in_lab(), stock.receive, goods)
    with pytest.raises(NotFound):
        do(shop.work_in_lab(), stock.reverse, stock.Reverse(movement=movement, note="Mine"))


def test_nobody_reads_what_lies_outside_the_building(shop):
    receive(shop, 5_000)
    issue(shop, 1_000)
    with shop.work("employee") as tx:
        kinds = select(Point.kind).join(Balance, Balance.point_id == Point.id)
        assert set(tx.session.scalars(kinds)) == {"store"}


def test_all_points_of_an_item_add_up_to_nothing(shop):
    receive(shop, 5_000, price=333)
    issue(shop, 1_001)
    reverse(shop, issue(shop, 700))
    with shop.work(None) as tx:
        total = tx.session.execute(
            select(func.sum(Balance.quantity), func.sum(Balance.value))
        ).one()
    assert tuple(total) == (0, 0)


def test_two_people_take_the_last_unit_and_one_gets_it(shop):
    receive(shop, 1_000)
    came = together(*[lambda: issue(shop, 1_000)] * 4)
    assert Counter(type(one) for one in came) == {str: 1, NotEnough: 3}
    assert shop.balance(shop.pen, shop.shelf) == (0, 0)


def test_nothing_is_written_when_one_line_of_several_fails(shop):
    receive(shop, 5_000)

    def basket():
        with shop.work() as tx:
            stock.issue(tx, pens_for_the_office(shop, 1000, shop.shelf))
            stock.issue(tx, pens_for_the_office(shop, 9000, shop.shelf))

    with pytest.raises(NotEnough):
        basket()
    assert shop.balance(shop.pen, shop.shelf)[0] == 5_000
    assert len(ledger(shop)) == 1


def test_a_renamed_item_is_sorted_anew_in_the_stock_list(shop):
    receive(shop, 5_000)
    with shop.work(None) as tx:
        tx.one(select(Item), public_id=shop.pen).name = "Ängstrom pen"
    with shop.work(None) as tx:
        keys = set(tx.session.scalars(select(Balance.item_key)))
    assert keys == {"ängstrom pen"}
