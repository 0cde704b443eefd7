"""What is on the sheet of a count: planned, begun at a shelf, found there, given up."""

import pytest
from sqlalchemy import select

from kantor_inventory.counting import services
from kantor_inventory.counting.models import Count, CountLine
from kantor_inventory.counting.rules import WrongState
from kantor_inventory.counting.services.planning import CountedElsewhere
from kantor_inventory.models import Balance, Category, Item
from kantor_inventory.services import stock
from portal.api import (
    Conflict,
    Forbidden,
    NotFound,
    Place,
    ValidationFailed,
)


def test_an_item_at_a_place_is_in_one_open_count(counting):
    counting.receive(40_000)
    counting.receive(5_000, place=counting.shop.other_shelf)
    first = counting.plan(places=[counting.shop.shelf])
    with counting.shop.work(None) as tx:
        number = tx.one(select(Count), public_id=first).number
    with pytest.raises(CountedElsewhere) as told:
        counting.plan()
    assert number in str(told.value.fields["places"])
    rest = counting.plan(skip_taken=True)
    assert len(counting.rows(CountLine.id, count=rest)) == 1


def test_a_sheet_lists_what_lies_there_and_what_should(counting):
    shop = counting.shop
    with shop.work(None) as tx:
        for item, status in ((shop.pen, "discontinued"), (shop.ream, "active")):
            tx.one(select(Item), public_id=item).status = status
    with pytest.raises(ValidationFailed):
        counting.plan()
    with shop.work() as tx:
        stock.set_rule(
            tx, stock.SetRule(item=shop.ream, place=shop.shelf, minimum=1_000, maximum=None)
        )
        stock.set_rule(
            tx, stock.SetRule(item=shop.pen, place=shop.shelf, minimum=1_000, maximum=None)
        )
    count = counting.plan()
    assert names(counting, count) == ["Copy paper"]


def names(counting, count):
    return [row[0] for row in counting.rows(item_name(), count=count)]


def item_name():
    return select(Item.name).where(Item.id == CountLine.item_id).scalar_subquery()


def test_a_sheet_follows_the_way_one_walks(counting):
    shop = counting.shop
    for place in (shop.shelf, shop.other_shelf):
        counting.receive(1_000, place=place)
        counting.receive(1_000, item=shop.ream, place=place)
    with shop.work(None) as tx:
        tx.one(select(Place), public_id=shop.shelf).walk_order = 5
        tx.one(select(Place), public_id=shop.other_shelf).walk_order = 2
    count = counting.plan()
    assert names(counting, count) == ["Blue pen", "Copy paper", "Blue pen", "Copy paper"]
    assert counting.line(count, place=shop.other_shelf) == first_line(counting, count)


def first_line(counting, count):
    return counting.rows(CountLine.public_id, count=count)[0][0]


def test_a_sheet_can_be_limited_to_places_categories_and_what_is_due(counting):
    shop = counting.shop
    counting.receive(1_000)
    counting.receive(1_000, item=shop.ream)
    with shop.work(None) as tx:
        pens = Category(name="Pens")
        tx.session.add(pens)
        tx.session.flush()
        pen = tx.one(select(Item), public_id=shop.pen)
        pen.category_id, category = pens.id, pens.public_id
        ream = tx.one(select(Item), public_id=shop.ream)
        due = [
            tuple(r)
            for r in tx.session.execute(
                select(Balance.item_id, Balance.point_id).where(
                    Balance.item_id == ream.id, ~Balance.outside
                )
            )
        ]
    count = counting.plan(categories=[category])
    assert names(counting, count) == ["Blue pen"]
    assert names(counting, counting.plan(only=due)) == ["Copy paper"]


def test_a_place_of_another_department_is_on_no_sheet(counting):
    with pytest.raises(NotFound):
        counting.plan(places=[counting.shop.lab])
    with counting.as_dewi() as tx, pytest.raises(NotFound):
        services.plan_count(tx, services.PlanCount(department=counting.department))


