"""Values the organisation chose."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.orm import CoreBase, Global, Versioned


class PortalInfo(Global, CoreBase, noun="setting", reason="every page names the organisation"):
    """What this database is: ``kind`` (real, demo, test), organisation, time zone, currency,
    language.
    """

    __tablename__ = "portal_info"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str]


class Setting(Versioned, Global, CoreBase, reason="plugins read their settings while they work"):
    """The settings of one plugin (or of core), for the whole portal or overridden for one
    department.
    """

    __tablename__ = "setting"
    __table_args__ = (
        Index(
            "uq_setting_portal",
            "slug",
            unique=True,
            sqlite_where=text("department_id IS NULL"),
            postgresql_where=text("department_id IS NULL"),
        ),
        Index("uq_setting_department", "slug", "department_id", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(20))
    department_id: Mapped[int | None] = mapped_column(
        ForeignKey("department.id", ondelete="CASCADE")
    )
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
