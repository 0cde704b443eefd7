"""An event is heard after the commit, once, and one deaf subscriber does not stop the others."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

import pytest

from portal.api import Event
from portal.db import unscoped
from portal.guard import kernel_execute
from portal.jobs import outbox
from portal.jobs.models import Outbox

from . import shelf
from .shelf import ThingsCame


@dataclass(frozen=True, kw_only=True)
class ThingsAreDue(Event):
    name: ClassVar[str] = "shelf.things_came"
    on: date
    at: datetime


@pytest.fixture
def publish(app):
    def published(count):
        with app.app_context(), unscoped(reason="test") as tx:
            tx.publish(ThingsCame(count=count))

    return published


@pytest.fixture
def waiting(app):
    def look():
        with app.app_context(), unscoped(reason="test") as tx:
            table = Outbox.__table__
            return kernel_execute(tx.session, table.select().order_by(table.c.id)).all()

    return look


def deliver(app, now=None):
    with app.app_context():
        return outbox.deliver(now)


def test_an_event_is_heard_once(app, publish, waiting, things, queue, work):
    publish(7)
    queue.send([], events=True)
    assert queue.engine().storage.queue_size() == 2
    assert work() == 0
    assert deliver(app) == 0
    assert shelf.heard == [{"count": 7}]
    assert "heard-7" in things()
    assert waiting() == []


def test_days_and_instants_arrive_as_text(app, waiting):
    with app.app_context(), unscoped(reason="test") as tx:
        tx.publish(ThingsAreDue(on=date(2027, 3, 5), at=datetime(2027, 3, 5, 9, tzinfo=UTC)))
    assert [row.payload for row in waiting()] == [
        {"on": "2027-03-05", "at": "2027-03-05 09:00:00+00:00"}
    ]


def test_an_event_of_a_unit_that_fails_is_never_heard(app, waiting, queue):
    def fail():
        with unscoped(reason="test") as tx:
            tx.publish(ThingsCame(count=1))
            raise RuntimeError

    with app.app_context(), pytest.raises(RuntimeError):
        fail()
    assert waiting() == []
    assert queue.engine().storage.queue_size() == 0


def test_an_event_that_cannot_be_handled_waits_longer_each_time(app, publish, waiting, things):
    publish(1)
    publish(2)
    shelf.troubles.append(RuntimeError("no ears"))
    assert deliver(app) == 1
    (late,) = waiting()
    assert (late.payload, late.attempts, late.error) == ({"count": 1}, 1, "RuntimeError: no ears")
    assert "heard-1" not in things()
    shelf.troubles.append(RuntimeError("still none"))
    soon = datetime.now(UTC) + timedelta(seconds=61)
    assert deliver(app, soon) == 0
    (late,) = waiting()
    assert late.due_at > datetime.now(UTC) + timedelta(seconds=110)
    assert deliver(app, soon + timedelta(hours=1)) == 1
    assert shelf.heard == [{"count": 2}, {"count": 1}]


def test_more_events_than_one_look_finds_are_all_heard(app, publish):
    for count in range(5):
        publish(count)
    outbox.BATCH, before = 2, outbox.BATCH
    try:
        assert deliver(app) == 5
    finally:
        outbox.BATCH = before
