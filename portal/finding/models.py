"""The words by which records are found, and which records somebody opened last."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.orm import CoreBase, CoreOnly, KeyText


class SearchEntry(CoreOnly, CoreBase):
    """A record as it is found. Only triggers write here: a changed record gets a new, higher id.

    ``marks`` are words that nobody types: the kind, the department and the owner of the record.
    """

    __tablename__ = "search_entry"
    __table_args__ = (
        UniqueConstraint("kind", "record_id"),
        Index("ix_search_entry_number_key", "number_key", "kind"),
    )

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(80))
    record_id: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    number_key: Mapped[str] = mapped_column(KeyText)
    words: Mapped[str] = mapped_column(Text)
    marks: Mapped[str] = mapped_column(Text)


class RecentRecord(CoreOnly, CoreBase):
    """A record that somebody opened, and when they did last; only the newest are kept."""

    __tablename__ = "recent_record"
    __table_args__ = (
        UniqueConstraint("person_id", "kind", "record_id"),
        Index("ix_recent_record_opened_at", "person_id", "opened_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(80))
    record_id: Mapped[int]
    opened_at: Mapped[datetime]
