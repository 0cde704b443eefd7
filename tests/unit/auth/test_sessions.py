"""A session is a row: whatever ends it, every copy of its cookie is worth nothing from then on."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from portal.auth import services
from portal.auth.models import Account, AccountSession
from portal.db import unscoped
from portal.people.models import Person
from portal.roles.models import Assignment
from portal.roles.services import end_assignment
from portal.testing import LONG_AGO, counting_statements
from tests.unit.auth.signing import (
    OTHER,
    PASSWORD,
    add_account,
    change,
    copy_of,
    is_in,
    live_sessions,
    rows,
    send,
    signed_in,
)

table = AccountSession.__table__


def in_core(app, act):
    with app.app_context(), unscoped(reason="test") as tx:
        return act(tx)


def change_password(client, old=PASSWORD, new=OTHER):
    return client.post("/account/password", data={"current": old, "password": new, "repeat": new})


# A copied cookie is refused after each of these.


def test_a_copied_cookie_is_refused_after_signing_out(portal_app):
    add_account(portal_app)
    client = signed_in(portal_app)
    thief = copy_of(client, portal_app)
    assert is_in(thief)
    answer = client.post("/sign-out")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert not is_in(thief)
    assert not is_in(client)


def test_a_copied_cookie_is_refused_after_a_password_change(portal_app):
    add_account(portal_app)
    thief = copy_of(signed_in(portal_app), portal_app)
    owner = signed_in(portal_app)
    assert change_password(owner).status_code == 303
    assert not is_in(thief)
    assert is_in(owner), "the device on which it was changed stays"
    assert send(portal_app.test_client()).status_code == 422
    assert send(portal_app.test_client(), password=OTHER).status_code == 303


def _role_of(tx, person_id):
    held = select(Assignment.public_id).where(Assignment.person_id == person_id)
    return tx.session.scalars(held).one()


def test_a_copied_cookie_is_refused_after_a_role_was_taken_away(portal_app, world):
    person_id = world.people["employee"]
    add_account(portal_app, person_id=person_id)
    client = signed_in(portal_app)
    thief = copy_of(client, portal_app)
    in_core(portal_app, lambda tx: end_assignment(tx, _role_of(tx, person_id)))
    assert not is_in(thief)
    assert not is_in(client)
    assert send(client).status_code == 303, "signing in again gives the rights that are left"


def test_a_copied_cookie_is_refused_after_the_account_was_closed(portal_app):
    account = add_account(portal_app)
    client = signed_in(portal_app)
    thief = copy_of(client, portal_app)
    in_core(portal_app, lambda tx: services.disable(tx, account))
    assert not is_in(thief)
    assert not is_in(client)
    in_core(portal_app, lambda tx: services.enable(tx, account))
    assert not is_in(thief), "opening the account again revives no session"
    assert send(client).status_code == 303


def test_a_cookie_is_refused_while_its_account_is_closed_even_if_nothing_ended_it(portal_app):
    add_account(portal_app)
    client = signed_in(portal_app)
    change(portal_app, update(Account.__table__).values(active=False))
    assert not is_in(client)


def test_a_copied_cookie_is_refused_after_the_person_left(portal_app):
    account = add_account(portal_app)
    thief = copy_of(signed_in(portal_app), portal_app)
    people = Person.__table__
    left = LONG_AGO + timedelta(days=700)
    leaving = update(people).where(people.c.id == account.person_id)
    change(portal_app, leaving.values(active_until=left))
    assert not is_in(thief)


def test_a_copied_cookie_is_refused_after_a_new_password_by_link(portal_app):
    account = add_account(portal_app)
    thief = copy_of(signed_in(portal_app), portal_app)
    token = in_core(portal_app, lambda tx: services.make_link(tx, account))
    answer = portal_app.test_client().post(
        f"/sign-in/link/{token}", data={"password": OTHER, "repeat": OTHER}
    )
    assert answer.status_code == 303
    assert not is_in(thief)


def test_a_copied_cookie_is_refused_after_signing_out_everywhere(portal_app):
    add_account(portal_app)
    thief, owner = copy_of(signed_in(portal_app), portal_app), signed_in(portal_app)
    assert owner.post("/account/sign-out-everywhere").headers["Location"] == "/sign-in"
    assert not is_in(thief)
    assert not is_in(owner)


def test_a_copied_cookie_is_refused_after_its_device_was_signed_out(portal_app):
    account = add_account(portal_app)
    thief = copy_of(signed_in(portal_app), portal_app)
    (stolen,) = live_sessions(portal_app, account)
    owner = signed_in(portal_app)
    assert owner.post(f"/account/devices/{stolen.public_id}/sign-out").status_code == 303
    assert not is_in(thief)
    assert is_in(owner)


def test_a_copied_cookie_is_refused_after_the_password_was_given_again(portal_app):
    add_account(portal_app)
    owner = signed_in(portal_app)
    thief = copy_of(owner, portal_app)
    assert owner.post("/sign-in/again", data={"password": PASSWORD}).status_code == 303
    assert is_in(owner)
    assert not is_in(thief)


@pytest.mark.parametrize("what", ["idle", "absolute"])
def test_a_cookie_is_refused_when_it_is_too_old(portal_app, what):
    account = add_account(portal_app)
    client = signed_in(portal_app)
    visitors = portal_app.extensions["kantor_visitors"]
    (session,) = live_sessions(portal_app, account)
    just = timedelta(seconds=30)
    almost, over = {
        "idle": (
            {"seen_at": session.seen_at - visitors.idle + just},
            {"seen_at": session.seen_at - visitors.idle - just},
        ),
        "absolute": (
            {"expires_at": session.expires_at - visitors.absolute + just},
            {"expires_at": session.expires_at - visitors.absolute - just},
        ),
    }[what]
    mine = update(table).where(table.c.id == session.id)
    change(portal_app, mine.values(**almost))
    assert is_in(client)
    change(portal_app, mine.values(**over))
    assert not is_in(client)


def test_being_used_keeps_a_session_awake_but_not_beyond_its_end(portal_app):
    account = add_account(portal_app)
    client = signed_in(portal_app)
    (before,) = live_sessions(portal_app, account)
    long_ago = before.seen_at - timedelta(minutes=50)
    change(portal_app, update(table).where(table.c.id == before.id).values(seen_at=long_ago))
    assert is_in(client)
    (after,) = live_sessions(portal_app, account)
    assert after.seen_at >= before.seen_at
    assert after.expires_at == before.expires_at


def test_a_page_does_not_wait_until_somebody_else_has_written(portal_app):
    account = add_account(portal_app)
    client = signed_in(portal_app)
    (before,) = live_sessions(portal_app, account)
    long_ago = before.seen_at - timedelta(minutes=50)
    change(portal_app, update(table).where(table.c.id == before.id).values(seen_at=long_ago))
    with portal_app.app_context(), unscoped(reason="test") as tx:
        tx.session.add(Person(name="Somebody else", active_from=LONG_AGO))
        tx.session.flush()
        began = time.monotonic()
        assert is_in(client)
        assert time.monotonic() - began < 4  # SQLite would have waited for five seconds.
    assert is_in(client)
    (after,) = live_sessions(portal_app, account)
    assert after.seen_at >= before.seen_at


# Fixation: what was in the browser before signing in proves nothing after.


def test_a_planted_token_does_not_become_a_session(portal_app):
    account = add_account(portal_app)
    victim = portal_app.test_client()
    with victim.session_transaction() as cookie:
        cookie["_user_id"] = "planted"
    assert send(victim).status_code == 303
    attacker = portal_app.test_client()
    with attacker.session_transaction() as cookie:
        cookie["_user_id"] = "planted"
    assert not is_in(attacker)
    assert len(live_sessions(portal_app, account)) == 1


def test_signing_in_gives_a_new_token_and_ends_the_old_session(portal_app):
    account = add_account(portal_app)
    client = signed_in(portal_app)
    thief = copy_of(client, portal_app)
    assert send(client).status_code == 303
    assert is_in(client)
    assert not is_in(thief)
    assert len(live_sessions(portal_app, account)) == 1


def test_signing_in_as_somebody_else_ends_the_first_ones_session(portal_app):
    first, second = add_account(portal_app), add_account(portal_app, "dewi")
    client = signed_in(portal_app)
    assert send(client, "dewi").status_code == 303
    assert not live_sessions(portal_app, first)
    assert len(live_sessions(portal_app, second)) == 1


def test_what_the_cookie_held_before_is_gone_after_signing_in(portal_app):
    add_account(portal_app)
    client = portal_app.test_client()
    with client.session_transaction() as cookie:
        cookie["left_here"] = "by somebody"
        cookie["csrf_token"] = "planted"
    with client.session_transaction() as cookie:
        assert cookie["left_here"]
    assert send(client).status_code == 303
    with client.session_transaction() as cookie:
        assert "left_here" not in cookie
        assert cookie.get("csrf_token") != "planted"


def test_the_database_holds_no_token_that_would_open_a_session(portal_app):
    account = add_account(portal_app)
    client = signed_in(portal_app)
    with client.session_transaction() as cookie:
        token = cookie["_user_id"]
    (session,) = live_sessions(portal_app, account)
    assert token not in map(str, session)
    assert len(token) >= 43


def test_no_cookie_outlives_the_browser(portal_app):
    add_account(portal_app)
    answer = send(portal_app.test_client())
    cookies = answer.headers.getlist("Set-Cookie")
    assert len(cookies) == 1
    assert "Max-Age" not in cookies[0]
    assert "Expires" not in cookies[0]
    assert "remember" not in cookies[0]


def test_a_page_asks_the_database_once_who_it_is_for(portal_app):
    add_account(portal_app)
    client = signed_in(portal_app)
    client.get("/sign-in/again")
    with counting_statements(portal_app) as seen:
        client.get("/sign-in/again")
    assert len([sql for sql in seen if "account_session" in sql]) == 1
    assert len(seen) == 2, seen


def test_another_browser_with_the_same_account_is_another_session(portal_app):
    account = add_account(portal_app)
    one, other = signed_in(portal_app), signed_in(portal_app)
    assert len(live_sessions(portal_app, account)) == 2
    one.post("/sign-out")
    assert is_in(other)


def test_signing_out_asks_the_browser_to_forget_what_it_stored(portal_app):
    add_account(portal_app)
    answer = signed_in(portal_app).post("/sign-out")
    assert answer.headers["Clear-Site-Data"] == '"storage"'


def test_signing_out_when_already_out_leads_to_the_sign_in_page(portal_app):
    add_account(portal_app)
    client = signed_in(portal_app)
    change(portal_app, update(Account.__table__).values(active=False))
    answer = client.post("/sign-out")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in")


def test_old_sessions_and_counts_are_tidied_away(portal_app):
    account = add_account(portal_app)
    client = signed_in(portal_app)
    ended = timedelta(days=31)
    (session,) = live_sessions(portal_app, account)
    signed_in(portal_app)
    first = update(table).where(table.c.id == session.id)
    change(portal_app, first.values(expires_at=session.expires_at - ended))
    in_core(portal_app, services.tidy)
    assert len(rows(portal_app, table)) == 1
    assert not is_in(client)
