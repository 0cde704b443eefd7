"""Alive always, ready only with a database, and never waiting for one that is gone."""

import threading
import time
from contextlib import contextmanager

import pytest
from sqlalchemy import make_url

from portal import driver
from portal.db import db
from portal.testing import make_app, sign_in
from tests.unit.auth.signing import add_account, signed_in
from tests.unit.health.proxy import Wire


@pytest.fixture
def client(portal_app):
    return portal_app.test_client()


def timed(act):
    began = time.monotonic()
    return act(), time.monotonic() - began


def test_a_portal_with_its_database_is_alive_and_ready(client):
    for path, said in (("/live", "alive\n"), ("/ready", "ready\n")):
        answer = client.get(path)
        assert (answer.status_code, answer.text) == (200, said)
        assert answer.headers["Cache-Control"] == "no-store"


def test_neither_asks_who_is_there_or_touches_a_session(portal_app, world):
    from portal.testing import counting_statements

    client = sign_in(portal_app, world.people["employee"])
    with counting_statements(portal_app) as seen:
        assert client.get("/live").status_code == 200
        assert client.get("/ready").status_code == 200
    assert seen == []


def test_only_reading_is_offered(client):
    assert client.post("/live").status_code == 405
    assert client.post("/ready").status_code == 405


def test_a_database_without_tables_is_not_ready(portal_database_kind, tmp_path):
    from portal.testing_databases import Database

    with Database.made(portal_database_kind, tmp_path) as database:
        app = make_app(database.url, tmp_path, [])
        answer = app.test_client().get("/ready")
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "5"
        assert app.test_client().get("/live").status_code == 200
        with app.app_context():
            db.engine.dispose()


# What only a server can do: go away, or stand still.


@pytest.fixture
def wired(portal_database_kind, portal_template, portal_app, tmp_path):
    """Return a portal behind a wire to its PostgreSQL server, and the wire."""
    if portal_database_kind != "postgresql":
        pytest.skip("SQLite has no server that could go away")
    _, database = portal_template
    url = make_url(database.url)
    wire = Wire((url.host or "127.0.0.1", url.port or 5432))
    through = url.set(host="127.0.0.1", port=wire.port).render_as_string(hide_password=False)
    app = make_app(through, tmp_path, [])
    yield app, wire
    wire.thaw()
    with app.app_context():
        db.engine.dispose()
    wire.cut()


def test_a_database_that_is_gone_is_said_at_once_and_found_again_alone(wired):
    app, wire = wired
    add_account(app)
    client = signed_in(app)
    assert client.get("/account").status_code == 200
    wire.cut()
    answer, seconds = timed(lambda: app.test_client().get("/ready"))
    assert answer.status_code == 503
    assert seconds < 2
    assert app.test_client().get("/live").status_code == 200
    page, seconds = timed(lambda: client.get("/account"))
    assert page.status_code == 503
    assert page.headers["Retry-After"] == "30"
    assert "The database does not answer" in page.text
    assert seconds < 2
    wire.mend()
    assert _until(lambda: client.get("/account").status_code == 200) < 5
    assert app.test_client().get("/ready").status_code == 200


def test_a_frozen_database_is_said_within_two_seconds_and_found_again_alone(wired):
    app, wire = wired
    add_account(app)
    client = signed_in(app)
    wire.freeze()
    answer, seconds = timed(lambda: app.test_client().get("/ready"))
    assert answer.status_code == 503
    assert seconds < 2
    again, seconds = timed(lambda: app.test_client().get("/ready"))
    assert again.status_code == 503
    assert seconds < 2
    assert timed(lambda: app.test_client().get("/live"))[1] < 1
    for path in ("/account", "/sign-in", "/nowhere"):
        page, seconds = timed(lambda path=path: client.get(path))
        assert page.status_code == 503, path
        assert seconds < 2.5
        assert "Retry-After" in page.headers
    wire.thaw()
    assert _until(lambda: app.test_client().get("/ready").status_code == 200) < 5
    assert _until(lambda: client.get("/account").status_code == 200) < 5


def test_while_a_question_hangs_the_answer_is_no_at_once(wired):
    app, wire = wired
    wire.freeze()
    circuit = app.extensions["kantor_circuit"]
    stuck = threading.Event()
    ask, circuit._ask = circuit._ask, stuck.wait
    try:
        assert timed(circuit.answers)[0] is False
        threads = threading.active_count()
        no, seconds = timed(lambda: [circuit.answers() for _ in range(50)])
        assert not any(no)
        assert seconds < 0.5
        assert threading.active_count() <= threads, "one question at a time"
    finally:
        stuck.set()
        circuit._ask = ask


def test_a_page_that_waits_for_a_frozen_database_gives_up(wired, monkeypatch):
    app, wire = wired
    add_account(app)
    client = signed_in(app)
    monkeypatch.setattr(driver, "LONGEST", 1.0)
    with _frozen(wire):
        page, seconds = timed(lambda: client.get("/account"))
        assert page.status_code == 503
        assert seconds < 8
        page, seconds = timed(lambda: client.get("/account"))
        assert page.status_code == 503, "the next page knows already"
        assert seconds < 2.5
    assert _until(lambda: client.get("/account").status_code == 200) < 5


@contextmanager
def _frozen(wire):
    wire.freeze()
    try:
        yield
    finally:
        wire.thaw()


def _until(come_true):
    began = time.monotonic()
    while not come_true():
        assert time.monotonic() - began < 10
        time.sleep(0.1)
    return time.monotonic() - began
