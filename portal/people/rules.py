"""Days and trees: what needs no database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

KINDS = ("member", "manager", "standing_deputy")
LEADING = ("manager", "standing_deputy")  # one of each in a department at a time


def until_after(last_day: date | None) -> date | None:
    """Return the first day after ``last_day``, as ranges are stored."""
    return None if last_day is None else last_day + timedelta(days=1)


def last_day_of(until_on: date | None) -> date | None:
    """Return the last day of a range that ends before ``until_on``, as people say it."""
    return None if until_on is None else until_on - timedelta(days=1)


def overlaps(from_on: date, until_on: date | None, other: date, other_until: date | None) -> bool:
    """Return whether two ranges share a day; an empty one shares none."""
    end, other_end = until_on or date.max, other_until or date.max
    return from_on < other_end and other < end and from_on < end and other < other_end


def lies_below(child: int | None, top: int, parents: Mapping[int, int | None]) -> bool:
    """Return whether ``child`` is ``top`` or lies anywhere below it."""
    while child is not None:
        if child == top:
            return True
        child = parents.get(child)
    return False