def test_something_found_gets_a_line_with_nothing_in_the_books(counting):
    counting.receive(40_000)
    count, shop = counting.plan(places=[counting.shop.shelf]), counting.shop
    with counting.as_dewi() as tx:
        line = services.add_found(
            tx, services.AddFound(count=count, item=shop.ream, place=shop.shelf)
        ).public_id
    with counting.as_joko() as tx:
        again = services.add_found(
            tx, services.AddFound(count=count, item=shop.ream, place=shop.shelf)
        )
        assert again.public_id == line
    counting.enter(count, 40_000)
    counting.enter(count, 5_000, item=shop.ream)
    counting.submit(count)
    counting.decide(count, "keep", item=shop.ream, reason="Came with the lamp")
    with counting.as_maya() as tx:
        services.keep_all(tx, count)
    counting.post(count)
    assert shop.balance(shop.ream, shop.shelf) == (5_000, 0)
    assert counting.entries(count)[1].book == 0


def test_what_another_count_has_is_not_added(counting):
    counting.receive(40_000)
    counting.receive(1_000, place=counting.shop.other_shelf)
    other = counting.plan(places=[counting.shop.other_shelf])
    count, shop = counting.plan(places=[counting.shop.shelf]), counting.shop
    with counting.as_dewi() as tx, pytest.raises(NotFound):
        services.add_found(
            tx, services.AddFound(count=count, item=shop.pen, place=shop.other_shelf)
        )
    with shop.work(None) as tx:
        tx.one(select(Item), public_id=shop.ream).mode = "non_stock"
    with counting.as_dewi() as tx, pytest.raises(Conflict, match="not kept in stock"):
        services.add_found(
            tx, services.AddFound(count=other, item=shop.ream, place=shop.other_shelf)
        )


def test_a_place_is_counted_now_by_who_stands_there(counting):
    counting.receive(40_000)
    with counting.as_dewi() as tx:
        count = services.count_now(tx, services.CountNow(place=counting.shop.shelf))
        assert (count.title, count.blind, count.assigned_to_id) == ("Shelf A1", True, counting.dewi)
    with counting.as_dewi() as tx, pytest.raises(CountedElsewhere):
        services.count_now(tx, services.CountNow(place=counting.shop.shelf))
    with counting.as_dewi() as tx, pytest.raises(NotFound):
        services.count_now(tx, services.CountNow(place=counting.shop.lab))


def test_an_empty_place_can_be_counted_for_what_is_found_there(counting):
    with counting.as_dewi() as tx:
        count = services.count_now(tx, services.CountNow(place=counting.shop.shelf)).public_id
    with counting.as_dewi() as tx:
        services.add_found(
            tx,
            services.AddFound(count=count, item=counting.shop.pen, place=counting.shop.shelf),
        )
    counting.enter(count, 2_000)
    counting.submit(count)


def test_a_count_can_be_cancelled_and_its_lines_counted_elsewhere(counting):
    counting.receive(40_000)
    count = counting.plan()
    counting.enter(count, 39_000)
    with counting.shop.work() as tx:
        version = tx.one(select(Count), public_id=count).version
        with pytest.raises(ValidationFailed):
            services.cancel(tx, services.Cancel(count=count, version=version, reason=" "))
        services.cancel(tx, services.Cancel(count=count, version=version, reason="Wrong shelf"))
    with pytest.raises(WrongState, match="was cancelled"):
        counting.enter(count, 38_000)
    with pytest.raises(WrongState):
        counting.post(count)
    counting.plan()


def test_who_counts_may_only_give_up_what_is_empty_and_their_own(counting):
    counting.receive(40_000)
    with counting.as_dewi() as tx:
        count = services.count_now(tx, services.CountNow(place=counting.shop.shelf))
        mine, version = count.public_id, count.version
    with counting.as_joko() as tx, pytest.raises(Forbidden):
        services.cancel(tx, services.Cancel(count=mine, version=version, reason="No time"))
    with counting.as_dewi() as tx:
        services.cancel(tx, services.Cancel(count=mine, version=version, reason="No time"))
    assert counting.status(mine) == "cancelled"
