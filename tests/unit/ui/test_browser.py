"""What only a browser shows: axe, the content policy, the keyboard, and no script at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.gallery.browse import PAGES, gallery, listen, scrolls_sideways, violations

OPTIONS = "[data-picker] [role=option]"
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
COMBINATIONS = [("light", DESK), ("dark", PHONE)]
if os.environ.get("KANTOR_TEST_AXE") == "all":
    COMBINATIONS += [("dark", DESK), ("light", PHONE)]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with gallery() as found:
        yield found


@pytest.fixture
def pages(opened: Any) -> Iterator[Any]:
    """Return a function that opens a page; whatever the browser complains of fails the test."""
    heard: list[str] = []
    contexts = []

    def open_page(url: str, size: dict[str, int] = DESK, **options: Any) -> Page:
        context = opened.new_context(viewport=size, **options)
        contexts.append(context)
        page: Page = context.new_page()
        listen(page, heard)
        page.goto(url, wait_until="load")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert heard == []


@pytest.mark.parametrize(
    ("theme", "size"),
    COMBINATIONS,
    ids=lambda value: str(value["width"] if isinstance(value, dict) else value),
)
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(pages, address, name, theme, size):
    page = pages(f"{address}/{name}?theme={theme}&language=id", size)
    assert violations(page) == []
    assert not scrolls_sideways(page)


def test_nothing_is_lost_at_320_pixels(pages, address):
    for name in PAGES:
        page = pages(f"{address}/{name}", {"width": 320, "height": 640})
        assert not scrolls_sideways(page), name


def test_the_first_tab_leads_to_the_content(pages, address):
    page = pages(f"{address}/list")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_the_theme_follows_the_system_until_somebody_chooses(pages, address):
    page = pages(f"{address}/list", color_scheme="dark")
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
    with page.expect_request("**/preferences") as sent:
        page.click("[data-toggle-theme]")
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "light"
    assert "theme=light" in (sent.value.post_data or "")


def test_each_kept_preference_has_a_key_of_its_own(pages, address):
    page = pages(f"{address}/list")
    keys = set()
    for _ in range(2):
        with page.expect_request("**/preferences") as sent:
            page.click("[data-toggle-side]")
        body = dict(part.split("=") for part in (sent.value.post_data or "").split("&"))
        keys.add(body["_key"])
    assert len(keys) == 2


def test_a_narrow_menu_still_names_its_entries(pages, address):
    page = pages(f"{address}/list?side=narrow")
    entry = page.get_by_role("link", name="Key cabinet")
    entry.hover()
    assert entry.locator(".lb").bounding_box()["width"] > 40
    expect(page.get_by_role("button", name="Menu with names")).to_have_attribute(
        "aria-expanded", "false"
    )


def test_a_menu_opens_moves_and_closes_by_keyboard(pages, address):
    page = pages(f"{address}/list")
    summary = page.locator(".top summary", has_text="New")
    summary.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".top .mit", has_text="Item")).to_be_focused()
    page.keyboard.press("Escape")
    expect(summary).to_be_focused()
    assert page.locator("details[open]").count() == 0


def test_finding_in_a_list_keeps_the_cursor_and_goes_into_the_address(pages, address):
    page = pages(f"{address}/list")
    page.click("#q")
    page.keyboard.type("pa", delay=30)
    page.wait_for_url("**q=pa**")
    expect(page.locator("#q")).to_be_focused()
    expect(page.locator("#q")).to_have_value("pa")
    assert page.locator("main").count() == 1
    assert page.title() == "Items – Klinik Sinar Medika"


def test_errors_are_announced_and_lead_to_their_field(pages, address):
    page = pages(f"{address}/form")
    expect(page.locator("#errors")).to_be_focused()
    page.get_by_role("link", name="Quantity").click()
    expect(page.locator("#quantity")).to_be_focused()
    expect(page.locator("#quantity")).to_have_accessible_description(
        "“1.000” has more than one meaning. Write 1000 or 1. As counted on the delivery."
    )


def test_one_of_many_is_picked_by_keyboard(pages, address):
    page = pages(f"{address}/form")
    field = page.locator("#supplier")
    field.fill("")
    field.press_sequentially("ta", delay=30)
    expect(page.locator(OPTIONS)).to_have_count(2)
    expect(field).to_have_attribute("aria-expanded", "true")
    field.press("ArrowDown")
    field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value("Tintara")
    assert page.input_value("[name=supplier]") == "t"
    field.press_sequentially("x")
    assert page.input_value("[name=supplier]") == "", "a name that was typed over is not picked"


def test_one_of_many_is_picked_by_mouse(pages, address):
    page = pages(f"{address}/form")
    page.locator("#supplier").fill("sani")
    page.locator(OPTIONS, has_text="Saniloka").click(delay=300)
    assert page.input_value("[name=supplier]") == "s"
    assert page.locator(OPTIONS).count() == 0


def test_a_form_is_sent_once(pages, address):
    page = pages(f"{address}/form")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.evaluate(
        "() => { const form = document.querySelector('form[data-once]');"
        " form.addEventListener('submit', event => event.preventDefault());"
        " form.requestSubmit(); }"
    )
    assert (
        page.evaluate("document.querySelector('form[data-once]').getAttribute('aria-busy')")
        == "true"
    )
    refused = page.evaluate(
        "() => !document.querySelector('form[data-once]').dispatchEvent("
        "new SubmitEvent('submit', {bubbles: true, cancelable: true}))"
    )
    assert refused
    assert "POST" not in sent


def test_leaving_with_changes_asks_first(pages, address):
    page = pages(f"{address}/form")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.fill("#name", "Paper")
    page.get_by_role("link", name="Cancel").click()
    page.wait_for_url("**/list")
    assert asked == ["beforeunload"]


def test_a_password_can_be_looked_at(pages, address):
    page = pages(f"{address}/sign-in")
    button = page.get_by_role("button", name="Show password")
    button.click()
    expect(page.locator("#password")).to_have_attribute("type", "text")
    expect(button).to_have_attribute("aria-pressed", "true")


def test_a_message_can_be_put_away(pages, address):
    page = pages(f"{address}/list")
    expect(page.locator("#toasts")).to_contain_text("Minimum changed for 2 items")
    page.locator("[data-dismiss]").click()
    assert page.locator("[data-toast]").count() == 0


def test_on_a_phone_the_menu_is_a_sheet_and_the_page_behind_is_out_of_reach(pages, address):
    page = pages(f"{address}/list", PHONE)
    page.locator("[data-open-menu]").click()
    expect(page.get_by_role("link", name="Key cabinet")).to_be_visible()
    assert page.evaluate("document.querySelector('.view').inert")
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Key cabinet")).to_be_hidden()
    expect(page.locator("[data-open-menu]")).to_be_focused()


def test_without_script_everything_is_there(pages, address):
    page = pages(f"{address}/list?theme=dark", PHONE, java_script_enabled=False)
    page.locator("[data-open-menu]").click()
    page.get_by_role("link", name="Key cabinet").wait_for()
    page.get_by_role("link", name="Close menu").click()
    page.locator("summary", has_text="Order").click()
    page.locator(".tools .mit", has_text="Place").wait_for()
    page.locator(".mbar summary").click()
    page.locator(".mbar .mit", has_text="Person").wait_for()
    page.fill("#q", "paper")
    page.press("#q", "Enter")
    page.wait_for_url("**q=paper**")


def test_no_touch_target_of_the_frame_is_small_on_a_phone(pages, address):
    page = pages(f"{address}/list", PHONE)
    small = page.evaluate(
        "() => [...document.querySelectorAll('.top .ib, .top summary, .mbar > a, .mbar summary,"
        " main .b, main .in')].filter(one => one.offsetParent && one.offsetHeight < 40)"
        ".map(one => one.outerHTML.slice(0, 80))"
    )
    assert small == []


def find_at(page: Page, address: str) -> None:
    """Type into the search of a list that asks ``address``."""
    page.evaluate(
        "address => { const field = document.querySelector('#q');"
        " field.setAttribute('hx-get', address); htmx.process(field, true); }",
        address,
    )
    page.locator("#q").press_sequentially("pa", delay=30)


def test_an_error_that_answers_a_part_takes_the_place_of_the_page(opened, address):
    page = opened.new_page()
    page.goto(f"{address}/list")
    find_at(page, "/broken")
    expect(page.get_by_role("heading", name="Something broke here")).to_be_visible()
    assert page.locator("main").count() == 1
    assert page.locator("#q").count() == 0
    page.close()


def test_no_answer_at_all_is_said(opened, address):
    page = opened.new_page()
    page.goto(f"{address}/list")
    page.route("**/gone*", lambda route: route.abort())
    find_at(page, "/gone")
    expect(page.locator("#toasts")).to_contain_text("The portal does not answer.")
    expect(page.locator("#q")).to_have_value("pa")
    page.close()
