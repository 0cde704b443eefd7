"""Months and weeks as they are drawn: pure functions of days."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

ONE_DAY, WEEK = timedelta(days=1), timedelta(days=7)
YEARS = range(1970, 2201)
AGENDA = 31  # days from today on
_MONTH = re.compile(r"(\d{4})-(\d{2})")


class BadDay(ValueError):
    """What stands in an address is no day, or none that a calendar shows."""


@lru_cache(maxsize=8)
def first_weekday(language: str) -> int:
    """Return with which day weeks begin, Monday is 0: as the language's country has it."""
    from babel import Locale  # Only the process that shows them pays for the locale data.

    return int(Locale.parse({"en": "en_GB", "id": "id_ID"}.get(language, language)).first_week_day)


def read_month(text: str) -> date:
    """Return the first day of a month written as ``2026-11``; raise BadDay for another text."""
    match = _MONTH.fullmatch(text)
    if match is None or int(match[1]) not in YEARS or not 1 <= int(match[2]) <= 12:
        raise BadDay(text)
    return date(int(match[1]), int(match[2]), 1)


def read_day(text: str) -> date:
    """Return the day written as ``2026-11-30``; raise BadDay for another text."""
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise BadDay(text) from error
    if len(text) != 10 or day.year not in YEARS:
        raise BadDay(text)
    return day


def months_on(first: date, months: int) -> date:
    """Return the first day of the month so many months later, or before."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)


def week_of(day: date, first: int) -> date:
    """Return the first day of a day's week."""
    return day - timedelta(days=(day.weekday() - first) % 7)


def weeks(first: date, after: date, weekday: int) -> Sequence[Sequence[date]]:
    """Return whole weeks that have all days from one to (not including) another."""
    begins, found = week_of(first, weekday), []
    while begins < after:
        found.append([begins + timedelta(days=number) for number in range(7)])
        begins += WEEK
    return found


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Which part of the calendar a page shows: a ``month``, a ``week``, a ``list`` or a ``day``.

    From ``first`` to (not including) ``after``; ``view`` is empty for a month that nobody asked to
    be drawn: a phone shows it as a list.
    """

    view: str
    first: date
    after: date
    today: date

    @property
    def grid(self) -> str:
        """What is drawn: month, week, or nothing."""
        return {"": "month", "month": "month", "week": "week"}.get(self.view, "")

    @property
    def agenda(self) -> tuple[date, date]:
        """The days that are listed: of this month, the next ones from today on."""
        if self.view in ("", "list") and self.first <= self.today < self.after:
            return self.today, self.today + timedelta(days=AGENDA)
        return self.first, self.after

    def asked(self, weekday: int) -> tuple[date, date]:
        """Return which days have to be known, the second not included."""
        first, after = self.agenda
        if not self.grid:
            return first, after
        drawn = weeks(self.first, self.after, weekday)
        return min(first, drawn[0][0]), max(after, drawn[-1][-1] + ONE_DAY)

    def address(self, step: int = 0) -> dict[str, str]:
        """Return how the page before (-1) or after (1), or this one, is asked for."""
        if self.view == "day":
            return {"day": (self.first + step * ONE_DAY).isoformat()}
        if self.view == "week":
            return {"week": (self.first + step * WEEK).isoformat()}
        named = {"view": self.view} if self.view else {}
        return named | {"month": months_on(self.first, step).strftime("%Y-%m")}


def shown(asked: dict[str, str], today: date, weekday: int) -> Shown:
    """Return what an address asks for, this month if nothing; raise BadDay for what it cannot."""
    if "day" in asked:
        day = read_day(asked["day"])
        return Shown(view="day", first=day, after=day + ONE_DAY, today=today)
    if "week" in asked:
        begins = week_of(read_day(asked["week"]), weekday)
        return Shown(view="week", first=begins, after=begins + WEEK, today=today)
    view = asked.get("view", "")
    if view not in ("", "month", "list"):
        raise BadDay(view)
    first = read_month(asked["month"]) if "month" in asked else today.replace(day=1)
    return Shown(view=view, first=first, after=months_on(first, 1), today=today)
