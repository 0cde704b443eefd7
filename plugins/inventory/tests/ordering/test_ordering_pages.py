"""The pages of ordering as people use them, by HTTP, signed in by role."""

import re

import pytest
from sqlalchemy import select

from kantor_inventory.models import Item
from kantor_inventory.ordering.models import PurchaseOrder
from kantor_inventory.ordering.services import snapshots
from kantor_inventory.ordering.states import TRANSITIONS
from portal.testing import counting_statements

PAGES = [
    "/inventory/order-list",
    "/inventory/order-list?view=put_off",
    "/inventory/order-list?view=all",
    "/inventory/order-list?view=nonsense&after=x&place=nowhere",
    "/inventory/order-list?supplier={supplier}&place={shelf}",
    "/inventory/order-list?supplier={other}",
    "/inventory/order-list/print",
    "/inventory/order-list/print?view=all&supplier={supplier}&place=nowhere",
    "/inventory/order-list/file?format=csv&view=put_off",
    "/inventory/items/{pen}/order",
    "/inventory/items/{pen}/put-off/{shelf}",
    "/inventory/orders",
    "/inventory/orders?view=draft",
    "/inventory/orders?view=placed",
    "/inventory/orders?view=late&format=csv",
    "/inventory/orders?view=done&format=xlsx",
    "/inventory/orders/{order}",
    "/inventory/orders/{order}/lines?format=csv",
    "/inventory/orders/{order}/lines",
    "/inventory/orders/{order}/print",
    "/inventory/orders/{order}/print?language=id&amendment=0&format=pdf",
    "/inventory/orders/{order}/place",
    "/inventory/orders/{order}/send",
    "/inventory/orders/{order}/send?language=id",
    "/inventory/orders/{order}/confirm",
    "/inventory/orders/{order}/amend",
    "/inventory/orders/{order}/receive",
    "/inventory/orders/{order}/cancel",
    "/inventory/orders/{order}/close-short",
    "/inventory/orders/lines/{line}",
    "/inventory/suppliers/{supplier}",
    "/inventory/items/{pen}",
    "/inventory/items/{pen}/receive",
]


@pytest.fixture
def listed(office):
    """The office with four boxes of pens on the order list."""
    office.want()
    office.ids = {
        "pen": office.shop.pen,
        "shelf": office.shop.shelf,
        "supplier": office.supplier,
        "other": office.other,
        "order": office.order().public_id,
        "line": office.lines()[0].public_id,
    }
    return office


def text_of(answer):
    """Return the words of a page."""
    assert answer.status_code < 500, answer.text[-2000:]
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split()).replace(" .", ".")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("placed", [False, True], ids=["list", "order"])
def test_every_page_shows_itself(listed, as_role, page, placed):
    if placed:
        listed.place()
    answer = as_role("office_manager").get(page.format(**listed.ids), follow_redirects=True)
    assert answer.status_code == 200, answer.text[-2000:]


def test_from_the_sheet_to_the_shelf(office, as_role):
    keeper, shop = as_role("office_manager"), office.shop
    page = text_of(keeper.get("/inventory/order-list"))
    assert "Blue pen Shelf A1" in page
    assert "Rp 104,000 to free delivery" in page
    answer = keeper.post("/inventory/order-list", data={f"packs-{shop.pen}-{shop.shelf}": "4"})
    assert answer.status_code == 303
    order = office.order()
    page = text_of(keeper.get(f"/inventory/orders/{order.public_id}"))
    assert "5 piece are left and none on order; between 20 piece and 60 piece are wanted" in page
    answer = keeper.post(
        f"/inventory/orders/{order.public_id}/place",
        data={"placed_by": "phone", "placed_with": "Ibu Sari", "version": order.version},
    )
    assert answer.status_code == 303
    page = text_of(keeper.get(f"/inventory/orders/{order.public_id}"))
    assert f"{office.order().number}" in page
    assert "0 of 48 piece received" in page
    line = office.lines()[0]
    form = {
        "version": office.order().version,
        f"quantity-{line.public_id}": "4",
        f"unit-{line.public_id}": shop.box,
        "delivery_note": "SJ-17",
    }
    answer = keeper.post(f"/inventory/orders/{order.public_id}/receive", data=form)
    assert answer.status_code == 303
    page = text_of(keeper.get(f"/inventory/orders/{order.public_id}"))
    assert "48 of 48 piece received" in page
    assert "Delivery note SJ-17" in page
    assert office.balance().quantity == 53_000


