"""Asking every plugin what waits, and putting it in one order; a plugin's fault costs its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from portal.work import UnitOfWork

from .rules import Clock, Whose, WorkAsk, WorkItem, WorkItems

REASON = "what waits for people is reckoned for whoever leads them"


@dataclass(frozen=True)
class Waiting:
    """An item, and of which kind it is."""

    kind: WorkItems
    item: WorkItem

    @property
    def key(self) -> str:
        """What a form calls it."""
        return f"{self.kind.name}:{self.item.key}"


@dataclass(frozen=True)
class Found:
    """What waits, the most serious first, and the kinds of which there is more than was asked.

    ``kinds`` are all that have something, also where one alone is shown.
    """

    items: Sequence[Waiting]
    more: Sequence[WorkItems] = ()
    kinds: Sequence[WorkItems] = ()


def clock_of(tx: UnitOfWork) -> Clock:
    """Return the clock by which is reckoned what is due."""
    return Clock(tx.now, tx.zone)


def day_end(tx: UnitOfWork, day: date) -> datetime:
    """Return when a day is over by the organisation's clock: when what is due on it is due."""
    return clock_of(tx).end_of(day)


def kinds(tx: UnitOfWork) -> Iterator[tuple[str, WorkItems]]:
    """Yield (slug, kind) of what may wait for the actor: core's, and of the plugins that are on."""
    runtime = tx.session.runtime
    for slug, kind in () if runtime is None else runtime.work_items():
        if slug == "core" or slug in tx.actor.active or tx.actor.realm is not None:
            yield slug, kind


def gather(tx: UnitOfWork, ask: WorkAsk, only: str = "") -> Found:
    """Return the first items of every kind, or of the one named, in one order.

    Every kind is asked in any case: which of them have something is said too.
    """
    clock = clock_of(tx)
    items: list[Waiting] = []
    more: dict[str, WorkItems] = {}
    some: list[WorkItems] = []
    for slug, kind in kinds(tx):
        found = _asked(tx, slug, kind, ask)
        if found:
            some.append(kind)
        if only and kind.name != only:
            continue
        items += [Waiting(kind, item) for item in found]
        if len(found) > ask.limit:
            more[kind.name] = kind
    ordered = sorted(items, key=lambda one: clock.rank(one.item))
    for left in ordered[ask.limit :]:
        more[left.kind.name] = left.kind
    return Found(ordered[: ask.limit], list(more.values()), some)


def find(tx: UnitOfWork, ask: WorkAsk, keys: Iterable[str]) -> dict[str, tuple[str, Waiting]]:
    """Return form key -> (slug, item) of those among ``keys`` that the question reaches."""
    wanted: dict[str, set[str]] = {}
    for key in keys:
        name, _, own = key.partition(":")
        wanted.setdefault(name, set()).add(own)
    found = {}
    for slug, kind in kinds(tx):
        if own_keys := wanted.get(kind.name):
            asked = replace(ask, keys=frozenset(own_keys), limit=len(own_keys))
            for item in _asked(tx, slug, kind, asked):
                waiting = Waiting(kind, item)
                found[waiting.key] = slug, waiting
    return found


def _without_words(kind: WorkItems, item: WorkItem, ask: WorkAsk) -> WorkItem:
    """Return an item as the reader may see it: of what is confidential, that it is there."""
    if not kind.confidential or ask.whose in (Whose.ME, Whose.POOL):
        return item
    return replace(item, title=kind.title, meta="", waiting_for="", endpoint="", values={})


def _asked(tx: UnitOfWork, slug: str, kind: WorkItems, ask: WorkAsk) -> list[WorkItem]:
    """Return what one kind answers: for TEAM in the plugin's own right, else in the reader's."""

    def answer() -> list[Any]:
        # One more than is shown tells that there is more.
        asked = replace(ask, limit=ask.limit + 1)
        if ask.whose is not Whose.TEAM:
            found = kind.items(tx, asked)
        else:
            with tx.acting_for(slug, reason=REASON) as own:
                found = kind.items(own, asked)
        meant = [item for item in found if ask.wants(item)]
        return [_without_words(kind, item, ask) for item in meant]

    runtime = tx.session.runtime
    if runtime is None:
        return []
    return runtime.alone(slug, f"work {kind.name}", tx, answer) or []
