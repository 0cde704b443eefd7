"""What is done ten times a day is done without a mouse: find an item, issue it, receive it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.pages.test_browser import COMBINATIONS, TAGS, Window, looked_at

FIELD = "#q"


@pytest.fixture
def page(served_clinic, opened):
    window = Window(opened, served_clinic, COMBINATIONS["light-1440"])
    yield window.page("hendra")
    window.close()
    assert window.heard == []


def test_an_item_is_found_and_issued_by_keyboard_alone(page):
    page.goto("/")
    page.keyboard.press("f")
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
    page.keyboard.press("f")
    page.keyboard.insert_text("PAP-001")
    page.locator(f"{FIELD}").evaluate("field => field.form.requestSubmit()")
    page.wait_for_url("**q=PAP-001**")
    expect(page.locator(FIELD)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/inventory/items/[^/?]+$"))


def test_arrows_go_from_row_to_row_and_back(page):
    page.goto("/inventory/items")
    page.keyboard.press("f")
    rows = page.locator("td.pri a")
    page.keyboard.press("ArrowDown")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.locator(FIELD)).to_be_focused()


def test_anything_is_found_and_opened_by_keyboard_alone(page):
    page.goto("/people")
    page.keyboard.press("/")
    field = page.locator("#palette-q")
    expect(field).to_be_focused()
    expect(page.locator("#palette-found")).to_have_text("Type a name, a number or some words.")
    page.keyboard.type("pap-00", delay=20)
    options = page.locator("#palette [role=option]")
    expect(options.nth(0)).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", "palette-0")
    expect(options.nth(1)).to_contain_text("PAP-00")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/inventory/items/[^/?]+$"))


def test_enter_before_the_answer_is_there_shows_the_page_of_results(page):
    page.goto("/people")
    page.keyboard.press("Control+k")
    page.keyboard.insert_text("paper")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=paper")
    expect(page.locator("#inventory-item")).to_contain_text("Paper")


def test_the_focus_returns_when_the_palette_is_left(page):
    page.goto("/inventory/items")
    page.locator("td.pri a").nth(0).focus()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-q")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    expect(page.locator("td.pri a").nth(0)).to_be_focused()


@pytest.mark.parametrize("typed", ["", "paper", ">", "unheard of"])
def test_axe_finds_nothing_in_the_palette(page, typed):
    page.goto("/people")
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-found")).to_contain_text("Type a name")
    page.locator("#palette-q").fill(typed)
    shown = {"": "Type a name", "paper": "Paper", ">": "Home", "unheard of": "Nothing was found"}
    expect(page.locator("#palette-found")).to_contain_text(shown[typed])
    assert looked_at(page, f"the palette with {typed!r}", TAGS) == []


def test_commands_go_to_pages_and_press_buttons(page):
    page.goto("/people")
    options = page.locator("#palette [role=option]")
    page.keyboard.press("Control+k")
    page.keyboard.type(">light", delay=20)
    expect(options).to_have_count(1)
    expect(options.nth(0)).to_contain_text("Switch between light and dark")
    before = page.locator("html").get_attribute("data-bs-theme")
    page.keyboard.press("Enter")
    expect(page.locator("#palette")).to_be_hidden()
    assert page.locator("html").get_attribute("data-bs-theme") != before
    page.locator("[data-toggle-theme]").click()
    page.keyboard.press("Control+k")
    page.keyboard.type(">suppl", delay=20)
    expect(options).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url("**/inventory/suppliers")


def test_a_field_at_the_top_searches_without_script_too(page):
    page.goto("/people")
    page.locator(".search input").focus()
    page.keyboard.insert_text("paper")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=paper")


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
    for key in "f/":
        page.keyboard.press(key)
    expect(page.locator(FIELD)).not_to_be_focused()
    expect(page.locator("#palette")).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-q")).to_be_focused()
    page.goto("/account")
    page.locator("label", has=page.locator("[name=keys][value=on]")).click()
    page.get_by_role("button", name="Save").click()
    page.wait_for_load_state()


@pytest.fixture(params=["script", "no script"])
def with_views(request, served_clinic, opened):
    """Yield a browser with or without script, and the names of two views on the home page there.

    They are taken away again, so that the page is as it was.
    """
    window = Window(opened, served_clinic, COMBINATIONS["light-1440"])
    page = window.page("intan")
    names = [f"{words} with {request.param}" for words in ("toko", "klinik")]
    for name in names:
        page.goto(f"/contacts?q={name.split()[0]}")
        page.locator("summary", has_text="Save view").click()
        page.locator("#view-name").fill(name)
        page.locator("form", has=page.locator("#view-name")).get_by_role("button").click()
        page.wait_for_url("**view=**")
        page.locator("summary", has_text=name).click()
        page.get_by_role("button", name="List on my home page").click()
        page.wait_for_url("**/#own")
    looker, kept = page, page.context.storage_state()
    if request.param == "no script":
        asked = {"base_url": served_clinic.address, "storage_state": kept}
        looker = opened.new_context(java_script_enabled=False, **asked).new_page()
    yield looker, names
    page.goto("/")
    while page.locator(".own-w").count():
        page.locator(".own-w summary").first.click()
        with page.expect_navigation():
            page.get_by_role("button", name="Remove from here").first.click()
    if looker is not page:
        looker.context.close()
    window.close()


def test_views_on_the_home_page_are_arranged_by_keyboard_alone(with_views):
    page, (one, two) = with_views
    page.goto("/")
    titles = page.locator(".own-w h2")
    expect(titles).to_have_text([one, two])
    page.locator(".own-w summary").first.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(titles).to_have_text([two, one])
    up = page.locator(".own-w").nth(1).get_by_role("button", name="Move up")
    expect(up).to_be_focused()
    expect(page.locator("#toasts")).to_contain_text(f"{one} is number 2 of 2 now.")
    page.keyboard.press("Enter")
    expect(titles).to_have_text([one, two])
    expect(page.get_by_role("button", name="Move down")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(titles).to_have_text([two])
    expect(page.locator(".own-w summary")).to_be_focused()
