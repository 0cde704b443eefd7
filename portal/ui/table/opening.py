"""Opening a saved view: what it asks, under what the address asks beside it.

A parameter of the address, empty ones included, comes before the same one of the view, so filters,
order and columns change independently. What is gone or not permitted any more is left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkzeug.datastructures import MultiDict

from portal.lists.rules import Saved
from portal.lists.saving import saved_views
from portal.work import UnitOfWork

from .arranging import COLUMNS, HEIGHT

if TYPE_CHECKING:
    from .table import Table

PUBLIC_ID = re.compile(r"[2-9a-hjkmnp-z]{12}")
EVERY_ROW = "all"  # the key that stands for no view
KEPT = frozenset({"q", "sort", "view", COLUMNS, HEIGHT})


@dataclass(frozen=True)
class Opened:
    """What is asked in all; ``supplied`` are the names that the view says."""

    arguments: MultiDict[str, str]
    view: Saved | None = None
    supplied: frozenset[str] = frozenset()
    partly: bool = False  # some of the view is not there any more
    gone: bool = False  # there is no such view, or it is not this reader's


def opened(
    table: Table,
    tx: UnitOfWork,
    sent: MultiDict[str, str],
    hidden: Collection[str],
    without: Collection[str] = (),
) -> Opened:
    """Return what the address asks together with the saved view it names."""
    key = sent.get("view", "")
    if key == EVERY_ROW:
        return Opened(_but(sent, {"view"}))
    if not PUBLIC_ID.fullmatch(key) or any(view.key == key for view in table.views):
        return Opened(sent)
    view = next((one for one in saved_views(tx, table.key) if one.public_id == key), None)
    if view is None:
        return Opened(_but(sent, {"view"}), gone=True)
    known = (filter_names(table) - set(hidden) | KEPT) - set(without)
    declared = {
        one.key for one in table.views if not one.permission or tx.actor.holds(one.permission)
    }
    sortable = {c.key for c in table.columns_for(tx.actor) if c.sort}
    base = MultiDict(
        (name, value)
        for name, value in view.asked
        if name in known
        and (name != "view" or value in declared)
        and (name != "sort" or value.removeprefix("-") in sortable)
    )
    partly = len(list(base.items(multi=True))) < len(view.asked)
    return Opened(overlaid(base, _but(sent, {"view"})), view, frozenset(base), partly)


def overlaid(base: MultiDict[str, str], sent: MultiDict[str, str]) -> MultiDict[str, str]:
    """Return ``base`` with what ``sent`` says instead; a name sent empty is asked no more."""
    found = MultiDict((n, v) for n, v in base.items(multi=True) if n not in sent)
    for name, value in sent.items(multi=True):
        if value or name not in base:
            found.add(name, value)
    return found


def filter_names(table: Table) -> set[str]:
    """Return every parameter that a filter of the list reads."""
    from .criteria import arguments_of

    form = table.filters() if table.filters is not None else ()
    return {name for wanted in form for name in arguments_of(wanted)}


def to_save(
    table: Table, tx: UnitOfWork, sent: MultiDict[str, str], liked: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Return what is shown now, as a view keeps it: an opened view's part included.

    ``liked`` are columns and height where neither the address nor the view says them.
    """
    asked = opened(table, tx, sent, ()).arguments
    known = filter_names(table) | KEPT
    pairs = [(n, v) for n, v in asked.items(multi=True) if n in known and v]
    said = {name for name, _ in pairs}
    return pairs + [(n, v) for n, v in liked.items() if v and n not in said]


def _but(sent: MultiDict[str, str], names: Collection[str]) -> MultiDict[str, str]:
    return MultiDict((n, v) for n, v in sent.items(multi=True) if n not in names)
