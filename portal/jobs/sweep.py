"""What makes jobs certain: lost ones are sent again, dead workers' are taken back."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, select, update
from sqlalchemy.exc import DBAPIError

from portal.attachments import services as attachments
from portal.auth import services as accounts
from portal.auth.models import Idempotency
from portal.backup import keeping
from portal.comments import services as comments
from portal.db import db, looking, unscoped
from portal.files import services as files
from portal.guard import kernel_execute
from portal.imports import history as imports
from portal.mail import services as mail
from portal.notices import services as notices
from portal.plugin import Job as DeclaredJob
from portal.plugin import Plugin
from portal.plugins.fitting import resting
from portal.undo.models import UndoStep
from portal.work import SWEEP_AFTER

from . import outbox
from .core import CoreJob, recurring
from .models import Job, Outbox
from .queue import Queue
from .running import INTERRUPTED, MOST_ATTEMPTS, Runner
from .sentences import packed

log = logging.getLogger("kantor.jobs")
jobs, events, keys = Job.__table__, Outbox.__table__, Idempotency.__table__
steps = UndoStep.__table__
BEAT = 5.0  # seconds between two signs of life
DEAD_AFTER = timedelta(seconds=60)  # without a sign of life a running job's worker is gone
TIDY_EVERY = 3600.0
KEPT_KEYS, KEPT_EVENTS, KEPT_JOBS = timedelta(hours=24), timedelta(days=30), timedelta(days=30)


class Sweeper(threading.Thread):
    """Beats beside the workers of one process; every step stands alone, so one that fails waits."""

    def __init__(self, app: Any, runner: Runner, queue: Queue, *, every: float = BEAT) -> None:
        super().__init__(name="kantor-sweep", daemon=True)
        self.app, self.runner, self.queue, self.every = app, runner, queue, every
        self.ended = threading.Event()
        self._tidied = 0.0
        self._trouble = ""

    def run(self) -> None:
        while not self.ended.is_set():
            with self.app.app_context():
                self.sweep()
            self.ended.wait(self.every)

    def sweep(self) -> None:
        """Do every step once."""
        steps: list[Callable[[], Any]] = [
            lambda: beat(self.runner.running),
            take_back,
            self._send_again,
            lambda: enqueue_recurring(recurring(_working(self.app.extensions["kantor"].loaded))),
            outbox.deliver,
        ]
        if time.monotonic() - self._tidied > TIDY_EVERY or not self._tidied:
            self._tidied = time.monotonic()
            steps.append(lambda: tidy(self.app.extensions["kantor_files"]))
        for step in steps:
            try:
                step()
            except DBAPIError as error:
                log.warning("the sweep met a busy database: %s", error)
            except Exception as error:  # The next beat tries again.
                log.error("the sweep failed", exc_info=error)
            finally:
                db.session.remove()

    def _send_again(self) -> None:
        """Send what nobody began, once the queue takes it."""
        before, self._trouble = self._trouble, self.queue.trouble()
        if not self._trouble:
            self.queue.send(overdue())
        if self._trouble and not before:
            log.warning("the queue does not answer, so jobs wait: %s", self._trouble)
        elif before and not self._trouble:
            log.warning("the queue answers again")


def beat(running: Iterable[int]) -> None:
    """Say that these jobs are still being worked on."""
    if mine := list(running):
        with unscoped(reason="a worker lives", realm="core") as tx:
            alive = (jobs.c.id.in_(mine), jobs.c.state == "running")
            kernel_execute(tx.session, update(jobs).where(*alive).values(beat_at=tx.now))


def take_back(now: datetime | None = None) -> int:
    """Put jobs of dead workers back in line, or end them after too many tries; return how many."""
    stale = (jobs.c.state == "running", jobs.c.beat_at < _before(now, DEAD_AFTER))
    if not _any(jobs.c.id, *stale):
        return 0
    with unscoped(reason="take jobs back", realm="core") as tx:
        over = {"state": "failed", "error": packed(INTERRUPTED), "finished_at": tx.now}
        given_up = update(jobs).where(*stale, jobs.c.attempts >= MOST_ATTEMPTS).values(over)
        kernel_execute(tx.session, given_up)
        long_ago = tx.now - timedelta(seconds=SWEEP_AFTER + 1)
        again = update(jobs).where(*stale).values(state="waiting", sent_at=long_ago)
        return len(kernel_execute(tx.session, again.returning(jobs.c.id)).all())


def overdue(now: datetime | None = None) -> list[int]:
    """Return the jobs that no worker has started in time, noted as sent again."""
    late = (
        jobs.c.state == "waiting",
        jobs.c.sent_at < _before(now, timedelta(seconds=SWEEP_AFTER)),
    )
    if not _any(jobs.c.id, *late):
        return []
    with unscoped(reason="send jobs again", realm="core") as tx:
        again = update(jobs).where(*late).values(sent_at=tx.now).returning(jobs.c.id)
        return sorted(kernel_execute(tx.session, again).scalars())


def enqueue_recurring(found: Iterable[CoreJob | DeclaredJob], now: float | None = None) -> None:
    """Put every recurring job in line that is due; the key lets only one worker do so."""
    moment = time.time() if now is None else now
    for job in found:
        key = f"{job.name} {int(moment // (job.every or 1))}"
        if not _any(jobs.c.id, jobs.c.key == key):
            with unscoped(reason="recurring jobs", realm="core") as tx:
                tx.enqueue(job.name, args={}, key=key)


def tidy(store: Any, now: datetime | None = None) -> None:
    """Remove what has served its time: form keys, finished jobs, undeliverable events, uploads."""
    with unscoped(reason="tidy up", realm="core") as tx:
        today = now or tx.now
        for table, when, kept in (
            (keys, keys.c.created_at, KEPT_KEYS),
            (steps, steps.c.created_at, KEPT_KEYS),
            (events, events.c.created_at, KEPT_EVENTS),
            (jobs, jobs.c.finished_at, KEPT_JOBS),
        ):
            kernel_execute(tx.session, delete(table).where(when < today - kept))
        comments.forget_removed(tx, today)
        attachments.forget_removed(tx, today)
        files.expire(tx)
        imports.forget(tx, today)
        mail.tidy(tx, today)
        notices.tidy(tx, today)
        accounts.tidy(tx)
    with looking(reason="tidy up", realm="core") as tx:
        # A backup copies the files after the database: those its snapshot names have to stay.
        unused = [] if keeping.is_running(tx) else files.unused_contents(tx, store)
    for sha256 in unused:
        store.remove(sha256)


def _working(loaded: Mapping[str, Plugin]) -> list[Plugin]:
    """Return the plugins that do not rest: nothing is put in line that nobody would take."""
    with looking(reason="look for work", realm="core") as tx:
        return [loaded[slug] for slug in loaded.keys() - resting(tx)]


def _any(column: Any, *conditions: Any) -> bool:
    """Ask before writing: on SQLite a writer without work would still hold everybody up."""
    with looking(reason="look for work", realm="core") as tx:
        wanted = select(exists(select(column).where(*conditions)))
        return bool(kernel_execute(tx.session, wanted).scalar_one())


def _before(now: datetime | None, span: timedelta) -> datetime:
    return (now or datetime.now(UTC)) - span
