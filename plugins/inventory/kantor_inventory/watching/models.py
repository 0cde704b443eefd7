"""Alerts: from the moment a place has too little or too much of an item until it has not."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.api import Department, Follows

from ..models import Base, Category, Item, Point, among, partial

KINDS = ("low", "too_much")
GRADES = {0: "out", 1: "low", 2: "too_much"}  # the most serious first
SUMS = ("stock", "usage", "low", "counted")
OPEN = "closed_at IS NULL"
CLOSED = "closed_at IS NOT NULL"


class Alert(Follows, Base, noun="stock", follows=("point_id",)):
    """One episode: opened by the movement or the rule that began it, closed by what ended it.

    ``grade`` says how serious it is now, or was in the end: the key of GRADES, of which the first
    two are low.
    """

    __tablename__ = "inventory_alert"
    __table_args__ = (
        CheckConstraint(among("kind", KINDS), name="kind"),
        CheckConstraint("(kind = 'low') = (grade IN (0, 1))", name="grade"),
        Index(
            "uq_inventory_alert_open",
            "item_id",
            "point_id",
            "kind",
            unique=True,
            sqlite_where=text(OPEN),
            postgresql_where=text(OPEN),
        ),
        partial("ix_inventory_alert_grade", "grade opened_at id", OPEN, OPEN),
        partial("ix_inventory_alert_opened_at", "opened_at id", OPEN, OPEN),
        partial("ix_inventory_alert_closed", "opened_at id", CLOSED, CLOSED),
        partial("ix_inventory_alert_point_id", "point_id grade opened_at id", OPEN, OPEN),
        partial("ix_inventory_alert_point_closed", "point_id opened_at id", CLOSED, CLOSED),
        Index("ix_inventory_alert_item_id", "item_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    grade: Mapped[int]
    item_id: Mapped[int] = mapped_column(ForeignKey("inventory_item.id", ondelete="RESTRICT"))
    point_id: Mapped[int] = mapped_column(ForeignKey("inventory_point.id", ondelete="RESTRICT"))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    quantity: Mapped[int] = mapped_column(BigInteger)  # what there was when it began
    item: Mapped[Item] = relationship()
    point: Mapped[Point] = relationship()


class MonthSum(Follows, Base, noun="stock", follows=("point_id",)):
    """What a month comes to at a place, added up every night for the overview.

    ``stock``: the ``value`` at its end. ``usage``: how many lines of the ledger, and their value,
    by who used it. ``low``: the alerts open at its end. ``counted``: how many lines were counted,
    and in ``value`` how many of them the books had right.
    """

    __tablename__ = "inventory_month_sum"
    __table_args__ = (
        CheckConstraint(among("kind", SUMS), name="kind"),
        Index("ix_inventory_month_sum_kind", "kind", "month", "point_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    month: Mapped[date]  # its first day
    point_id: Mapped[int] = mapped_column(ForeignKey("inventory_point.id", ondelete="RESTRICT"))
    category_id: Mapped[int | None] = mapped_column(
        ForeignKey("inventory_category.id", ondelete="RESTRICT")
    )
    department_id: Mapped[int | None] = mapped_column(
        ForeignKey("department.id", ondelete="RESTRICT")
    )
    lines: Mapped[int] = mapped_column(default=0)
    value: Mapped[int] = mapped_column(BigInteger, default=0)
    as_of: Mapped[datetime]
    category: Mapped[Category | None] = relationship()
    department: Mapped[Department | None] = relationship(Department)
    point: Mapped[Point] = relationship()


class MostUsed(Follows, Base, noun="stock", follows=("point_id",)):
    """One of the items that cost a place most in the last twelve months, found every night."""

    __tablename__ = "inventory_most_used"
    __table_args__ = (Index("ix_inventory_most_used_value", "value", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("inventory_item.id", ondelete="RESTRICT"))
    point_id: Mapped[int] = mapped_column(ForeignKey("inventory_point.id", ondelete="RESTRICT"))
    quantity: Mapped[int] = mapped_column(BigInteger)
    value: Mapped[int] = mapped_column(BigInteger)
    item: Mapped[Item] = relationship()
    point: Mapped[Point] = relationship()
