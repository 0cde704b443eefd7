"""Naming a deputy in a browser: a few keys, and days that are filled in."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.pages.test_browser import COMBINATIONS, Window


@pytest.fixture
def page(served_clinic, opened):
    window = Window(opened, served_clinic, COMBINATIONS["light-1440"])
    yield window.page("fajar")
    window.close()
    assert window.heard == []


def test_who_notes_an_absence_names_a_deputy_with_a_few_keys(page):
    page.goto("/away/new")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/away/[a-z0-9]{12}$"))
    absence = page.url
    page.get_by_role("link", name="Name a deputy").click()
    expect(page.locator("#deputy")).to_be_focused()
    page.keyboard.type("putri m")
    expect(page.locator("#deputy-list [role=option]")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/deputies/[a-z0-9]{12}$"))
    expect(page.locator("#toasts")).to_contain_text("Putri Maharani stands in for")
    page.get_by_role("button", name="End").click()
    expect(page.locator("#deputy")).to_contain_text("Ended early")
    page.goto(absence)
    expect(page.locator("main")).to_contain_text("Nobody stands in for you.")
    page.get_by_role("button", name="Back since this morning").click()
    page.wait_for_url("**/away")
