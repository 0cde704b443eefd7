"""Looking things up in the audit without reading all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy import String, cast, func, literal, select, union_all

from portal.contacts.models import Contact
from portal.guard import kernel_execute
from portal.people.models import Department, Person
from portal.places.models import Place
from portal.reach import visible
from portal.roles.models import Role
from portal.roles.rules import reaches
from portal.work import UnitOfWork

from .models import AuditEntry
from .services import sealed

entries = AuditEntry.__table__
CHECKED = 200  # newest entries whose seals the page proves; the whole chain is the command's job
PAGES: Mapping[str, tuple[Any, str, str]] = {
    "core.person": (Person, "core.person.view", "people.person"),
    "core.department": (Department, "core.department.view", "people.department"),
    "core.role": (Role, "core.role.view", "roles.role"),
    "core.place": (Place, "core.place.view", "places.place"),
    "core.contact": (Contact, "core.contact.view", "contacts.contact"),
}


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the audit can be narrowed to: acts, kinds of records, and people as (public
    id, name).
    """

    actions: list[str]
    kinds: list[str]
    actors: list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Chain:
    """How many of the newest entries were checked, and which of them do not fit."""

    checked: int
    broken: list[int]


def known(tx: UnitOfWork) -> Known:
    """Return what occurs in the audit, jumping through its indexes from one value to the next.

    An act has no department: who reads less than all of them is not told which there are.
    """
    if not reaches(tx.actor, "core.audit.view", None):
        return Known(actions=[], kinds=[], actors=[])
    columns = (entries.c.action, entries.c.subject_kind, entries.c.actor_id)
    found: dict[str, list[str]] = {column.name: [] for column in columns}
    rows = kernel_execute(tx.session, union_all(*[_distinct(column) for column in columns])).all()
    for name, value in rows:
        found[name].append(value)
    table = Person.__table__
    ids = [int(value) for value in found["actor_id"]]
    people = select(table.c.public_id, table.c.name).where(table.c.id.in_(ids))
    named = kernel_execute(tx.session, people.order_by(table.c.name_key, table.c.id)).all()
    return Known(
        actions=sorted(found["action"]),
        kinds=sorted(kind for kind in found["subject_kind"] if kind),
        actors=[(row.public_id, row.name) for row in named],
    )


def _distinct(column: Any) -> Any:
    """Return a select of (column name, value): each value there is, found by one probe of the
    index.
    """
    probe = entries.alias()
    jump = select(func.min(column).label("value")).cte(f"each_{column.name}", recursive=True)
    step = select(func.min(probe.c[column.name])).where(probe.c[column.name] > jump.c.value)
    jump = jump.union_all(select(step.scalar_subquery()).where(jump.c.value.is_not(None)))
    value = cast(jump.c.value, String)
    return select(literal(column.name), value).where(jump.c.value.is_not(None))


def newest_chain(tx: UnitOfWork) -> Chain:
    """Prove the seals of the newest entries, one against the other."""
    newest = select(entries).order_by(entries.c.id.desc()).limit(CHECKED + 1)
    rows = [row._mapping for row in kernel_execute(tx.session, newest).all()]
    checked = rows if len(rows) <= CHECKED else rows[:-1]
    broken = [
        row["id"]
        for row, before in zip(checked, [*rows[1:], None], strict=False)
        if sealed(row["previous"], row) != row["hash"]
        or (before is not None and row["previous"] != before["hash"])
    ]
    return Chain(checked=len(checked), broken=sorted(broken))


def page_of(tx: UnitOfWork, row: AuditEntry) -> str:
    """Return the address of the record an act was done on, empty when there is none to see."""
    model, permission, endpoint = PAGES.get(row.subject_kind, (None, "", ""))
    if model is None or not tx.actor.holds(permission):
        return ""
    found = visible(select(model.public_id), permission, tx.actor).where(model.id == row.subject_id)
    public_id = tx.session.scalars(found).one_or_none()
    return url_for(endpoint, public_id=public_id) if public_id else ""


def told(detail: Mapping[str, Any]) -> tuple[list[tuple[str, str, str]], list[tuple[str, str]]]:
    """Return (name, before, after) of what changed, and (name, text) of everything else."""
    changes: list[tuple[str, str, str]] = []
    facts: list[tuple[str, str]] = []

    def look(part: Mapping[str, Any], above: str) -> None:
        for name, value in part.items():
            path = f"{above}.{name}" if above else name
            if isinstance(value, dict):
                look(value, "" if name == "changed" else path)
            elif isinstance(value, list) and len(value) == 2 and above != "facts":
                changes.append((path, _text(value[0]), _text(value[1])))
            else:
                facts.append((path, _text(value)))

    look(detail, "")
    return changes, facts


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(part) for part in value)
    return "" if value is None else str(value)
