"""How often to count what, and how months follow each other: no database, no clock, no request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

# Up to these shares of what everything used in a year was worth, in percent.
SHARES = (("A", 80), ("B", 95))
REST = "C"
DAYS = {"A": 30, "B": 91, "C": 365}  # from one count to the next, unless somebody says otherwise


def days_of(said: Mapping[str, Any]) -> dict[str, int]:
    """Return how many days lie between two counts of each class, by what the settings say."""
    return {name: said.get(f"count_{name.lower()}_days") or days for name, days in DAYS.items()}


def classes(used: Mapping[int, int]) -> dict[int, str]:
    """Return A, B or C of each item by what its use in a year was worth.

    The most valuable that make up 80 % are A, the next up to 95 % B, all others and what was not
    used at all C. Who reaches a limit is still within it. Equal values are of one class, whatever
    their order.
    """
    total = sum(value for value in used.values() if value > 0)
    found = dict.fromkeys(used, REST)
    before = 0
    ranked = sorted(used.items(), key=lambda pair: -pair[1])
    for value, same in groupby(ranked, key=lambda pair: pair[1]):
        if value <= 0:
            break
        ids = [item_id for item_id, _ in same]
        of_all = next((name for name, share in SHARES if before * 100 < total * share), REST)
        found |= dict.fromkeys(ids, of_all)
        before += value * len(ids)
    return found


def due_at(
    counted_at: datetime | None, every: int, *, known: datetime | None, now: datetime
) -> datetime:
    """Return when something is to be counted again, ``every`` so many days.

    What was never counted has been due since that was first noticed (``known``).
    """
    if counted_at is None:
        return known if known is not None and known <= now else now
    return counted_at + timedelta(days=every)


def months(today: date, count: int) -> list[date]:
    """Return the first days of the last ``count`` months, this one included, the oldest first."""
    number = today.year * 12 + today.month - 1
    return [date(n // 12, n % 12 + 1, 1) for n in range(number - count + 1, number + 1)]


def percent(part: int, whole: int) -> int:
    """Return how many of a hundred; nothing of nothing is 0."""
    return round(100 * part / whole) if whole else 0
