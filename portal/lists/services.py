"""Remembering how somebody likes a list.

What is remembered is read once for each person and kept with their rights; whoever changes it
raises the epoch of those concerned, so that every node reads it anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from sqlalchemy import select

from portal.guard import kernel_execute
from portal.idempotency import dialect_of
from portal.roles.principals import raise_epoch
from portal.work import UnitOfWork

from .models import ListPreference
from .rules import AS_DELIVERED, HEIGHTS, Liking, column_keys

preferences = ListPreference.__table__
LONGEST_NAME, LONGEST_VIEW = 80, 40


def liking(tx: UnitOfWork, name: str) -> Liking:
    """Return how the actor likes a list."""
    if tx.actor.person_id is None:
        return AS_DELIVERED
    known: Mapping[str, Liking] = tx.actor.once("likings of lists", lambda: _likings(tx))
    return known.get(name, AS_DELIVERED)


def keep_columns(tx: UnitOfWork, name: str, columns: Sequence[str]) -> None:
    """Remember which columns of a list the actor wants, in which order; none: as delivered."""
    kept = list(column_keys(columns))
    _keep(tx, name, columns=kept or None)


def keep_height(tx: UnitOfWork, name: str, height: str) -> None:
    """Remember how high the actor wants the rows of a list: ``normal`` or ``compact``."""
    if height not in HEIGHTS:
        raise ValueError(f"no row height {height!r}")
    _keep(tx, name, height=height)


def keep_opening(tx: UnitOfWork, name: str, view: str) -> None:
    """Remember with which view a list opens for the actor; empty: with all rows."""
    _keep(tx, name, opens=view[:LONGEST_VIEW])


def _keep(tx: UnitOfWork, name: str, **values: object) -> None:
    row = {"columns": None, "height": "normal", "opens": ""} | values
    made = dialect_of(tx.session).insert(preferences)
    made = made.values(person_id=tx.actor.person_id, list=name[:LONGEST_NAME], **row)
    kept = made.on_conflict_do_update(index_elements=["person_id", "list"], set_=values)
    kernel_execute(tx.session, kept)
    raise_epoch(tx.session, person_id=tx.actor.person_id)


def _likings(tx: UnitOfWork) -> Mapping[str, Liking]:
    mine = select(preferences).where(preferences.c.person_id == tx.actor.person_id)
    rows = kernel_execute(tx.session, mine).all()
    return MappingProxyType(
        {row.list: Liking(column_keys(row.columns or ()), row.height, row.opens) for row in rows}
    )
