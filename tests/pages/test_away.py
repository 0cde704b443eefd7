"""Noting that one is away, in a browser: a few keys, and dates that help."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.pages.test_browser import COMBINATIONS, Window


@pytest.fixture
def page(served_clinic, opened):
    window = Window(opened, served_clinic, COMBINATIONS["light-1440"])
    yield window.page("putri")
    window.close()
    assert [said for said in window.heard if "422" not in said] == []


def take_back(page):
    """Say that nothing of it happened."""
    page.get_by_role("button", name=re.compile("Back since this morning|Remove")).click()
    page.wait_for_url("**/away")


def test_i_am_away_is_noted_with_three_keys(page):
    page.goto("/away")
    page.get_by_role("link", name="I am away").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#from_on")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/away/[a-z0-9]{12}$"))
    expect(page.locator("#toasts")).to_contain_text("Putri Maharani is away:")
    take_back(page)


def test_the_last_day_goes_along_with_a_later_first_one(page, served_clinic):
    later = (served_clinic.today + timedelta(days=300)).isoformat()
    page.goto("/away/new")
    page.locator("#from_on").fill(later)
    expect(page.locator("#last_on")).to_have_value(served_clinic.today.isoformat())
    page.keyboard.press("Tab")
    page.locator("#from_noon").focus()
    expect(page.locator("#last_on")).to_have_value(later)
    page.locator("#last_on").fill((served_clinic.today + timedelta(days=305)).isoformat())
    page.locator("#from_noon").focus()
    page.locator("#from_on").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/away/[a-z0-9]{12}$"))
    take_back(page)


def test_enter_in_the_first_day_takes_the_last_one_along_too(page, served_clinic):
    later = (served_clinic.today + timedelta(days=200)).isoformat()
    page.goto("/away/new")
    page.locator("#from_on").fill(later)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/away/[a-z0-9]{12}$"))
    take_back(page)


def test_a_last_day_that_was_written_stays_and_is_told_of(page, served_clinic):
    before = (served_clinic.today - timedelta(days=3)).isoformat()
    page.goto("/away/new")
    page.locator("#last_on").fill(before)
    page.locator("#from_on").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#last_on")).to_have_attribute("aria-invalid", "true")
    page.locator("#from_on").focus()
    page.locator("#from_noon").focus()
    expect(page.locator("#last_on")).to_have_value(before)
