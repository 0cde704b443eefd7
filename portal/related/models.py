"""Links between records of any two kinds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.orm import CoreBase, CoreOnly, Public


class RecordLink(Public, CoreOnly, CoreBase):
    """Two records that have to do with one another; the pair is kept once, in one order."""

    __tablename__ = "record_link"
    __table_args__ = (
        UniqueConstraint("kind", "record_id", "other_kind", "other_id"),
        CheckConstraint(
            "kind < other_kind OR (kind = other_kind AND record_id < other_id)", name="order"
        ),
        Index("ix_record_link_other", "other_kind", "other_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))
    record_id: Mapped[int]
    other_kind: Mapped[str] = mapped_column(String(60))
    other_id: Mapped[int]
    note: Mapped[str] = mapped_column(String(200), default="")
    made_by_id: Mapped[int] = mapped_column(
        ForeignKey("person.id", ondelete="RESTRICT"), index=True
    )
    at: Mapped[datetime]
