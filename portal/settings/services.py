"""Reading and changing what the organisation decided."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, insert, select

from portal.errors import Conflict, EditConflict, Forbidden
from portal.guard import kernel_execute
from portal.messages import message
from portal.roles.rules import reaches
from portal.work import UnitOfWork

from .models import PortalInfo, Setting

info, setting = PortalInfo.__table__, Setting.__table__
EDIT = "core.setting.edit"
CHANGEABLE = ("organisation", "time_zone", "currency", "language", "workload", "second_step")
FACTS = {
    "kind": "real",
    "organisation": "Kantor",
    "time_zone": "Asia/Jakarta",
    "currency": "IDR",
    "language": "en",
    "workload": "shown",
    "second_step": "nobody",
}


def facts(tx: UnitOfWork) -> dict[str, str]:
    """Return what this portal is: kind, organisation, time_zone, currency, language."""
    rows = kernel_execute(tx.session, select(info.c.key, info.c.value)).all()
    return FACTS | {row.key: row.value for row in rows if ":" not in row.key}


def write_facts(tx: UnitOfWork, **values: str) -> None:
    """Store facts of the portal; ``kind`` is written once, when the database is made."""
    for key, value in values.items():
        kernel_execute(tx.session, delete(info).where(info.c.key == key))
        kernel_execute(tx.session, insert(info), {"key": key, "value": value})


def change_facts(tx: UnitOfWork, values: Mapping[str, str], *, seen: str) -> None:
    """Store changed facts of the portal and record what they were before.

    Raises EditConflict when somebody changed them since the form was made, Forbidden without the
    right for the whole organisation.
    """
    _require_reach(tx, None)
    before = facts(tx)
    if mark(before) != seen:
        raise EditConflict(theirs={name: before[name] for name in CHANGEABLE})
    changed = {key: [before[key], value] for key, value in values.items() if before[key] != value}
    if changed:
        write_facts(tx, **{key: after for key, (_, after) in changed.items()})
        tx.audit("core.portal_changed", None, changed=changed)


def mark(known: Mapping[str, str]) -> str:
    """Return a short text that differs when the changeable facts do."""
    text = repr([known[name] for name in CHANGEABLE])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def stored(tx: UnitOfWork, slug: str, department_id: int | None) -> Setting | None:
    """Return the settings row of a plugin for the portal or exactly this department, if any."""
    same = (
        Setting.department_id.is_(None)
        if department_id is None
        else Setting.department_id == department_id
    )
    return tx.session.scalars(select(Setting).where(Setting.slug == slug, same)).one_or_none()


def remember(tx: UnitOfWork, key: str, value: Any) -> None:
    """Keep a plain value of the portal's own, which is no fact for people; ``key`` has a colon."""
    write_facts(tx, **{key: json.dumps(value)})


def remembered(tx: UnitOfWork, key: str) -> Any:
    """Return what was kept under ``key``, or None."""
    found = kernel_execute(tx.session, select(info.c.value).where(info.c.key == key)).scalar()
    return None if found is None else json.loads(found)


def remembered_under(tx: UnitOfWork, prefix: str) -> dict[str, Any]:
    """Return everything that was kept under keys that begin with ``prefix``."""
    chosen = select(info.c.key, info.c.value).where(info.c.key.startswith(prefix, autoescape=True))
    return {key: json.loads(value) for key, value in kernel_execute(tx.session, chosen)}


def forget(tx: UnitOfWork, key: str) -> None:
    """Keep no longer what was kept under ``key``."""
    kernel_execute(tx.session, delete(info).where(info.c.key == key))


def values_of(tx: UnitOfWork, slug: str, department_id: int | None = None) -> dict[str, Any]:
    """Return the settings of a plugin: the portal's, overridden by the department's."""
    rows = tx.session.scalars(
        select(Setting).where(
            Setting.slug == slug,
            Setting.department_id.is_(None) | (Setting.department_id == department_id),
        )
    ).all()
    merged: dict[str, Any] = {}
    for row in sorted(rows, key=lambda r: r.department_id is not None):
        merged |= row.values
    return merged


def write(
    tx: UnitOfWork,
    slug: str,
    values: Mapping[str, Any],
    *,
    department_id: int | None = None,
    version: int | None,
) -> Setting:
    """Store the settings of a plugin for everybody or for one department.

    Raises EditConflict when ``version`` is not the stored one, Forbidden out of the actor's reach.
    """
    _require_reach(tx, department_id)
    row = stored(tx, slug, department_id)
    before = dict(row.values) if row is not None else {}
    if row is None:
        if version:
            raise EditConflict
        row = Setting(slug=slug, department_id=department_id, values=dict(values))
        tx.session.add(row)
    else:
        tx.expect_version(row, version, **row.values)
        row.values = dict(values)
    tx.session.flush()
    changed = {k: [before.get(k), v] for k, v in values.items() if before.get(k) != v}
    tx.audit("core.setting_changed", row, slug=slug, department=department_id, changed=changed)
    return row


def reset(tx: UnitOfWork, slug: str, department_id: int) -> None:
    """Let a department do as everybody does; what it had decided is kept in the audit."""
    _require_reach(tx, department_id)
    row = stored(tx, slug, department_id)
    if row is None:
        raise Conflict(message("This department has no settings of its own."))
    tx.audit("core.setting_reset", row, slug=slug, department=department_id, values=row.values)
    tx.session.delete(row)
    tx.session.flush()


def _require_reach(tx: UnitOfWork, department_id: int | None) -> None:
    if not reaches(tx.actor, EDIT, department_id):
        raise Forbidden(
            message("These settings hold beyond your departments. Ask an administrator.")
        )
