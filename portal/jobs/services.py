"""What the person who asked for a job may know of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, update

from portal.errors import Conflict, NotFound
from portal.guard import kernel_execute
from portal.messages import Message, message
from portal.work import UnitOfWork

from .models import Job, Outbox
from .sentences import unpacked

jobs = Job.__table__


@dataclass(frozen=True, kw_only=True)
class JobState:
    """How a job stands (``waiting``, ``running``, ``done``, ``failed``) and how far it has come."""

    public_id: str
    state: str
    done: int
    total: int
    args: Mapping[str, Any]
    result: Mapping[str, Any]
    error: Message | str

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ("done", "failed")


def of_owner(tx: UnitOfWork, public_id: str, *, name: str) -> JobState:
    """Return a job that the actor asked for, or raise NotFound, as for those of others."""
    found = _state(tx, jobs.c.public_id == public_id, jobs.c.name == name, _own(tx))
    if found is None:
        raise NotFound
    return found


def of_anybody(tx: UnitOfWork, public_id: str, *, name: str) -> JobState | None:
    """Return a job whoever asked for it, for who may see what it does; None when it is gone."""
    return _state(tx, jobs.c.public_id == public_id, jobs.c.name == name)


def _own(tx: UnitOfWork) -> Any:
    return jobs.c.owner_id == tx.actor.person_id


def _state(tx: UnitOfWork, *conditions: Any) -> JobState | None:
    columns = (jobs.c.public_id, jobs.c.state, jobs.c.done, jobs.c.total, jobs.c.args)
    wanted = select(*columns, jobs.c.result, jobs.c.error).where(*conditions)
    found = kernel_execute(tx.session, wanted).one_or_none()
    if found is None:
        return None
    row = dict(found._mapping)
    return JobState(**row | {"result": row["result"] or {}, "error": unpacked(row["error"])})


STUCK_AFTER = 3  # tries of one event


def stuck_events(tx: UnitOfWork) -> list[Any]:
    """Return the events that could not be handed over again and again, the oldest first."""
    outbox = Outbox.__table__
    wanted = select(outbox).where(outbox.c.attempts >= STUCK_AFTER).order_by(outbox.c.id).limit(50)
    return list(kernel_execute(tx.session, wanted).all())


def try_again(tx: UnitOfWork, job: Job) -> None:
    """Put a failed job back in line; raise Conflict when it has not failed."""
    again = (
        update(jobs)
        .where(jobs.c.id == job.id, jobs.c.state == "failed")
        .values(state="waiting", attempts=0, error=None, sent_at=tx.now, finished_at=None)
        .returning(jobs.c.id)
    )
    if kernel_execute(tx.session, again).one_or_none() is None:
        raise Conflict(message("This job has not failed, so it cannot be tried again."))
    tx.jobs.append(job.id)
    tx.audit("core.job_retried", job)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """When a recurring job ended well last, and when it is due next."""

    name: str
    every: int  # seconds
    last_at: datetime | None
    next_at: datetime


def schedules(tx: UnitOfWork, recurring: Iterable[Any]) -> list[Schedule]:
    """Return when each recurring job ran and runs; finished jobs are remembered for 30 days."""
    every = {job.name: int(job.every) for job in recurring}
    newest = (
        select(jobs.c.name, func.max(jobs.c.finished_at))
        .where(jobs.c.name.in_(list(every)), jobs.c.state == "done")
        .group_by(jobs.c.name)
    )
    last = dict(tuple(row) for row in kernel_execute(tx.session, newest))
    now = int(tx.now.timestamp())
    return [
        Schedule(
            name=name,
            every=span,
            last_at=_aware(last.get(name)),
            next_at=datetime.fromtimestamp((now // span + 1) * span, UTC),
        )
        for name, span in every.items()
    ]


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
