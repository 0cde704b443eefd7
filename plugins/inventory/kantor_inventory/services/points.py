"""What a place is to the stock: a store that things are handed out of, or where they are used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select

from portal.api import EditConflict, Held, Place, UnitOfWork, visible

from ..counting import blind
from ..models import Balance, Item, Point
from . import ends

EDIT = "inventory.stock.set_rule"
USUAL = "store"  # of a place where nothing was ever kept


@dataclass(frozen=True, kw_only=True)
class SetKind:
    """A place becomes a store or a point of use; ``was`` is what whoever asks saw it to be."""

    place: str
    kind: str
    was: str = USUAL


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What lies at a place: its kind, how many items, how many of them below their minimum."""

    kind: str
    items: int
    below: int


def find_place(tx: UnitOfWork, public_id: str) -> Place:
    """Return a place whose stock one may arrange, or raise NotFound."""
    place: Place = tx.one(select(Place).where(_mine(tx)), public_id=public_id)
    return place


def kind_of(tx: UnitOfWork, place: Place) -> str:
    """Return what a place is to the stock."""
    found = tx.session.scalar(select(Point.kind).where(Point.place_id == place.id))
    return found or USUAL


def set_kind(tx: UnitOfWork, command: SetKind) -> Point:
    """Say what a place is to the stock; raise EditConflict if somebody else did so meanwhile."""
    place = find_place(tx, command.place)
    point = ends.point_at(tx, place)
    before = point.kind
    if before != command.was:
        raise EditConflict(theirs={"kind": before})
    point.kind = command.kind
    tx.session.flush()
    if before != command.kind:
        tx.audit("inventory.place_arranged", place, before=before, after=command.kind)
    return point


def kept_at(tx: UnitOfWork, place: Place) -> Kept | None:
    """Return what lies at a place, or None where one may not look or nothing ever was.

    What is being counted is not among it for who counts it.
    """
    told = blind.open_books(blind.hidden(tx.actor, Balance))
    statement: Any = (
        select(
            Point.kind,
            func.count(case((and_(Balance.quantity > 0, *told), 1))),
            func.count(case((and_(Balance.below, *told), 1))),
        )
        .outerjoin(Balance, Balance.point_id == Point.id)
        .where(Point.place_id == place.id)
        .group_by(Point.id, Point.kind)
    )
    row = tx.session.execute(visible(statement, "inventory.stock.view", tx.actor)).one_or_none()
    return Kept(kind=row[0], items=row[1], below=row[2]) if row is not None else None


def may_arrange(tx: UnitOfWork, place: Place) -> bool:
    """Return whether one may say what this place is to the stock."""
    if not tx.actor.holds(EDIT):
        return False
    found = tx.session.scalar(select(Place.id).where(Place.id == place.id, _mine(tx)))
    return found is not None


def usual_place(tx: UnitOfWork, item: Item, permission: str) -> str | None:
    """Return the public id of the place where an item is mostly kept, stores first."""
    statement = (
        select(Place.public_id)
        .join(Point, Point.place_id == Place.id)
        .join(Balance, and_(Balance.point_id == Point.id, Balance.item_id == item.id))
        .where(Place.active, _mine(tx, permission))
        .order_by(Point.kind != USUAL, Balance.quantity.desc(), Place.walk_order, Place.id)
        .limit(1)
    )
    found: str | None = tx.session.scalar(statement)
    return found


def _mine(tx: UnitOfWork, permission: str = EDIT) -> ColumnElement[bool]:
    held = tx.actor.grants.get(permission, Held())
    return Place.id.in_(Place.in_reach(held, tx.actor, writing=True))


def is_mine(tx: UnitOfWork, place: Place, permission: str) -> bool:
    """Return whether a permission that changes stock reaches a place; no statement is sent."""
    held = tx.actor.grants.get(permission, Held())
    return held.everything or place.department_id in held.departments
