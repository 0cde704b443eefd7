"""Where plugins are switched on, and which are known to this database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.orm import CoreBase, Global


class PluginActivation(Global, CoreBase, noun="plugin", reason="navigation needs it on every page"):
    """``slug`` is switched on for a department, or everywhere when there is none."""

    __tablename__ = "plugin_activation"
    __table_args__ = (
        UniqueConstraint("slug", "department_id"),
        Index(
            "uq_plugin_activation_everywhere",
            "slug",
            unique=True,
            sqlite_where=text("department_id IS NULL"),
            postgresql_where=text("department_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(20))
    department_id: Mapped[int | None] = mapped_column(
        ForeignKey("department.id", ondelete="CASCADE")
    )


class InstalledPlugin(Global, CoreBase, noun="plugin", reason="the plugins page names versions"):
    """What ``kantor db upgrade`` made of a plugin; only a ready one is ever active.

    Its tables are those of ``version`` and have come to ``revision``; one that rests is between two
    versions, until the next upgrade.
    """

    __tablename__ = "installed_plugin"
    __table_args__ = (CheckConstraint("state IN ('ready', 'failed', 'resting')", name="state"),)

    slug: Mapped[str] = mapped_column(String(20), primary_key=True)
    title: Mapped[str] = mapped_column(String(80))
    version: Mapped[str] = mapped_column(String(40))
    revision: Mapped[str] = mapped_column(default="", server_default="")
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(default="")
    upgraded_at: Mapped[datetime]
