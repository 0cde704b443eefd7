"""What is kept of imports: how columns were matched, and what was done, to undo it by."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, deferred, mapped_column

from portal.orm import CoreBase, CoreOnly, Public


class ImportMatching(CoreOnly, CoreBase):
    """What somebody last said about lists with these headings; ``signature`` stands for them."""

    __tablename__ = "import_matching"
    __table_args__ = (
        UniqueConstraint("owner_id", "name", "signature"),
        Index("ix_import_matching_name", "name", "signature", "used_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    name: Mapped[str] = mapped_column(String(80))  # of the import
    signature: Mapped[str] = mapped_column(String(64))
    chosen: Mapped[dict[str, Any]] = mapped_column(JSON)
    used_at: Mapped[datetime]


class ImportRun(Public, CoreOnly, CoreBase):
    """A list that was imported; ``record`` is what undoing it needs, kept for so long."""

    __tablename__ = "import_run"
    __table_args__ = (
        CheckConstraint("state IN ('done', 'undone')", name="state"),
        Index("ix_import_run_name", "name", "id"),
        Index("ix_import_run_owner_id", "owner_id", "name", "id"),
        Index("ix_import_run_done_at", "done_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    name: Mapped[str] = mapped_column(String(80))
    file_name: Mapped[str] = mapped_column(String(255))
    new: Mapped[int]
    changed: Mapped[int]
    same: Mapped[int]
    wrong: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), default="done")
    done_at: Mapped[datetime]
    record: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    undo_job: Mapped[str | None] = mapped_column(String(12))  # the one asked to undo it
    removed: Mapped[int | None]
    restored: Mapped[int | None]
    stayed: Mapped[int | None]
