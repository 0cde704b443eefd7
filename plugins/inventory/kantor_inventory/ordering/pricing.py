"""What so many packs cost, by quantity and day, in minor units: no database, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Break:
    """From so many packs on, each costs so much; in a period ``[since, until)``."""

    packs: int
    price: int
    since: date = date.min
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        """Return whether this is asked on a day."""
        return self.since <= day and (self.until is None or day < self.until)


def on(day: date, breaks: Iterable[Break]) -> tuple[Break, ...]:
    """Return the breaks that hold on a day, the smallest quantity first."""
    return tuple(sorted((b for b in breaks if b.holds_on(day)), key=lambda b: b.packs))


def price_of(packs: int, price: int | None, breaks: Sequence[Break]) -> int | None:
    """Return what each of so many packs costs: the price of the highest break they reach."""
    for one in sorted(breaks, key=lambda b: b.packs, reverse=True):
        if packs >= one.packs:
            return one.price
    return price


def cheaper(packs: int, price: int | None, breaks: Sequence[Break], *, multiple: int = 1) -> int:
    """Return how many packs cost less in all than fewer of them, the cheapest; 0 if none do."""
    each = price_of(packs, price, breaks)
    if each is None or packs < 1:
        return 0
    best, found = packs * each, 0
    for one in breaks:
        more = -(-one.packs // multiple) * multiple
        if more > packs and more * one.price < best:
            best, found = more * one.price, more
    return found


def overlap(first: Break, second: Break) -> bool:
    """Return whether two prices of one quantity are asked on the same day."""
    if first.packs != second.packs:
        return False
    ends = first.until or date.max, second.until or date.max
    return first.since < ends[1] and second.since < ends[0]
