"""The arithmetic of budgets: whole minor units in, whole minor units out; no database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

LONGEST = 3 * 366  # days a budget is for at most
LARGEST = 10**15  # minor units
NEARLY = 85  # percent from which on a budget is nearly used up


@dataclass(frozen=True, kw_only=True, slots=True)
class Booking:
    """One entry to be: ``kind`` commit, release, spend or refund; ``number`` None is the next.

    ``gently`` takes as much as is left where a budget that stops has not enough.
    """

    budget_id: int
    kind: str
    amount: int
    source: str
    number: int | None = 1
    reserved: int = 0
    about: str = ""
    gently: bool = False

    @property
    def needed(self) -> int:
        """What it takes of what is left."""
        return -change_of(self.kind, self.amount, self.reserved).available


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """By how much bookings change the columns of a budget."""

    committed: int = 0
    spent: int = 0

    @property
    def available(self) -> int:
        return -self.committed - self.spent


def change_of(kind: str, amount: int, reserved: int) -> Change:
    """Return what an entry does to its budget.

    What was committed goes into what is spent, as far as it is ``reserved``; a refund brings that
    much of it back.
    """
    match kind:
        case "commit":
            return Change(committed=amount)
        case "release":
            return Change(committed=-amount)
        case "spend":
            return Change(committed=-reserved, spent=amount)
        case "refund":
            return Change(committed=reserved, spent=-amount)
    raise ValueError(f"no kind of entry: {kind!r}")


def change_by(entries: Iterable[tuple[str, int, int]]) -> Change:
    """Return what entries of (kind, amount, reserved) do to their budget together."""
    committed = spent = 0
    for entry in entries:
        by = change_of(*entry)
        committed, spent = committed + by.committed, spent + by.spent
    return Change(committed=committed, spent=spent)


def chain_of(department_id: int, parents: Mapping[int, int | None]) -> list[int]:
    """Return a department and those above it, the nearest first."""
    found: list[int] = []
    at: int | None = department_id
    while at is not None and at not in found:
        found.append(at)
        at = parents.get(at)
    return found


def used(amount: int, committed: int, spent: int) -> int:
    """Return how much of a hundred of a budget is committed and spent; of nothing, all of it."""
    taken = committed + spent
    return 100 * taken // amount if amount > 0 else 100 * bool(taken)


def tone(percent: int) -> str:
    """Return how a budget looks of which so much is used up."""
    if percent > 100:
        return "bad"
    return "warn" if percent >= NEARLY else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Month:
    """One month of a budget: what was spent up to its end, and what would be, spent evenly."""

    month: date
    spent: int
    evenly: int


def months(
    from_on: date, until_on: date, amount: int, spent: Mapping[date, int], today: date
) -> list[Month]:
    """Return the months of a budget until today, the first one first.

    ``spent`` is what was spent, less what came back, on each day; what was booked outside the
    period counts in the nearest of its months.
    """
    days = (until_on - from_on).days
    found: list[Month] = []
    first = from_on.replace(day=1)
    while first < until_on and (first <= today or not found):
        following = (first.replace(day=28) + _FIVE_DAYS).replace(day=1)
        last = following >= until_on or following > today
        so_far = sum(by for day, by in spent.items() if day < following or last)
        passed = (min(following, until_on) - from_on).days
        found.append(Month(month=first, spent=max(so_far, 0), evenly=amount * passed // days))
        first = following
    return found


_FIVE_DAYS = date(2000, 1, 6) - date(2000, 1, 1)
