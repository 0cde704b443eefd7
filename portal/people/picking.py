"""Finding people by a few letters, for forms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, func, or_, select

from portal.people.models import Department, Membership, Person
from portal.reach import visible
from portal.search import matching
from portal.ui.forms import Match
from portal.work import UnitOfWork

SHOWN = 10


def departments_today(tx: UnitOfWork) -> ScalarSelect[str]:
    """Return a subquery of the names of a person's departments today, joined by commas."""
    today = (
        select(Membership.department_id)
        .where(
            Membership.person_id == Person.id,
            Membership.from_on <= tx.today,
            or_(Membership.until_on.is_(None), Membership.until_on > tx.today),
        )
        .correlate(Person)
    )
    return (
        select(func.aggregate_strings(Department.name, ", "))
        .where(Department.id.in_(today))
        .correlate(Person)
        .scalar_subquery()
    )


def find(tx: UnitOfWork, text: str, among: ColumnElement[bool] | None = None) -> Sequence[Match]:
    """Return (public id, name, departments) of the first people whose name has these words.

    With a condition as ``among`` only of those whom it holds for.
    """
    found: Any = select(
        Person.public_id, Person.name, departments_today(tx).label("departments")
    ).where(or_(Person.active_until.is_(None), Person.active_until > tx.today))
    if among is not None:
        found = found.where(among)
    found = matching(tx, visible(found, "core.person.view", tx.actor), text, Person)
    rows = tx.session.execute(found.order_by(Person.name_key, Person.id).limit(SHOWN)).all()
    return [(row.public_id, row.name, row.departments or "") for row in rows]


def title_of(tx: UnitOfWork, public_id: str) -> str | None:
    """Return the name behind a public id, None when there is none."""
    wanted = select(Person.name).where(Person.public_id == public_id)
    return tx.session.scalars(visible(wanted, "core.person.view", tx.actor)).one_or_none()
