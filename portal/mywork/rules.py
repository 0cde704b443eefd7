"""What waits for somebody, in which order, and how much of their time it takes: no database here.

A plugin declares ``WorkItems``: it is asked with a ``WorkAsk`` and answers with ``WorkItem``s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import IntEnum, StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from portal.messages import Message, message

if TYPE_CHECKING:
    from portal.work import UnitOfWork

GUESS = 30  # minutes that an item takes of which nobody has said so
AHEAD = 10  # working days over which is spread what is due on no day
URGENT, USUAL, LOWEST = 1, 3, 4


class Whose(StrEnum):
    """Whose work is asked for."""

    ME = "me"  # what somebody has to do, for themselves or standing in
    POOL = "pool"  # what is nobody's yet and anybody of a department may take
    DEPARTMENT = "department"  # everything open in a department, whoever has it
    TEAM = "team"  # what certain people have to do, for whoever leads them


class Group(IntEnum):
    """How soon something has to be done, the most serious first."""

    URGENT = 0
    OVERDUE = 1
    TODAY = 2
    WEEK = 3
    LATER = 4


GROUPS = {
    Group.URGENT: message("Urgent"),
    Group.OVERDUE: message("Overdue"),
    Group.TODAY: message("Today"),
    Group.WEEK: message("In the next seven days"),
    Group.LATER: message("Later, or on no day"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkItem:
    """One thing that waits: ``key`` is known to its plugin alone, ``endpoint`` is its page.

    ``due_at`` is an instant; what is due on a day is due at its end. ``priority`` goes from 1
    (danger, everything stands) to 4; ``minutes`` is what is left to do, None if nobody said.
    Without ``owner_id`` it is in the pool of its department. ``for_id`` is whom the reader stands
    in for. ``waiting_for`` says in a few words why nobody can go on now.
    """

    key: str
    title: Message | str
    endpoint: str
    values: Mapping[str, Any] = field(default_factory=dict)
    since: datetime
    due_at: datetime | None = None
    whole_day: bool = False
    priority: int = USUAL
    owner_id: int | None = None
    department_id: int | None = None
    minutes: int | None = None
    meta: Message | str = ""
    for_id: int | None = None
    waiting_for: Message | str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkAsk:
    """What a plugin is asked for: the first ``limit`` items, those due soonest first.

    ``people`` are the owners that are meant (ME and TEAM), ``departments`` whose pool or work is
    meant (POOL and DEPARTMENT). With ``until`` only what is due before, with ``keys`` only these,
    with ``standing_in`` only what the reader does for somebody else (of ME).
    """

    whose: Whose
    people: frozenset[int] = frozenset()
    departments: frozenset[int] = frozenset()
    limit: int = 50
    until: datetime | None = None
    keys: frozenset[str] | None = None
    standing_in: bool = False

    def wants(self, item: WorkItem) -> bool:
        """Return whether an item is among those that are meant."""
        if self.standing_in and item.for_id is None:
            return False
        soon = self.until is None or (item.due_at is not None and item.due_at < self.until)
        return soon and (self.keys is None or item.key in self.keys)


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkItems:
    """A kind of work a plugin knows: ``items(tx, ask)`` lists what is open of it.

    For ME, POOL and DEPARTMENT it reads with the reader's rights, for TEAM in the plugin's own:
    core has asked whom the reader leads. ``reassign(tx, key, person_id)`` gives an item another
    owner, or raises a PortalError that says why not; without it the kind cannot be handed over.
    ``endpoint`` is the plugin's own list of them. The titles of a ``confidential`` kind are shown
    to their owner alone.
    """

    name: str
    title: Message
    items: Callable[[UnitOfWork, WorkAsk], Sequence[WorkItem]]
    reassign: Callable[[UnitOfWork, str, int], None] | None = None
    endpoint: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    icon: str = "list-check"
    hue: str = "slate"
    confidential: bool = False


@dataclass(frozen=True)
class Clock:
    """Now, and the days around it by the organisation's clock."""

    now: datetime
    zone: ZoneInfo

    @cached_property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        """Return when a day begins."""
        return datetime.combine(day, time(), self.zone)

    def end_of(self, day: date) -> datetime:
        """Return when a day is over."""
        return self.midnight(day + timedelta(days=1))

    def day_of(self, item: WorkItem) -> date | None:
        """Return the day on which an item has to be done at the latest."""
        if item.due_at is None:
            return None
        last = item.due_at - timedelta(microseconds=1) if item.whole_day else item.due_at
        return last.astimezone(self.zone).date()

    def group(self, item: WorkItem) -> Group:
        """Return how soon an item has to be done."""
        if item.priority <= URGENT:
            return Group.URGENT
        day = self.day_of(item)
        if day is None:
            return Group.LATER
        if item.due_at is not None and item.due_at <= self.now:
            return Group.OVERDUE
        if day <= self.today:
            return Group.TODAY
        return Group.WEEK if day <= self.today + timedelta(days=7) else Group.LATER

    def rank(self, item: WorkItem) -> tuple[Any, ...]:
        """Return what items are sorted by: group, priority, day, age."""
        due = item.due_at or datetime.max.replace(tzinfo=self.zone)
        return self.group(item), item.priority, item.due_at is None, due, item.since, item.key


def spread(minutes: int, days: Sequence[tuple[date, int]]) -> dict[date, int]:
    """Return so many minutes laid evenly over days that can be worked (date, capacity > 0).

    Whole minutes whose sum is exactly ``minutes``; the first days take what does not come out even.
    """
    working = [day for day, capacity in days if capacity > 0]
    if not working:
        return {}
    each, rest = divmod(minutes, len(working))
    return {day: each + (number < rest) for number, day in enumerate(working)}


@dataclass
class Load:
    """What somebody has to do on certain days, beside what they can: all in minutes."""

    capacity: dict[date, int]
    planned: defaultdict[date, int] = field(default_factory=lambda: defaultdict(int))
    open: int = 0
    overdue: int = 0
    guessed: int = 0  # items whose time nobody has said

    def between(self, first: date, until: date) -> tuple[int, int]:
        """Return (planned, capacity) from a day until (not including) another."""
        days = [day for day in self.capacity if first <= day < until]
        return sum(self.planned[day] for day in days), sum(self.capacity[day] for day in days)


def load_of(items: Iterable[WorkItem], capacity: Mapping[date, int], clock: Clock) -> Load:
    """Return somebody's load: each item laid evenly over the working days until it is due.

    ``capacity`` has the minutes somebody works on each of the coming days, today first. What is
    overdue counts today in full, and so does what is due before the next working day; what is due
    on no day is laid over the next ten working days.
    """
    load = Load(dict(capacity))
    days = sorted(capacity.items())
    for item in items:
        load.open += 1
        load.guessed += item.minutes is None
        load.overdue += item.due_at is not None and item.due_at <= clock.now
        minutes = GUESS if item.minutes is None else item.minutes
        day = clock.day_of(item)
        if day is None:
            within = [pair for pair in days if pair[1] > 0][:AHEAD]
        else:
            within = [pair for pair in days if pair[0] <= day]
        parts = spread(minutes, within) or {clock.today: minutes}
        for on, part in parts.items():
            load.planned[on] += part
    return load
