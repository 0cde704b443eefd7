"""Knowing that the database is gone before a page has to wait for it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

log = logging.getLogger("kantor.health")
DEADLINE = 1.5  # seconds in which the database answers, or counts as gone
PAUSE = 1.0  # seconds between two questions to a database that is gone
PATIENCE = 2  # seconds in which a connection is made


class _Question(threading.Thread):
    """One question to the database; it may hang, so nobody waits for its end."""

    def __init__(self, ask: Callable[[], None]) -> None:
        super().__init__(name="kantor-health", daemon=True)
        self._ask, self.answered, self.asked_at = ask, False, time.monotonic()

    def run(self) -> None:
        try:
            self._ask()
        except Exception as error:  # Whatever is wrong, the answer is no.
            log.error("the database does not answer", exc_info=error)
        else:
            self.answered = True

    def wait(self) -> bool:
        self.join(max(0.0, self.asked_at + DEADLINE - time.monotonic()))
        return self.answered and not self.is_alive()


class Circuit:
    """Asks the database one question at a time; ``down`` after a failure until it answers again."""

    def __init__(self, ask: Callable[[], None]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._question: _Question | None = None
        self._failed_at = 0.0
        self.down = False

    def answers(self) -> bool:
        """Return whether the database answers in time; at once while an older question hangs."""
        with self._lock:
            question = self._question
            if question is None or not question.is_alive():
                question = self._question = _Question(self._ask)
                question.start()
        answered = question.wait()
        self.down = not answered
        if not answered:
            self._failed_at = time.monotonic()
        return answered

    def lets_through(self) -> bool:
        """Return whether a page may use the database; after a failure ask first, now and then."""
        if not self.down:
            return True
        return time.monotonic() - self._failed_at >= PAUSE and self.answers()

    def suspect(self) -> None:
        """Let the next page ask first, because this one has met a database that did not answer."""
        self.down = True


def question_for(url: str) -> Callable[[], None]:
    """Return a function that raises unless the database answers and has its tables."""
    options: dict[str, Any] = {}
    if url.startswith("postgresql"):
        options = {"connect_timeout": PATIENCE, "options": "-c statement_timeout=1000"}
    engine = create_engine(url, poolclass=NullPool, connect_args=options)

    def ask() -> None:
        with engine.connect() as connection:
            connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()

    return ask
