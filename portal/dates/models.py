"""Addresses under which calendars elsewhere follow somebody's: core's own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.orm import CoreBase, CoreOnly, Public


class CalendarFeed(Public, CoreOnly, CoreBase):
    """A secret address of one's own calendar, of which only the hash is kept, until it is revoked.

    ``whose`` says how much of it: mine, departments or all of what its owner may see.
    """

    __tablename__ = "calendar_feed"
    __table_args__ = (
        CheckConstraint("whose IN ('mine', 'departments', 'all')", name="whose"),
        Index("ix_calendar_feed_owner_id", "owner_id", "revoked_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(60))
    whose: Mapped[str] = mapped_column(String(12), default="mine")
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    digest: Mapped[str] = mapped_column(String(64), default="")  # of what was sent last
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
