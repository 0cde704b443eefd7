"""Finding records of every kind by words, as far as whoever asks may see them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from portal.guard import kernel_execute
from portal.subjects.rules import Subject
from portal.subjects.services import Described, as_described, subjects
from portal.work import UnitOfWork

from . import asking, following
from .entries import Entries, entries_of
from .own import CORE_SEARCHES
from .rules import Search, Wanted

PEOPLE = "core.person"
ENOUGH = 20  # of one kind; that there are more is said, not how many


@dataclass(frozen=True)
class Group:
    """What was found of one kind, the best first; ``more`` if that is not all of it."""

    subject: Subject
    found: list[Described]
    more: bool
    listed: str
    way: int  # how well the best of them was found


def find(
    tx: UnitOfWork, asked: Wanted, *, kinds: Collection[str] | None = None, most: int = ENOUGH
) -> list[Group]:
    """Return what the actor finds, kind by kind, in one statement: never what they may not see."""
    chosen = [
        one
        for kind, one in _found(tx).items()
        if (kinds is None or kind in kinds) and (not asked.people_only or kind == PEOPLE)
    ]
    if not asked or not chosen:
        return []
    dialect = tx.session.get_bind().dialect.name
    wanted, parameters = asking.statement(chosen, tx.actor, asked, dialect, most + 1)
    rows: dict[str, list[Any]] = {one.subject.name: [] for one in chosen}
    for row in kernel_execute(tx.session, wanted, parameters):
        rows[row.kind].append(row)
    groups = [_group(one, rows[one.subject.name], most) for one in chosen]
    return sorted(filter(None, groups), key=lambda group: group.way)


def _group(one: Entries, rows: list[Any], most: int) -> Group | None:
    rows = sorted(rows, key=lambda row: (row.way, -row.place))
    if not rows:
        return None
    found = [as_described(one.subject, row) for row in rows[:most]]
    return Group(one.subject, found, len(rows) > most, one.search.listed, rows[0].way)


def _found(tx: UnitOfWork) -> dict[str, Entries]:
    """Return the kinds that the actor may be shown at all, as far as they are found by words."""
    runtime, who = tx.session.runtime, tx.actor
    if runtime is None:
        return {}
    every = entries_of(subjects(tx), declared(runtime))
    return {
        kind: one
        for kind, one in every.items()
        if who.holds(one.subject.permission) or who.owns(one.subject.model)
    }


def declared(plugins: Any) -> list[Search]:
    """Return what is found by words, the portal's own first."""
    loaded = plugins.loaded.values()
    return [*CORE_SEARCHES, *(one for plugin in loaded for one in plugin.searches)]


def follow_all(engine: Engine, plugins: Any, *, without: Iterable[str] = ()) -> list[str]:
    """Make the index follow the declarations; return the kinds that were filled anew."""
    entries = {
        kind: one
        for kind, one in entries_of(plugins.subjects(), declared(plugins)).items()
        if one.subject.slug not in without
    }
    slugs = {"core", *plugins.loaded} - set(without)
    return following.follow(engine, entries, slugs)
