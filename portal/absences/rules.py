"""Whole and half days on which somebody is away, beside a calendar's windows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from portal.worktime.rules import DAY, Calendar, Windows

NOON = 720  # minutes after midnight: where half days meet


@dataclass(frozen=True, kw_only=True)
class Away:
    """Whole or half days: from the morning or noon of one day to noon or the end of another."""

    from_on: date
    last_on: date
    from_noon: bool = False
    until_noon: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether it ends before or as it begins."""
        if self.last_on != self.from_on:
            return self.last_on < self.from_on
        return self.from_noon and self.until_noon

    @property
    def halves(self) -> tuple[int, int]:
        """The half days, counted from the first of all: which is the first, and which the first
        after.
        """
        begins = 2 * self.from_on.toordinal() + self.from_noon
        return begins, 2 * self.last_on.toordinal() + (1 if self.until_noon else 2)

    def meets(self, other: Away) -> bool:
        """Whether two absences share half a day; an empty one shares none."""
        (begins, ends), (other_begins, other_ends) = self.halves, other.halves
        return max(begins, other_begins) < min(ends, other_ends)

    def covers(self, day: date, minute: int) -> bool:
        """Return whether somebody is away, so many minutes after midnight by their calendar."""
        begins = (self.from_on, NOON if self.from_noon else 0)
        ends = (self.last_on, NOON if self.until_noon else DAY)
        return begins <= (day, minute) < ends

    def of_day(self, day: date, windows: Windows) -> Windows:
        """Return the windows of a date that are left beside the absence."""
        if not self.from_on <= day <= self.last_on:
            return windows
        begins = NOON if self.from_noon and day == self.from_on else 0
        ends = NOON if self.until_noon and day == self.last_on else DAY
        before = ((first, min(after, begins)) for first, after in windows)
        behind = ((max(first, ends), after) for first, after in windows)
        return tuple(sorted({pair for pair in (*before, *behind) if pair[0] < pair[1]}))


def without(calendar: Calendar, absences: tuple[Away, ...], day: date) -> Windows:
    """Return a date's windows of somebody who is away by these absences."""
    left = calendar.windows_on(day)
    for away in absences:
        left = away.of_day(day, left)
    return left
