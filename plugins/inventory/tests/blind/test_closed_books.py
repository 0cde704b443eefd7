"""To whom the books of a blind count are closed, from when to when, and what is said instead."""

import html
import re

import pytest
from sqlalchemy import select

from kantor_inventory.asking.models import Requisition
from kantor_inventory.counting import services as counts
from kantor_inventory.counting.models import Count
from kantor_inventory.models import Movement
from portal.testing import add_person, sign_in

from .figures import BOOK, COUNTED, told

# Where the figures stand for whoever may see stock.
PLACES = (
    "/",
    "/inventory/stock",
    "/inventory/stock?format=csv",
    "/inventory/items",
    "/inventory/items/{pen}",
    "/inventory/items/{pen}/at/{shelf}",
    "/inventory/items/{pen}/movements?format=json",
    "/inventory/items/{ream}",
    "/inventory/alerts",
    "/inventory/order-list",
    "/inventory/order-list/print",
    "/inventory/order-list/file?format=csv",
)


def read_places(client, counting):
    """Return the places at which one of the figures stands."""
    shop = counting.shop
    names = {"pen": shop.pen, "ream": shop.ream, "shelf": shop.shelf}
    return {place for place in PLACES if told(client.get(place.format(**names)))}


def test_the_books_are_closed_from_the_plan_to_the_last_recount(blind, portal_app):
    dewi, maya = sign_in(portal_app, blind.dewi), sign_in(portal_app, blind.maya)
    assert read_places(dewi, blind) == set()
    assert read_places(maya, blind) == {*PLACES}
    blind.enter(blind.made, COUNTED * 1000)
    blind.enter(blind.made, 9_000, item=blind.shop.ream)
    assert read_places(dewi, blind) == set()
    blind.submit(blind.made)
    assert read_places(dewi, blind) == {*PLACES}
    assert "the difference" in told(maya.get(f"/inventory/counts/{blind.made}/review"))
    blind.decide(blind.made, "recount")
    with blind.as_maya() as tx:
        counts.send_back(tx, counts.SendBack(count=blind.made))
    assert blind.status(blind.made) == "recount"
    assert read_places(dewi, blind) == set()
    blind.enter(blind.made, COUNTED * 1000, by=blind.as_joko())
    blind.submit(blind.made, by=blind.as_joko())
    assert read_places(dewi, blind) == {*PLACES}


def test_pages_that_tell_less_say_so(blind, portal_app):
    dewi, item = sign_in(portal_app, blind.dewi), f"/inventory/items/{blind.shop.pen}"
    assert "This is being counted" in dewi.get(item).text
    for page in ("/inventory/overview", "/inventory/alerts", "/inventory/order-list"):
        assert "are left out here until the count is sent in" in dewi.get(page).text, page
    shelf = dewi.get(f"{item}/at/{blind.shop.shelf}").text
    assert "How much it should be is said once the count is sent in." in shelf


def test_an_open_count_closes_no_books(blind, portal_app):
    with blind.shop.work(None) as tx:
        tx.one(select(Count), public_id=blind.made).blind = False
    assert read_places(sign_in(portal_app, blind.dewi), blind) == {*PLACES}


def test_who_does_not_count_goes_on_seeing_the_stock(blind, portal_app):
    with blind.shop.work(None) as tx:
        office = blind.shop.world.departments["office"]
        clerk = add_person(tx, "Rani", department_id=office, role="employee")
    seen = read_places(sign_in(portal_app, clerk), blind)
    assert seen == {place for place in PLACES if "order-list" not in place}


def test_a_reviewer_who_takes_part_is_a_counter(blind, portal_app):
    maya = sign_in(portal_app, blind.maya)
    assert read_places(maya, blind) == {*PLACES}
    blind.enter(blind.made, COUNTED * 1000, by=blind.as_maya())
    assert read_places(maya, blind) == set()


def test_a_reviewer_is_a_counter_of_what_is_given_to_them(blind, portal_app):
    maya = sign_in(portal_app, blind.maya)
    with blind.shop.work(None) as tx:
        tx.one(select(Count), public_id=blind.made).assigned_to_id = blind.maya
    assert read_places(maya, blind) == set()


