"""The order list in a browser: sums follow what is typed, and Enter goes from line to line."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.pages.test_browser import COMBINATIONS, DESK, PHONE, Window

PRICED = "input[data-price]"


@pytest.fixture(params=[("light", DESK, "en"), ("dark", PHONE, "id")], ids=["en-1440", "id-390"])
def page(request: Any, served_clinic: Any, opened: Any) -> Any:
    window = Window(opened, served_clinic, request.param)
    shown = window.page("hendra")
    shown.goto("/inventory/order-list")
    yield shown
    window.close()
    assert window.heard == []


def figure(words: str) -> int:
    """Return the number in an amount without decimals."""
    return int(re.sub(r"\D", "", words))


def group_of(page: Any) -> Any:
    return page.locator("tbody", has=page.locator(PRICED)).first


def test_script_changes_nothing_the_server_said_before_anybody_types(page):
    said = page.request.get("/inventory/order-list").text()
    for sums in ("data-sum", "data-total"):
        served = re.findall(rf"<(?:b|span) [^>]*{sums}[^>]*>([^<]*)<", said)
        assert served
        assert page.locator(f"[{sums}]").all_text_contents() == served
    pills = re.findall(r'data-state[^>]*><span class="(pill [a-z]+)">([^<]*)<', said)
    assert pills
    shown = page.locator("[data-state] > span")
    assert shown.all_text_contents() == [words for _, words in pills]
    assert shown.evaluate_all("all => all.map(one => one.className)") == [a for a, _ in pills]


def test_sums_and_what_is_missing_follow_what_is_typed(page):
    group = group_of(page)
    field = group.locator(PRICED).first
    price = int(field.get_attribute("data-price") or 0) // 100
    cost = field.locator("xpath=ancestor::tr").locator("[data-cost]")
    supplier, total = group.locator("[data-sum]"), page.locator(".savebar [data-total]")
    field.fill("0")
    expect(cost).to_be_hidden()
    before, all_before = figure(supplier.inner_text()), figure(total.inner_text())
    field.fill("7")
    assert figure(cost.inner_text()) == 7 * price
    assert figure(supplier.inner_text()) == before + 7 * price
    assert figure(total.inner_text()) == all_before + 7 * price
    field.fill("7x")
    assert figure(supplier.inner_text()) == before


def test_distance_to_free_delivery_shrinks_until_it_is_free(page):
    free = page.locator("[data-sum]:not([data-free='0'])").first
    group = page.locator("tbody", has=free).first
    field, pill = group.locator(PRICED).first, group.locator("[data-state] > span")
    price = int(field.get_attribute("data-price") or 0)
    wanted = int(free.get_attribute("data-free") or 0)
    for other in group.locator(PRICED).all():
        other.fill("")
    field.fill("1")
    listed = int(free.get_attribute("data-sum") or 0)
    smallest = int(free.get_attribute("data-smallest") or 0)
    lacking = (smallest if listed + price < smallest else wanted) - listed - price
    assert figure(pill.inner_text()) == lacking // 100
    field.fill(str(wanted // price + 1))
    expect(pill).to_have_class("pill ok")
    field.press("Tab")
    expect(page.locator("[data-said]")).to_contain_text(pill.inner_text())


def test_enter_and_arrows_go_from_line_to_line(page):
    fields = page.locator("input[data-pack]")
    assert fields.count() > 1
    fields.nth(0).focus()
    page.keyboard.press("Enter")
    expect(fields.nth(1)).to_be_focused()
    page.keyboard.type("9")
    expect(fields.nth(1)).to_have_value("9")
    page.keyboard.press("ArrowUp")
    expect(fields.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(fields.nth(1)).to_be_focused()
    fields.last.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".savebar button")).to_be_focused()


def test_what_was_typed_and_refused_is_in_the_sums_without_script(served_clinic, opened):
    window = Window(opened, served_clinic, COMBINATIONS["light-1440"])
    context = opened.new_context(base_url=served_clinic.address, java_script_enabled=False)
    context.add_cookies([served_clinic.cookie("hendra")])
    page = context.new_page()
    page.goto("/inventory/order-list")
    fields = page.locator(PRICED)
    names = [one.get_attribute("name") for one in fields.all()][:2]
    page.locator(f"[name={names[0]}]").fill("3")
    page.locator(f"[name={names[1]}]").fill("some")
    page.locator(".savebar button").click()
    field = page.locator(f"[name={names[0]}]")
    expect(field).to_have_value("3")
    price = int(field.get_attribute("data-price") or 0) // 100
    cost = field.locator("xpath=ancestor::tr").locator("[data-cost]")
    assert figure(cost.inner_text()) == 3 * price
    context.close()
    window.close()


def test_the_small_links_are_as_high_as_a_finger_on_a_phone(served_clinic, opened):
    window = Window(opened, served_clinic, ("light", PHONE, "en"))
    page = window.page("hendra")
    heights = {}
    for address, links in (
        ("/inventory/order-list", ".onlist a"),
        ("/inventory/overview", ".hd .more"),
    ):
        page.goto(address)
        boxes = [link.bounding_box() for link in page.locator(links).all()]
        heights[links] = {box["height"] for box in boxes if box}
    assert heights == {".onlist a": {44}, ".hd .more": {44}}
    window.close()
    assert window.heard == []
