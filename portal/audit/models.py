"""The audit: append-only, each entry sealed by the hash of the one before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.orm import CoreBase, CoreOnly


class AuditEntry(CoreOnly, CoreBase, noun="audit"):
    """One act: by whom, for whom, on what. Ids are kept without foreign keys, so that nothing can
    remove them.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_at", "at", "id"),
        Index("ix_audit_entry_action", "action", "at", "id"),
        Index("ix_audit_entry_actor_id", "actor_id", "at", "id"),
        Index("ix_audit_entry_kind", "subject_kind", "at", "id"),
        Index("ix_audit_entry_subject", "subject_kind", "subject_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(String(200))
    on_behalf_of_id: Mapped[int | None]
    action: Mapped[str] = mapped_column(String(80))
    subject_kind: Mapped[str] = mapped_column(String(60), default="")
    subject_id: Mapped[int | None]
    subject_label: Mapped[str] = mapped_column(String(200), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    request_id: Mapped[str] = mapped_column(String(32), default="")
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)
