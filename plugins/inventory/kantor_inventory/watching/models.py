"""Alerts: from the moment a place has too little or too much of an item until it has not."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.api import Follows

from ..models import Base, Item, Point, among

KINDS = ("low", "too_much")


class Alert(Follows, Base, noun="stock", follows=("point_id",)):
    """One episode: opened by the movement or the rule that began it, closed by what ended it."""

    __tablename__ = "inventory_alert"
    __table_args__ = (
        CheckConstraint(among("kind", KINDS), name="kind"),
        Index(
            "uq_inventory_alert_open",
            "item_id",
            "point_id",
            "kind",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_inventory_alert_point_id", "point_id", "opened_at"),
        Index("ix_inventory_alert_item_id", "item_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    item_id: Mapped[int] = mapped_column(ForeignKey("inventory_item.id", ondelete="RESTRICT"))
    point_id: Mapped[int] = mapped_column(ForeignKey("inventory_point.id", ondelete="RESTRICT"))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    quantity: Mapped[int] = mapped_column(BigInteger)  # what there was when it began
    item: Mapped[Item] = relationship()
    point: Mapped[Point] = relationship()
