"""The calendar in a browser: by keyboard, and as a list on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.pages.test_browser import COMBINATIONS, Window


def shown(opened, clinic, combination):
    window = Window(opened, clinic, COMBINATIONS[combination])
    yield window.page("hendra")
    window.close()
    assert window.heard == []


@pytest.fixture
def page(served_clinic, opened):
    yield from shown(opened, served_clinic, "light-1440")


@pytest.fixture
def phone(served_clinic, opened):
    yield from shown(opened, served_clinic, "dark-390")


def test_months_are_turned_and_a_day_is_opened_by_keyboard_alone(page):
    page.goto("/calendar?month=2026-11")
    page.keyboard.press("j")
    page.wait_for_url("**month=2026-12**")
    page.keyboard.press("k")
    page.wait_for_url("**month=2026-11**")
    page.keyboard.press("t")
    page.wait_for_url("**/calendar")
    today = page.locator("td.now [data-day]")
    today.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    expect(today).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**day=**")
    expect(page.locator("#days")).to_be_visible()


def test_beyond_the_last_day_comes_the_next_month(page):
    page.goto("/calendar?month=2026-11&view=month")
    page.locator("[data-day]").last.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**month=2026-12**")


def test_a_phone_shows_a_list_and_the_month_when_asked(phone):
    phone.goto("/calendar")
    expect(phone.locator("#days")).to_be_visible()
    expect(phone.locator("#month")).to_be_hidden()
    phone.get_by_role("link", name="Per bulan").locator("visible=true").click()
    expect(phone.locator("#month")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
