"""The page about one's own account."""

import re

import pytest
from sqlalchemy import update

from portal.auth.models import Account, AccountSession
from portal.people.models import Person
from tests.unit.auth.signing import (
    OTHER,
    PASSWORD,
    WRONG,
    account_row,
    add_account,
    change,
    is_in,
    live_sessions,
    rows,
    send,
    signed_in,
)

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def account(portal_app):
    return add_account(portal_app)


@pytest.fixture
def owner(portal_app, account):
    return signed_in(portal_app)


def test_it_shows_who_one_is_and_where_one_is_signed_in(portal_app, owner):
    send(portal_app.test_client(), headers={"User-Agent": FIREFOX})
    page = owner.get("/account").text
    assert "Sari" in page
    assert "Firefox on Windows" in page
    assert page.count("This device") == 1
    assert "127.0.0.1" in page


def test_a_device_that_slept_too_long_is_not_shown(portal_app, owner, account):
    signed_in(portal_app)
    first, _ = live_sessions(portal_app, account)
    table = AccountSession.__table__
    asleep = first.seen_at - portal_app.extensions["kantor_visitors"].idle
    change(portal_app, update(table).where(table.c.id != first.id).values(seen_at=asleep))
    assert "Sign out</button>" not in owner.get("/account").text.split('id="devices"')[1]


def test_one_device_is_signed_out_by_its_button(portal_app, owner, account):
    other = signed_in(portal_app)
    page = owner.get("/account").text
    (path,) = re.findall(r'action="(/account/devices/[^"]+)"', page)
    assert owner.post(path).headers["Location"] == "/account"
    assert "The device is signed out." in owner.get("/account").text
    assert not is_in(other)
    assert is_in(owner)


def test_somebody_elses_device_cannot_be_signed_out(portal_app, owner):
    theirs = add_account(portal_app, "dewi")
    other = signed_in(portal_app, "dewi")
    (session,) = live_sessions(portal_app, theirs)
    assert owner.post(f"/account/devices/{session.public_id}/sign-out").status_code == 404
    assert is_in(other)


def test_a_preference_is_kept_with_the_account(portal_app, owner, account):
    for sent, kept in (
        ({"theme": "dark"}, {"theme": "dark"}),
        ({"side": "narrow"}, {"sidebar": "narrow"}),
        ({"side": "open"}, {"sidebar": "open"}),
    ):
        assert owner.post("/account/preferences", data=sent).status_code == 303
        row = account_row(portal_app, account)
        assert {name: getattr(row, name) for name in kept} == kept


def test_language_and_colours_are_in_force_on_the_next_page(owner):
    owner.post("/account/preferences", data={"language": "id", "theme": "dark"})
    page = owner.get("/account").text
    assert '<html lang="id" data-bs-theme="dark">' in page
    owner.post("/account/preferences", data={"side": "narrow"})
    assert '<body class="narrow">' in owner.get("/account").text


def test_the_buttons_of_the_side_bar_lead_back_to_the_page_without_script(owner):
    page = owner.get("/account/password?x=1").text
    form = page.split("data-preferences")[1]
    back = re.search(r'name="back" value="([^"]*)"', form)[1]
    answer = owner.post("/account/preferences", data={"language": "id", "back": back})
    assert answer.headers["Location"] == "/account/password?x=1"


def test_times_are_shown_in_ones_own_zone(portal_app, owner, account):
    table = AccountSession.__table__
    (session,) = live_sessions(portal_app, account)
    noon = session.created_at.replace(year=2026, month=1, day=15, hour=12, minute=34, second=0)
    change(portal_app, update(table).values(created_at=noon))
    assert "19:34" in owner.get("/account").text
    owner.post("/account/preferences", data={"time_zone": "Europe/Lisbon"})
    assert "12:34" in owner.get("/account").text
    owner.post("/account/preferences", data={"time_zone": ""})
    assert "19:34" in owner.get("/account").text


def test_a_choice_that_is_none_changes_nothing_and_is_said(portal_app, owner, account):
    before = account_row(portal_app, account)
    for name, value in (
        ("language", "xx"),
        ("theme", "<b>"),
        ("time_zone", "Mars/Base"),
        ("side", "up"),
    ):
        answer = owner.post("/account/preferences", data={name: value})
        assert answer.status_code == 422
        assert "Choose one of the list." in answer.text
    assert account_row(portal_app, account) == before