def test_an_order_by_quantity_says_nothing_of_what_is_counted(blind, portal_app):
    dewi = sign_in(portal_app, blind.dewi)
    pen = {"name": "Blue pen", "place": "Shelf A1"}

    def rows(sort):
        answer = dewi.get(f"/inventory/stock?sort={sort}&format=json")
        return [{"name": r["name"], "place": r["place"]} for r in answer.json]

    before = [rows(sort) for sort in ("quantity", "-quantity")]
    assert all(pen not in found for found in before)
    assert pen in rows("name")
    assert "are left out here" in dewi.get("/inventory/stock?sort=quantity").text
    assert "are left out here" not in dewi.get("/inventory/stock").text
    blind.issue((BOOK - 1) * 1000)
    assert [rows(sort) for sort in ("quantity", "-quantity")] == before
    blind.enter(blind.made, 1_000)
    blind.enter(blind.made, 9_000, item=blind.shop.ream)
    blind.submit(blind.made)
    assert pen in rows("quantity")
    assert rows("quantity") == rows("-quantity")[::-1]
    assert "are left out here" not in dewi.get("/inventory/stock?sort=quantity").text


@pytest.mark.parametrize("state", ["below", "out", "too_much"])
def test_a_filter_says_nothing_of_what_is_counted(blind, portal_app, state):
    page = sign_in(portal_app, blind.dewi).get(f"/inventory/stock?state={state}")
    assert blind.shop.pen not in page.text
    assert "are left out here" in page.text


def test_a_refusal_does_not_say_how_much_there_is(blind, portal_app):
    dewi, shop, piece = sign_in(portal_app, blind.dewi), blind.shop, blind.piece()
    wanted = {"quantity": "9000000", "unit": piece, "from_place": shop.shelf, "understood": ""}
    wanted |= {"sure": str(9_000_000_000), "occurred_on": "", "note": "gone", "late": "no"}
    wanted |= {"for_department": blind.department, "to_place": shop.other_shelf}
    for act in ("issue", "transfer", "scrap"):
        answer = dewi.post(f"/inventory/items/{shop.pen}/{act}", data=wanted)
        assert answer.status_code == 409, answer.text[-2000:]
        assert "There is less of Blue pen at Shelf A1 than 9,000,000 piece" in answer.text
        assert told(answer) == set()
    fits = wanted | {"quantity": "2", "sure": "2000"}
    done = dewi.post(f"/inventory/items/{shop.pen}/issue", data=fits, follow_redirects=True)
    assert "2 piece issued" in done.text
    assert told(done) == set()
    assert shop.balance(shop.pen, shop.shelf)[0] == (BOOK - 2) * 1000


def test_an_answer_that_cannot_be_kept_does_not_say_why(blind, portal_app):
    dewi = sign_in(portal_app, blind.dewi)
    with blind.shop.work(None) as tx:  # It was approved.
        tx.one(select(Requisition), public_id=blind.asked).status = "asked"
    path = f"/inventory/requests/{blind.asked}/answer"
    page = dewi.get(path)
    line = re.search(r'name="(\w+)-action"', page.text)[1]
    form = {f"{line}-action": "hand_out", f"{line}-quantity": "9000000"}
    answer = dewi.post(path, data=form | {f"{line}-unit": blind.piece()})
    assert answer.status_code == 409
    assert "There is not enough of Blue pen" in html.unescape(answer.text)
    assert told(page) | told(answer) == set()


def test_of_the_ledger_a_counter_sees_the_own_lines_without_what_was_left(blind, portal_app):
    dewi = sign_in(portal_app, blind.dewi)
    path = f"/inventory/items/{blind.shop.pen}/movements?format=json"
    rows = dewi.get(path).json
    mine = [row for row in rows if row["actor"] == "Dewi"]
    assert [(row["quantity"], row["left_from"]) for row in mine] == [(3, None)]
    assert [row["source"] for row in rows if row["actor"] == "Joko"] == []
    with blind.shop.work(None) as tx:
        theirs = tx.session.scalars(select(Movement).order_by(Movement.id.desc())).first().public_id
    refused = dewi.get(f"/inventory/movements/{theirs}")
    assert refused.status_code == 409
    assert "This is being counted" in refused.text
    assert sign_in(portal_app, blind.maya).get(f"/inventory/movements/{theirs}").status_code == 200
