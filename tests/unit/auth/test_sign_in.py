"""Signing in with a password: who comes in, and that everybody else gets the same answer."""

import re

import argon2
import pytest
from sqlalchemy import update

from portal.audit.models import AuditEntry
from portal.auth import passwords
from portal.auth.models import Account, Throttle
from portal.db import unscoped
from portal.people.models import Person
from portal.testing import LONG_AGO
from tests.unit.auth.signing import (
    OTHER,
    PASSWORD,
    WRONG,
    account_row,
    add_account,
    change,
    is_in,
    live_sessions,
    masked,
    rows,
    send,
    signed_in,
    stored,
)

FAR_AWAY = {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}}


@pytest.fixture
def verifications(monkeypatch):
    """Return the list that grows by one with every argon2 verification."""
    seen, verify = [], argon2.PasswordHasher.verify

    def counted(self, *given):
        seen.append(given[0])
        return verify(self, *given)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counted)
    return seen


def test_the_right_password_leads_home(portal_app):
    account = add_account(portal_app)
    client = portal_app.test_client()
    answer = send(client)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "Sari" in client.get("/").text
    (session,) = live_sessions(portal_app, account)
    assert session.address == "127.0.0.1"


def test_the_name_is_read_as_people_type_it(portal_app):
    add_account(portal_app, "sari.wulandari")
    assert send(portal_app.test_client(), " Sari.Wulandari ").status_code == 303


def test_the_wrong_password_shows_the_form_again_with_the_name_but_not_the_password(portal_app):
    add_account(portal_app)
    client = portal_app.test_client()
    answer = send(client, password=WRONG)
    assert answer.status_code == 422
    assert 'value="sari"' in answer.text
    assert WRONG not in answer.text
    assert "The user name or the password is not right" in answer.text
    assert not is_in(client)


def test_whoever_is_in_already_goes_on(portal_app):
    add_account(portal_app)
    assert signed_in(portal_app).get("/sign-in").headers["Location"] == "/"


def strangers(app):
    """Return user name and password of everybody who must not come in."""
    add_account(app, "known")
    add_account(app, "closed", active=False)
    add_account(app, "linkonly", password=None)
    gone = add_account(app, "gone")
    with app.app_context(), unscoped(reason="test data") as tx:
        person = tx.session.get(Person, gone.person_id)
        person.active_from, person.active_until = LONG_AGO, LONG_AGO.replace(year=2021)
    return {
        "known": WRONG,
        "closed": PASSWORD,
        "closed ": WRONG,
        "linkonly": PASSWORD,
        "gone": PASSWORD,
        "nobody": PASSWORD,
        "nobody else by a very long name" * 9: WRONG,
        "known  ": "x" * 5000,
    }


def test_known_unknown_and_closed_accounts_cost_one_verification_each(portal_app, verifications):
    for username, password in strangers(portal_app).items():
        verifications.clear()
        assert send(portal_app.test_client(), username, password).status_code == 422
        assert len(verifications) == 1, username


def test_a_success_costs_one_verification(portal_app, verifications):
    add_account(portal_app)
    assert send(portal_app.test_client()).status_code == 303
    assert len(verifications) == 1


def test_known_unknown_and_closed_accounts_get_the_same_answer(portal_app):
    seen = set()
    for username, password in strangers(portal_app).items():
        answer = send(portal_app.test_client(), username, password)
        names = tuple(sorted(name for name, _ in answer.headers))
        seen.add((answer.status_code, names, masked(answer, username.strip())))
    assert len(seen) == 1


def test_an_empty_field_is_named_without_looking_at_a_password(portal_app, verifications):
    answer = send(portal_app.test_client(), "sari", "")
    assert answer.status_code == 422
    assert "Password: Fill this in." in answer.text
    assert not verifications


def test_a_demo_account_works_on_this_machine_only(portal_app):
    add_account(portal_app, demo=True)
    assert send(portal_app.test_client(), **FAR_AWAY).status_code == 422
    client = signed_in(portal_app)
    assert client.get("/account").status_code == 200
    assert client.get("/account", **FAR_AWAY).status_code == 303, "a carried-off cookie is nobody's"


def test_a_demo_account_does_not_work_behind_a_proxy_that_serves_others(portal_app, monkeypatch):
    add_account(portal_app, demo=True)
    config = portal_app.extensions["kantor_config"]
    monkeypatch.setattr(config, "base_url", "https://portal.example.org")
    assert send(portal_app.test_client(), base_url="http://localhost").status_code == 422


def test_a_hash_of_older_costs_is_made_anew_with_the_next_sign_in(portal_app):
    old = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    account = add_account(portal_app, password_hash=old)
    signed_in(portal_app)
    new = account_row(portal_app, account).password_hash
    assert new != old
    assert not passwords.outdated(new)
    signed_in(portal_app)
    assert account_row(portal_app, account).password_hash == new


def test_a_password_changed_meanwhile_signs_nobody_in(portal_app, monkeypatch):
    account = add_account(portal_app)
    verify = passwords.verify

    def slow(hash_, password):
        right = verify(hash_, password)
        mine = update(Account.__table__).where(Account.__table__.c.id == account.id)
        change(portal_app, mine.values(password_hash=stored(OTHER)))
        return right

    monkeypatch.setattr(passwords, "verify", slow)
    client = portal_app.test_client()
    assert send(client).status_code == 422
    assert not is_in(client)
    assert not live_sessions(portal_app, account)


def test_what_is_typed_as_a_user_name_is_not_kept(portal_app):
    send(portal_app.test_client(), "my password by mistake", WRONG)
    assert all("mistake" not in row.who for row in rows(portal_app, Throttle.__table__))


def test_signing_in_is_written_down_as_the_persons_act(portal_app):
    account = add_account(portal_app)
    signed_in(portal_app)
    table = AuditEntry.__table__
    (entry,) = rows(portal_app, table, table.c.action == "core.account_signed_in")
    assert (entry.actor_id, entry.actor_name) == (account.person_id, "Sari")
    assert entry.subject_label == "sari"


@pytest.mark.parametrize("language", ["en", "id"])
def test_a_visitor_chooses_the_language_and_stays_on_the_page(portal_app, language):
    client = portal_app.test_client()
    back = hidden(client.get("/sign-in?next=abc"), "back")
    answer = client.post("/sign-in/preferences", data={"language": language, "back": back})
    assert answer.headers["Location"] == "/sign-in?next=abc"
    assert f'lang="{language}"' in client.get("/sign-in").text


def test_a_visitor_chooses_light_or_dark(portal_app):
    client = portal_app.test_client()
    client.post("/sign-in/preferences", data={"theme": "dark"})
    assert 'data-bs-theme="dark"' in client.get("/sign-in").text
    client.post("/sign-in/preferences", data={"theme": "<script>", "language": "xx"})
    assert 'data-bs-theme="dark"' in client.get("/sign-in").text


def test_the_form_works_without_script_and_a_password_may_be_pasted(portal_app):
    page = portal_app.test_client().get("/sign-in").text
    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page
    assert "onpaste" not in page
    assert 'method="post"' in page


def hidden(answer, name):
    return re.search(rf'name="{name}" value="([^"]*)"', answer.text)[1]
