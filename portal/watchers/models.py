"""Who watches which records, and up to where watchers have been told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.orm import CoreBase, CoreOnly


class Watcher(CoreOnly, CoreBase):
    """Somebody who is told of everything that happens to a record, until they say otherwise.

    ``active`` stays False after that, so that the next comment does not make them watch again.
    """

    __tablename__ = "record_watcher"
    __table_args__ = (
        UniqueConstraint("kind", "record_id", "person_id"),
        Index("ix_record_watcher_person_id", "person_id", "active"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))
    record_id: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    active: Mapped[bool] = mapped_column(default=True)
    since: Mapped[datetime]


class WatcherMark(CoreOnly, CoreBase):
    """The newest act of the audit that watchers have been told of: one row."""

    __tablename__ = "record_watcher_mark"

    id: Mapped[int] = mapped_column(primary_key=True)
    audit_id: Mapped[int]
