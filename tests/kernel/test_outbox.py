"""Events arrive once, after the commit, each in the realm of the plugin that hears it."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from portal.db import db, looking, unscoped
from portal.guard import kernel_execute
from portal.jobs.models import Outbox
from portal.jobs.outbox import deliver
from portal.work import unit_of_work

from .small import orders
from .small.goods import GoodsIssued
from .small.goods.models import Item
from .small.orders import Order
from .small_world import ANN, LAB, STORES


def published(session, *quantities):
    with unit_of_work(session) as tx:
        for quantity in quantities:
            tx.publish(GoodsIssued(item_id=1, quantity=quantity))


def waiting(app):
    table = Outbox.__table__
    with app.app_context(), looking(reason="test") as tx:
        return kernel_execute(tx.session, select(table).order_by(table.c.id)).all()


@pytest.fixture
def heard(app, monkeypatch):
    """Return a function: handler -> it hears goods.item_issued in the name of orders."""
    registry = app.extensions["kantor"]

    def listen(handler):
        monkeypatch.setattr(
            registry, "handlers", lambda: {("orders", "goods.item_issued"): handler}
        )

    return listen


def delivered(app, later=timedelta()):
    with app.app_context():
        return deliver(datetime.now(UTC) + later)


def test_an_event_is_delivered_once(app, session_of):
    published(session_of(ANN), 2)
    assert delivered(app) == 1
    assert delivered(app) == 0
    assert orders.heard == [{"item_id": 1, "quantity": 2}]
    assert waiting(app) == []


def test_events_arrive_in_the_order_of_their_commits(app, session_of):
    published(session_of(ANN), 1, 2, 3)
    published(session_of(ANN), 4)
    delivered(app)
    assert [payload["quantity"] for payload in orders.heard] == [1, 2, 3, 4]


def test_a_subscriber_works_in_its_own_realm(app, session_of, heard, truth):
    def handle(tx, payload):
        assert tx.session.scalars(select(Item)).all() == []  # the publisher's rows are not its own
        assert tx.actor.realm == "orders"
        tx.session.add(Order(department_id=LAB, note=f"refill {payload['quantity']}"))

    heard(handle)
    published(session_of(ANN), 7)
    assert delivered(app) == 1
    assert truth("select count(*) from orders_order where note = 'refill 7'") == 1


def test_a_failing_subscriber_is_put_off_alone_and_leaves_nothing(app, session_of, heard, truth):
    def handle(tx, payload):
        tx.session.add(Order(department_id=STORES, note="half"))
        tx.session.flush()
        if payload["quantity"] == 2:
            raise RuntimeError("boom")

    heard(handle)
    published(session_of(ANN), 1, 2, 3)
    assert delivered(app) == 2
    (row,) = waiting(app)
    assert (row.payload["quantity"], row.attempts, row.error) == (2, 1, "RuntimeError: boom")
    assert truth("select count(*) from orders_order where note = 'half'") == 2
    assert delivered(app) == 0  # not at once again


def test_the_pause_grows_with_every_try(app, session_of, heard):
    def handle(tx, payload):
        raise RuntimeError("boom")

    heard(handle)
    published(session_of(ANN), 1)
    pauses, later = [], timedelta()
    for _ in range(4):
        assert delivered(app, later) == 0
        (row,) = waiting(app)
        pauses.append(row.due_at - datetime.now(UTC))
        later = timedelta(days=1) * row.attempts
    assert pauses == sorted(pauses)
    assert pauses[-1] > 4 * pauses[0]
    assert row.attempts == 4


def test_a_handler_that_fails_for_days_holds_nobody_up(app, session_of, heard, truth):
    def handle(tx, payload):
        if payload["quantity"] == 1:
            raise SystemExit

    heard(handle)
    published(session_of(ANN), 1, 2)
    with app.app_context(), unscoped(reason="test") as tx:
        first = Outbox.__table__.c.id == waiting_ids(tx)[0]
        kernel_execute(tx.session, update(Outbox.__table__).where(first).values(attempts=5000))
    assert delivered(app) == 1
    (row,) = waiting(app)
    assert row.attempts == 5001
    assert row.due_at - datetime.now(UTC) <= timedelta(hours=1)


def waiting_ids(tx):
    table = Outbox.__table__
    return kernel_execute(tx.session, select(table.c.id).order_by(table.c.id)).scalars().all()


def test_what_is_mended_is_delivered_when_it_is_due(app, session_of, heard):
    heard(lambda tx, payload: 1 / 0)
    published(session_of(ANN), 5)
    delivered(app)
    seen = []
    heard(lambda tx, payload: seen.append(payload["quantity"]))
    assert delivered(app) == 0
    assert delivered(app, timedelta(hours=2)) == 1
    assert seen == [5]


def test_an_event_for_a_plugin_that_is_gone_waits_for_it(app, session_of, monkeypatch):
    published(session_of(ANN), 1)
    monkeypatch.setattr(app.extensions["kantor"], "handlers", dict)
    assert delivered(app) == 0
    monkeypatch.undo()
    assert delivered(app, timedelta(hours=2)) == 1


def test_two_workers_deliver_an_event_once(app, session_of, heard):
    seen, gate = [], threading.Barrier(4, timeout=20)

    def work():
        gate.wait()
        with app.app_context():
            deliver()
            db.session.remove()

    heard(lambda tx, payload: seen.append(payload["quantity"]))
    published(session_of(ANN), *range(10))
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(10))
    assert waiting(app) == []


def test_a_repeated_form_tells_of_itself_once(app, as_user):
    ann = as_user(ANN)
    for _ in range(2):
        ann.post("/goods/items/1/issue", data={"quantity": "1", "_key": "a-key-of-mine"})
    assert delivered(app) == 1
    assert orders.heard == [{"item_id": 1, "quantity": 1}]
