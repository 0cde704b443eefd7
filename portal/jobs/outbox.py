"""Events on their way: each is handed to its subscriber in a unit of its own, after the commit."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import delete, select, update

from portal.db import looking, unscoped
from portal.guard import kernel_execute
from portal.plugins.fitting import resting

from .models import Outbox

log = logging.getLogger("kantor.outbox")
outbox = Outbox.__table__
BATCH = 100
LONGEST_PAUSE = timedelta(hours=1)


def deliver(now: datetime | None = None) -> int:
    """Hand over every event that is due; return how many arrived. One that fails is put off."""
    arrived, last = 0, 0
    while True:
        with looking(reason="look for events", realm="core") as tx:
            due = select(outbox.c.id, outbox.c.event, outbox.c.subscriber, outbox.c.attempts)
            due = due.where(outbox.c.due_at <= (now or datetime.now(UTC)), outbox.c.id > last)
            due = due.where(outbox.c.subscriber.not_in(resting(tx)))
            found = kernel_execute(tx.session, due.order_by(outbox.c.id).limit(BATCH)).all()
        if not found:
            return arrived
        last = found[-1].id
        arrived += sum(_hand_over(row) for row in found)


def _hand_over(row: Any) -> bool:
    """Run one handler and remove its event in the same commit: handled and gone, or neither."""
    handlers = current_app.extensions["kantor"].handlers()
    try:
        handler = handlers[row.subscriber, row.event]
        with unscoped(reason=f"event {row.event}", realm=row.subscriber) as tx:
            claim = delete(outbox).where(outbox.c.id == row.id).returning(outbox.c.payload)
            taken = kernel_execute(tx.session, claim).one_or_none()
            if taken is None:
                return False
            handler(tx, taken.payload)
    except (Exception, SystemExit) as error:  # A subscriber's bug must not stop the others.
        log.error("%s could not handle %s", row.subscriber, row.event, exc_info=error)
        _put_off(row, error)
        return False
    return True


def _put_off(row: Any, error: BaseException) -> None:
    pause = min(timedelta(minutes=2 ** min(row.attempts, 10)), LONGEST_PAUSE)
    with unscoped(reason="put an event off", realm="core") as tx:
        later = {
            "attempts": outbox.c.attempts + 1,
            "due_at": tx.now + pause,
            "error": f"{type(error).__name__}: {error}"[:500],
        }
        kernel_execute(tx.session, update(outbox).where(outbox.c.id == row.id).values(later))
