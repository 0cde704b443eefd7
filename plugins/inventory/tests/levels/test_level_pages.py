"""The pages of computed levels, prices by quantity and how suppliers deliver."""

import pytest
from sqlalchemy import select

from kantor_inventory.levels import hints
from kantor_inventory.models import PriceBreak
from kantor_inventory.services import stock
from portal.testing import sign_in

from ..conftest import of_core


@pytest.fixture
def client(desk):
    return sign_in(desk.shop.app, desk.shop.world.people["office_manager"])


@pytest.fixture
def assistant(desk):
    return sign_in(desk.shop.app, desk.shop.world.people["assistant"])


def test_a_person_lets_kantor_work_a_level_out_and_reads_why(desk, client):
    desk.use(*[9] * 26)
    desk.set_rule(24_000, 40_000)
    address = f"/inventory/items/{desk.shop.pen}/rules/{desk.shop.shelf}"
    assert "Kantor works it out" in client.get(address).text
    data = {"minimum": "24", "maximum": "40", "method": "auto", "service_percent": "98"}
    sent = client.post(address, data=data | {"version": desk.rule().version})
    assert sent.status_code == 303
    page = client.get(f"/inventory/items/{desk.shop.pen}").text
    assert "You use about 9 piece a week" in page
    assert "that takes a minimum of 26 piece" in page
    assert "Computed on" in page
    page = client.get(address).text
    assert "Why these limits?" in page
    assert "Used in each of the last 26 weeks" in page


