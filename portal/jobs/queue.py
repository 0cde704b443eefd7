"""How a job reaches a worker: its id, signed, through a queue beside or inside the database."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

log = logging.getLogger("kantor.jobs")


class Queue:
    """Sends ids to workers and, in a worker, takes them out again."""

    def __init__(self, url: str, secret: str) -> None:
        self.url, self._secret = url, secret
        self._engine: tuple[int, Any] | None = None
        self.run: Callable[[int], None] = lambda job_id: None
        self.deliver: Callable[[], None] = lambda: None

    def send(self, jobs: Sequence[int], events: bool = False) -> None:
        """Wake a worker; what cannot be sent now is found by the sweep."""
        if not jobs and not events:
            return
        try:
            engine = self.engine()
            for job_id in jobs:
                engine.enqueue(engine.kantor_run.s(job_id))
            if events:
                engine.enqueue(engine.kantor_deliver.s())
        except Exception:  # The rows are committed: whatever ails the queue, nothing is lost.
            log.warning("the queue does not take jobs; the sweep will send them", exc_info=True)

    def engine(self) -> Any:
        """Return huey, connected by this process: connections do not survive a fork."""
        if self._engine is None or self._engine[0] != os.getpid():
            from .huey_engine import connected

            self._engine = (os.getpid(), connected(self, self._secret))
        return self._engine[1]


def queue_url(jobs_url: str, database_url: str, home: Path) -> str:
    """Return where the queue lies: as configured, else beside SQLite or inside PostgreSQL."""
    if jobs_url:
        return jobs_url
    if make_url(database_url).get_backend_name() == "postgresql":
        return database_url
    return f"sqlite:///{home.resolve() / 'jobs.db'}"
