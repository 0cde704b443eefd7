"""Slips of paper dated before the last count: already counted, or still to be posted?

A count says what there was, whatever had been written down by then. What happened before it and is
handed in afterwards was mostly in the count already; to post it would count it twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, literal, select
from sqlalchemy.orm import aliased

from portal.api import Person, Place, UnitOfWork, visible

from ..models import Balance, Item, ItemUnit, Point, Unit
from ..services.ends import point_in_reach
from .models import Slip

VIEW = "inventory.stock.view"


@dataclass(frozen=True, kw_only=True)
class Counted:
    """The last count that knew of what a slip says."""

    place: str  # public id
    name: str
    at: datetime
    day: date


@dataclass(frozen=True, kw_only=True)
class NoteSlip:
    """A slip as it was entered, and where its stock had been counted."""

    kind: str
    item: Item
    unit: ItemUnit
    quantity: int  # in base units
    entered: int
    place: str
    occurred_on: date
    counted_at: datetime
    note: str = ""


def counted_since(
    tx: UnitOfWork, item: Item, places: list[str], day: date | None
) -> Counted | None:
    """Return the last count of an item at one of these places after ``day``; None without one."""
    if day is None or day >= tx.today:  # Nothing was counted after today: no need to ask.
        return None
    statement: Any = (
        select(Balance.counted_at, Place.public_id, Place.name)
        .join(Point, Point.id == Balance.point_id)
        .join(Place, Place.id == Point.place_id)
        .where(
            Balance.item_id == item.id,
            Place.public_id.in_(places),
            Balance.counted_at.is_not(None),
        )
        .order_by(Balance.counted_at.desc())
        .limit(1)
    )
    found = tx.session.execute(statement).first()
    if found is None:
        return None
    counted_on = found.counted_at.astimezone(tx.zone).date()
    if counted_on <= day:
        return None
    return Counted(place=found.public_id, name=found.name, at=found.counted_at, day=counted_on)


def keep(tx: UnitOfWork, command: NoteSlip) -> Slip:
    """Keep a slip as a note on the item; nothing moves. Raises NotFound out of reach."""
    point = point_in_reach(tx, command.place, f"inventory.stock.{command.kind}")
    slip = Slip(
        type=command.kind,
        item_id=command.item.id,
        point_id=point.id,
        quantity=command.quantity,
        entered=command.entered,
        item_unit_id=command.unit.id,
        occurred_on=command.occurred_on,
        counted_at=command.counted_at,
        noted_at=tx.now,
        note=command.note.strip(),
        actor_id=tx.actor.person_id,
    )
    tx.session.add(slip)
    tx.audit("inventory.slip_noted", slip, quantity=command.quantity)
    return slip


COUNTED, ENTERED_IN = aliased(Unit, name="counted_in"), aliased(Unit, name="entered_in")
ACTOR = aliased(Person, name="actor")


def newest(tx: UnitOfWork, item: Item, *, most: int) -> Any:
    """Return the newest slips of an item where one may look, newest first."""
    statement = tx.actor.once(
        ("inventory newest slips", most), lambda: visible(_slips(most), VIEW, tx.actor)
    )
    return tx.session.execute(statement, {"item": item.id}).all()


def _slips(most: int) -> Any:
    return (
        select(
            Slip.type,
            Slip.quantity,
            Slip.entered,
            Slip.occurred_on,
            Slip.counted_at,
            Slip.noted_at,
            Slip.note,
            COUNTED.name.label("unit"),
            ENTERED_IN.name.label("entered_unit"),
            Place.name.label("place"),
            ACTOR.name.label("actor"),
        )
        .join(Item, Item.id == Slip.item_id)
        .join(COUNTED, COUNTED.id == Item.base_unit_id)
        .join(ItemUnit, ItemUnit.id == Slip.item_unit_id)
        .join(ENTERED_IN, ENTERED_IN.id == ItemUnit.unit_id)
        .join(Point, Point.id == Slip.point_id)
        .join(Place, Place.id == Point.place_id)
        .outerjoin(ACTOR, ACTOR.id == Slip.actor_id)
        .where(Slip.item_id == bindparam("item"))
        .order_by(Slip.id.desc())
        .limit(literal(most, literal_execute=True))
    )
