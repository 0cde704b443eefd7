"""Reckoning in working time: pure functions, exact over changes of the clock.

A day's windows are pairs of minutes after midnight on the calendar's own clock, in order and apart;
1440 is the end of the day. Each date's windows become instants of their own, so a day with 23 or 25
hours is as long as it really is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

DAY = 1440  # minutes
HORIZON = timedelta(days=3653)  # ten years: what is due later than that is a mistake in the rules
ZERO = timedelta(0)
ONE_DAY = timedelta(days=1)
_SPAN = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*[-\u2013\u2014]\s*(\d{1,2})(?:[:.](\d{2}))?")

Windows = tuple[tuple[int, int], ...]
Span = tuple[datetime, datetime]


class BadWindows(ValueError):
    """A day's windows that cannot be; ``reason`` is shape, order or overlap."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """A week of seven days' windows from Monday on, and the dates on which it is otherwise."""

    zone: ZoneInfo
    week: tuple[Windows, ...]
    days: Mapping[date, Windows] = field(default_factory=dict)

    def windows_on(self, day: date) -> Windows:
        """Return the windows of a date, in minutes after midnight."""
        found = self.days.get(day)
        return self.week[day.weekday()] if found is None else found


def checked(windows: Windows) -> Windows:
    """Return windows in order, or raise BadWindows if one is empty, outside the day or overlaps."""
    ordered = tuple(sorted(windows))
    for begins, ends in ordered:
        if not 0 <= begins < ends <= DAY:
            raise BadWindows("order")
    for (_, ends), (begins, _) in pairwise(ordered):
        if begins < ends:
            raise BadWindows("overlap")
    return ordered


def read_windows(text: str) -> Windows:
    """Return the windows written as ``9-12.30, 13:00-17:00``, none for an empty text."""
    if not text.strip():
        return ()
    found = []
    for part in re.split(r"[,;\n]", text):
        match = _SPAN.fullmatch(part.strip())
        if match is None:
            raise BadWindows("shape")
        hour, minute, to_hour, to_minute = (int(number or 0) for number in match.groups())
        if max(minute, to_minute) > 59:
            raise BadWindows("shape")
        found.append((hour * 60 + minute, to_hour * 60 + to_minute))
    return checked(tuple(found))


def written(windows: Windows) -> str:
    """Return windows as ``09:00-12:30, 13:00-17:00``, which read_windows() reads."""
    return ", ".join(f"{_clock(begins)}-{_clock(ends)}" for begins, ends in windows)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def shared(windows: Windows, others: Windows) -> Windows:
    """Return the time that lies in both of two days' windows, in order and apart."""
    both = ((max(a, c), min(b, d)) for a, b in windows for c, d in others)
    return tuple(sorted((begins, ends) for begins, ends in both if begins < ends))


def minutes_of(windows: Windows) -> int:
    """Return how long a day's windows are together by the clock on the wall, in minutes."""
    return sum(ends - begins for begins, ends in windows)


def spans_on(calendar: Calendar, day: date) -> list[Span]:
    """Return a date's windows as instants in UTC, in order and apart."""
    found: list[Span] = []
    earliest = _instant(calendar.zone, day, 0)
    for begins, ends in calendar.windows_on(day):
        # In the hour that the clock leaves out two windows would fall together.
        first = max(_instant(calendar.zone, day, begins), earliest)
        last = _instant(calendar.zone, day, ends)
        if first < last:
            found.append((first, last))
            earliest = last
    return found


def _instant(zone: ZoneInfo, day: date, minute: int) -> datetime:
    midnight = datetime.combine(day, time())
    return (midnight + timedelta(minutes=minute)).replace(tzinfo=zone).astimezone(UTC)


def spans(calendar: Calendar, begin: datetime, end: datetime) -> Iterator[Span]:
    """Yield the working time between two instants piece by piece: the why of what adds up."""
    day, last = _day_of(calendar, begin), _day_of(calendar, end)
    while day <= last:
        for first, after in spans_on(calendar, day):
            if first < end and begin < after:
                yield max(first, begin), min(after, end)
        day += ONE_DAY


def _day_of(calendar: Calendar, instant: datetime) -> date:
    return instant.astimezone(calendar.zone).date()


def working_between(calendar: Calendar, begin: datetime, end: datetime) -> timedelta:
    """Return the working time from one instant to another; negative if the second is earlier."""
    if end < begin:
        return -working_between(calendar, end, begin)
    return sum((after - first for first, after in spans(calendar, begin, end)), ZERO)


def add_working(calendar: Calendar, begin: datetime, amount: timedelta) -> datetime | None:
    """Return the earliest instant by which so much working time has passed since ``begin``.

    None if that takes more than HORIZON; no time at all is ``begin`` itself. In UTC.
    """
    if amount < ZERO:
        raise ValueError("working time cannot be taken back")
    begin = begin.astimezone(UTC)
    if not amount:
        return begin
    left = amount
    for first, after in spans(calendar, begin, begin + HORIZON):
        if after - first >= left:
            return first + left
        left -= after - first
    return None


def next_working(calendar: Calendar, instant: datetime) -> datetime | None:
    """Return ``instant`` if it is working time, else when that next begins; None beyond HORIZON."""
    instant = instant.astimezone(UTC)
    for first, after in spans(calendar, instant, instant + HORIZON):
        if after > instant:
            return first
    return None