def test_the_line_one_comes_for_is_filled_in_with_what_is_still_to_come(listed, as_role):
    listed.place()
    listed.receive(1_000)
    address, line = f"/inventory/orders/{listed.ids['order']}/receive", listed.ids["line"]
    for query, said in (("", 'value=""'), (f"?line={line}", 'value="3"')):
        page = as_role("office_manager").get(address + query).text
        assert said in re.search(r'<input[^>]*name="quantity-[^>]*>', page)[0]


def test_a_known_delivery_note_is_asked_about_and_then_taken(listed, as_role):
    listed.place()
    listed.receive(1_000, delivery_note="SJ-1")
    line = listed.lines()[0].public_id
    form = {
        "version": listed.order().version,
        f"quantity-{line}": "1",
        f"unit-{line}": listed.shop.box,
        "delivery_note": "SJ-1",
    }
    address = f"/inventory/orders/{listed.ids['order']}/receive"
    keeper = as_role("office_manager")
    answer = keeper.post(address, data=form)
    assert answer.status_code == 409
    assert "booked delivery note SJ-1 on" in text_of(answer)
    seen = re.search(r'name="seen"[^>]*value="(\w+)"', answer.text)[1]
    assert f'href="/inventory/deliveries/{seen}"' in answer.text
    assert keeper.post(address, data=form | {"seen": seen}).status_code == 409
    assert keeper.post(address, data=form | {"seen": seen, "again": "y"}).status_code == 303


def test_too_much_is_refused_beside_the_form_and_nothing_typed_is_lost(listed, as_role):
    listed.place()
    line = listed.lines()[0].public_id
    form = {
        "version": listed.order().version,
        f"quantity-{line}": "5",
        f"unit-{line}": listed.shop.box,
        "note": "left at the door",
    }
    answer = as_role("office_manager").post(
        f"/inventory/orders/{listed.ids['order']}/receive", data=form
    )
    assert answer.status_code == 409
    assert "Of Blue pen only 48 piece are still to come" in text_of(answer)
    assert "left at the door" in answer.text


def test_a_wrong_number_stands_beside_its_field(office, as_role):
    shop = office.shop
    form = {f"packs-{shop.pen}-{shop.shelf}": "four"}
    answer = as_role("office_manager").post("/inventory/order-list", data=form)
    assert answer.status_code == 422
    assert 'value="four"' in answer.text
    assert "is not a number" in text_of(answer)
    assert office.balance().on_order == 0


def test_a_supplier_of_whom_everything_is_listed_is_none_to_order_from(office, as_role):
    keeper = as_role("office_manager")
    assert "To order 1 line from 1 supplier " in text_of(keeper.get("/inventory/order-list"))
    office.want()
    assert "To order 0 lines from 0 suppliers" in text_of(keeper.get("/inventory/order-list"))


def test_an_empty_sheet_adds_nothing(office, as_role):
    shop = office.shop
    answer = as_role("office_manager").post(
        "/inventory/order-list", data={f"packs-{shop.pen}-{shop.shelf}": ""}
    )
    assert answer.status_code == 422
    assert "nothing was added" in text_of(answer)


def test_the_page_of_an_item_says_why_and_orders(office, as_role):
    keeper, shop = as_role("office_manager"), office.shop
    page = keeper.get(f"/inventory/items/{shop.pen}")
    assert "Why order 48 piece?" in text_of(page)
    only = re.search(r'name="only" value="([^"]+)"', page.text)[1]
    assert keeper.post("/inventory/order-list", data={"only": only}).status_code == 303
    assert office.lines()[0].packs == 4
    assert "Why order" not in text_of(keeper.get(f"/inventory/items/{shop.pen}"))


def test_receiving_an_item_shows_which_order_it_may_be_from(listed, as_role):
    listed.place()
    page = text_of(as_role("office_manager").get(f"/inventory/items/{listed.shop.pen}/receive"))
    assert f"This is from {listed.order().number}" in page


def test_the_buttons_are_those_of_the_table(listed, as_role):
    keeper, address = as_role("office_manager"), f"/inventory/orders/{listed.ids['order']}"
    actions = {
        "place": f"{address}/place",
        "send": f"{address}/send",
        "confirm": f"{address}/confirm",
        "amend": f"{address}/amend",
        "receive": f"{address}/receive",
        "cancel": f"{address}/cancel",
        "close_short": f"{address}/close-short",
    }

    def shown():
        page = keeper.get(address).text
        return {action for action, url in actions.items() if f'href="{url}"' in page}

    assert shown() == {"place"}
    listed.place()
    told = {"send", "confirm", "amend"}
    assert shown() == {"receive", "cancel"} | told
    listed.receive(1_000)
    assert shown() == {"receive", "close_short"} | told
    listed.receive(3_000)
    assert shown() == set()
    assert {step.action for step in TRANSITIONS} >= set(actions)


