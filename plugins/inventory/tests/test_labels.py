"""Labels: what stands on them, where their codes lead, and that they fit the sheet."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from kantor_inventory.labels import rules, services
from kantor_inventory.labels.rules import SHEETS
from kantor_inventory.models import Item
from kantor_inventory.services import stock
from portal.testing import codes_of, counting_statements, pdf_pages, require_pdf, sign_in


@pytest.fixture
def stocked(shop):
    """Pens on the shelf with a minimum, paper on the other one, pens in the laboratory."""
    with shop.work() as tx:
        for item, place in ((shop.pen, shop.shelf), (shop.ream, shop.other_shelf)):
            stock.receive(tx, stock.Receive(item=item, quantity=20_000, to_place=place))
        stock.set_rule(
            tx, stock.SetRule(item=shop.pen, place=shop.shelf, minimum=12_000, maximum=None)
        )
    with shop.work_in_lab() as tx:
        stock.receive(tx, stock.Receive(item=shop.pen, quantity=5_000, to_place=shop.lab))
    return shop


@pytest.fixture
def keeper(stocked, as_role):
    return as_role("office_manager")


def printed(client, query, **form):
    """Choose everything the page offers and return the address of the sheet."""
    page = client.get(f"/inventory/labels?{query}").text
    of = re.findall(r'name="of" value="([^"]+)"', page)
    data = {"of": of, "sheet": "a4-3x8", "start": "1", "copies": "1"} | form
    answer = client.post(f"/inventory/labels?{query}", data=data)
    assert answer.status_code == 303, answer.text
    return answer.location


def test_a_shelf_card_says_all_that_somebody_at_the_shelf_needs(stocked, keeper):
    page = keeper.get(printed(keeper, f"kind=shelf&place={stocked.shelf}")).text
    words = re.sub(r"<[^>]+>|\s+", " ", page)
    for word in ("Blue pen", "WRI-001", "Shelf A1", "At least 12 piece", "Nearly empty? Scan."):
        assert word in words
    assert "Copy paper" not in words


def test_the_codes_of_a_pdf_lead_to_the_pages_of_the_things(stocked, keeper):
    require_pdf()
    sheet = printed(keeper, f"kind=shelf&item={stocked.pen}")
    made = keeper.get(f"{sheet}&format=pdf")
    assert made.mimetype == "application/pdf"
    (page,) = pdf_pages(made.data)
    assert "Blue pen" in page
    (address,) = codes_of(made.data)
    assert address.startswith("HTTP://LOCALHOST/E/")
    led = keeper.get(address.removeprefix("HTTP://LOCALHOST"))
    assert led.location == f"/inventory/items/{stocked.pen}/at/{stocked.shelf}"


@pytest.mark.parametrize(
    ("query", "leads_to"),
    [
        ("kind=item&of={pen}", "/inventory/items/{pen}"),
        ("kind=place&of={shelf}", "/inventory/stock?place={shelf}"),
        ("kind=shelf&of={pen}.{shelf}", "/inventory/items/{pen}/at/{shelf}"),
    ],
)
def test_each_kind_of_label_leads_to_its_page(stocked, keeper, query, leads_to):
    sheet = printed(keeper, query.format(**vars(stocked)))
    code = re.search(r"codes=(\w{8})", sheet)[1]
    assert keeper.get(f"/e/{code}").location == leads_to.format(**vars(stocked))
    assert f"{code[:4]}-{code[4:]}" in keeper.get(sheet).text


def test_a_label_printed_twice_has_the_same_code(stocked, keeper):
    assert printed(keeper, f"kind=item&of={stocked.pen}") == printed(
        keeper, f"kind=item&of={stocked.pen}"
    )


def test_cards_are_offered_of_places_one_may_look_into_alone(stocked, as_role):
    page = sign_in(stocked.app, stocked.lab_assistant).get("/inventory/labels?kind=shelf").text
    assert "Shelf L1" in page
    assert "Shelf A1" in page  # the shelf serves the laboratory
    assert "Shelf A2" not in page


def test_a_code_of_a_place_out_of_reach_is_like_one_nobody_gave_out(stocked, keeper):
    sheet = printed(keeper, f"kind=shelf&of={stocked.ream}.{stocked.other_shelf}")
    code = re.search(r"codes=(\w{8})", sheet)[1]
    stranger = sign_in(stocked.app, stocked.lab_assistant)
    assert keeper.get(f"/e/{code}").status_code == 303
    assert stranger.get(f"/e/{code}").status_code == 404
    assert "Copy paper" not in stranger.get(sheet).text


def test_what_is_not_offered_cannot_be_printed(stocked):
    client = sign_in(stocked.app, stocked.lab_assistant)
    data = {
        "of": [f"{stocked.ream}.{stocked.other_shelf}"],
        "sheet": "a6",
        "start": "1",
        "copies": "1",
    }
    answer = client.post("/inventory/labels?kind=shelf", data=data)
    assert answer.status_code == 422


def test_a_half_used_sheet_begins_at_the_label_that_is_free(stocked, keeper):
    sheet = printed(keeper, f"kind=item&of={stocked.pen}", start="4", copies="2")
    page = keeper.get(sheet).text
    assert page.count('class="lb used"') == 3
    assert page.count('class="lb item"') == 2


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"of": []}, "Choose at least one label."),
        ({"start": "25"}, "24"),
        ({"start": "0"}, "1"),
        ({"copies": "x"}, ""),
        ({"sheet": "a3"}, ""),
    ],
)
def test_what_cannot_be_printed_is_said_beside_its_field(stocked, keeper, changed, said):
    data = {"of": [stocked.pen], "sheet": "a6", "start": "1", "copies": "1"} | changed
    answer = keeper.post(f"/inventory/labels?kind=item&of={stocked.pen}", data=data)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'class="err"' in answer.text


@pytest.mark.parametrize(
    "query",
    ["kind=nonsense", "kind=shelf&place=" + "x" * 50],
)
def test_an_address_that_nobody_made_is_refused(keeper, query):
    assert keeper.get(f"/inventory/labels?{query}").status_code == 400


@pytest.mark.parametrize("query", ["sheet=a3", "sheet=a6&start=0&copies=1", "kind=x"])
def test_a_sheet_of_an_address_that_nobody_made_is_refused(keeper, query):
    assert keeper.get(f"/inventory/labels/sheet?{query}").status_code == 400


def test_a_sheet_without_known_codes_says_so(keeper):
    page = keeper.get("/inventory/labels/sheet?kind=item&codes=zzzz&sheet=a6&start=1&copies=1")
    assert "There is nothing to print here" in page.text


def test_a_hundred_labels_take_as_many_statements_as_one(stocked, keeper, portal_app):
    seen = []
    for query in (f"kind=shelf&item={stocked.pen}", "kind=shelf"):
        sheet = printed(keeper, query)
        with counting_statements(portal_app) as statements:
            keeper.get(sheet)
        seen.append(len(statements))
    assert seen[0] == seen[1] <= 6


def test_a_card_that_was_lost_is_replaced_by_another_code(stocked, keeper):
    target = f"{stocked.pen}.{stocked.shelf}"
    old = re.search(r"codes=(\w{8})", printed(keeper, f"kind=shelf&of={target}"))[1]
    answer = keeper.post(f"/inventory/items/{stocked.pen}/at/{stocked.shelf}/new-card")
    assert answer.location == f"/inventory/labels?kind=shelf&of={target}"
    new = re.search(r"codes=(\w{8})", printed(keeper, f"kind=shelf&of={target}"))[1]
    assert new != old
    said = keeper.get(f"/e/{old}")
    assert said.status_code == 410
    assert "It stood for Blue pen, Shelf A1." in said.text
    assert keeper.get(f"/e/{new}").status_code == 303


def test_who_only_sees_a_shelf_replaces_no_card(stocked):
    client = sign_in(stocked.app, stocked.lab_assistant)
    answer = client.post(f"/inventory/items/{stocked.pen}/at/{stocked.shelf}/new-card")
    assert answer.status_code in (403, 404)


@pytest.mark.parametrize("key", SHEETS)
def test_every_sheet_has_the_pages_and_the_codes_it_should(stocked, keeper, key):
    require_pdf()
    sheet = SHEETS[key]
    address = printed(
        keeper, f"kind=shelf&of={stocked.pen}.{stocked.shelf}", sheet=key, copies=str(sheet.each)
    )
    made = keeper.get(f"{address}&format=pdf").data
    assert len(pdf_pages(made)) == 1
    assert len(codes_of(made)) == sheet.each


@pytest.mark.parametrize("key", SHEETS)
def test_a_very_long_name_covers_neither_the_code_nor_what_to_do(shop, as_role, key):
    require_pdf()
    with shop.work(None) as tx:
        pen = tx.one(select(Item), public_id=shop.pen)
        pen.name = "Disposable examination gloves, nitrile, powder-free, by the hundred " * 2
    with shop.work() as tx:
        stock.receive(tx, stock.Receive(item=shop.pen, quantity=1_000, to_place=shop.shelf))
    client = as_role("office_manager")
    address = printed(client, f"kind=shelf&of={shop.pen}.{shop.shelf}", sheet=key)
    made = client.get(f"{address}&format=pdf").data
    (page,) = pdf_pages(made)
    assert "Nearly empty? Scan." in page
    assert len(codes_of(made)) == 1


@given(
    st.integers(0, 60),
    st.sampled_from(list(SHEETS.values())),
    st.integers(1, 24),
    st.integers(1, 5),
)
def test_every_label_is_printed_as_often_as_asked_and_none_where_one_was_used(
    count, sheet, start, copies
):
    labels = list(range(count))
    found = list(rules.pages(labels, sheet, start=start, copies=copies))
    flat = [one for page in found for one in page]
    assert [one for one in flat if one is not None] == [n for n in labels for _ in range(copies)]
    assert flat[: min(start, sheet.each) - 1] == [None] * min(start - 1, sheet.each - 1, len(flat))
    assert all(len(page) == sheet.each for page in found[:-1])


@given(st.text())
def test_no_target_that_somebody_invents_breaks_the_reading_of_it(text):
    parts = services.one_of(text)
    assert parts is None or services.shelf_of(*parts) == text


def test_ticked_items_and_ticked_lines_of_the_stock_go_on_to_their_labels(stocked, keeper):
    answer = keeper.post("/inventory/labels/of-items", data={"id": [stocked.pen, stocked.ream]})
    assert answer.status_code == 303
    page = keeper.get(answer.location).text
    assert "Blue pen" in page
    assert "Copy paper" in page
    lines = re.findall(r'name="id" value="(\d+)"', keeper.get("/inventory/stock").text)
    answer = keeper.post("/inventory/labels/of-shelves", data={"id": lines})
    page = keeper.get(answer.location).text
    assert "Shelf A1" in page
    assert "Shelf A2" in page


def test_lines_out_of_reach_are_not_printed_whoever_ticks_them(stocked, keeper):
    lines = re.findall(r'name="id" value="(\d+)"', keeper.get("/inventory/stock").text)
    client = sign_in(stocked.app, stocked.lab_assistant)
    answer = client.post("/inventory/labels/of-shelves", data={"id": lines})
    assert "Copy paper" not in client.get(answer.location).text


def test_nothing_ticked_is_said(keeper):
    answer = keeper.post("/inventory/labels/of-items", data={})
    assert "Tick at least one row first." in keeper.get(answer.location).text
