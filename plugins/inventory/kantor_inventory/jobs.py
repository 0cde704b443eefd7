"""What the worker does for inventory."""

from __future__ import annotations

from typing import Any

from portal.api import UnitOfWork
from portal.plugin import Job

from .services import selfcheck

CHECK = "inventory.check"


def check(tx: UnitOfWork, progress: Any) -> None:
    """Add the whole ledger up and keep what was found."""
    selfcheck.check_ledger(tx)


JOBS = (Job(name=CHECK, run=check, every=24 * 60 * 60),)
