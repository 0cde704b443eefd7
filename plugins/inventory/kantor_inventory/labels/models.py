"""What somebody at the shelf has said about it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.api import Follows, Person

from ..models import Base, Item, Point, among, partial

REASONS = ("received", "ordered", "counted", "enough")  # why it does not stand any more
OPEN = "closed_at IS NULL"


class Flag(Follows, Base, noun="stock", follows=("point_id",)):
    """Somebody saw that a place has nearly used up an item; it stands until it is dealt with.

    ``times`` says on how many days it was said, ``last_at`` when last.
    """

    __tablename__ = "inventory_flag"
    __table_args__ = (
        CheckConstraint(among("closed_why", REASONS), name="closed_why"),
        CheckConstraint("(closed_at IS NULL) = (closed_why IS NULL)", name="closed"),
        Index(
            "uq_inventory_flag_open",
            "item_id",
            "point_id",
            unique=True,
            sqlite_where=text(OPEN),
            postgresql_where=text(OPEN),
        ),
        partial("ix_inventory_flag_raised_at", "raised_at id", OPEN, OPEN),
        Index("ix_inventory_flag_point_id", "point_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("inventory_item.id", ondelete="RESTRICT"))
    point_id: Mapped[int] = mapped_column(ForeignKey("inventory_point.id", ondelete="RESTRICT"))
    raised_at: Mapped[datetime]
    raised_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    last_at: Mapped[datetime]
    times: Mapped[int] = mapped_column(default=1)
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    closed_why: Mapped[str | None] = mapped_column(String(10))
    item: Mapped[Item] = relationship()
    point: Mapped[Point] = relationship()
    raised_by: Mapped[Person | None] = relationship(Person, foreign_keys=[raised_by_id])
