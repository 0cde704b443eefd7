"""What the portal remembers of how somebody likes a list. A list is named ``<slug>.<its name>``."""

from __future__ import annotations

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.orm import CoreBase, CoreOnly


class ListPreference(CoreOnly, CoreBase):
    """How one person likes one list: which columns in which order, and how high the rows are."""

    __tablename__ = "list_preference"
    __table_args__ = (
        UniqueConstraint("person_id", "list"),
        CheckConstraint("height IN ('normal', 'compact')", name="height"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    list: Mapped[str] = mapped_column(String(80))
    columns: Mapped[str | None] = mapped_column(JSON(none_as_null=True))  # keys; None: as delivered
    height: Mapped[str] = mapped_column(String(8), default="normal")
