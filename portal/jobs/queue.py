"""How a job reaches a worker: its id, signed, through a queue beside or inside the database."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

log = logging.getLogger("kantor.jobs")
REDIS = ("redis://", "rediss://", "unix://")
SLOW, REST = 0.5, 10.0  # seconds: a queue that fails so slowly is left alone for a while


class Queue:
    """Sends ids to workers and, in a worker, takes them out again."""

    def __init__(self, url: str, secret: str) -> None:
        self.url, self._secret = url, secret
        self._engine: tuple[int, Any] | None = None
        self._rests_until = 0.0
        self.run: Callable[[int], None] = lambda job_id: None
        self.deliver: Callable[[], None] = lambda: None

    def send(self, jobs: Sequence[int], events: bool = False) -> None:
        """Wake a worker; what cannot be sent now is found by the sweep.

        Nobody waits for a queue that hangs but the first who meets it.
        """
        began = time.monotonic()
        if (not jobs and not events) or began < self._rests_until:
            return
        try:
            engine = self.engine()
            for job_id in jobs:
                engine.enqueue(engine.kantor_run.s(job_id))
            if events:
                engine.enqueue(engine.kantor_deliver.s())
        except Exception:  # The rows are committed: whatever ails the queue, nothing is lost.
            log.warning("the queue does not take jobs; the sweep will send them", exc_info=True)
            if time.monotonic() - began > SLOW:
                self._rests_until = time.monotonic() + REST

    def trouble(self) -> str:
        """Return why the queue does not answer, or an empty text."""
        try:
            self.engine().storage.queue_size()
        except Exception as error:  # As many kinds as there are queues.
            return str(error) or type(error).__name__
        self._rests_until = 0.0
        return ""

    def engine(self) -> Any:
        """Return huey, connected by this process: connections do not survive a fork."""
        if self._engine is None or self._engine[0] != os.getpid():
            from .huey_engine import connected

            self._engine = (os.getpid(), connected(self, self._secret))
        return self._engine[1]

    def close(self) -> None:
        """Let go of the connection this process has; the next call makes a new one."""
        if self._engine is not None and self._engine[0] == os.getpid():
            self._engine[1].storage.close()
        self._engine = None


def queue_url(jobs_url: str, database_url: str, home: Path) -> str:
    """Return where the queue lies: as configured, else beside SQLite or inside PostgreSQL."""
    if jobs_url:
        return jobs_url
    if make_url(database_url).get_backend_name() == "postgresql":
        return database_url
    return f"sqlite:///{home.resolve() / 'jobs.db'}"
