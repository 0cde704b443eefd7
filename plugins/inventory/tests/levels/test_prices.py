"""Prices by quantity: which one holds, which may be added, and what the order list takes."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text

from kantor_inventory.models import PriceBreak
from kantor_inventory.ordering import pricing
from kantor_inventory.ordering.models import OrderLine
from kantor_inventory.ordering.pricing import Break
from kantor_inventory.ordering.services import drafts, sheet
from kantor_inventory.services import price_breaks
from portal.api import EditConflict, NotFound, ValidationFailed

BREAKS = (Break(12, 90), Break(48, 80))


@pytest.mark.parametrize(("packs", "price"), [(1, 100), (11, 100), (12, 90), (47, 90), (48, 80)])
def test_the_price_is_that_of_the_highest_break_reached(packs, price):
    assert pricing.price_of(packs, 100, BREAKS) == price


def test_without_a_price_below_the_first_break_there_is_none():
    assert pricing.price_of(3, None, BREAKS) is None


@pytest.mark.parametrize(("packs", "more"), [(10, 0), (11, 12), (12, 0), (43, 48), (42, 0)])
def test_twelve_may_cost_less_than_eleven(packs, more):
    assert pricing.cheaper(packs, 100, BREAKS) == more


def test_a_break_holds_from_its_day_until_before_the_next():
    day = date(2026, 1, 1)
    old, new = Break(12, 90, date(2025, 1, 1), day), Break(12, 95, day)
    assert pricing.on(day - timedelta(days=1), (old, new)) == (old,)
    assert pricing.on(day, (old, new)) == (new,)
    assert not pricing.overlap(old, new)
    assert pricing.overlap(new, Break(12, 99, date(2027, 1, 1)))
    assert not pricing.overlap(new, Break(24, 99, day))


def add(desk, packs=10, price=20_000_00, since=0, until=None, role="office_manager"):
    with desk.shop.work(role) as tx:
        command = price_breaks.AddBreak(
            supplier=desk.supplier,
            unit=desk.shop.box,
            packs=packs,
            price=price,
            valid_from=tx.today + timedelta(days=since),
            valid_to=tx.today + timedelta(days=until) if until is not None else None,
        )
        return price_breaks.add(tx, command).public_id


def test_periods_of_one_quantity_do_not_overlap(desk):
    add(desk, since=0, until=30)
    add(desk, since=30)
    add(desk, packs=20)
    for since, until in ((-10, 1), (29, 31), (10, 20), (100, None)):
        with pytest.raises(ValidationFailed) as refused:
            add(desk, since=since, until=until)
        assert list(refused.value.fields) == ["valid_from"]


@pytest.mark.parametrize(
    ("field", "more"),
    [("packs", {"packs": 1}), ("price", {"price": -1}), ("valid_to", {"until": 0})],
)
def test_a_break_makes_sense(desk, field, more):
    with pytest.raises(ValidationFailed) as refused:
        add(desk, **more)
    assert list(refused.value.fields) == [field]


def test_who_may_not_change_suppliers_finds_no_prices(desk):
    with pytest.raises(NotFound):
        add(desk, role="assistant")


def end(desk, made, until, was, role="office_manager"):
    with desk.shop.work(role) as tx:
        days = [None if n is None else tx.today + timedelta(days=n) for n in (until, was)]
        command = price_breaks.EndBreak(
            supplier=desk.supplier,
            unit=desk.shop.box,
            price_break=made,
            valid_to=days[0],
            was=days[1],
        )
        price_breaks.change_end(tx, command)


def stored(desk):
    with desk.shop.work(None) as tx:
        rows = tx.session.scalars(select(PriceBreak).order_by(PriceBreak.id))
        return [row.valid_to and (row.valid_to - tx.today).days for row in rows]


def test_a_price_ends_earlier_so_that_the_next_one_fits(desk):
    made = add(desk)
    end(desk, made, 30, None)
    add(desk, since=30)
    assert stored(desk) == [30, None]
    with pytest.raises(ValidationFailed) as refused:
        end(desk, made, 31, 30)
    assert list(refused.value.fields) == ["valid_to"]
    with pytest.raises(ValidationFailed):
        end(desk, made, 0, 30)
    end(desk, made, 29, 30)
    assert stored(desk) == [29, None]
    with desk.shop.work(None) as tx:
        rows = tx.session.execute(
            text("SELECT detail FROM audit_entry WHERE action = :action ORDER BY id"),
            {"action": "inventory.price_break_changed"},
        ).scalars()
        said = [json.loads(row) if isinstance(row, str) else row for row in rows]
        days = [(tx.today + timedelta(days=n)).isoformat() for n in (30, 29)]
    ends = [(one["before"]["valid_to"], one["after"]["valid_to"]) for one in said]
    assert ends == [(None, days[0]), (days[0], days[1])]


def test_who_read_another_last_day_changes_nothing(desk):
    made = add(desk, until=10)
    end(desk, made, 20, 10)
    with pytest.raises(EditConflict):
        end(desk, made, 15, 10)
    assert stored(desk) == [20]
    with pytest.raises(NotFound):
        end(desk, made, 15, 20, role="assistant")


def test_a_removed_break_is_gone(desk):
    made = add(desk)
    with desk.shop.work() as tx:
        command = price_breaks.RemoveBreak(
            supplier=desk.supplier, unit=desk.shop.box, price_break=made
        )
        price_breaks.remove(tx, command)
    with desk.shop.work(None) as tx:
        assert tx.session.scalars(select(PriceBreak)).all() == []


def line(desk):
    with desk.shop.work(None) as tx:
        row = tx.session.scalars(select(OrderLine)).one()
        return row.public_id, row.version, row.packs, row.price


def change(desk, packs, **more):
    public_id, version, *_ = line(desk)
    with desk.shop.work() as tx:
        offer = price_breaks.offer_named(tx, desk.supplier, desk.shop.box).id
        command = drafts.ChangeLine(
            line=public_id, version=version, packs=packs, offer=offer, place=desk.shop.shelf, **more
        )
        drafts.change_line(tx, command)


def test_the_order_list_takes_the_price_of_the_quantity(desk):
    add(desk)
    desk.use(9)
    desk.set_rule(200_000, 300_000)
    with desk.shop.work() as tx:
        [row] = sheet.page(tx).rows
        assert [row.offer.price_for(n) for n in (9, 10)] == [24_000_00, 20_000_00]
        assert row.offer.cheaper(9) == 10
        wanted = drafts.Wanted(item=desk.shop.pen, place=desk.shop.shelf, packs=9)
        drafts.add_lines(tx, drafts.AddLines(lines=(wanted,)))
    assert line(desk)[2:] == (9, 24_000_00)
    change(desk, 10, price=24_000_00, sets_price=True)
    assert line(desk)[2:] == (10, 20_000_00)
    change(desk, 10, price=19_000_00, sets_price=True)
    change(desk, 9, price=19_000_00, sets_price=True)
    assert line(desk)[2:] == (9, 19_000_00)


def test_yesterdays_price_is_asked_no_more(desk):
    add(desk, since=-9, until=0)
    with desk.shop.work(None) as tx:
        assert set(price_breaks.today(tx, [1, 2, 3]).values()) <= {()}
