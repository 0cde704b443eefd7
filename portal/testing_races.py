"""Several at the same moment: what a test of two people in each other's way begins with."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from sqlalchemy.exc import OperationalError

from .errors import PortalError
from .retries import is_busy

TRIES = 5


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Begin all acts at the same moment, each in a thread; return what came of each, in order.

    That is what it returned, or the error of the portal it was refused with. An act is done again
    when the database is busy, as the portal does with a request; any other error is raised here.
    """
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        start.wait()
        for left in reversed(range(TRIES)):
            try:
                return act()
            except PortalError as refused:
                return refused
            except OperationalError as error:
                if not left or not is_busy(error):
                    raise
        return None

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))
