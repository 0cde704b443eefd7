"""Plugins that prove passwords: asked after the portal's own check, for everybody alike."""

import sys
from types import ModuleType

import argon2
import pytest
from sqlalchemy import update

from portal.auth.models import Account
from portal.plugin import Plugin, hookimpl
from tests.unit.auth.signing import (
    OTHER,
    PASSWORD,
    WRONG,
    add_account,
    change,
    is_in,
    live_sessions,
    masked,
    send,
    signed_in,
)

ELSEWHERE = "known by the directory"
directory = {}  # user name -> person id
asked = []


@hookimpl
def authenticate(username, password):
    asked.append(username)
    if username == "trouble":
        raise RuntimeError("the directory is on fire")
    return directory.get(username) if password == ELSEWHERE else None


door = ModuleType("door_hooks")
door.authenticate = authenticate
sys.modules["door_hooks"] = door
PLUGINS = [Plugin(slug="door", title="Door", package="door_hooks", hooks=door)]


@pytest.fixture
def portal_plugins():
    return PLUGINS


@pytest.fixture(autouse=True)
def _empty():
    directory.clear()
    asked.clear()


def test_whom_a_plugin_vouches_for_comes_in(portal_app):
    account = add_account(portal_app, password=None)
    directory["sari"] = account.person_id
    client = portal_app.test_client()
    assert send(client, password=ELSEWHERE).status_code == 303
    assert is_in(client)
    assert len(live_sessions(portal_app, account)) == 1


def test_the_portal_asks_itself_first(portal_app):
    add_account(portal_app)
    assert send(portal_app.test_client()).status_code == 303
    assert asked == []


def test_a_closed_account_stays_closed_whoever_vouches(portal_app):
    account = add_account(portal_app)
    directory["sari"] = account.person_id
    change(portal_app, update(Account.__table__).values(active=False))
    assert send(portal_app.test_client(), password=ELSEWHERE).status_code == 422


def test_somebody_without_an_account_does_not_come_in(portal_app):
    directory["nobody"] = 999_999
    assert send(portal_app.test_client(), "nobody", ELSEWHERE).status_code == 422


def test_known_and_unknown_names_are_asked_for_alike_and_cost_the_same(portal_app, monkeypatch):
    add_account(portal_app)
    add_account(portal_app, "closed", active=False)
    seen, verify = [], argon2.PasswordHasher.verify

    def counted(self, *given):
        seen.append(1)
        return verify(self, *given)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counted)
    answers = {
        masked(send(portal_app.test_client(), name, WRONG), name)
        for name in ("sari", "closed", "nobody")
    }
    assert len(answers) == 1
    assert len(seen) == 3
    assert asked == ["sari", "closed", "nobody"]


def test_the_password_given_again_must_be_ones_own(portal_app):
    add_account(portal_app)
    other = add_account(portal_app, "dewi")
    client = signed_in(portal_app)
    directory["sari"] = other.person_id
    assert client.post("/sign-in/again", data={"password": ELSEWHERE}).status_code == 422
    form = {"current": ELSEWHERE, "password": OTHER, "repeat": OTHER}
    assert client.post("/account/password", data=form).status_code == 422


def test_a_plugin_that_fails_keeps_nobody_out(portal_app):
    add_account(portal_app, "trouble")
    assert send(portal_app.test_client(), "trouble", WRONG).status_code == 422
    assert send(portal_app.test_client(), "trouble", PASSWORD).status_code == 303
    runtime = portal_app.extensions["kantor"]
    assert runtime.hook_failures["door", "authenticate"] >= 1
    runtime.hook_failures.clear()
    runtime.failures.clear()
