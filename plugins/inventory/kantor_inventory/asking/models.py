"""What people ask a stock room for, and slips of paper that came too late to be movements."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    or_,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.api import (
    Department,
    Follows,
    Held,
    Owned,
    Person,
    Place,
    Principal,
    Public,
    Versioned,
    ids_in_reach,
    row_by_row,
)

from ..models import Base, Item, ItemUnit, Movement, among

STATUSES = ("asked", "answered", "withdrawn")
LINE_STATES = ("asked", "handed_out", "declined", "withdrawn")
SLIPS = ("receive", "issue", "transfer", "scrap")


class Requisition(Public, Versioned, Owned, Base):
    """What a person asks of one stock room with its shelves. The people of that room answer it.

    Its owner sees it and whoever reaches the owner; so do those whose own the room is. That a
    room serves a department shows its people the stock, not what others ask for.
    """

    __tablename__ = "inventory_requisition"
    __table_args__ = (
        CheckConstraint(among("status", STATUSES), name="status"),
        Index("ix_inventory_requisition_place_id", "place_id", "status", "id"),
        Index("ix_inventory_requisition_status", "status", "id"),
        Index("ix_inventory_requisition_owner", "owner_id", "status", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id", ondelete="RESTRICT"))
    department_id: Mapped[int | None] = mapped_column(
        ForeignKey("department.id", ondelete="RESTRICT")
    )
    status: Mapped[str] = mapped_column(String(10), default="asked")
    needed_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(String(500), default="")
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    place: Mapped[Place] = relationship(Place)
    owner: Mapped[Person] = relationship(Person)
    department: Mapped[Department | None] = relationship(Department)
    lines: Mapped[list[RequisitionLine]] = relationship(
        back_populates="requisition", order_by="RequisitionLine.id"
    )

    @classmethod
    def rows(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        asked = super().rows(entity, held, who, writing)
        if held.everything or not held.departments:
            return asked
        rooms = ids_in_reach(Place, held, who, writing=True)
        of_room = row_by_row(entity.place_id).in_(rooms)
        return or_(asked, entity.owner_id == who.person_id, of_room)

    @classmethod
    def leans_on(cls) -> frozenset[str]:
        return frozenset({Place.__tablename__, "membership"})


class RequisitionLine(
    Public,
    Versioned,
    Follows,
    Base,
    noun="requisition",
    follows=("requisition_id",),
    one_by_one=True,
):
    """So much of an item, and what became of it.

    What was handed out may be less, or another item that serves as well: ``given`` of
    ``given_item``, by one movement.
    """

    __tablename__ = "inventory_requisition_line"
    __table_args__ = (
        CheckConstraint(among("state", LINE_STATES), name="state"),
        CheckConstraint("quantity > 0 AND entered > 0", name="quantity"),
        CheckConstraint(
            "(state = 'handed_out') = (movement_id IS NOT NULL)"
            " AND (given IS NOT NULL) = (movement_id IS NOT NULL)"
            " AND (given_item_id IS NOT NULL) = (movement_id IS NOT NULL)",
            name="handed_out",
        ),
        Index("ix_inventory_requisition_line_requisition_id", "requisition_id", "id"),
        Index("ix_inventory_requisition_line_item_id", "item_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    requisition_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_requisition.id", ondelete="RESTRICT")
    )
    item_id: Mapped[int] = mapped_column(ForeignKey("inventory_item.id", ondelete="RESTRICT"))
    item_unit_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_item_unit.id", ondelete="RESTRICT")
    )
    quantity: Mapped[int] = mapped_column(BigInteger)
    entered: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10), default="asked")
    answer: Mapped[str] = mapped_column(String(500), default="")
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    answered_at: Mapped[datetime | None]
    given: Mapped[int | None] = mapped_column(BigInteger)
    given_item_id: Mapped[int | None] = mapped_column(
        ForeignKey("inventory_item.id", ondelete="RESTRICT")
    )
    movement_id: Mapped[int | None] = mapped_column(
        ForeignKey("inventory_movement.id", ondelete="RESTRICT"), unique=True
    )
    requisition: Mapped[Requisition] = relationship(back_populates="lines")
    item: Mapped[Item] = relationship(foreign_keys=[item_id])
    given_item: Mapped[Item | None] = relationship(foreign_keys=[given_item_id])
    item_unit: Mapped[ItemUnit] = relationship()
    movement: Mapped[Movement | None] = relationship()
    answered_by: Mapped[Person | None] = relationship(Person)


class Slip(Follows, Base, noun="stock", follows=("point_id",)):
    """A slip of paper that came after a count that knew of it already: a note, and no movement."""

    __tablename__ = "inventory_slip"
    __table_args__ = (
        CheckConstraint(among("type", SLIPS), name="type"),
        CheckConstraint("quantity > 0 AND entered > 0", name="quantity"),
        Index("ix_inventory_slip_item_id", "item_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(10))
    item_id: Mapped[int] = mapped_column(ForeignKey("inventory_item.id", ondelete="RESTRICT"))
    point_id: Mapped[int] = mapped_column(ForeignKey("inventory_point.id", ondelete="RESTRICT"))
    quantity: Mapped[int] = mapped_column(BigInteger)
    entered: Mapped[int] = mapped_column(BigInteger)
    item_unit_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_item_unit.id", ondelete="RESTRICT")
    )
    occurred_on: Mapped[date]
    counted_at: Mapped[datetime]
    noted_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(String(500), default="")
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
