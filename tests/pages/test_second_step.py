"""Setting the second step up and using it, in a browser, as on a phone and at a desk."""

from __future__ import annotations

import re
import time

import pyotp
import pytest
from playwright.sync_api import expect
from sqlalchemy import delete, update

from portal.auth.models import AccountFactor
from portal.db import unscoped
from portal.demo import ACCOUNTS
from portal.guard import kernel_execute
from tests.pages.test_browser import COMBINATIONS, TAGS, Window, looked_at

PAGE = "/account/second-step"
factors = AccountFactor.__table__


@pytest.fixture(params=COMBINATIONS)
def window(request, served_clinic, opened):
    made = Window(opened, served_clinic, COMBINATIONS[request.param])
    yield made
    made.close()
    _write(served_clinic, delete(factors))
    served_clinic.clients.pop("dewi", None)  # Turning it off has signed this browser out.
    served_clinic.speak("dewi", "en")
    assert [said for said in made.heard if "422" not in said] == []


def _write(office, statement):
    with office.app.app_context(), unscoped(reason="test") as tx:
        kernel_execute(tx.session, statement)


def _code(office, seed):
    """Return a code that has not been used."""
    _write(office, update(factors).values(step=0))
    while time.time() % 30 > 28:
        time.sleep(0.5)
    return pyotp.TOTP(seed).now()


def _send(page, code):
    page.locator("#code").fill(code)
    page.keyboard.press("Enter")


def test_from_the_square_to_signing_in_with_a_code_and_turning_it_off(window, served_clinic):
    page, wrong = window.page("dewi"), []
    page.goto(PAGE)
    wrong += looked_at(page, PAGE, TAGS)
    seed = page.locator("#secret").input_value().replace(" ", "")
    _send(page, "000000")
    expect(page.locator("#code")).to_have_attribute("aria-invalid", "true")
    wrong += looked_at(page, "a wrong first code", TAGS)
    assert page.locator("#secret").input_value().replace(" ", "") == seed
    _send(page, pyotp.TOTP(seed).now())
    expect(page.locator("ol.codes li")).to_have_count(10)
    wrong += looked_at(page, "recovery codes", TAGS)
    with page.expect_download() as kept:
        page.locator("a[download]").click()
    recovery = page.locator("ol.codes li").first.inner_text()
    assert recovery in kept.value.path().read_text()
    page.goto(PAGE)
    wrong += looked_at(page, "with a second step", TAGS)

    phone = window.page("")
    username, password = next((a.username, a.password) for a in ACCOUNTS if a.username == "dewi")
    phone.goto("/sign-in?next=x")
    phone.locator("#username").fill(username)
    phone.locator("#password").fill(password)
    phone.keyboard.press("Enter")
    phone.wait_for_url(re.compile("/sign-in/code"))
    expect(phone.locator("#code")).to_be_focused()
    wrong += looked_at(phone, "the code", TAGS)
    phone.goto("/account")
    expect(phone).to_have_url(re.compile("/sign-in"))
    phone.goto("/sign-in/code?recovery=1")
    wrong += looked_at(phone, "a recovery code", TAGS)
    phone.goto("/sign-in/code")
    _send(phone, _code(served_clinic, seed))
    phone.wait_for_url(served_clinic.address + "/")

    phone.goto(f"{PAGE}/off")
    wrong += looked_at(phone, "turning it off", TAGS)
    phone.locator("#password").fill(password)
    _send(phone, _code(served_clinic, seed))
    phone.wait_for_url("**/account")
    assert wrong == []
