"""What the worker does for inventory."""

from __future__ import annotations

from typing import Any

from portal.api import UnitOfWork
from portal.plugin import Job

from .services import selfcheck

CHECK = "inventory.check"


def look(tx: UnitOfWork, progress: Any) -> Any:
    """Add the whole ledger up, which takes long where it is long."""
    return selfcheck.add_up(tx)


def check(tx: UnitOfWork, progress: Any, *, found: Any) -> None:
    """Keep what was found."""
    selfcheck.keep(tx, found)


JOBS = (Job(name=CHECK, look=look, run=check, every=24 * 60 * 60),)
