"""A form that comes too late after the password: nothing typed is lost, no proof is borrowed."""

import html
import re
from datetime import timedelta

import pytest
from flask import current_app
from sqlalchemy import select, update

from portal.audit.models import AuditEntry
from portal.auth import again
from portal.auth.models import AccountSession
from portal.db import unscoped
from portal.guard import kernel_execute
from portal.roles.models import Role
from tests.unit.auth.signing import PASSWORD, WRONG, add_account, live_sessions, rows, signed_in
from tests.unit.auth.stepping import code_of, let_time_pass, set_up

FORM = {"name": "Keeper <of> keys", "description": "one\ntwo"}


def grow_old(app):
    table = AccountSession.__table__
    with app.app_context(), unscoped(reason="test") as tx:
        old = tx.now - timedelta(minutes=11)
        kernel_execute(tx.session, update(table).values(proved_at=old))


@pytest.fixture
def admin(portal_app, world):
    """Return the browser of an administrator who gave the password eleven minutes ago."""
    add_account(portal_app, person_id=world.people["administrator"])
    client = signed_in(portal_app)
    grow_old(portal_app)
    return client


def hidden(page):
    """Return the hidden fields of a page's form, as a browser would send them."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {name: html.unescape(value) for name, value in found if name != "csrf_token"}


def roles(app):
    with app.app_context(), unscoped(reason="test") as tx:
        return tx.session.scalars(select(Role.name).where(~Role.shipped)).all()


def test_what_was_typed_is_kept_while_the_password_is_asked(admin, portal_app):
    asked = admin.post("/roles/new", data=FORM)
    assert asked.status_code == 401
    assert "What you wrote is kept" in asked.text
    assert 'action="/roles/new"' in asked.text
    kept = hidden(asked.text)
    assert kept["name"] == FORM["name"]
    assert not roles(portal_app)
    answer = admin.post("/roles/new", data=kept | {"_again_password": PASSWORD})
    assert answer.status_code == 303, answer.text
    assert roles(portal_app) == ["Keeper <of> keys"]
    (session,) = live_sessions(portal_app, _account(portal_app))
    assert admin.get("/roles/new").status_code == 200, "the proof counts from now on"
    assert session.proved_at > rows(portal_app, AuditEntry.__table__)[0].at


def _account(app):
    from portal.auth.models import Account

    table = Account.__table__
    return rows(app, table, table.c.username == "sari")[0]


def test_a_wrong_password_keeps_what_was_typed_and_does_nothing(admin, portal_app):
    kept = hidden(admin.post("/roles/new", data=FORM).text)
    answer = admin.post("/roles/new", data=kept | {"_again_password": WRONG})
    assert answer.status_code == 422
    assert "This is not your password" in answer.text
    assert WRONG not in answer.text
    assert hidden(answer.text) == kept
    assert not roles(portal_app)
    right = admin.post("/roles/new", data=hidden(answer.text) | {"_again_password": PASSWORD})
    assert right.status_code == 303


def test_who_has_a_second_step_gives_a_code_too(admin, portal_app):
    admin.post("/sign-in/again", data={"password": PASSWORD})
    seed, recovery = set_up(admin)
    let_time_pass(portal_app)
    grow_old(portal_app)
    asked = admin.post("/roles/new", data=FORM)
    assert 'name="_again_code"' in asked.text
    kept = hidden(asked.text) | {"_again_password": PASSWORD}
    assert admin.post("/roles/new", data=kept).status_code == 422
    wrong = admin.post("/roles/new", data=kept | {"_again_code": "000000"})
    assert "This code is not right" in wrong.text
    assert not roles(portal_app)
    assert admin.post("/roles/new", data=kept | {"_again_code": code_of(seed)}).status_code == 303
    grow_old(portal_app)
    more = kept | {"name": "Another", "_key": "another key", "_again_code": recovery[0]}
    assert admin.post("/roles/new", data=more).status_code == 303


def test_a_forged_form_is_refused_before_a_password_is_asked(admin):
    forged = admin.post("/roles/new", data=FORM, headers={"Sec-Fetch-Site": "cross-site"})
    assert forged.status_code == 403
    untokened = admin.post("/roles/new", data=FORM | {"csrf_token": "x"})
    assert untokened.status_code == 400
    assert FORM["description"] not in forged.text + untokened.text


def test_who_may_not_is_told_so_and_not_asked(portal_app, world):
    add_account(portal_app, person_id=world.people["employee"])
    client = signed_in(portal_app)
    grow_old(portal_app)
    assert client.post("/roles/new", data=FORM).status_code == 403


def test_a_form_sent_twice_with_its_proof_is_done_once(admin, portal_app):
    kept = hidden(admin.post("/roles/new", data=FORM).text) | {"_again_password": PASSWORD}
    first = admin.post("/roles/new", data=kept)
    again_sent = admin.post("/roles/new", data=kept | {"_again_password": "typed otherwise"})
    assert again_sent.headers["Location"] == first.headers["Location"]
    assert len(roles(portal_app)) == 1


def test_too_much_is_not_kept_and_that_is_said(admin):
    answer = admin.post("/roles/new", data=FORM | {"description": "x" * (again.LONGEST + 1)})
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in/again?next=")
    assert "too much to be kept" in admin.get(answer.headers["Location"]).text


def test_a_program_and_a_part_of_a_page_are_told(admin):
    told = admin.post("/roles/new", data=FORM, headers={"Accept": "application/json"})
    assert (told.status_code, told.json["message"]) == (401, "Give your password again to go on.")
    part = admin.post("/roles/new", data=FORM, headers={"HX-Request": "true"})
    assert part.headers["HX-Redirect"].startswith("/sign-in/again")


def test_wrong_passwords_beside_a_form_are_counted(admin, portal_app):
    kept = hidden(admin.post("/roles/new", data=FORM).text) | {"_again_password": WRONG}
    free = portal_app.extensions["kantor_config"].rates.failures
    answers = [admin.post("/roles/new", data=kept) for _ in range(free + 1)]
    assert [answer.status_code for answer in answers] == [422] * free + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert hidden(answers[-1].text)["name"] == FORM["name"]


SENSITIVE = [
    "account.second_step",
    "account.set_up_second_step",
    "account.new_recovery_codes",
    "account.sign_out_device",
    "account.sign_out_everywhere",
    "people.new_account",
    "people.give_account",
    "people.make_link",
    "people.close_account",
    "people.open_account",
    "people.sign_out",
    "people.remove_second_step",
    "roles.add_role",
    "roles.change_role",
    "roles.delete_role",
    "roles.assign_role",
    "roles.pass_on_role",
    "roles.approve",
    "roles.end_assignment",
    "roles.take_back",
    "plugins.switch",
    "settings.change",
    "settings.change_plugin",
    "settings.reset",
]


def test_what_gives_or_takes_access_wants_a_fresh_password(portal_app):
    views = portal_app.view_functions
    found = {name: getattr(views.get(name), "__fresh__", "no such page") for name in SENSITIVE}
    assert {name: seconds for name, seconds in found.items() if seconds != 600} == {}


def test_every_page_of_roles_that_changes_something_wants_one(portal_app):
    with portal_app.app_context():
        changing = {
            rule.endpoint
            for rule in current_app.url_map.iter_rules()
            if rule.rule.startswith("/roles") and "POST" in (rule.methods or ())
        }
    changing.discard("roles.refuse")  # Nobody gains or loses anything by it.
    assert changing
    assert all(portal_app.view_functions[name].__fresh__ == 600 for name in changing)
