"""Every page in a browser: what axe finds, what the content policy refuses, what does not fit."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.gallery.browse import AXE, TAGS, listen, scrolls_sideways
from tests.pages.addresses import pages
from tests.pages.office import Office

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
# Theme, window, language. The others differ from these in nothing that is not in one of them.
COMBINATIONS = {"light-1440": ("light", DESK, "en"), "dark-390": ("dark", PHONE, "id")}
if os.environ.get("KANTOR_TEST_AXE") == "all":
    COMBINATIONS |= {"dark-1440": ("dark", DESK, "en"), "light-390": ("light", PHONE, "id")}
EMPTY = (
    "/",
    "/away",
    "/calendars",
    "/calendars/holidays",
    "/contacts",
    "/deputies",
    "/people",
    "/people/departments",
    "/places",
    "/roles",
    "/jobs",
    "/jobs/given-up",
    "/notices",
    "/notices/preferences",
    "/audit",
    "/inventory/items",
    "/inventory/stock",
    "/inventory/alerts",
    "/inventory/overview",
    "/inventory/due",
    "/inventory/suppliers",
    "/inventory/categories",
    "/inventory/units",
    "/inventory/ledger",
    "/work",
    "/calendar",
    "/calendar/feeds",
    "/lists/mails",
)
# Forms that are sent as they are first shown, or after they were emptied.
FORMS = (
    "/sign-in",
    "/account/password",
    "/away/new",
    "/calendars/new",
    "/calendars/holidays/new",
    "/contacts/new",
    "/deputies/new",
    "/people/new",
    "/people/departments/new",
    "/people/memberships/new",
    "/places/new",
    "/roles/new",
    "/roles/assign",
    "/settings",
    "/inventory/items/new",
    "/inventory/items/<public_id>/issue",
    "/inventory/items/<public_id>/receive",
    "/inventory/import/items",
)
EMPTIED = """() => {
  const form = document.querySelector('main form[method=post]');
  form.noValidate = true;
  for (const field of form.elements) {
    if (field.type === 'hidden' || field.type === 'submit' || field.tagName === 'BUTTON') continue;
    if (field.type === 'checkbox' || field.type === 'radio') field.checked = false;
    else field.value = '';
  }
  form.submit();
}"""


class Window:
    """One browser window for each person, and what the browser complained of in it."""

    def __init__(self, opened: Any, office: Office, combination: tuple[Any, ...]) -> None:
        self.opened, self.office = opened, office
        self.theme, self.size, self.language = combination
        self.heard: list[str] = []
        self._pages: dict[str, Page] = {}

    def page(self, visitor: str) -> Page:
        """Return the window of somebody (empty: nobody), in the theme and language of this run."""
        if visitor not in self._pages:
            context = self.opened.new_context(
                viewport=self.size,
                base_url=self.office.address,
                color_scheme=self.theme,
                locale=self.language,
                reduced_motion="reduce",
            )
            if visitor:
                context.add_cookies([self.office.cookie(visitor)])
                self.office.speak(visitor, self.language)
            self._pages[visitor] = context.new_page()
            listen(self._pages[visitor], self.heard)
        return self._pages[visitor]

    def close(self) -> None:
        for page in self._pages.values():
            page.context.close()


@pytest.fixture
def windows(opened: Any) -> Iterator[Any]:
    """Return a function that makes windows of an office; they are closed afterwards."""
    made: list[Window] = []

    def make(office: Office, combination: tuple[Any, ...]) -> Window:
        made.append(Window(opened, office, combination))
        return made[-1]

    yield make
    for window in made:
        window.close()


@pytest.mark.parametrize("name", COMBINATIONS)
def test_axe_finds_nothing_on_any_page(served_clinic, windows, figures, name):
    window, wrong = windows(served_clinic, COMBINATIONS[name]), []
    started = time.monotonic()
    found = pages(served_clinic.app, served_clinic.known)
    for one in found:
        page = window.page(one.visitor)
        page.goto(one.path, wait_until="load")
        wrong += looked_at(page, one.path, TAGS)
    assert wrong + window.heard == []
    figures.append(told(name, len(found), "pages", started))


@pytest.mark.parametrize("name", COMBINATIONS)
def test_axe_finds_nothing_where_there_is_nothing_yet(new_office, windows, figures, name):
    window, wrong = windows(new_office, COMBINATIONS[name]), []
    started = time.monotonic()
    for path in EMPTY:
        page = window.page("sari")
        answer = page.goto(path, wait_until="load")
        assert answer is not None
        assert answer.status == 200, path
        wrong += looked_at(page, path, TAGS)
    assert wrong + window.heard == []
    figures.append(told(name, len(EMPTY), "pages without data", started))


@pytest.mark.parametrize("name", COMBINATIONS)
def test_axe_finds_nothing_in_forms_with_errors(served_clinic, windows, figures, name):
    window, wrong = windows(served_clinic, COMBINATIONS[name]), []
    started = time.monotonic()
    known = {one.route: one for one in pages(served_clinic.app, served_clinic.known)}
    for route in FORMS:
        served_clinic.prove_all()
        page = window.page(known[route].visitor)
        page.goto(known[route].path, wait_until="load")
        with page.expect_navigation(wait_until="load") as sent:
            page.evaluate(EMPTIED)
        assert sent.value.status == 422, route
        wrong += looked_at(page, f"{route} with errors", TAGS)
    # The browser writes every answer of 4xx down as an error of its own.
    heard = [text for text in window.heard if "status of 422" not in text]
    assert wrong + heard == []
    figures.append(told(name, len(FORMS), "forms with errors", started))


def looked_at(page: Page, label: str, tags: list[str]) -> list[str]:
    """Return what axe finds on the open page, and whether it is wider than its window."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", tags
    )
    wrong = [
        f"{label} {rule['id']}: {' '.join(map(str, node['target']))}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
    return wrong + ([f"{label} scrolls sideways"] if scrolls_sideways(page) else [])


def told(name: str, number: int, what: str, started: float) -> str:
    seconds = time.monotonic() - started
    return f"axe in {name}: {number} {what}, 0 violations, {seconds:.0f} s"
