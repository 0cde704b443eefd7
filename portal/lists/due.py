"""When a view that is sent by mail goes out: pure functions of a rule and a calendar."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from portal.worktime.rules import Calendar

EVERY = ("day", "week", "month")
ONE_DAY = timedelta(days=1)
LONGEST_REST = 400  # days without work after which a day is taken as any other


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """Every working ``day``, ``week`` or ``month`` at a full hour by the reader's calendar.

    ``weekday`` is 0 for Monday, ``day`` the day of the month; where a month is shorter, its last.
    """

    every: str
    hour: int
    weekday: int = 0
    day: int = 1

    def falls_on(self, on: date, calendar: Calendar) -> bool:
        """Return whether it goes out on a day."""
        if self.every == "day":
            return bool(calendar.windows_on(on))
        if self.every == "week":
            return on.weekday() == self.weekday
        return on.day == min(self.day, monthrange(on.year, on.month)[1])


def next_due(rhythm: Rhythm, after: datetime, calendar: Calendar) -> datetime:
    """Return the first instant after another at which it goes out, in UTC."""
    day = after.astimezone(calendar.zone).date()
    for _ in range(LONGEST_REST):
        if rhythm.falls_on(day, calendar):
            at = _instant(day, rhythm.hour, calendar)
            if at > after:
                return at
        day += ONE_DAY
    return _instant(day, rhythm.hour, calendar)


def _instant(day: date, hour: int, calendar: Calendar) -> datetime:
    return datetime.combine(day, time(hour), calendar.zone).astimezone(UTC)