def test_the_page_of_limits_says_how_much_is_there_at_once(desk, client):
    desk.use(*[4, 14] * 13)
    desk.set_rule(40_000, 80_000, method="auto")
    address = f"/inventory/items/{desk.shop.pen}/rules/{desk.shop.shelf}"
    page = client.get(address).text
    why, rule = desk.rule().last_auto_inputs, desk.rule()
    share = hints.expected_share(why, rule.minimum)
    assert 0.9 < share <= 1
    assert f"about {int(100 * share)} of every 100 that are wanted are there at once" in page
    assert hints.expected_share(why, rule.minimum // 2) < share
    assert "would cost least" not in page  # Nobody has said what an order costs.


def test_where_costs_are_known_the_page_says_what_would_cost_least(desk, client, assistant):
    desk.use(*[9] * 26)
    desk.set_rule(26_000, 44_000, method="auto")
    with desk.shop.work() as tx:
        dear = {"quantity": 60_000, "to_place": desk.shop.shelf, "price": 2_300_00}
        stock.receive(tx, stock.Receive(item=desk.shop.pen, **dear))
    with desk.shop.work(None) as tx:
        values = {"order_cost": 50_000_00, "holding_percent": 20}
        tx.session.add(of_core("Setting")(slug="inventory", values=values))
    address = f"/inventory/items/{desk.shop.pen}/rules/{desk.shop.shelf}"
    page = client.get(address).text
    held = desk.balance()
    each = held.value * 1000 / held.quantity
    best = round((2 * 50_000_00 * 9 * 52 / (each * 0.2)) ** 0.5)
    assert f"cost least with about {best} piece at once, every {round(best / 9)} weeks" in page
    assert "an order costs Rp 50,000, keeping stock 20 % of its value a year" in page
    assert "Ordered alone every" in page


def test_a_proposal_is_taken_with_one_click(desk, client):
    desk.use(*[9] * 26)
    desk.set_rule(10_000, 20_000, method="auto")
    address = f"/inventory/items/{desk.shop.pen}/rules/{desk.shop.shelf}"
    assert "Proposed: between 26 piece and 44 piece." in client.get(address).text
    sent = client.post(f"{address}/confirm", data={"version": desk.rule().version})
    assert sent.status_code == 303
    assert desk.balance().minimum == 26_000
    assert client.post(f"{address}/confirm", data={"version": ""}).status_code in (404, 409)


def test_a_wrong_service_level_is_said_beside_its_field(desk, client):
    desk.use(9)
    desk.set_rule()
    address = f"/inventory/items/{desk.shop.pen}/rules/{desk.shop.shelf}"
    data = {"minimum": "24", "method": "auto", "service_percent": "100"}
    sent = client.post(address, data=data | {"version": desk.rule().version})
    assert sent.status_code == 422
    assert 'value="100"' in sent.text


def test_lines_of_the_stock_list_are_shown_old_and_new_before_they_change(desk, client):
    desk.use(*[9] * 26)
    desk.set_rule(10_000, 20_000)
    ticked = {"id": desk.balance().id, "place": "/inventory/stock"}
    page = client.post("/inventory/stock/compute-levels", data=ticked)
    assert page.status_code == 200
    assert "10 piece to 20 piece" in page.text
    assert "26 piece to 44 piece" in page.text
    assert desk.rule().method == "manual"
    sent = client.post("/inventory/stock/compute-levels", data=ticked | {"sure": "1"})
    assert sent.status_code == 303
    assert (desk.rule().method, desk.rule().minimum) == ("auto", 26_000)


def test_the_order_list_says_why_in_the_words_of_the_level(desk, client):
    desk.use(*[9] * 26, keep=5_000)
    desk.set_rule(26_000, 44_000, method="auto")
    page = client.get("/inventory/order-list").text
    assert "to run out at most once in 50 orders" in page


def test_prices_by_quantity_are_added_and_removed(desk, client):
    address = f"/inventory/suppliers/{desk.supplier}/prices/{desk.shop.box}"
    data = {"packs": "10", "price": "20000", "valid_from": "2026-01-01"}
    assert client.post(address, data=data).status_code == 303
    assert "from 10 on" in client.get(address).text
    again = client.post(address, data=data)
    assert again.status_code == 422
    assert "End or remove it first." in again.text
    with desk.shop.work(None) as tx:
        made = tx.session.scalars(select(PriceBreak.public_id)).one()
    assert client.post(f"{address}/{made}/remove").status_code == 303
    assert "One price for any quantity" in client.get(address).text


def test_the_last_day_of_a_price_is_changed_by_one_of_two_who_opened_it(desk, client):
    prices = f"/inventory/suppliers/{desk.supplier}/prices/{desk.shop.box}"
    client.post(prices, data={"packs": "10", "price": "20000", "valid_from": "2026-01-01"})
    with desk.shop.work(None) as tx:
        made = tx.session.scalars(select(PriceBreak.public_id)).one()
    address = f"{prices}/{made}"
    assert f'href="{address}"' in client.get(prices).text
    assert "from 10 on" not in client.get(address).text
    assert client.post(address, data={"valid_to": "2031-01-01", "was": ""}).status_code == 303
    assert "until before 1 Jan 2031" in client.get(prices).text
    late = client.post(address, data={"valid_to": "2030-01-01", "was": ""})
    assert late.status_code == 409
    assert "1 January 2031" in late.text
    early = client.post(address, data={"valid_to": "2026-01-01", "was": "2031-01-01"})
    assert (early.status_code, "The last day is not before the first." in early.text) == (422, True)
    assert client.post(address, data={"valid_to": "", "was": "soon"}).status_code == 400


def test_a_page_tells_how_a_supplier_delivers(desk, client):
    desk.delivered(5, 6, 9, 12, promised=6)
    desk.night()
    page = client.get(f"/inventory/suppliers/{desk.supplier}/scorecard").text
    assert "8 days, give or take" in page
    assert "2 of 4 orders" in page
    listed = client.get("/inventory/suppliers/compare?format=csv").text
    assert "Toko Kertas" in listed


def test_who_may_not_see_costs_sees_no_money_there(desk, assistant):
    page = assistant.get(f"/inventory/suppliers/{desk.supplier}/scorecard")
    assert page.status_code == 200
    assert "Prices in a year" not in page.text
    assert assistant.get(
        f"/inventory/suppliers/{desk.supplier}/prices/{desk.shop.box}"
    ).status_code in (403, 404)
