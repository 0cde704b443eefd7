"""The codes that were given out, and what each stands for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.orm import CoreBase, CoreOnly

from .rules import LONGEST_TARGET, PRINTED


class Link(CoreOnly, CoreBase):
    """A code on a label; its row stays when the label is retired, so that no code comes twice.

    ``kind`` is declared by a plugin, which alone knows what ``target`` means.
    """

    __tablename__ = "link"
    __table_args__ = (
        Index(
            "uq_link_in_use",
            "kind",
            "target",
            unique=True,
            sqlite_where=text("active = 1"),
            postgresql_where=text("active"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(PRINTED), unique=True)
    kind: Mapped[str] = mapped_column(String(60))
    target: Mapped[str] = mapped_column(String(LONGEST_TARGET))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    retired_at: Mapped[datetime | None]
