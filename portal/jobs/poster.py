"""The worker's own thread for mail."""

from __future__ import annotations

import logging
import threading
from typing import Any

from sqlalchemy.exc import DBAPIError

from portal.db import db
from portal.mail.posting import post

log = logging.getLogger("kantor.mail")


class Poster(threading.Thread):
    """Sends what is due beside the workers of one process: a slow server holds up nothing else."""

    def __init__(self, app: Any, *, every: float) -> None:
        super().__init__(name="kantor-mail", daemon=True)
        self.app, self.every = app, every
        self.ended, self._woken = threading.Event(), threading.Event()

    def run(self) -> None:
        while not self.ended.is_set():
            self._woken.clear()
            with self.app.app_context():
                try:
                    post(stop=self.ended.is_set)
                except DBAPIError as error:
                    log.warning("the mail met a busy database: %s", error)
                except Exception as error:  # The next beat tries again.
                    log.error("sending mail failed", exc_info=error)
                finally:
                    db.session.remove()
            self._woken.wait(self.every)

    def wake(self) -> None:
        """Look at once."""
        self._woken.set()

    def end(self, patience: float) -> None:
        """Let the mail under way end, and no other begin."""
        self.ended.set()
        self._woken.set()
        self.join(patience)
