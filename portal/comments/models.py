"""Comments on records of any kind."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.orm import CoreBase, CoreOnly, Public, Versioned


class Comment(Public, Versioned, CoreOnly, CoreBase):
    """What somebody said about a record: plain text, shown as it was typed.

    ``internal`` ones are for those who handle the record. ``mentions`` are the names that were
    found in the text, each with the public id of its person. A removed one is gone from every page
    and can be put back for a month.
    """

    __tablename__ = "record_comment"
    __table_args__ = (
        Index("ix_record_comment_record", "kind", "record_id", "at", "id"),
        Index("ix_record_comment_removed_by_id", "removed_by_id", "removed_at"),
        Index("ix_record_comment_removed_at", "removed_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))
    record_id: Mapped[int]
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    text: Mapped[str] = mapped_column(Text)
    mentions: Mapped[dict[str, str]] = mapped_column(JSON)
    internal: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]
    changed_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    removed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
