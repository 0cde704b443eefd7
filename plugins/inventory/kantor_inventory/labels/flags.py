"""Nearly empty: told at the shelf in one tap, until it is ordered, filled, counted or taken back.

Whoever may look at the stock of a place may tell, also from a department that the place serves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Select, and_, or_, select, update

from portal.api import Forbidden, Person, Place, UnitOfWork, message, visible

from ..counting import blind
from ..events import FlagRaised
from ..models import Balance, Item, Point, Unit
from ..services.many import in_pieces
from ..services.pairs import Pair, among
from .models import Flag

TELLING = "whoever sees a shelf may tell that it is nearly empty"
VIEW = "inventory.stock.view"

# A count that was posted later knows better.
STANDS = and_(
    Flag.closed_at.is_(None),
    or_(Balance.counted_at.is_(None), Balance.counted_at < Flag.last_at),
)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What telling came to: who told first and when, and whether this time added anything."""

    by: str
    at: datetime
    new: bool


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """An item at a place: what should be there, and what was told about it."""

    item_id: int
    point_id: int
    item: str
    name: str
    sku: str
    unit: str
    place: str
    place_name: str
    place_code: str
    quantity: int
    minimum: int | None
    maximum: int | None
    below: bool
    counted_at: datetime | None
    moved_at: datetime | None
    closed: bool  # being counted: what is there is kept from who asks


def open_flags(
    tx: UnitOfWork, *, item_id: int | None = None, point_id: int | None = None, most: int = 200
) -> Sequence[Any]:
    """Return what was told and still stands where one may look, the oldest first.

    Rows have ``id item_id point_id raised_at last_at times by quantity minimum unit``, of the item
    ``item name sku`` and of the place ``place place_name``; ``closed`` where what is there is kept
    from who asks, because it is being counted.
    """
    statement = standing()
    if item_id is not None:
        statement = statement.where(Flag.item_id == item_id)
    if point_id is not None:
        statement = statement.where(Flag.point_id == point_id)
    closed = blind.said(blind.hidden(tx.actor, Flag)).label("closed")
    statement = statement.add_columns(closed).order_by(Flag.raised_at, Flag.id).limit(most)
    return tx.session.execute(visible(statement, VIEW, tx.actor)).all()


def standing() -> Select[Any]:
    """Return the statement behind ``open_flags``, for lists; not yet limited to a reader."""
    statement: Any = (
        select(
            Flag.id,
            Flag.item_id,
            Flag.point_id,
            Flag.raised_at,
            Flag.last_at,
            Flag.times,
            Flag.raised_by_id,
            Person.name.label("by"),
            Balance.quantity,
            Balance.minimum,
            Unit.name.label("unit"),
            Item.public_id.label("item"),
            Item.name,
            Item.sku,
            Place.public_id.label("place"),
            Place.name.label("place_name"),
        )
        .join(Balance, and_(Balance.item_id == Flag.item_id, Balance.point_id == Flag.point_id))
        .join(Item, Item.id == Flag.item_id)
        .join(Unit, Unit.id == Item.base_unit_id)
        .join(Point, Point.id == Flag.point_id)
        .join(Place, Place.id == Point.place_id)
        .outerjoin(Person, Person.id == Flag.raised_by_id)
        .where(STANDS)
    )
    return cast("Select[Any]", statement)


_SHELF: Any = (
    select(
        Balance.item_id,
        Balance.point_id,
        Item.public_id.label("item"),
        Item.name,
        Item.sku,
        Unit.name.label("unit"),
        Place.public_id.label("place"),
        Place.name.label("place_name"),
        Place.code.label("place_code"),
        Balance.quantity,
        Balance.minimum,
        Balance.maximum,
        Balance.below,
        Balance.counted_at,
        Balance.moved_at,
    )
    .join(Item, Item.id == Balance.item_id)
    .join(Unit, Unit.id == Item.base_unit_id)
    .join(Point, Point.id == Balance.point_id)
    .join(Place, Place.id == Point.place_id)
)


