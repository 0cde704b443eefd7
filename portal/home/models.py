"""What people have put on their home page."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.orm import CoreBase, CoreOnly, Public


class HomeWidget(Public, CoreOnly, CoreBase):
    """A saved view on somebody's home page, as a number or with its first rows.

    ``endpoint`` is the page of the list; ``position`` the place among one's own.
    """

    __tablename__ = "home_widget"
    __table_args__ = (
        UniqueConstraint("view_id", "owner_id"),
        CheckConstraint("shape IN ('count', 'list')", name="shape"),
        Index("ix_home_widget_owner_id", "owner_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    view_id: Mapped[int] = mapped_column(ForeignKey("list_view.id", ondelete="CASCADE"))
    shape: Mapped[str] = mapped_column(String(5))
    endpoint: Mapped[str] = mapped_column(String(120), default="")
    position: Mapped[int]
    made_at: Mapped[datetime]
