"""What falls on which day: no database here.

A plugin declares ``Dates``: it is asked with a ``DateAsk`` and answers with ``Dated``s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from portal.messages import Message

if TYPE_CHECKING:
    from portal.work import UnitOfWork

ONE_DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class DateAsk:
    """What a plugin is asked for: what falls between two days, the second not included.

    The first ``limit``, the earliest first. With ``mine`` only what is the reader's own to do, to
    get or to know of; with ``departments`` only what is of these or the reader's own.
    """

    from_on: date
    until_on: date
    limit: int = 200
    mine: bool = False
    departments: frozenset[int] | None = None

    @property
    def last_on(self) -> date:
        """The last day that is asked for."""
        return self.until_on - ONE_DAY


@dataclass(frozen=True, kw_only=True, slots=True)
class Dated:
    """One thing in a calendar: on whole days, ``on`` to ``last_on``, or ``at`` an instant,
    ``until`` another.

    ``key`` is known to its plugin alone and stays the same for as long as it is the same thing;
    ``endpoint`` is its page. ``person_id`` is whom it is about. What is ``confidential`` leaves the
    portal only as being busy. Raises ValueError for one that has no day, or two kinds of it.
    """

    key: str
    title: Message | str
    on: date | None = None
    last_on: date | None = None
    at: datetime | None = None
    until: datetime | None = None
    endpoint: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    meta: Message | str = ""
    person_id: int | None = None
    confidential: bool = False

    def __post_init__(self) -> None:
        if (self.on is None) == (self.at is None):
            raise ValueError(f"{self.key}: say either on which day it is or at which instant")
        if self.at is not None and self.at.tzinfo is None:
            raise ValueError(f"{self.key}: an instant needs its zone")

    @property
    def whole_day(self) -> bool:
        """Whether it is on days, which have no zone, and not at an instant."""
        return self.on is not None

    def span(self, zone: ZoneInfo) -> tuple[date, date]:
        """Return the first and the last day on which it is, by a reader's clock."""
        if self.on is not None:
            return self.on, max(self.on, self.last_on or self.on)
        assert self.at is not None
        first = self.at.astimezone(zone).date()
        if self.until is None or self.until <= self.at:
            return first, first
        return first, (self.until - MOMENT).astimezone(zone).date()

    def days(self, first: date, last: date, zone: ZoneInfo) -> Iterator[date]:
        """Yield the days on which it is, of those from ``first`` to ``last``."""
        begins, ends = self.span(zone)
        day = max(begins, first)
        while day <= min(ends, last):
            yield day
            day += ONE_DAY


@dataclass(frozen=True, kw_only=True, slots=True)
class Dates:
    """A kind of entries in the calendar: ``between(tx, ask)`` lists them with the reader's rights.

    It is asked for holders of ``permission`` only. A kind named like one of the plugin's
    ``WorkItems`` stands for it: what waits is then not listed a second time by when it is due.
    Of a ``confidential`` kind nothing leaves the portal but that one is busy.
    """

    name: str
    title: Message
    permission: str
    between: Callable[[UnitOfWork, DateAsk], Sequence[Dated]]
    icon: str = "calendar-event"
    hue: str = "slate"
    confidential: bool = False
