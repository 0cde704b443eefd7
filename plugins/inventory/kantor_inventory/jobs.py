"""What the worker does for inventory."""

from __future__ import annotations

from typing import Any

from portal.api import UnitOfWork, settings_of
from portal.plugin import Job

from .levels.services import computing
from .services import selfcheck
from .watching import summing
from .watching.rules import days_of

CHECK = "inventory.check"
SUMS = "inventory.sums"
LEVELS = "inventory.levels"


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


def look_at_levels(tx: UnitOfWork, progress: Any) -> Any:
    """Measure how suppliers deliver, and find which levels are to be worked out."""
    return computing.look(tx)


def keep_levels(tx: UnitOfWork, progress: Any, *, found: Any) -> None:
    """Note what the night has changed."""
    computing.finish(tx, found)


DAY = 24 * 60 * 60
JOBS = (
    Job(name=CHECK, look=look, run=check, every=DAY),
    Job(name=SUMS, look=look_back, pieces=summing.pieces, run=sum_up, every=DAY),
    Job(name=LEVELS, look=look_at_levels, pieces=computing.pieces, run=keep_levels, every=DAY),
)
