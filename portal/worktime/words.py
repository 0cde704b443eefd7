"""Weeks and days in words, as the reader's language writes them, and as a strip of bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from portal.messages import current_language
from portal.ui import formats

from .rules import DAY, Windows, minutes_of, written

HOUR = 60
STEPS = (1, 2, 3, 4)  # hours between two lines of the strip
MOST_LINES = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Strip:
    """A day of the week: its name, its hours in words, its bars in hundredths of the width."""

    name: str
    hours: str
    blocks: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Week:
    """A week to be drawn: a strip for each day, and the hours that are written above them."""

    strips: tuple[Strip, ...]
    ticks: tuple[tuple[int, float], ...]


@lru_cache(maxsize=8)
def day_names(language: str, width: str = "wide") -> tuple[str, ...]:
    """Return the names of the weekdays from Monday on; ``width`` is wide or abbreviated."""
    from babel import Locale  # Only the process that shows them pays for the locale data.

    named = Locale.parse("en_GB" if language == "en" else language).days["stand-alone"][width]
    return tuple(str(named[number]) for number in range(7))


def hours(windows: Windows) -> str:
    """Return a day's windows as they are read: ``08:00-12:00``, Indonesian ``08.00-12.00``."""
    return typed(windows).replace("-", "\u2013")


def typed(windows: Windows) -> str:
    """Return a day's windows as they are typed into a field."""
    text = written(windows)
    return text.replace(":", ".") if current_language.get() == "id" else text


def week_line(week: Sequence[Windows]) -> str:
    """Return a week in one line, as in ``Mon-Thu 08:00-16:00; Fri 08:00-12:00``."""
    return "; ".join(week_parts(week))


def week_parts(week: Sequence[Windows]) -> list[str]:
    """Return a week in short, days that are alike together: ``Mon-Fri 08:00-12:00``."""
    names = day_names(current_language.get(), "abbreviated")
    parts = []
    for windows, run in groupby(range(7), key=lambda day: week[day]):
        days = list(run)
        if windows:
            named = names[days[0]]
            if len(days) > 1:
                named += ("\u2013" if len(days) > 2 else ", ") + names[days[-1]]
            parts.append(f"{named} {hours(windows)}")
    return parts


def hours_a_week(week: Sequence[Windows]) -> str:
    """Return how many hours a week has, as in ``37.5``."""
    minutes = sum(minutes_of(windows) for windows in week)
    return formats.quantity(round(minutes * 1000 / HOUR), current_language.get())


def drawn(week: Sequence[Windows]) -> Week:
    """Return a week as a strip of bars, from an hour before the earliest to one after the last."""
    edges = [edge for windows in week for window in windows for edge in window]
    first = max(min(edges, default=0) // HOUR - 1, 0)
    last = min(-(-max(edges, default=DAY) // HOUR) + 1, 24)
    span = (last - first) * HOUR
    step = next((s for s in STEPS if (last - first) / s <= MOST_LINES), STEPS[-1])

    def at(minute: int) -> float:
        return round(100 * (minute - first * HOUR) / span, 2)

    return Week(
        strips=tuple(
            Strip(
                name=name,
                hours=hours(windows),
                blocks=tuple((at(begins), at(ends) - at(begins)) for begins, ends in windows),
            )
            for name, windows in zip(day_names(current_language.get()), week, strict=True)
        ),
        ticks=tuple((h, at(h * HOUR)) for h in range(first + 1, last) if h % step == 0),
    )
