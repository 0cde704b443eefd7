"""What is done ten times a day is done without a mouse: find an item, issue it, receive it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.pages.test_browser import COMBINATIONS, Window

FIELD = "#q"


@pytest.fixture
def page(served_clinic, opened):
    window = Window(opened, served_clinic, COMBINATIONS["light-1440"])
    yield window.page("hendra")
    window.close()
    assert window.heard == []


def test_an_item_is_found_and_issued_by_keyboard_alone(page):
    page.goto("/")
    page.keyboard.press("/")
    page.wait_for_url("**/inventory/items#find")
    expect(page.locator(FIELD)).to_be_focused()
    page.keyboard.type("PAP-001", delay=20)
    page.wait_for_url("**q=PAP-001**")
    expect(page.locator("td.pri")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/inventory/items/[^/?]+$"))
    item = page.url
    page.get_by_role("link", name="Issue", exact=True).press("Enter")
    expect(page.locator("#quantity")).to_be_focused()
    page.keyboard.type("2")
    for _ in range(3):  # unit, place, for whom
        page.keyboard.press("Tab")
    expect(page.locator("#for_person")).to_be_focused()
    page.keyboard.type("Putri Maharani", delay=20)
    expect(page.locator("[data-picker] [role=option]")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_url(item)
    expect(page.locator("#toasts")).to_contain_text("2 ream issued")


def test_a_code_that_is_typed_at_once_and_sent_opens_with_a_second_enter(page):
    page.goto("/inventory/items")
    page.keyboard.press("Control+k")
    page.keyboard.insert_text("PAP-001")
    page.locator(f"{FIELD}").evaluate("field => field.form.requestSubmit()")
    page.wait_for_url("**q=PAP-001**")
    expect(page.locator(FIELD)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/inventory/items/[^/?]+$"))


def test_arrows_go_from_row_to_row_and_back(page):
    page.goto("/inventory/items")
    page.keyboard.press("/")
    rows = page.locator("td.pri a")
    page.keyboard.press("ArrowDown")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.locator(FIELD)).to_be_focused()


def test_a_slash_in_a_field_is_a_slash(page):
    page.goto("/inventory/items/new")
    expect(page.locator("#name")).to_be_focused()
    page.keyboard.type("A4/A3")
    expect(page.locator("#name")).to_have_value("A4/A3")
    page.locator("#name").fill("")


def test_j_and_k_go_from_row_to_row_and_enter_opens(page):
    page.goto("/inventory/items")
    rows = page.locator("td.pri a")
    page.keyboard.press("j")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/inventory/items/[^/?]+$"))


def test_x_ticks_rows_that_are_changed_together_and_u_undoes_it(page):
    page.goto("/inventory/items")
    pills = page.locator(".pill", has_text="Discontinued")
    before = pills.count()
    for key in "jxjx":
        page.keyboard.press(key)
    expect(page.locator(".bulk-n")).to_have_text("2 selected")
    page.get_by_role("button", name="Set status").press("Enter")
    page.wait_for_url("**/set-status")
    page.locator("label", has_text="Discontinued").click()
    page.get_by_role("button", name="Set status: 2 rows").press("Enter")
    page.wait_for_url("**/inventory/items")
    expect(page.locator("#toasts")).to_contain_text("2 items are changed.")
    expect(pills).to_have_count(before + 2)
    page.keyboard.press("u")
    expect(page.locator("#toasts")).to_contain_text("Undone.")
    expect(pills).to_have_count(before)


def test_a_question_mark_shows_the_keys_of_this_page(page):
    page.goto("/inventory/items")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys on this page")).to_be_visible()
    expect(page.get_by_text("Tick the row, or take the tick away.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.goto("/account")
    page.keyboard.press("?")
    expect(page.get_by_text("Tick the row, or take the tick away.")).to_be_hidden()


def test_columns_are_moved_and_hidden_by_keyboard(page):
    page.goto("/inventory/items")
    page.locator("summary", has_text="Columns").press("Enter")
    page.get_by_role("button", name="Move Code down").press("Enter")
    page.get_by_label("Status", exact=True).press("Space")
    page.get_by_role("button", name="Show these").press("Enter")
    page.wait_for_load_state()
    heads = page.locator("table.k th:not(.sel)")
    expect(heads).to_have_text(["Item", "Category", "Code", "On hand", "Class"])
    page.locator("summary", has_text="Columns").press("Enter")
    page.get_by_role("button", name="As delivered").press("Enter")
    expect(heads.nth(1)).to_have_text("Code")


def test_one_key_alone_can_be_switched_off(page):
    page.goto("/account")
    page.locator("label", has=page.locator("[name=keys][value=off]")).click()
    page.get_by_role("button", name="Save").click()
    page.wait_for_load_state()
    page.goto("/inventory/items")
    expect(page.locator(".tools kbd")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()
    page.locator("h1").click()
    page.keyboard.press("/")
    expect(page.locator(FIELD)).not_to_be_focused()
    page.keyboard.press("Control+k")
    expect(page.locator(FIELD)).to_be_focused()
    page.goto("/account")
    page.locator("label", has=page.locator("[name=keys][value=on]")).click()
    page.get_by_role("button", name="Save").click()
    page.wait_for_load_state()