def shelf(tx: UnitOfWork, item: str, place: str, *, permission: str = VIEW) -> Shelf | None:
    """Return an item at a place, or None where one may not look."""
    closed = blind.said(blind.hidden(tx.actor, Balance)).label("closed")
    here = _SHELF.add_columns(closed).where(Item.public_id == item, Place.public_id == place)
    row = tx.session.execute(visible(here, permission, tx.actor)).one_or_none()
    return None if row is None else Shelf(**row._mapping)


def tell(tx: UnitOfWork, here: Shelf) -> Told:
    """Note that a shelf is nearly empty; told again the same day it stays as it is."""
    with tx.acting_for("inventory", reason=TELLING) as own:
        flag = _open(own, here)
        new = flag is None
        if flag is None:
            defaults = {
                "raised_at": tx.now,
                "raised_by_id": tx.actor.person_id,
                "last_at": tx.now,
                "times": 1,
            }
            key = {"item_id": here.item_id, "point_id": here.point_id, "closed_at": None}
            flag = own.ensure(Flag, defaults=defaults, **key)
            new = flag.raised_at == tx.now and flag.raised_by_id == tx.actor.person_id
        elif _day(tx, flag.last_at) < tx.today:
            own.adjust(flag, "times", 1, put={"last_at": tx.now})
            new = True
        flag_id, by_id, at = flag.id, flag.raised_by_id, flag.raised_at
    if new:
        tx.audit("inventory.flag_raised", None, item=here.sku, place=here.place_code)
        tx.publish(FlagRaised(flag_id=flag_id, item_id=here.item_id, point_id=here.point_id))
    name = tx.session.scalar(select(Person.name).where(Person.id == by_id))
    return Told(by=name or "", at=at, new=new)


def take_back(tx: UnitOfWork, here: Shelf) -> bool:
    """Say that there is enough after all: whoever told, or may issue there. False: nobody told."""
    with tx.acting_for("inventory", reason=TELLING) as own:
        flag = _open(own, here)
        if flag is None:
            return False
        if not may_take_back(tx, here, flag.raised_by_id):
            raise Forbidden(
                message("Whoever told it takes it back, or who issues stock at this place.")
            )
        _close(own, flag, at=tx.now, why="enough", by=tx.actor.person_id)
    tx.audit("inventory.flag_taken_back", None, item=here.sku, place=here.place_code)
    return True


def may_take_back(tx: UnitOfWork, here: Shelf, raised_by_id: int | None) -> bool:
    """Return whether the actor may say that a shelf is not nearly empty after all."""
    if raised_by_id is not None and raised_by_id == tx.actor.person_id:
        return True
    issue = "inventory.stock.issue"
    return tx.actor.holds(issue) and shelf(tx, here.item, here.place, permission=issue) is not None


def filled(tx: UnitOfWork, pairs: Sequence[Pair]) -> None:
    """Close what was told of these items at these points: more has come."""
    _end(tx, pairs, "received")


def ordered(tx: UnitOfWork, pairs: Sequence[Pair]) -> None:
    """Close what was told of these items at these points: more is on its way."""
    _end(tx, pairs, "ordered")


def _end(tx: UnitOfWork, pairs: Sequence[Pair], why: str) -> None:
    for some in in_pieces(sorted(set(pairs))):
        ended = update(Flag).where(Flag.closed_at.is_(None), among(Flag, some))
        values = {"closed_at": tx.now, "closed_by_id": tx.actor.person_id}
        tx.session.execute(
            ended.values(closed_why=why, **values).execution_options(synchronize_session=False)
        )


def _open(own: UnitOfWork, here: Shelf) -> Flag | None:
    """Return what was told and stands, held until the commit; what a count overtook is closed."""
    known = select(Flag).where(
        Flag.closed_at.is_(None), Flag.item_id == here.item_id, Flag.point_id == here.point_id
    )
    flag: Flag | None = own.session.scalars(known.with_for_update(of=Flag)).one_or_none()
    if flag is not None and here.counted_at is not None and here.counted_at >= flag.last_at:
        _close(own, flag, at=here.counted_at, why="counted", by=None)
        return None
    return flag


def _close(own: UnitOfWork, flag: Flag, *, at: datetime, why: str, by: int | None) -> None:
    flag.closed_at, flag.closed_why, flag.closed_by_id = at, why, by
    own.session.flush()


def _day(tx: UnitOfWork, at: datetime) -> Any:
    return at.astimezone(tx.zone).date()
