"""Asking every plugin what falls on which day; a plugin's fault costs its own entries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from portal.work import UnitOfWork

from .rules import DateAsk, Dated, Dates


@dataclass(frozen=True)
class Entry:
    """Something in the calendar, and of which kind it is."""

    kind: Dates
    dated: Dated

    @property
    def key(self) -> str:
        """What it is called outside of its plugin."""
        return f"{self.kind.name}:{self.dated.key}"

    @property
    def confidential(self) -> bool:
        return self.kind.confidential or self.dated.confidential


@dataclass(frozen=True)
class FoundDates:
    """What falls between two days, and the kinds of which there is more than was asked.

    ``kinds`` are all that the reader may see, also those that have nothing.
    """

    entries: Sequence[Entry]
    more: Sequence[Dates] = ()
    kinds: Sequence[Dates] = ()

    def by_day(self, ask: DateAsk, zone: ZoneInfo) -> dict[date, list[Entry]]:
        """Return day -> entries, only days that have some; whole days first, then by the clock."""
        found: dict[date, list[Entry]] = {}
        for entry in self.entries:
            for day in entry.dated.days(ask.from_on, ask.last_on, zone):
                found.setdefault(day, []).append(entry)
        return dict(sorted(found.items()))


def zone_of(tx: UnitOfWork) -> ZoneInfo:
    """Return the time zone in which the actor reads instants."""
    own = tx.actor.time_zone
    return ZoneInfo(own) if own else tx.zone


def kinds(tx: UnitOfWork) -> Iterator[tuple[str, Dates]]:
    """Yield (slug, kind) of what the actor's calendar has: core's, and of the plugins that are
    on.
    """
    runtime = tx.session.runtime
    for slug, kind in () if runtime is None else runtime.dates():
        if (slug == "core" or slug in tx.actor.active) and tx.actor.holds(kind.permission):
            yield slug, kind


def gather(tx: UnitOfWork, ask: DateAsk, only: str = "") -> FoundDates:
    """Return what falls between two days, in the order of the days, of all kinds or of one."""
    entries: list[Entry] = []
    more: list[Dates] = []
    known: list[Dates] = []
    for slug, kind in kinds(tx):
        known.append(kind)
        if only and kind.name != only:
            continue
        found = _asked(tx, slug, kind, ask)
        entries += [Entry(kind, dated) for dated in found[: ask.limit]]
        if len(found) > ask.limit:
            more.append(kind)
    zone = zone_of(tx)
    order = {kind.name: place for place, kind in enumerate(known)}
    return FoundDates(sorted(entries, key=lambda one: _rank(one, order, zone)), more, known)


def _rank(entry: Entry, order: dict[str, int], zone: ZoneInfo) -> tuple[Any, ...]:
    dated = entry.dated
    at = dated.at.timestamp() if dated.at is not None else 0.0
    return dated.span(zone)[0], not dated.whole_day, at, order[entry.kind.name], dated.key


def _asked(tx: UnitOfWork, slug: str, kind: Dates, ask: DateAsk) -> list[Dated]:
    """Return what one kind answers, one more than is wanted if there is more."""
    zone = zone_of(tx)

    def answer() -> list[Any]:
        found = kind.between(tx, replace(ask, limit=ask.limit + 1))
        meant = [one for one in found if _within(one, ask, zone)]
        return sorted(meant, key=lambda one: one.span(zone))

    runtime = tx.session.runtime
    if runtime is None:
        return []
    return runtime.alone(slug, f"dates {kind.name}", tx, answer) or []


def _within(dated: Dated, ask: DateAsk, zone: ZoneInfo) -> bool:
    first, last = dated.span(zone)
    return first < ask.until_on and last >= ask.from_on
