"""For whom somebody may act: what a right over people comes to, oneself always included."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, false, select, true

from portal.orm import people_reached
from portal.people.models import Person
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
