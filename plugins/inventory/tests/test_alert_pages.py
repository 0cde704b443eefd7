"""Alerts as people see them: on the home page, in their list and on the page of an item."""

import re
from datetime import date

import pytest
from sqlalchemy import select

from kantor_inventory.models import Item, ItemUnit, Point, Supplier
from kantor_inventory.ordering.models import OrderLine, PurchaseOrder
from kantor_inventory.services import items, stock
from portal.api import Contact, Place
from portal.testing import counting_statements


def words(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def must_hold(tx, item, place, minimum, maximum=None):
    rule = stock.SetRule(item=item, place=place, minimum=minimum, maximum=maximum)
    return stock.set_rule(tx, rule)


@pytest.fixture
def short(shop):
    """Two pens of five, no paper of three, and too many folders; all on shelf A1."""
    with shop.work(None) as tx:
        adding = items.AddItem(name="Folder", sku="F-1", unit="piece")
        folder = items.add_item(tx, adding).public_id
        for item, quantity in ((shop.pen, 2_000), (folder, 9_000)):
            stock.receive(tx, stock.Receive(item=item, quantity=quantity, to_place=shop.shelf))
        must_hold(tx, shop.pen, shop.shelf, 5_000)
        must_hold(tx, shop.ream, shop.shelf, 3_000)
        must_hold(tx, folder, shop.shelf, None, 4_000)
    return shop


def order_pens(shop, state="open"):
    """Order forty pens for shelf A1, four of which have come."""
    with shop.work(None) as tx:
        supplier = Supplier(contact=Contact(name="Toko Jaya", kind="organisation"))
        item = tx.one(select(Item), public_id=shop.pen)
        tx.session.add(supplier)
        tx.session.flush()
        order = PurchaseOrder(
            supplier_id=supplier.id,
            number="PO-2026-0001",
            status="placed",
            department_id=shop.world.departments["office"],
            made_at=tx.now,
        )
        tx.session.add(order)
        tx.session.flush()
        tx.session.add(
            OrderLine(
                order_id=order.id,
                item_id=item.id,
                item_unit_id=tx.one(select(ItemUnit), public_id=shop.box).id,
                point_id=tx.session.scalars(
                    select(Point.id).join(Point.place).where(Place.public_id == shop.shelf)
                ).one(),
                state=state,
                packs=4,
                ordered=40_000,
                received=4_000,
                outstanding=36_000 if state == "open" else 0,
                expected_on=date(2026, 12, 3),
            )
        )


def test_the_home_page_begins_with_what_there_is_none_of(short, as_role):
    page = words(as_role("office_manager").get("/").text)
    assert page.index("Copy paper") < page.index("Blue pen")
    assert "0 of 3 ream None left" in page
    assert "2 of 5 piece Below minimum" in page
    assert "Folder" not in page
    assert "None left 1 Running low 1 More than enough 1" in page


def test_the_home_page_says_what_is_on_order_and_by_when(short, as_role):
    order_pens(short)
    page = words(as_role("office_manager").get("/").text)
    assert "36 piece on order, expected 3 Dec 2026" in page


def test_what_is_only_on_the_order_list_is_not_on_order(short, as_role):
    order_pens(short, "draft")
    assert "on order" not in as_role("office_manager").get("/").text


def test_somebody_who_may_not_see_orders_reads_nothing_of_them(short, as_role):
    order_pens(short)
    page = as_role("employee").get("/").text
    assert "Blue pen" in page
    assert "on order" not in page


def test_nobody_is_alarmed_about_places_out_of_reach(short, as_person):
    with short.work(None) as tx:
        must_hold(tx, short.ream, short.other_shelf, 7_000)
    mine = as_person(short.lab_assistant)
    assert "of 7 ream" not in words(mine.get("/").text)
    rows = mine.get("/inventory/alerts?format=json").json
    assert {row["place"] for row in rows} == {"Shelf A1"}


def test_the_list_of_alerts_has_too_little_too_much_and_what_is_over(short, as_role):
    client = as_role("office_manager")

    def listed(view):
        rows = client.get(f"/inventory/alerts?format=json{view}").json
        return [row["name"] for row in rows]

    assert listed("") == ["Copy paper", "Blue pen", "Folder"]
    assert listed("&view=low") == ["Copy paper", "Blue pen"]
    assert listed("&view=too-much") == ["Folder"]
    assert listed("&view=closed") == []
    with short.work() as tx:
        goods = stock.Receive(item=short.pen, quantity=9_000, to_place=short.shelf)
        stock.receive(tx, goods)
    assert listed("&view=low") == ["Copy paper"]
    assert listed("&view=closed") == ["Blue pen"]


def test_the_page_of_an_item_says_since_when(short, as_role):
    page = words(as_role("office_manager").get(f"/inventory/items/{short.pen}").text)
    assert re.search(r"2 piece left, fewer than the 5 piece wanted. Since (just now|today)", page)


def test_the_alerts_take_a_fixed_number_of_questions(short, as_role):
    client = as_role("office_manager")
    client.get("/inventory/alerts")
    with counting_statements(short.app) as sent:
        client.get("/inventory/alerts")
    assert len([sql for sql in sent if sql.startswith("SELECT")]) <= 6


def buttons(answer, name):
    """Return what can be done with a row: {label: where it leads}."""
    found = re.findall(r'<(?:a|button) class="b s" ([^>]*)>', answer.text)
    said = [dict(re.findall(r'([a-z-]+)="([^"]*)"', one)) for one in found]
    return {
        one["aria-label"].partition(":")[0]: one.get("href") or one.get("formaction")
        for one in said
        if one.get("aria-label", "").endswith(f": {name}")
    }


@pytest.mark.parametrize("page", ["/", "/inventory/alerts"])
def test_what_is_low_is_ordered_and_counted_from_where_it_is_shown(short, as_role, page):
    client = as_role("office_manager")
    found = buttons(client.get(page), "Blue pen")
    assert list(found) == ["Order this", "Count this"]
    shown = words(client.get(found["Order this"].replace("&amp;", "&")).text)
    assert "Item: Blue pen" in shown
    assert "Place: Shelf A1" in shown
    assert "Copy paper" not in shown
    begun = client.post(found["Count this"])
    assert begun.status_code == 303
    line = words(client.get(begun.location).text)
    assert "Blue pen" in line
    assert client.post(found["Count this"]).location == begun.location, "it goes on"


def test_what_is_too_much_is_counted_but_not_ordered(short, as_role):
    answer = as_role("office_manager").get("/inventory/alerts")
    assert list(buttons(answer, "Folder")) == ["Count this"]


def test_an_alert_that_is_over_has_no_buttons(short, as_role):
    with short.work() as tx:
        goods = stock.Receive(item=short.pen, quantity=9_000, to_place=short.shelf)
        stock.receive(tx, goods)
    answer = as_role("office_manager").get("/inventory/alerts?view=closed")
    assert "Blue pen" in answer.text
    assert not buttons(answer, "Blue pen")


@pytest.mark.parametrize("page", ["/", "/inventory/alerts"])
def test_who_may_neither_order_nor_count_sees_no_button(short, as_role, page):
    answer = as_role("employee").get(page)
    assert "Blue pen" in answer.text
    assert not buttons(answer, "Blue pen")


def test_a_place_that_only_serves_ones_own_is_neither_ordered_for_nor_counted(short, as_person):
    with short.work(None) as tx:
        must_hold(tx, short.ream, short.other_shelf, 7_000)
        lab = tx.one(select(Place), public_id=short.other_shelf).department
        assert lab is not None
    rows = as_person(short.lab_assistant).get("/inventory/alerts")
    assert "Blue pen" in rows.text, "the shelf serves the laboratory"
    assert not buttons(rows, "Blue pen")
    refused = as_person(short.lab_assistant).post(
        f"/inventory/items/{short.pen}/at/{short.shelf}/count"
    )
    assert refused.status_code == 404


def test_an_item_that_needs_no_ordering_is_shown_in_the_order_list_all_the_same(short, as_role):
    with short.work(None) as tx:
        goods = stock.Receive(item=short.pen, quantity=9_000, to_place=short.shelf)
        stock.receive(tx, goods)
    client = as_role("office_manager")
    shown = words(client.get(f"/inventory/order-list?item={short.pen}").text)
    assert "11 piece" in shown
    assert "Nothing matches" in words(client.get("/inventory/order-list?item=nosuchitem12").text)
