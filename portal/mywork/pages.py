"""What the pages about work show: items as lines, loads as bars, the sheet of somebody away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for

from portal.absences.words import Days
from portal.delegation import services as delegation
from portal.messages import Message, message
from portal.work import UnitOfWork

from . import services
from .gathering import Found, Waiting, clock_of, gather
from .leading import names_of
from .rules import GROUPS, Clock, Group, Load, Whose

SHOWN_AT_HOME = 7
TONES = {Group.URGENT: "bad", Group.OVERDUE: "bad", Group.TODAY: "warn"}


@dataclass(frozen=True)
class Week:
    """How much of a week is planned: minutes, and in hundredths of what can be worked."""

    planned: int
    capacity: int

    @property
    def percent(self) -> int:
        return round(100 * self.planned / self.capacity) if self.capacity else 0

    @property
    def tone(self) -> str:
        """How the bar looks: more than fits is said by words too."""
        return "bad" if self.planned > self.capacity else ""


def listed(tx: UnitOfWork, found: Found, *, owners: bool = False) -> dict[str, Any]:
    """Return the context of a list: groups of lines, and the plugins' own lists with the rest."""
    people = [one.item.for_id for one in found.items]
    people += [one.item.owner_id for one in found.items] if owners else []
    names, clock = names_of(tx, people), clock_of(tx)
    groups = [
        (GROUPS[group], [_line(one, clock, names, owners) for one in items])
        for group, items in services.grouped(tx, found.items)
    ]
    more = [
        (kind.title, url_for(kind.endpoint, **kind.values)) for kind in found.more if kind.endpoint
    ]
    return {"groups": groups, "more": more, "count": len(found.items)}


def _line(one: Waiting, clock: Clock, names: Any, owners: bool = False) -> dict[str, Any]:
    item, kind = one.item, one.kind
    group, day = clock.group(item), clock.day_of(item)
    said = [kind.title, item.meta, item.waiting_for]
    if owners and item.owner_id is not None:
        said.append(names.get(item.owner_id, ""))
    return {
        "key": one.key,
        "title": item.title,
        "url": url_for(item.endpoint, **item.values) if item.endpoint else "",
        "said": [words for words in said if words],
        "icon": kind.icon,
        "hue": kind.hue,
        "due_at": item.due_at,
        "day": day if item.whole_day else None,
        "is_today": day == clock.today,
        "this_year": day is not None and day.year == clock.today.year,
        "tone": TONES.get(group, "mute"),
        "decides": item.owner_id is None,
        "for": names.get(item.for_id, "") if item.for_id is not None else "",
        "given": kind.reassign is not None,
    }


def own_week(tx: UnitOfWork, items: Sequence[Waiting]) -> Week | None:
    """Return how much of the rest of this week the reader has to do."""
    load = services.own_load(tx, items)
    return None if load is None else _week(tx, load)[0]


def _week(tx: UnitOfWork, load: Load) -> tuple[Week, Week]:
    first, monday, after = services.weeks(tx.today)
    return Week(*load.between(first, monday)), Week(*load.between(monday, after))


def team_page(tx: UnitOfWork) -> dict[str, Any]:
    """Return the context of the page about a team."""
    led, members = services.team(tx)
    shown = services.shows_load(tx)
    lines = []
    for member in members:
        this, following = _week(tx, member.load)
        lines.append(
            {
                "name": member.name,
                "url": url_for("mywork.member", public_id=member.public_id),
                "away": Days(member.away) if member.away is not None else None,
                "open": member.load.open,
                "overdue": member.load.overdue,
                "guessed": member.load.guessed,
                "this": this,
                "next": following,
            }
        )
    names = names_of(tx, led.for_ids)
    return {
        "members": lines,
        "shows_load": shown,
        "for_names": sorted(names.values()),
        "crumbs": ((message("My work"), url_for("mywork.work")), (message("Team"), "")),
    }


def sheet_page(tx: UnitOfWork, absence: Any) -> dict[str, Any]:
    """Return what is due while somebody is away, and who stands in for them then."""
    clock = clock_of(tx)
    until = clock.end_of(absence.last_on)
    found = services.due_while(tx, absence.person_id, until)
    rows = delegation.coming_of(tx, absence.person_id)
    deputies = [
        row.deputy.name
        for row in rows
        if row.principal_id == absence.person_id
        and row.from_on <= absence.last_on
        and row.last_on >= absence.from_on
    ]
    return {
        "absence": absence,
        "days": Days(absence.away),
        "itself": absence.person_id == tx.actor.person_id,
        "deputies": list(dict.fromkeys(deputies)),
        **listed(tx, found),
    }


def home_card(tx: UnitOfWork) -> dict[str, Any]:
    """Return what the home page shows: what waits for the reader, then what is there to take."""
    found = gather(tx, services.ask_for(tx, Whose.ME, limit=SHOWN_AT_HOME))
    items, more = list(found.items), bool(found.more)
    if left := SHOWN_AT_HOME - len(items):
        pool = gather(tx, services.ask_for(tx, Whose.POOL, limit=left))
        items += pool.items
        more = more or bool(pool.more)
    clock = clock_of(tx)
    names = names_of(tx, [one.item.for_id for one in items])
    return {"lines": [_line(one, clock, names) for one in items], "more": more}


def due_card(tx: UnitOfWork, absence: Any) -> dict[str, Any] | None:
    """Return what an absence's page shows of what is due in it: how much, and the first lines.

    None for who may not hand it over.
    """
    if not services.may_hand_over(tx, absence.person_id):
        return None
    found = services.due_while(tx, absence.person_id, clock_of(tx).end_of(absence.last_on))
    clock = clock_of(tx)
    lines = [_line(one, clock, {}) for one in found.items[:5]]
    count: int | Message = len(found.items)
    if found.more:
        count = message("more than {count}", count=len(found.items))
    return {
        "lines": lines,
        "count": count,
        "url": url_for("mywork.sheet", public_id=absence.public_id),
    }