@pytest.mark.parametrize("step", ["place", "cancel", "close-short", "send", "confirm", "amend"])
def test_an_old_page_of_an_order_leads_to_the_order_as_it_is(listed, as_role, step):
    keeper, address = as_role("office_manager"), f"/inventory/orders/{listed.ids['order']}"
    listed.place()
    listed.receive(4_000)
    back = keeper.get(f"{address}/{step}")
    assert (back.status_code, back.location) == (303, address)
    assert "This cannot be done with the order any more." in text_of(keeper.get(address))


def test_more_than_a_shelf_should_hold_is_said_before_it_is_ordered(office, as_role):
    keeper, shop = as_role("office_manager"), office.shop
    keeper.post("/inventory/order-list", data={f"packs-{shop.pen}-{shop.shelf}": "4"})
    address = f"/inventory/orders/{office.order().public_id}"
    assert "Above the maximum" not in text_of(keeper.get(f"{address}/place"))
    keeper.post("/inventory/order-list", data={f"packs-{shop.pen}-{shop.shelf}": "4"})
    line = office.lines()[0]
    form = keeper.get(f"/inventory/orders/lines/{line.public_id}").text
    offer = re.search(r'name="offer"[^>]*>.*?value="(\d+)"', form, re.DOTALL)[1]
    typed = {"packs": "400", "offer": offer, "place": shop.shelf, "version": str(line.version)}
    assert keeper.post(f"/inventory/orders/lines/{line.public_id}", data=typed).status_code == 303
    for page in (address, f"{address}/place"):
        assert "Above the maximum of 60 piece" in text_of(keeper.get(page))


def test_prices_are_for_those_who_may_see_costs(listed, as_role):
    for page in ("/inventory/order-list", "/inventory/orders", "/inventory/orders/{order}"):
        told = text_of(as_role("assistant").get(page.format(**listed.ids)))
        assert "96,000" not in told
        assert "24,000" not in told
    exported = as_role("assistant").get(
        "/inventory/orders/{order}/lines?format=csv".format(**listed.ids)
    )
    assert "24000" not in exported.text


def test_the_print_view_keeps_what_was_ordered(listed, as_role):
    listed.place()
    with listed.shop.work(None) as tx:
        tx.one(select(Item), public_id=listed.shop.pen).name = "Red pen"
    paper = as_role("office_manager").get(f"/inventory/orders/{listed.ids['order']}/print")
    assert 'aria-label="Opens this order"' in paper.text  # Whoever unpacks it scans the sheet.
    page = text_of(paper)
    assert "Blue pen" in page
    assert "Red pen" not in page


@pytest.mark.parametrize(
    ("page", "most"),
    [
        ("/inventory/order-list", 8),
        ("/inventory/order-list?item={pen}", 8),
        ("/inventory/orders", 6),
        ("/inventory/orders/{order}", 9),
        ("/inventory/orders/{order}/print", 14),
        ("/inventory/order-list/file", 6),
        ("/inventory/items/{pen}", 14),
    ],
)
def test_a_page_takes_few_statements_however_long_it_is(listed, as_role, page, most):
    keeper = as_role("office_manager")
    keeper.get(page.format(**listed.ids))
    with counting_statements(listed.shop.app) as statements:
        keeper.get(page.format(**listed.ids))
    assert len(statements) <= most, statements


@pytest.mark.parametrize(("page", "most"), [("", 14), ("/print", 8)])
def test_an_order_takes_few_statements_however_much_happened_to_it(listed, as_role, page, most):
    listed.place()
    listed.receive(1_000)
    listed.amend(6)
    listed.amend(5)
    keeper, address = as_role("office_manager"), f"/inventory/orders/{listed.ids['order']}{page}"
    keeper.get(address)
    with counting_statements(listed.shop.app) as sent:
        keeper.get(address)
    assert len(sent) <= most, sent


def test_what_is_kept_of_an_order_is_all_that_its_paper_shows(listed):
    listed.place()
    assert listed.order().snapshot.keys() == snapshots.PARTS


def test_a_paper_from_before_all_was_kept_shows_the_rest_as_it_is(listed, as_role):
    listed.place()
    with listed.shop.work(None) as tx:
        order = tx.one(select(PurchaseOrder))
        order.snapshot = {"lines": order.snapshot["lines"], "number": order.number}
    page = text_of(as_role("office_manager").get(f"/inventory/orders/{listed.ids['order']}/print"))
    assert "Toko Kertas" in page
    assert "Blue pen" in page
