"""Who works by which calendar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.errors import NotFound, ValidationFailed
from portal.messages import Message, message
from portal.people.models import Department, Person
from portal.reach import visible
from portal.work import UnitOfWork
from portal.worktime.models import WorkCalendar, WorksBy

from .calendars import EDIT, NOT_LISTED, find_calendar


@dataclass(frozen=True, kw_only=True)
class Uses:
    """The departments and people that work by one calendar, by name."""

    departments: list[Department] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class WorkBy:
    """A department or a person, by public id, that works by a calendar or no longer does."""

    department: str = ""
    person: str = ""


def uses(tx: UnitOfWork, row: WorkCalendar | None = None) -> Mapping[int, Uses]:
    """Return who works by each calendar, or by one: calendar id -> departments and people."""
    rows = select(WorksBy).options(joinedload(WorksBy.department), joinedload(WorksBy.person))
    if row is not None:
        rows = rows.where(WorksBy.calendar_id == row.id)
    found: dict[int, Uses] = {}
    for use in tx.session.scalars(rows):
        kept = found.setdefault(use.calendar_id, Uses())
        if use.department is not None:
            kept.departments.append(use.department)
        elif use.person is not None:
            kept.people.append(use.person)
    for kept in found.values():
        kept.departments.sort(key=lambda one: (one.name_key, one.id))
        kept.people.sort(key=lambda one: (one.name_key, one.id))
    return found


def work_by(tx: UnitOfWork, public_id: str, command: WorkBy) -> Sequence[str]:
    """Let a department, a person or both work by a calendar; return their names.

    Whoever worked by another one is moved. Raises ValidationFailed for somebody who is not there.
    """
    row: WorkCalendar = find_calendar(tx, public_id, EDIT)
    names = []
    for kind, found in _named(tx, command).items():
        use = tx.ensure(WorksBy, **{f"{kind}_id": found.id}, defaults={"calendar_id": row.id})
        before = use.calendar.name if use.calendar_id != row.id else None
        use.calendar_id = row.id
        tx.audit("core.calendar_given", row, **{kind: found.name, "before": before})
        names.append(found.name)
    return names


def work_by_no_longer(tx: UnitOfWork, public_id: str, command: WorkBy) -> str:
    """Let a department or a person go back to what holds without it; return the name.

    Raises NotFound if they do not work by this calendar.
    """
    row: WorkCalendar = find_calendar(tx, public_id, EDIT)
    for kind, found in _named(tx, command, NotFound()).items():
        use = tx.one(select(WorksBy), **{"calendar_id": row.id, f"{kind}_id": found.id})
        tx.session.delete(use)
        tx.audit("core.calendar_taken", row, **{kind: found.name})
        return str(found.name)
    raise NotFound()


def _named(tx: UnitOfWork, command: WorkBy, missing: Exception | None = None) -> dict[str, Any]:
    """Return what a command names; raise ``missing``, or say beside the field what is not there."""
    found: dict[str, Any] = {}
    wrong: dict[str, Message | str] = {}
    departments = select(Department).where(Department.public_id == command.department)
    if missing is None:
        departments = departments.where(Department.active)
    people = visible(select(Person), "core.person.view", tx.actor)
    people = people.where(Person.public_id == command.person)
    for kind, wanted, rows in (
        ("department", command.department, departments),
        ("person", command.person, people),
    ):
        if wanted and (row := tx.session.scalars(rows).one_or_none()) is not None:
            found[kind] = row
        elif wanted:
            wrong[kind] = NOT_LISTED
    if missing is not None and wrong:
        raise missing
    if not found and not wrong:
        wrong["department"] = message("Choose a department or a person.")
    if wrong:
        raise ValidationFailed(wrong)
    return found
