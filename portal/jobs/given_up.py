"""Work that the portal could not do: who looks after it tries it again, or drops it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, exists, select, update

from portal.errors import Conflict, NotFound
from portal.guard import kernel_execute
from portal.messages import message
from portal.work import UnitOfWork

from .models import Job, Outbox
from .sentences import unpacked
from .services import STUCK_AFTER

jobs, events = Job.__table__, Outbox.__table__
SHOWN = 50  # of each kind: who has more begins with these


def failed_jobs(tx: UnitOfWork) -> list[tuple[Any, Any]]:
    """Return the jobs that failed with the sentence that says why, the newest first."""
    columns = (jobs.c.public_id, jobs.c.name, jobs.c.error, jobs.c.attempts, jobs.c.created_at)
    wanted = select(*columns).where(jobs.c.state == "failed")
    newest = wanted.order_by(jobs.c.created_at.desc(), jobs.c.id.desc()).limit(SHOWN)
    return [(row, unpacked(row.error)) for row in kernel_execute(tx.session, newest).all()]


def drop_job(tx: UnitOfWork, job: Job) -> None:
    """Remove a failed job; raise Conflict when it has not failed."""
    gone = delete(jobs).where(jobs.c.id == job.id, jobs.c.state == "failed").returning(jobs.c.id)
    tx.audit("core.job_dropped", job)
    if kernel_execute(tx.session, gone).one_or_none() is None:
        raise Conflict(message("This job has not failed, so it cannot be dropped."))
    tx.session.expunge(job)


def hand_over_again(tx: UnitOfWork, number: int) -> None:
    """Let an event that could not be handed over be tried at once, or raise NotFound."""
    _require_stuck(tx, number)
    kernel_execute(tx.session, update(events).where(events.c.id == number).values(due_at=tx.now))
    tx.letters.append(0)  # wakes the worker
    tx.audit("core.event_retried", None, event=number)


def drop_event(tx: UnitOfWork, number: int) -> None:
    """Remove an event that could not be handed over: its subscriber never hears of it."""
    _require_stuck(tx, number)
    gone = delete(events).where(events.c.id == number)
    row = kernel_execute(tx.session, gone.returning(events.c.event, events.c.subscriber)).one()
    tx.audit("core.event_dropped", None, event=row.event, subscriber=row.subscriber)


def _require_stuck(tx: UnitOfWork, number: int) -> None:
    stuck = select(events.c.id).where(events.c.id == number, events.c.attempts >= STUCK_AFTER)
    if not kernel_execute(tx.session, select(exists(stuck))).scalar_one():
        raise NotFound
