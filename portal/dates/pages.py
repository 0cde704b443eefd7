"""What the calendar's page shows: weeks of days, a list of days, what narrows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import url_for

from portal.messages import current_language, message
from portal.work import UnitOfWork
from portal.worktime.words import day_names

from .gathering import Entry, FoundDates, gather, zone_of
from .grid import Shown, first_weekday, weeks
from .own import own_calendar
from .rules import DateAsk

MOST = {"month": 3, "week": 14}  # entries of a day that are drawn, the rest is counted
WHOSE = {
    "": message("Everything"),
    "departments": message("My departments"),
    "mine": message("Only mine"),
}
DEPARTMENTS = "departments"


@dataclass(frozen=True, kw_only=True)
class Narrowed:
    """What the reader wants to see: of which kind, and whose."""

    kind: str = ""
    whose: str = ""

    @property
    def address(self) -> dict[str, str]:
        """As it stands in an address."""
        return {name: value for name, value in vars(self).items() if value}


def ask_for(tx: UnitOfWork, first: date, after: date, whose: str, *, limit: int = 200) -> DateAsk:
    """Return the question for a part of the actor's calendar."""
    own = tx.actor.member_of | tx.actor.managed
    return DateAsk(
        from_on=first,
        until_on=after,
        limit=limit,
        mine=whose == "mine",
        departments=own if whose == DEPARTMENTS else None,
    )


def calendar_page(tx: UnitOfWork, shown: Shown, narrowed: Narrowed) -> dict[str, Any]:
    """Return the context of the page."""
    weekday = first_weekday(current_language.get())
    ask = ask_for(tx, *shown.asked(weekday), narrowed.whose)
    found = gather(tx, ask, narrowed.kind)
    return {
        "shown": shown,
        "today": shown.today,
        "head": _head(weekday),
        "weeks": _drawn(tx, shown, found, ask, weekday, narrowed) if shown.grid else (),
        "days": _listed(tx, shown, found),
        "more": [kind.title for kind in found.more],
        "before": _url(shown.address(-1), narrowed),
        "after": _url(shown.address(1), narrowed),
        "now": _url(_today(shown), narrowed),
        "views": _views(shown, narrowed),
        "whose": _whose(tx, shown, narrowed),
        "kinds": _kinds(found, shown, narrowed),
    }


def _head(weekday: int) -> list[tuple[str, str]]:
    """Return the days of the week, in full and in short, in their order."""
    language = current_language.get()
    named = list(zip(day_names(language), day_names(language, "abbreviated"), strict=True))
    return named[weekday:] + named[:weekday]


def _drawn(
    tx: UnitOfWork,
    shown: Shown,
    found: FoundDates,
    ask: DateAsk,
    weekday: int,
    narrowed: Narrowed,
) -> list[list[dict[str, Any]]]:
    """Return weeks of days, each with its first entries and how many more there are."""
    by_day, works = found.by_day(ask, zone_of(tx)), own_calendar(tx)
    most = MOST[shown.grid]

    def cell(day: date) -> dict[str, Any]:
        entries = by_day.get(day, [])
        # One more takes no more room than saying that there is one more.
        kept = entries if len(entries) <= most + 1 else entries[:most]
        return {
            "day": day,
            "url": _url({"day": day.isoformat()}, narrowed),
            "count": len(entries),
            "entries": [_line(entry, day, zone_of(tx)) for entry in kept],
            "more": len(entries) - len(kept),
            "today": day == shown.today,
            "off": not works.windows_on(day),
            "out": not shown.first <= day < shown.after,
        }

    drawn = weeks(shown.first, shown.after, weekday)
    return [[cell(day) for day in week] for week in drawn]


def _listed(tx: UnitOfWork, shown: Shown, found: FoundDates) -> list[dict[str, Any]]:
    """Return the days of the list that have something; what goes on is on its first day alone."""
    first, after = shown.agenda
    zone = zone_of(tx)
    days: dict[date, list[dict[str, Any]]] = {}
    for entry in found.entries:
        begins, ends = entry.dated.span(zone)
        if begins < after and ends >= first:
            day = max(begins, first)
            days.setdefault(day, []).append(_line(entry, day, zone))
    return [{"day": day, "today": day == shown.today, "lines": days[day]} for day in sorted(days)]


def _line(entry: Entry, day: date, zone: Any) -> dict[str, Any]:
    dated, kind = entry.dated, entry.kind
    begins, ends = dated.span(zone)
    return {
        "title": dated.title,
        "meta": dated.meta,
        "kind": kind.title,
        "url": url_for(dated.endpoint, **dated.values) if dated.endpoint else "",
        "icon": kind.icon,
        "hue": kind.hue,
        "at": dated.at if begins == day else None,
        "until": ends if ends > begins else None,
    }


def _url(asked: Mapping[str, str], narrowed: Narrowed) -> str:
    values: dict[str, Any] = {**asked, **narrowed.address}
    return url_for("dates.calendar", **values)


def _today(shown: Shown) -> dict[str, str]:
    today = shown.today.isoformat()
    if shown.view in ("day", "week"):
        return {shown.view: today}
    return {"view": shown.view} if shown.view else {}


def _views(shown: Shown, narrowed: Narrowed) -> list[tuple[Any, str, bool, str]]:
    """Return the ways to look at it: title, address, whether it is this one, and by which name."""
    inside = shown.first <= shown.today < shown.after
    anchor = shown.today if inside else shown.first
    month = {"month": anchor.strftime("%Y-%m")}
    return [
        (
            message("By month"),
            _url({"view": "month", **month}, narrowed),
            shown.grid == "month",
            "",
        ),
        (
            message("By week"),
            _url({"week": anchor.isoformat()}, narrowed),
            shown.view == "week",
            "week",
        ),
        (message("As a list"), _url({"view": "list", **month}, narrowed), not shown.grid, "list"),
    ]


def _whose(tx: UnitOfWork, shown: Shown, narrowed: Narrowed) -> list[tuple[Any, str, bool]]:
    own = tx.actor.member_of | tx.actor.managed
    address = shown.address()
    return [
        (title, _url(address, Narrowed(kind=narrowed.kind, whose=name)), name == narrowed.whose)
        for name, title in WHOSE.items()
        if name != DEPARTMENTS or own
    ]


def _kinds(found: FoundDates, shown: Shown, narrowed: Narrowed) -> list[tuple[Any, str, bool]]:
    """Return the kinds to choose from as (title, url, current)."""
    some = [(kind.title, kind.name) for kind in found.kinds]
    address = shown.address()
    return [
        (title, _url(address, Narrowed(kind=name, whose=narrowed.whose)), name == narrowed.kind)
        for title, name in [(message("All kinds"), ""), *some]
    ]
