"""Stock rooms that may be asked, and what there is in them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import aliased

from portal.api import Department, NotFound, Place, PlaceServes, UnitOfWork, visible

from ..counting import blind
from ..models import Balance, Item, ItemUnit, Point, Unit
from ..ordering.models import OrderLine
from ..rules import Amount
from .rules import ASK

VIEW, ISSUE = "inventory.stock.view", "inventory.stock.issue"
FOUND_AT_ONCE = 10
ABOVE = aliased(Place, name="above")
FREE: Any = Balance.quantity - Balance.reserved


@dataclass(frozen=True, kw_only=True)
class Held:
    """How much lies in a room; ``closed`` if that is kept from who asks: it is being counted."""

    quantity: int = 0
    closed: bool = False

    def lacks(self, wanted: int) -> bool:
        """Return whether there is less than that, as far as one is told."""
        return not self.closed and self.quantity < wanted


def points(tx: UnitOfWork, permission: str = VIEW) -> Select[Any]:
    """Return the stores in use that a permission reaches; who sees their stock may ask them."""
    statement: Any = (
        select(Point)
        .join(Place, Place.id == Point.place_id)
        .where(Point.kind == "store", Place.active)
    )
    return visible(statement, permission, tx.actor)


def inside(room: Place) -> ColumnElement[bool]:
    """Return the condition that a place is the room itself or one of its own shelves."""
    return or_(
        Place.id == room.id,
        and_(Place.parent_id == room.id, Place.department_id == room.department_id),
    )


def shelves(tx: UnitOfWork, room: Place, permission: str = VIEW) -> Any:
    """Return the ids of the points of a room, as far as a permission reaches."""
    return points(tx, permission).where(inside(room)).with_only_columns(Point.id)


def _room_of(shelf: Place, above: Place | None) -> Place:
    """Return the room that is asked for what lies on a shelf: its own, if that is one's as well."""
    if shelf.kind != "shelf" or above is None or above.kind != "room":
        return shelf
    return above if above.active and above.department_id == shelf.department_id else shelf


def _with_rooms(tx: UnitOfWork) -> Select[Any]:
    statement: Any = points(tx).outerjoin(ABOVE, ABOVE.id == Place.parent_id)
    found: Select[Any] = statement.with_only_columns(Place, ABOVE)
    return found


def room(tx: UnitOfWork, place: str) -> Place:
    """Return the room that is asked for what lies at a place, or raise NotFound."""
    if not tx.actor.holds(ASK):
        raise NotFound
    found = _with_rooms(tx).where(or_(Place.public_id == place, ABOVE.public_id == place))
    for shelf, above in tx.session.execute(found):
        asked = _room_of(shelf, above)
        if place in (shelf.public_id, asked.public_id):
            return asked
    raise NotFound


def rooms_by_name(tx: UnitOfWork) -> list[Place]:
    """Return the rooms one may ask, in walking order."""
    if not tx.actor.holds(ASK):
        return []
    pairs = tx.session.execute(_with_rooms(tx)).all()
    found = {asked.id: asked for asked in (_room_of(shelf, above) for shelf, above in pairs)}
    return sorted(found.values(), key=lambda place: (place.walk_order, place.id))


def departments(tx: UnitOfWork, room: Place) -> list[Any]:
    """Return the departments for which this person may ask: own ones first that the room serves."""
    statement = (
        select(Department.id, Department.public_id, Department.name)
        .where(Department.id.in_(tx.actor.member_of), Department.active)
        .order_by(Department.name_key, Department.id)
    )
    serving = (
        select(PlaceServes.department_id)
        .join(Place, Place.id == PlaceServes.place_id)
        .where(inside(room))
    )
    served = {*tx.session.scalars(serving), room.department_id}
    rows = tx.session.execute(statement).all()
    return sorted(rows, key=lambda row: row.id not in served)


def held_at(
    tx: UnitOfWork, room: Place, items: Collection[int], permission: str = VIEW
) -> dict[int, Held]:
    """Return how much of each item is free in a room, on the shelf that has most of it.

    What is put aside for requests is not free.
    """
    if not items:
        return {}
    statement: Any = (
        select(Balance.item_id, func.max(FREE), _closed(tx))
        .where(Balance.item_id.in_(items), Balance.point_id.in_(shelves(tx, room, permission)))
        .group_by(Balance.item_id)
    )
    return {
        item_id: Held(quantity=int(quantity), closed=bool(closed))
        for item_id, quantity, closed in tx.session.execute(statement)
    }


