"""For whom somebody may act: what a right over people comes to, oneself always included."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, false, select, true

from portal.errors import ValidationFailed
from portal.messages import message
from portal.orm import people_reached
from portal.people.models import Department, Person
from portal.reach import EVERYTHING
from portal.work import UnitOfWork


def reached_by(tx: UnitOfWork, permission: str) -> ColumnElement[bool]:
    """Return the condition of being a person for whom the actor may use ``permission``."""
    held = tx.actor.grants.get(permission)
    if tx.actor.owns(Person) or (held is not None and held.everything):
        return true()
    return false() if held is None else people_reached(Person.id, held, tx.actor, own=True)


def reaches_others(tx: UnitOfWork, permission: str) -> bool:
    """Return whether the actor may use ``permission`` for anybody but oneself."""
    held = tx.actor.grants.get(permission)
    if held is None:
        return tx.actor.owns(Person)
    return held.everything or bool(held.departments) or (held.team and bool(tx.actor.managed))


def person_named(tx: UnitOfWork, permission: str, public_id: str = "") -> Select[Any]:
    """Return the statement of the person named, of the actor for an empty id, if in reach."""
    named = Person.public_id == public_id if public_id else Person.id == tx.actor.person_id
    return select(Person).where(reached_by(tx, permission), named)


def departments_reached(tx: UnitOfWork, permission: str) -> list[tuple[str, str]]:
    """Return (public id, name) of the departments in use whose rows ``permission`` reaches, for a
    field to choose one.
    """
    columns = (Department.public_id, Department.name)
    wanted = _reached(tx, permission, *columns).order_by(Department.name_key, Department.id)
    return [(row.public_id, row.name) for row in tx.session.execute(wanted)]


def department_reached(
    tx: UnitOfWork, permission: str, public_id: str, *, field: str = "department"
) -> int:
    """Return the id of a department in use whose rows ``permission`` reaches, or raise
    ValidationFailed beside ``field``.
    """
    wanted = _reached(tx, permission, Department.id).where(Department.public_id == public_id)
    found: int | None = tx.session.scalars(wanted).one_or_none()
    if found is None:
        raise ValidationFailed({field: message("Choose one of the list.")})
    return found


def _reached(tx: UnitOfWork, permission: str, *columns: Any) -> Select[Any]:
    held, wanted = tx.actor.grants.get(permission), select(*columns).where(Department.active)
    slug = permission.partition(".")[0]
    if tx.actor.realm in (EVERYTHING, slug) or (held is not None and held.everything):
        return wanted
    return wanted.where(Department.id.in_(sorted(held.departments if held else ())))
