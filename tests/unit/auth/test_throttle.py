"""Guessing passwords: counted in the database, slower and slower, and nobody is ever locked out."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import argon2
import pytest
from sqlalchemy import update

from portal.auth import throttle
from portal.auth.models import AccountSession, Throttle
from tests.live.client import Client
from tests.live.server import live_server
from tests.unit.auth.signing import (
    OTHER,
    PASSWORD,
    WRONG,
    add_account,
    change,
    masked,
    rows,
    send,
    signed_in,
)

tries = Throttle.__table__
COLLEAGUE = {"environ_base": {"REMOTE_ADDR": "10.0.0.66"}}


def later(app, seconds):
    """Let time pass for everything that is counted."""
    moved = update(tries).values(window_start=tries.c.window_start)
    for row in rows(app, tries):
        back = row.window_start - timedelta(seconds=seconds)
        change(app, moved.where(tries.c.id == row.id).values(window_start=back))


def stop_the_clock(app):
    """Let no delay end while a slow machine works on the test; later() goes on from here."""
    later(app, -60)


def fail(app, times, username="sari", **more):
    return [send(app.test_client(), username, WRONG, **more).status_code for _ in range(times)]


def test_after_five_wrong_passwords_the_sixth_try_has_to_wait(portal_app):
    add_account(portal_app)
    assert fail(portal_app, 5) == [422] * 5
    answer = send(portal_app.test_client(), password=WRONG)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "2"
    assert "Wait 2 seconds and try again" in answer.text
    assert 'value="sari"' in answer.text, "the form stands there to be sent again"
    assert send(portal_app.test_client()).status_code == 429, "the right one has to wait as well"


def test_the_delay_grows_to_a_minute_and_no_further(portal_app):
    add_account(portal_app)
    fail(portal_app, 5)
    waits = []
    for _ in range(8):
        answer = send(portal_app.test_client(), password=WRONG)
        assert answer.status_code == 429
        waits.append(int(answer.headers["Retry-After"]))
        later(portal_app, waits[-1])
        assert fail(portal_app, 1) == [422]
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]


def test_waiting_is_all_it_takes(portal_app):
    add_account(portal_app)
    fail(portal_app, 30)
    later(portal_app, 61)
    assert send(portal_app.test_client()).status_code == 303


def test_a_refused_try_makes_the_delay_no_longer(portal_app):
    add_account(portal_app)
    fail(portal_app, 5)
    stop_the_clock(portal_app)
    assert set(fail(portal_app, 20)) == {429}
    later(portal_app, 63)
    assert send(portal_app.test_client()).status_code == 303


def test_a_success_forgets_the_failures(portal_app):
    add_account(portal_app)
    fail(portal_app, 4)
    signed_in(portal_app)
    assert fail(portal_app, 5) == [422] * 5


def test_failures_are_forgotten_over_night(portal_app):
    add_account(portal_app)
    fail(portal_app, 5)
    later(portal_app, throttle.QUIET.total_seconds() + 1)
    assert fail(portal_app, 5) == [422] * 5
    stop_the_clock(portal_app)
    assert fail(portal_app, 1) == [429]


def test_an_unknown_name_waits_just_as_long(portal_app):
    add_account(portal_app)
    add_account(portal_app, "closed", active=False)
    seen = set()
    for name in ("sari", "closed", "nobody"):
        assert fail(portal_app, 5, name) == [422] * 5
        stop_the_clock(portal_app)
        answer = send(portal_app.test_client(), name, WRONG)
        names = tuple(sorted(key for key, _ in answer.headers))
        retry = answer.headers["Retry-After"]
        seen.add((answer.status_code, retry, names, masked(answer, name)))
    assert len(seen) == 1


def test_the_name_counts_however_it_is_typed(portal_app):
    add_account(portal_app)
    typed = ["sari", "SARI", " Sari", "sari ", "ｓａｒｉ"]
    assert [send(portal_app.test_client(), name, WRONG).status_code for name in typed] == [422] * 5
    stop_the_clock(portal_app)
    assert fail(portal_app, 1) == [429]


def test_a_colleagues_guesses_do_not_keep_anybody_out_of_their_usual_place(portal_app):
    add_account(portal_app)
    signed_in(portal_app)
    fail(portal_app, 5, **COLLEAGUE)
    stop_the_clock(portal_app)
    assert fail(portal_app, 1, **COLLEAGUE) == [429]
    assert send(portal_app.test_client()).status_code == 303
    assert fail(portal_app, 1, **COLLEAGUE) == [429], "and that success is none of the colleague's"


def test_an_old_visit_makes_no_place_usual(portal_app):
    add_account(portal_app)
    signed_in(portal_app)
    table = AccountSession.__table__
    (session,) = rows(portal_app, table)
    long_ago = session.created_at - timedelta(days=31)
    change(portal_app, update(table).values(created_at=long_ago))
    fail(portal_app, 5, **COLLEAGUE)
    stop_the_clock(portal_app)
    assert send(portal_app.test_client()).status_code == 429


def test_an_address_has_ten_tries_a_minute(portal_app, monkeypatch):
    monkeypatch.setattr(portal_app.extensions["kantor_config"].rates, "sign_in", 10)
    add_account(portal_app)
    assert [fail(portal_app, 1, f"name{n}") for n in range(10)] == [[422]] * 10
    answer = send(portal_app.test_client())
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "60"
    assert send(portal_app.test_client(), **COLLEAGUE).status_code == 303, "another address may"
    later(portal_app, 61)
    assert send(portal_app.test_client()).status_code == 303


def test_what_is_refused_costs_no_verification(portal_app, monkeypatch):
    add_account(portal_app)
    fail(portal_app, 5)
    stop_the_clock(portal_app)
    monkeypatch.setattr(argon2.PasswordHasher, "verify", None)
    assert fail(portal_app, 3) == [429] * 3


def test_the_present_password_cannot_be_guessed_from_an_open_session(portal_app):
    add_account(portal_app)
    client = signed_in(portal_app)
    form = {"current": WRONG, "password": OTHER, "repeat": OTHER}
    answers = [client.post("/account/password", data=form).status_code for _ in range(5)]
    assert answers == [422] * 5
    stop_the_clock(portal_app)
    assert client.post("/account/password", data=form).status_code == 429
    again = client.post("/sign-in/again", data={"password": PASSWORD})
    assert again.status_code == 429, "both ask for the same password"


@pytest.mark.parametrize("same_name", [True, False])
def test_sixty_wrong_passwords_over_two_workers_are_throttled(portal_database_kind, same_name):
    with live_server(
        portal_database_kind, fill=_one_account, workers=2, rates={"SIGN_IN": "10", "FAILURES": "5"}
    ) as server:
        assert len(server.workers) == 2
        browsers = [Client(server.port) for _ in range(6)]
        answers = [answer for n in range(10) for answer in _round(browsers, n, same_name)]
        for browser in browsers:
            browser.close()
        assert len(answers) == 60
        looked_at = answers.count(422)
        print(f"60 wrong passwords, two workers: {looked_at} looked at, the others refused")
        assert looked_at + answers.count(429) == 60
        # Counted once for both workers; in the time this takes, one name is slowed down further.
        assert looked_at <= 9 if same_name else looked_at == 10


def _one_account(app):
    add_account(app)


def _round(browsers, number, same_name):
    with ThreadPoolExecutor(len(browsers)) as pool:
        tried = [
            pool.submit(_try, browser, "sari" if same_name else f"name{number}x{place}")
            for place, browser in enumerate(browsers)
        ]
        return [one.result() for one in tried]


def _try(browser, name):
    token = browser.get("/sign-in").hidden["csrf_token"]
    fields = {"csrf_token": token, "username": name, "password": WRONG}
    return browser.request("POST", "/sign-in", fields).status
