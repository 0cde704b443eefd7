"""What the worker does for inventory."""

from __future__ import annotations

from typing import Any

from portal.api import UnitOfWork, settings_of
from portal.plugin import Job

from .services import selfcheck
from .watching import summing
from .watching.rules import days_of

CHECK = "inventory.check"
SUMS = "inventory.sums"


def look(tx: UnitOfWork, progress: Any) -> Any:
    """Add the whole ledger up, which takes long where it is long."""
    return selfcheck.add_up(tx)


def check(tx: UnitOfWork, progress: Any, *, found: Any) -> None:
    """Keep what was found."""
    selfcheck.keep(tx, found)


def look_back(tx: UnitOfWork, progress: Any) -> Any:
    """Add the months up, and find how often to count what."""
    said = settings_of(tx, "inventory")
    return summing.look(tx, days_of(said), tolerance=said.get("count_tolerance") or 0)


def sum_up(tx: UnitOfWork, progress: Any, *, found: Any) -> None:
    """Keep the rest of what was found for the overview and for planning counts."""
    summing.finish(tx, found)


DAY = 24 * 60 * 60
JOBS = (
    Job(name=CHECK, look=look, run=check, every=DAY),
    Job(name=SUMS, look=look_back, pieces=summing.pieces, run=sum_up, every=DAY),
)
