"""What people ask a stock room for."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ColumnElement, ForeignKey, Index, String, or_
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
)

from ..models import Base, Item, ItemUnit, Movement, Point, among

STATUSES = ("asked", "answered", "withdrawn")
LINE_STATES = ("asked", "handed_out", "declined", "withdrawn")


class Requisition(Public, Versioned, Owned, Base):
    """What a person asks of one stock room. The people of that room answer it.

    Its owner sees it and whoever reaches the owner; so do those whose own the room is. That a
    room serves a department shows its people the stock, not what others ask for.
    """

    __tablename__ = "inventory_requisition"
    __table_args__ = (
        CheckConstraint(among("status", STATUSES), name="status"),
        Index("ix_inventory_requisition_point_id", "point_id", "status", "id"),
        Index("ix_inventory_requisition_status", "status", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    point_id: Mapped[int] = mapped_column(ForeignKey("inventory_point.id", ondelete="RESTRICT"))
    department_id: Mapped[int | None] = mapped_column(
        ForeignKey("department.id", ondelete="RESTRICT")
    )
    status: Mapped[str] = mapped_column(String(10), default="asked")
    needed_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(String(500), default="")
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    point: Mapped[Point] = relationship()
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
        return or_(asked, entity.point_id.in_(ids_in_reach(Point, held, who, writing=True)))

    @classmethod
    def leans_on(cls) -> frozenset[str]:
        return frozenset({Point.__tablename__, Place.__tablename__, "membership"})


class RequisitionLine(
    Public, Versioned, Follows, Base, noun="requisition", follows=("requisition_id",)
):
    """So much of an item, and what became of it."""

    __tablename__ = "inventory_requisition_line"
    __table_args__ = (
        CheckConstraint(among("state", LINE_STATES), name="state"),
        CheckConstraint("quantity > 0 AND entered > 0", name="quantity"),
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
    movement_id: Mapped[int | None] = mapped_column(
        ForeignKey("inventory_movement.id", ondelete="RESTRICT"), unique=True
    )
    requisition: Mapped[Requisition] = relationship(back_populates="lines")
    item: Mapped[Item] = relationship()
    item_unit: Mapped[ItemUnit] = relationship()
    movement: Mapped[Movement | None] = relationship()
    answered_by: Mapped[Person | None] = relationship(Person)
