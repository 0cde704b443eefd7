"""One attempt at a job: claimed once, on behalf of its owner, done or failed in one commit."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import current_app
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from portal.db import db, looking, new_session, unscoped
from portal.errors import Forbidden, PortalError
from portal.guard import GuardedSession, kernel_execute
from portal.messages import Message, message
from portal.notices.services import notify
from portal.plugins.fitting import of_others
from portal.reach import Principal
from portal.roles import compiled
from portal.work import UnitOfWork, unit_of_work

from .models import Job
from .sentences import packed

if TYPE_CHECKING:
    from portal.plugin import Job as PluginJob

log = logging.getLogger("kantor.jobs")
jobs = Job.__table__
MOST_ATTEMPTS = 3
REPORT_EVERY = 0.5  # seconds between two writes of the progress
Run = Callable[["Running"], None]


class Overtaken(Exception):
    """Another worker has taken this job over, so this attempt must not be committed."""


@dataclass
class Running:
    """A job while it runs: what it is to do, for whom, and how far it has come."""

    id: int
    public_id: str
    name: str
    args: Mapping[str, Any]
    owner_id: int | None
    attempt: int
    _reported: float = field(default=0.0, repr=False)
    _writing: bool = field(default=False, repr=False)

    def progress(self, done: int, total: int) -> None:
        """Show how far the job has come; seldom, and never while the job itself holds SQLite."""
        now = time.monotonic()
        if now - self._reported < REPORT_EVERY and done < total:
            return
        if self._writing and db.engine.dialect.name == "sqlite":
            return
        self._reported = now
        try:
            with unscoped(reason="progress of a job", realm="core") as tx:
                values = {"done": done, "total": total, "beat_at": tx.now}
                kernel_execute(tx.session, update(jobs).where(*self._mine()).values(values))
        except OperationalError:  # Work does not fail because nobody can be told of it.
            log.info("job %s could not show its progress", self.public_id)

    def finish(self, tx: UnitOfWork, result: Mapping[str, Any] | None = None) -> None:
        """Mark the job as done in the same commit as its effects, or raise Overtaken."""
        tx.session.flush()
        finished = {"finished_at": datetime.now(UTC)}  # The unit may have begun long ago.
        values = {"state": "done", "result": dict(result or {})} | finished
        ended = update(jobs).where(*self._mine()).values(values).returning(jobs.c.id)
        if kernel_execute(tx.session, ended).one_or_none() is None:
            raise Overtaken(self.public_id)

    @contextmanager
    def reading(self) -> Iterator[UnitOfWork]:
        """Open a unit in which the owner of the job reads."""
        with self._session() as session:
            yield UnitOfWork(session, self._owner(session), False)
            session.rollback()

    @contextmanager
    def writing(self) -> Iterator[UnitOfWork]:
        """Open the unit in which the owner of the job writes."""
        with self._session() as session:
            self._owner(session)
            self._writing = True
            try:
                with unit_of_work(session) as tx:
                    yield tx
            finally:
                self._writing = False

    @contextmanager
    def of_plugin(self, slug: str) -> Iterator[UnitOfWork]:
        """Open a writing unit for everything of one plugin."""
        self._writing = True
        try:
            with unscoped(reason=f"job {self.name}", realm=slug) as tx:
                yield tx
        finally:
            self._writing = False

    @contextmanager
    def _session(self) -> Iterator[GuardedSession]:
        with new_session() as session:
            session.act_as(principal_of(self.owner_id))
            yield session

    def _owner(self, session: GuardedSession) -> Principal:
        assert session.principal is not None
        return session.principal

    def _mine(self) -> tuple[Any, ...]:
        return (jobs.c.id == self.id, jobs.c.state == "running", jobs.c.attempts == self.attempt)


def principal_of(person_id: int | None) -> Principal:
    """Return the rights a person has now, or raise Forbidden for one who may not sign in."""
    with looking(reason="rights of a job's owner", realm="core") as tx:
        found = None if person_id is None else compiled.principal_of(tx, person_id)
    if found is None:
        raise Forbidden(message("The person who asked for this may no longer use the portal."))
    return found


def claim(job_id: int) -> Running | None:
    """Take a waiting job; return None when somebody else has it or had it, or its plugin rests."""
    columns = (jobs.c.id, jobs.c.public_id, jobs.c.name, jobs.c.args, jobs.c.owner_id)
    with unscoped(reason="take a job", realm="core") as tx:
        values = {
            "state": "running",
            "attempts": jobs.c.attempts + 1,
            "started_at": tx.now,
            "beat_at": tx.now,
        }
        waiting = (jobs.c.id == job_id, jobs.c.state == "waiting", of_others(tx, jobs.c.name))
        taken = update(jobs).where(*waiting).values(values)
        found = kernel_execute(
            tx.session, taken.returning(*columns, jobs.c.attempts.label("attempt"))
        ).one_or_none()
    return None if found is None else Running(**found._mapping)


class Runner:
    """Runs jobs by name in one process and knows which of them are running here."""

    def __init__(self, app: Any, core: Mapping[str, Run]) -> None:
        self.app, self.core = app, core
        self.running: set[int] = set()
        self._lock = threading.Lock()

    def __call__(self, job_id: int) -> None:
        """Run one job if it still waits; whatever it does, the worker goes on."""
        with self.app.app_context():
            try:
                work = claim(job_id)
            except DBAPIError:
                log.warning("job %s could not be taken; it will be sent again", job_id)
                return
            if work is not None:
                with self._noted(job_id):
                    self._attempt(work)

    def _attempt(self, work: Running) -> None:
        try:
            self._find(work.name)(work)
        except Overtaken:
            log.warning("job %s was taken over by another worker", work.public_id)
        except PortalError as error:
            _end(work, "failed", error.message)
        except IntegrityError as error:
            log.warning("job %s met a conflict", work.public_id, exc_info=error)
            _end(work, "failed", OVERLAPPED)
        except OperationalError as error:
            log.warning("job %s met a busy database", work.public_id, exc_info=error)
            _end(work, "waiting" if work.attempt < MOST_ATTEMPTS else "failed", BUSY)
        except Exception as error:  # A job's bug must not stop the worker.
            log.error("job %s (%s) failed", work.public_id, work.name, exc_info=error)
            _end(work, "failed", BROKEN)
        finally:
            db.session.remove()

    def _find(self, name: str) -> Run:
        if name in self.core:
            return self.core[name]
        plugins = self.app.extensions["kantor"].loaded
        for slug, plugin in plugins.items():
            for job in plugin.jobs:
                if job.name == name:
                    return lambda work: _run_plugin_job(slug, job, work)
        raise PortalError(message("The plugin that does this work is not installed."))

    @contextmanager
    def _noted(self, job_id: int) -> Iterator[None]:
        with self._lock:
            self.running.add(job_id)
        try:
            yield
        finally:
            with self._lock:
                self.running.discard(job_id)


BUSY = message("The database was busy for too long. Try again in a few minutes.")
OVERLAPPED = message("Somebody else was faster with the same thing. Check it and try again.")
BROKEN = message("Something went wrong. The details are in the portal's log.")
INTERRUPTED = message("The work was interrupted again and again, so it was given up.")


def _run_plugin_job(slug: str, job: PluginJob, work: Running) -> None:
    """Run a plugin's job in one unit; being done is part of the same commit.

    What it writes in pieces comes before, each in a unit of its own.
    """
    args = dict(work.args)
    if job.look is not None:
        with looking(reason=f"job {work.name}", realm=slug) as tx:
            args["found"] = job.look(tx, work.progress, **work.args)
    if job.pieces is not None:
        for write in job.pieces(args["found"]):
            with work.of_plugin(slug) as tx:
                write(tx)
    with work.of_plugin(slug) as tx:
        result = job.run(tx, work.progress, **args)
        work.finish(tx, result if isinstance(result, Mapping) else None)


def _end(work: Running, state: str, text: Message | str) -> None:
    """Put a job that did not succeed back, or end it with a sentence for its owner."""
    with unscoped(reason="end a job", realm="core") as tx:
        values: dict[str, Any] = {"state": state, "error": packed(text)}
        if state == "failed":
            values["finished_at"] = tx.now
        ended = update(jobs).where(*work._mine()).values(values).returning(jobs.c.id)
        if kernel_execute(tx.session, ended).one_or_none() and state == "failed":
            _tell_owner(tx, work)


def _tell_owner(tx: UnitOfWork, work: Running) -> None:
    """Tell who asked for it that it did not work; a result page of an import says why."""
    from .tables import NAMED

    if work.owner_id is None:
        return
    title = NAMED.get(work.name, work.name)
    slug, _, name = str(work.args.get("import", "")).partition(".")
    endpoint, values = f"{slug}.import_{name}_result", {"job": work.public_id}
    if f"{slug}.import_{name}_result" not in current_app.view_functions:
        endpoint, values = "notices.notices", {}
    text = message("{work} did not work", work=title)
    record = f"core.job:{work.public_id}"
    told: dict[str, Any] = {"endpoint": endpoint, "values": values, "record": record}
    notify(tx, "core.job_failed", [work.owner_id], text, **told)
