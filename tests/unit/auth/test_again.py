"""Giving the password again, for what wants a fresh proof."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Blueprint
from sqlalchemy import update

from portal.auth.models import AccountSession
from portal.db import unscoped
from portal.guard import kernel_execute
from portal.messages import message
from portal.plugin import Permission, Plugin, RoleGrant
from portal.testing import sign_in
from portal.web import policy
from tests.unit.auth.signing import PASSWORD, WRONG, add_account, is_in, live_sessions, signed_in

safe = Blueprint("safe", __name__)


@safe.get("/open")
@policy("safe.door.open", fresh=600)
def open_door():
    return "the door is open"


PLUGIN = Plugin(
    slug="safe",
    title="Safe",
    package=__name__,
    blueprint=safe,
    permissions=(Permission(name="safe.door.open", title=message("Open the door")),),
    roles=(RoleGrant(role="employee", permission="safe.door.open", reach="all"),),
)


@pytest.fixture
def portal_plugins():
    return PLUGINS


PLUGINS = [PLUGIN]


@pytest.fixture
def owner(portal_app, world):
    """Return a browser whose owner gave the password eleven minutes ago, and the account."""
    account = add_account(portal_app, person_id=world.people["employee"])
    client = signed_in(portal_app)
    table = AccountSession.__table__
    with portal_app.app_context(), unscoped(reason="test") as tx:
        old = tx.now - timedelta(minutes=11)
        kernel_execute(tx.session, update(table).values(proved_at=old))
    return client, account


def test_a_fresh_sign_in_opens_the_door(portal_app, world):
    client = sign_in(portal_app, world.people["employee"])
    assert client.get("/safe/open").text == "the door is open"


def test_an_old_proof_asks_for_the_password_and_leads_back(owner, portal_app):
    client, account = owner
    answer = client.get("/safe/open?side=left")
    assert answer.status_code == 303
    assert urlsplit(answer.headers["Location"]).path == "/sign-in/again"
    page = client.get(answer.headers["Location"])
    assert "Enter your password again" in page.text
    assert 'value="sari"' in page.text
    proved = client.post(answer.headers["Location"], data={"password": PASSWORD})
    assert proved.headers["Location"] == "/safe/open?side=left"
    assert client.get(proved.headers["Location"]).text == "the door is open"
    assert len(live_sessions(portal_app, account)) == 1, "the same device, with a new token"


def test_a_wrong_password_opens_nothing_and_keeps_the_session(owner):
    client, _ = owner
    answer = client.post("/sign-in/again", data={"password": WRONG})
    assert answer.status_code == 422
    assert "This is not your password" in answer.text
    assert client.get("/safe/open").status_code == 303
    assert is_in(client)


def test_another_persons_password_proves_nothing(owner, portal_app):
    client, _ = owner
    from portal.auth import passwords

    other = "kupu kupu makan siang"
    add_account(portal_app, "dewi", password_hash=passwords.hashed(other))
    assert client.post("/sign-in/again", data={"password": other}).status_code == 422


def test_a_program_is_told_instead_of_sent_elsewhere(owner):
    client, _ = owner
    answer = client.get("/safe/open", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.json["message"] == "Give your password again to go on."


def test_a_visitor_is_sent_to_the_sign_in_page(portal_app):
    answer = portal_app.test_client().get("/sign-in/again")
    assert urlsplit(answer.headers["Location"]).path == "/sign-in"
