"""Alerts: from the moment a place has too little or too much of an item until it has not."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.api import Follows

from ..models import Base, Item, Point, among, partial

KINDS = ("low", "too_much")
GRADES = {0: "out", 1: "low", 2: "too_much"}  # the most serious first
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
        Index("ix_inventory_alert_point_id", "point_id", "opened_at"),
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
