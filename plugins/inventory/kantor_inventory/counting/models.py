"""A count, its lines, and every figure that was ever entered on one."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.api import Department, Follows, Person, Public, Scoped, Versioned

from ..models import Base, Category, Item, Movement, Point, among

STATUSES = ("planned", "counting", "submitted", "recount", "posted", "cancelled")
OPEN = ("planned", "counting", "submitted", "recount")
COUNTING = ("planned", "counting", "recount")  # figures may be entered, the books stay closed
DECISIONS = ("keep", "included", "recount", "leave_out")


class Count(Public, Versioned, Scoped, Base):
    """A sheet: which places and categories a department counts, by when, and how far it is.

    While it is blind, no page tells who counts what the books say until it is submitted: ``blind``.
    """

    __tablename__ = "inventory_count"
    __table_args__ = (
        CheckConstraint(among("status", STATUSES), name="status"),
        Index("ix_inventory_count_status", "status", "id"),
        Index("ix_inventory_count_department", "department_id", "id"),
        Index("ix_inventory_count_assigned", "assigned_to_id", "status"),
        Index("ix_inventory_count_due_on", "due_on", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(10), default="planned")
    blind: Mapped[bool] = mapped_column(default=True)
    round: Mapped[int] = mapped_column(default=1)
    due_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(String(500), default="")
    assigned_to_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    planned_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    planned_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    submitted_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("person.id", ondelete="RESTRICT")
    )
    submitted_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    closed_at: Mapped[datetime | None]  # posted or cancelled
    reason: Mapped[str] = mapped_column(String(500), default="")  # why it was cancelled
    lines_counted: Mapped[int | None]  # once posted: how many lines were counted,
    lines_right: Mapped[int | None]  # and of how many the books were right
    department: Mapped[Department] = relationship(Department)
    assigned_to: Mapped[Person | None] = relationship(Person, foreign_keys=[assigned_to_id])


class CountPlace(Follows, Base, noun="count", follows=("count_id",)):
    """A place that a count walks through."""

    __tablename__ = "inventory_count_place"
    __table_args__ = (UniqueConstraint("count_id", "point_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    count_id: Mapped[int] = mapped_column(ForeignKey("inventory_count.id", ondelete="CASCADE"))
    point_id: Mapped[int] = mapped_column(ForeignKey("inventory_point.id", ondelete="RESTRICT"))
    point: Mapped[Point] = relationship()


class CountCategory(Follows, Base, noun="count", follows=("count_id",)):
    """A category a count is limited to; without any, everything is counted."""

    __tablename__ = "inventory_count_category"
    __table_args__ = (UniqueConstraint("count_id", "category_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    count_id: Mapped[int] = mapped_column(ForeignKey("inventory_count.id", ondelete="CASCADE"))
    category_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_category.id", ondelete="RESTRICT")
    )
    category: Mapped[Category] = relationship()


class CountLine(
    Public, Versioned, Follows, Base, noun="count", follows=("count_id",), one_by_one=True
):
    """One item at one place on a sheet, and what the reviewer made of it.

    Without an entry it was not counted, which is something else than none there.
    """

    __tablename__ = "inventory_count_line"
    __table_args__ = (
        UniqueConstraint("count_id", "item_id", "point_id"),
        CheckConstraint(among("decision", DECISIONS), name="decision"),
        Index("ix_inventory_count_line_count_id", "count_id", "position", "id"),
        Index("ix_inventory_count_line_point_id", "point_id", "item_id"),
        Index(
            "uq_inventory_count_line_open",
            "item_id",
            "point_id",
            unique=True,
            sqlite_where=text("open = 1"),
            postgresql_where=text("open"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    count_id: Mapped[int] = mapped_column(ForeignKey("inventory_count.id", ondelete="RESTRICT"))
    item_id: Mapped[int] = mapped_column(ForeignKey("inventory_item.id", ondelete="RESTRICT"))
    point_id: Mapped[int] = mapped_column(ForeignKey("inventory_point.id", ondelete="RESTRICT"))
    position: Mapped[int]  # walking order, then the name of the item
    found: Mapped[bool] = mapped_column(default=False)  # it lay there without being on the sheet
    open: Mapped[bool] = mapped_column(default=True)  # until the count is posted or cancelled
    round: Mapped[int] = mapped_column(default=1)  # the round that is wanted of this line
    missed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    missed_at: Mapped[datetime | None]  # somebody looked for it and did not find its place
    decision: Mapped[str | None] = mapped_column(String(10))
    included: Mapped[int] = mapped_column(BigInteger, default=0)  # moved later, counted already:
    included_ids: Mapped[list[int]] = mapped_column(JSON, default=list)  # by these movements
    reason: Mapped[str] = mapped_column(String(500), default="")
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    decided_at: Mapped[datetime | None]
    movement_id: Mapped[int | None] = mapped_column(
        ForeignKey("inventory_movement.id", ondelete="RESTRICT"), unique=True
    )
    count: Mapped[Count] = relationship()
    item: Mapped[Item] = relationship()
    point: Mapped[Point] = relationship()
    movement: Mapped[Movement | None] = relationship()
    missed_by: Mapped[Person | None] = relationship(Person, foreign_keys=[missed_by_id])
    decided_by: Mapped[Person | None] = relationship(Person, foreign_keys=[decided_by_id])


class CountEntry(Follows, Base, noun="count", follows=("count_id",), one_by_one=True):
    """A figure somebody entered; a better one replaces it and leaves it here.

    ``book`` and ``book_seq`` are what the books said at that moment, and the last movement then
    written: whatever moves later is no part of the difference.
    """

    __tablename__ = "inventory_count_entry"
    __table_args__ = (
        CheckConstraint("counted >= 0", name="counted"),
        Index(
            "uq_inventory_count_entry_current",
            "line_id",
            "round",
            unique=True,
            sqlite_where=text("current = 1"),
            postgresql_where=text("current"),
        ),
        Index("ix_inventory_count_entry_count_id", "count_id"),
        Index("ix_inventory_count_entry_line_id", "line_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    count_id: Mapped[int] = mapped_column(ForeignKey("inventory_count.id", ondelete="RESTRICT"))
    line_id: Mapped[int] = mapped_column(ForeignKey("inventory_count_line.id", ondelete="RESTRICT"))
    round: Mapped[int]
    current: Mapped[bool] = mapped_column(default=True)
    counted: Mapped[int] = mapped_column(BigInteger)  # thousandths of the base unit
    entered: Mapped[list[Any]] = mapped_column(JSON, default=list)  # [[item unit id, thousandths]]
    counted_at: Mapped[datetime]
    counted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    book: Mapped[int] = mapped_column(BigInteger)
    book_value: Mapped[int] = mapped_column(BigInteger)
    book_seq: Mapped[int] = mapped_column(BigInteger)
    count: Mapped[Count] = relationship()
    line: Mapped[CountLine] = relationship()
    counted_by: Mapped[Person | None] = relationship(Person)
