"""The list of acts, the newest first."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from portal.messages import message
from portal.ui.table import Column, Empty, Table
from portal.work import UnitOfWork

from .forms import AuditFilter
from .models import AuditEntry


def entries(
    tx: UnitOfWork,
    *,
    action: str = "",
    actor: str = "",
    since: date | None = None,
    until: date | None = None,
) -> Any:
    """Return the acts whose name begins with ``action``, by ``actor``, between two days (both
    included).
    """
    statement = select(
        AuditEntry.id,
        AuditEntry.at,
        AuditEntry.actor_name,
        AuditEntry.action,
        AuditEntry.subject_kind,
        AuditEntry.subject_label,
    )
    if action:
        statement = statement.where(
            AuditEntry.action >= action, AuditEntry.action < action + "\U0010ffff"
        )
    if actor:
        statement = statement.where(AuditEntry.actor_name == actor)
    if since is not None:
        statement = statement.where(AuditEntry.at >= datetime.combine(since, time(), tx.zone))
    if until is not None:
        end = datetime.combine(until, time(), tx.zone) + timedelta(days=1)
        statement = statement.where(AuditEntry.at < end)
    return statement


ENTRIES = Table(
    "audit",
    "core.audit.view",
    entries,
    columns=(
        Column("id", message("Number"), "number", sort=(AuditEntry.id,)),
        Column("at", message("When"), "datetime"),
        Column("actor_name", message("Who")),
        Column("action", message("Act"), primary=True, link=("audit.entry", {"number": "id"})),
        Column("subject_kind", message("On what")),
        Column("subject_label", message("Which")),
    ),
    default_sort="-id",
    filters=AuditFilter,
    empty=Empty(
        title=message("Nothing was done yet"),
        text=message("Every change anybody makes is written here and stays."),
    ),
    ledger=True,
)
