"""Files of records of any kind."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.orm import CoreBase, CoreOnly, Public


class Attachment(Public, CoreOnly, CoreBase):
    """A file somebody put with a record, by itself or with a comment.

    A picture was drawn anew when it came in, so that nothing but its picture is kept; ``preview``
    is a small one. ``size`` is in bytes, ``width`` and ``height`` in pixels.
    """

    __tablename__ = "record_file"
    __table_args__ = (
        CheckConstraint("type IN ('file', 'jpeg', 'png')", name="type"),
        CheckConstraint("(type = 'file') = (preview_id IS NULL)", name="preview"),
        CheckConstraint("size >= 0", name="size"),
        Index("ix_record_file_record", "kind", "record_id", "at", "id"),
        Index("ix_record_file_owner_id", "owner_id", "removed_at"),
        Index("ix_record_file_removed_by_id", "removed_by_id", "removed_at"),
        Index("ix_record_file_removed_at", "removed_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))
    record_id: Mapped[int]
    comment_id: Mapped[int | None] = mapped_column(
        ForeignKey("record_comment.id", ondelete="CASCADE"), index=True
    )
    internal: Mapped[bool] = mapped_column(default=False)
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    file_id: Mapped[int] = mapped_column(
        ForeignKey("stored_file.id", ondelete="RESTRICT"), index=True
    )
    preview_id: Mapped[int | None] = mapped_column(
        ForeignKey("stored_file.id", ondelete="RESTRICT"), index=True
    )
    name: Mapped[str] = mapped_column(String(255))
    type: Mapped[str] = mapped_column(String(4), default="file")
    size: Mapped[int]
    width: Mapped[int | None]
    height: Mapped[int | None]
    at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    removed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
