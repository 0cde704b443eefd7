"""The list of acts, the newest first."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, select

from portal.messages import message
from portal.people.models import Person
from portal.ui.table import Column, Empty, Table
from portal.work import UnitOfWork

from .forms import AuditFilter
from .models import AuditEntry
from .words import ACTIONS, KINDS


def entries(
    tx: UnitOfWork,
    *,
    actor: str = "",
    action: str = "",
    kind: str = "",
    since: date | None = None,
    until: date | None = None,
) -> Select[Any]:
    """Return the acts: of a person, of one kind, on one kind of record, between two days."""
    statement: Any = select(
        AuditEntry.id,
        AuditEntry.at,
        AuditEntry.actor_name,
        AuditEntry.action,
        AuditEntry.action.label("code"),
        AuditEntry.subject_kind,
        AuditEntry.subject_label,
    )
    if actor:
        who = select(Person.id).where(Person.public_id == actor).scalar_subquery()
        statement = statement.where(AuditEntry.actor_id == who)
    if action:
        statement = statement.where(AuditEntry.action == action)
    if kind:
        statement = statement.where(AuditEntry.subject_kind == kind)
    if since is not None:
        statement = statement.where(AuditEntry.at >= _midnight(since, tx))
    if until is not None:
        statement = statement.where(AuditEntry.at < _midnight(until + timedelta(days=1), tx))
    return statement


def _midnight(day: date, tx: UnitOfWork) -> datetime:
    return datetime.combine(day, time(), tx.zone)


ENTRIES = Table(
    "audit",
    "core.audit.view",
    entries,
    columns=(
        Column(
            "action",
            message("Act"),
            labels=ACTIONS,
            link=("audit.entry", {"number": "id"}),
            primary=True,
        ),
        Column("at", message("When"), "datetime", sort=(AuditEntry.at, AuditEntry.id)),
        Column("actor_name", message("Who")),
        Column("subject_kind", message("On what"), labels=KINDS),
        Column("subject_label", message("Which")),
        Column("id", message("Number"), "number"),
        Column("code", message("Name of the act"), shown=False),
    ),
    default_sort="-at",
    filters=AuditFilter,
    empty=Empty(
        title=message("Nothing was done yet"),
        text=message("Every change anybody makes is written here and stays."),
    ),
    ledger=True,
)