def test_a_form_may_not_set_what_it_does_not_offer(portal_app, owner, account):
    person = Person.__table__
    before = rows(portal_app, person, person.c.id == account.person_id)[0]
    form = {"theme": "dark", "active": "0", "username": "root", "demo": "1", "name": "X", "id": "7"}
    assert owner.post("/account/preferences", data=form).status_code == 303
    after = account_row(portal_app, account)
    assert (after.username, after.active, after.demo) == ("sari", True, False)
    assert rows(portal_app, person, person.c.id == account.person_id)[0] == before


def test_changing_the_language_makes_an_open_form_about_the_person_old(portal_app, owner, account):
    person = Person.__table__
    before = rows(portal_app, person, person.c.id == account.person_id)[0]
    owner.post("/account/preferences", data={"language": "id"})
    after = rows(portal_app, person, person.c.id == account.person_id)[0]
    assert after.version == before.version + 1


def test_the_present_password_is_asked_for(portal_app, owner, account):
    form = {"current": WRONG, "password": OTHER, "repeat": OTHER}
    answer = owner.post("/account/password", data=form)
    assert answer.status_code == 422
    assert "This is not your password." in answer.text
    assert send(portal_app.test_client()).status_code == 303


def test_the_new_password_is_kept_and_said(portal_app, owner):
    form = {"current": PASSWORD, "password": OTHER, "repeat": OTHER}
    assert owner.post("/account/password", data=form).headers["Location"] == "/account"
    assert "Your password is changed." in owner.get("/account").text
    assert send(portal_app.test_client(), password=OTHER).status_code == 303


def test_a_new_password_that_cannot_be_taken_is_said(portal_app, owner):
    for new, repeat, said in (
        ("short", "short", "Use 15 characters or more"),
        ("sari sari sari sari", "sari sari sari sari", "easy to guess"),
        (OTHER, OTHER + "x", "The two passwords differ"),
    ):
        form = {"current": PASSWORD, "password": new, "repeat": repeat}
        answer = owner.post("/account/password", data=form)
        assert answer.status_code == 422
        assert said in answer.text
    assert send(portal_app.test_client()).status_code == 303


def test_an_account_without_a_password_offers_no_change(portal_app, owner):
    change(portal_app, update(Account.__table__).values(password_hash=None, password_at=None))
    assert "Change password" not in owner.get("/account").text


def test_a_visitor_has_no_account_page(portal_app):
    client = portal_app.test_client()
    for path in ("/account", "/account/password"):
        assert client.get(path).status_code == 303
    for path in ("/account/preferences", "/account/password", "/account/sign-out-everywhere"):
        assert client.post(path).status_code == 303


FORMS = [
    "/account/preferences",
    "/account/password",
    "/account/sign-out-everywhere",
    "/account/devices/x/sign-out",
]


def test_every_form_wants_its_token_and_its_own_site(owner):
    for path in (*FORMS, "/sign-out", "/sign-in/again"):
        assert owner.post(path, data={"_key": "a" * 12}, raw=True).status_code == 400
        elsewhere = {"Sec-Fetch-Site": "cross-site"}
        assert owner.post(path, headers=elsewhere).status_code == 403
        assert owner.post(path, headers={"Origin": "https://evil.example"}).status_code == 403
    assert is_in(owner)


def test_the_forms_of_a_visitor_want_their_token_too(portal_app):
    client = portal_app.test_client()
    form = {"username": "sari", "password": PASSWORD, "_key": "a" * 12}
    for path in ("/sign-in", "/sign-in/preferences", "/sign-in/link/x"):
        assert client.post(path, data=form, raw=True).status_code == 400
        assert client.post(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert client.post(path, headers={"Origin": "https://evil.example"}).status_code == 403


def test_a_form_without_its_key_is_refused(owner):
    for path in FORMS:
        form = {"csrf_token": owner.csrf_token()}
        assert owner.post(path, data=form, raw=True).status_code == 400