def _closed(tx: UnitOfWork) -> Any:
    """Return whether some of an item is being counted by who asks, of rows grouped by item."""
    hidden = blind.said(blind.hidden(tx.actor, Balance))
    return func.max(case((hidden, 1), else_=0)).label("closed")


def fullest(
    tx: UnitOfWork, room: Place, item: Item, first: Collection[int] = (), wanted: int = 0
) -> str:
    """Return the public id of the shelf of a room where most of an item is free.

    Those of the points ``first`` come before it that have ``wanted``.
    """
    before = case((Point.id.in_(first) & (wanted <= FREE), 0), else_=1)
    statement = (
        select(Place.public_id)
        .join(Point, Point.place_id == Place.id)
        .join(Balance, Balance.point_id == Point.id)
        .where(Balance.item_id == item.id, Point.id.in_(shelves(tx, room, ISSUE)))
        .order_by(before, FREE.desc(), Balance.id)
        .limit(1)
    )
    found: str | None = tx.session.scalar(statement)
    if found is None:
        raise NotFound
    return found


def on_order(tx: UnitOfWork, room: Place, items: Collection[int]) -> dict[int, int]:
    """Return how much of each item is on its way to a room, as far as one may see the orders."""
    if not items or not tx.actor.holds("inventory.order.view"):
        return {}
    statement: Any = (
        select(OrderLine.item_id, func.sum(OrderLine.ordered - OrderLine.received))
        .where(
            OrderLine.item_id.in_(items),
            OrderLine.point_id.in_(shelves(tx, room, ISSUE)),
            OrderLine.state == "open",
        )
        .group_by(OrderLine.item_id)
    )
    rows = tx.session.execute(visible(statement, "inventory.order.view", tx.actor))
    return {item_id: int(quantity) for item_id, quantity in rows}


def kept(tx: UnitOfWork, room: Place) -> Select[Any]:
    """Return what one may ask a room for: (item, its unit, how much lies there, closed).

    What is ``closed`` is being counted by who asks, who is not told how much of it there is.
    """
    statement: Any = (
        select(Item, Unit.name.label("unit"), func.max(FREE).label("quantity"), _closed(tx))
        .join(Balance, Balance.item_id == Item.id)
        .join(Unit, Unit.id == Item.base_unit_id)
        .where(Balance.point_id.in_(shelves(tx, room)), Item.mode != "non_stock")
        .group_by(Item.id, Unit.name)
    )
    return visible(statement, "inventory.item.view", tx.actor)


def search(tx: UnitOfWork, room: Place, words: str) -> list[tuple[str, str, str]]:
    """Return a few of the things kept in a room whose name or code contains every word."""
    statement = kept(tx, room)
    for word in words.split()[:4]:
        key = word.casefold()
        statement = statement.where(
            Item.name_key.contains(key, autoescape=True)
            | Item.sku_key.startswith(key, autoescape=True)
        )
    rows = tx.session.execute(statement.order_by(Item.name_key, Item.id).limit(FOUND_AT_ONCE))
    return [(row.Item.public_id, row.Item.name, _told(row)) for row in rows]


def _told(row: Any) -> str:
    return str(blind.BEING_COUNTED if row.closed else Amount(row.quantity, row.unit))


def name_of(tx: UnitOfWork, room: Place, public_id: str) -> str | None:
    """Return what something that is kept in a room is called; None if it is not kept there."""
    found = kept(tx, room).where(Item.public_id == public_id)
    row = tx.session.execute(found).one_or_none()
    return row.Item.name if row is not None else None


def units(tx: UnitOfWork, items: Collection[int]) -> dict[int, list[Any]]:
    """Return for each item the (unit, name, codes) it comes in, smallest first, without codes."""
    found: dict[int, list[Any]] = {item_id: [] for item_id in items}
    statement = (
        select(ItemUnit, Unit.name)
        .join(Unit, Unit.id == ItemUnit.unit_id)
        .where(ItemUnit.item_id.in_(items), ItemUnit.active)
        .order_by(ItemUnit.id)
    )
    for unit, name in tx.session.execute(statement):
        found[unit.item_id].append((unit, name, []))
    for rows in found.values():
        rows.sort(key=lambda row: row[0].num / row[0].den)
    return found
