"""What was said to be nearly empty at the shelf stands on the order list until it is dealt with."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from kantor_inventory.labels import flags
from kantor_inventory.labels.models import Flag
from kantor_inventory.models import Balance
from kantor_inventory.ordering import rules
from kantor_inventory.ordering.services import placing, putting_off, sheet
from kantor_inventory.services import items, stock

ORDER_LIST = "/inventory/order-list"


@pytest.fixture
def office(office):
    """Return the office with 25 pens, more than the 20 wanted, so that nothing is suggested."""
    with office.shop.work() as tx:
        more = stock.Receive(item=office.shop.pen, quantity=20_000, to_place=office.shop.shelf)
        stock.receive(tx, more)
    assert listed(office) == []
    return office


def tell(office, item=None, role="employee"):
    with office.shop.work(role) as tx:
        here = flags.shelf(tx, item or office.shop.pen, office.shop.shelf)
        return flags.tell(tx, here)


def listed(office, view="to_order", role="office_manager", **more):
    with office.shop.work(role) as tx:
        return sheet.page(tx, view=view, **more).rows


def reasons(office):
    with office.shop.work(None) as tx:
        return tx.session.scalars(select(Flag.closed_why).order_by(Flag.id)).all()


def words(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def test_it_is_suggested_as_if_nothing_were_left_and_the_page_says_who_said_so(office, as_role):
    told = tell(office)
    (row,) = listed(office)
    assert row.told.by == told.by
    assert row.suggestion.packs == 5, "60 at most, in boxes of 12"
    page = words(as_role("office_manager").get("/inventory/order-list"))
    with office.shop.work("office_manager") as tx:
        day = told.at.astimezone(tx.zone).strftime("%-d %B %Y")
    assert f"Said to be nearly empty by {told.by} on {day}" in page


def test_without_a_limit_the_field_is_empty_and_can_be_filled(office, as_role):
    with office.shop.work(None) as tx:
        stock.receive(
            tx, stock.Receive(item=office.shop.ream, quantity=1_000, to_place=office.shop.shelf)
        )
    tell(office, office.shop.ream)
    (row,) = listed(office)
    assert (row.name, row.suggestion, row.minimum) == ("Copy paper", None, None)
    assert "Nobody sells it yet" in words(as_role("office_manager").get("/inventory/order-list"))
    with office.shop.work("office_manager") as tx:
        stock.set_rule(
            tx,
            stock.SetRule(
                item=office.shop.pen, place=office.shop.shelf, minimum=None, maximum=None, version=1
            ),
        )
    tell(office)
    pens = next(row for row in listed(office) if row.name == "Blue pen")
    assert pens.suggestion is None
    client = as_role("office_manager")
    field = re.search(rf'<input[^>]*name="packs-{pens.key}"[^>]*>', client.get(ORDER_LIST).text)
    assert 'value=""' in field[0]
    assert client.post(ORDER_LIST, data={f"packs-{pens.key}": "2"}).status_code == 303
    assert office.lines()[-1].packs == 2


def test_what_is_on_order_is_taken_into_account(office):
    office.want(packs=5)
    office.place()
    tell(office)
    (row,) = listed(office)
    assert row.suggestion is None, "60 are on their way"


def test_placing_the_order_deals_with_it_but_the_list_does_not(office):
    tell(office)
    office.want(packs=5)
    assert reasons(office) == [None]
    assert listed(office)[0].line is not None, "it is shown as on the list"
    office.place()
    assert reasons(office) == ["ordered"]
    assert listed(office) == []


def test_what_comes_in_deals_with_it(office):
    tell(office)
    with office.shop.work() as tx:
        more = stock.Receive(item=office.shop.pen, quantity=1_000, to_place=office.shop.shelf)
        stock.receive(tx, more)
    assert reasons(office) == ["received"]
    assert listed(office) == []


def test_a_later_count_deals_with_it(office):
    told = tell(office)
    with office.shop.work(None) as tx:
        here = flags.shelf(tx, office.shop.pen, office.shop.shelf)
        balance = tx.session.scalars(
            select(Balance).where(
                Balance.item_id == here.item_id, Balance.point_id == here.point_id
            )
        ).one()
        balance.counted_at = told.at + timedelta(seconds=1)
    assert listed(office) == []


def test_taken_back_it_is_gone_and_put_off_it_waits(office):
    tell(office)
    with office.shop.work("office_manager") as tx:
        until = tx.today + timedelta(days=3)
        command = putting_off.PutOff(item=office.shop.pen, place=office.shop.shelf, until_on=until)
        putting_off.put_off(tx, command)
    assert listed(office) == []
    assert [row.name for row in listed(office, "put_off")] == ["Blue pen"]
    with office.shop.work("office_manager") as tx:
        putting_off.take_up(tx, office.shop.pen, office.shop.shelf)
    assert len(listed(office)) == 1
    with office.shop.work("office_manager") as tx:
        flags.take_back(tx, flags.shelf(tx, office.shop.pen, office.shop.shelf))
    assert listed(office) == []


def test_it_stands_among_the_others_in_the_order_of_names_once(office):
    with office.shop.work(None) as tx:
        for name in ("Adhesive", "Zip bag"):
            made = items.add_item(tx, items.AddItem(name=name, sku=name[:3], unit="piece"))
            limit = {"minimum": 2_000, "maximum": None}
            stock.set_rule(tx, stock.SetRule(item=made.public_id, place=office.shop.shelf, **limit))
    tell(office)
    assert [row.name for row in listed(office)] == ["Adhesive", "Blue pen", "Zip bag"]
    first = listed(office)[0]
    assert [row.name for row in listed(office, after=first.id)] == ["Blue pen", "Zip bag"]


def test_the_line_keeps_who_said_so(office):
    told = tell(office)
    with office.shop.work("office_manager") as tx:
        day = told.at.astimezone(tx.zone).date()
    office.want(packs=5)
    why = office.lines()[-1].why
    assert why["told"] == [told.by, day.isoformat()]
    said = rules.explain(why).in_language("id")
    assert said.startswith(f"Dikatakan hampir habis oleh {told.by} ")


def test_nobody_orders_for_a_place_out_of_reach_because_somebody_told(office, as_person):
    tell(office)
    with_reach = as_person(office.shop.lab_assistant).get("/inventory/order-list")
    assert "nearly empty" not in with_reach.text


def test_a_list_that_is_given_up_leaves_what_was_told(office):
    tell(office)
    office.want(packs=5)
    office.end(placing.discard)
    assert reasons(office) == [None]
    assert listed(office)[0].line is None
