"""Where it is counted: departments and places that may be, and those of a count."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from portal.api import Department, Held, Place, UnitOfWork, visible

from ...models import Point
from .. import rules
from ..models import Count, CountLine, CountPlace


def open_at(tx: UnitOfWork, place_id: int) -> Any:
    """Return the open counts that have something of a place, as rows of number and public id."""
    statement: Any = (
        select(Count.number, Count.public_id)
        .where(
            Count.id.in_(
                select(CountLine.count_id)
                .join(Point, Point.id == CountLine.point_id)
                .where(Point.place_id == place_id, CountLine.open)
            )
        )
        .order_by(Count.id)
    )
    return tx.session.execute(visible(statement, rules.VIEW, tx.actor)).all()


def departments(tx: UnitOfWork, permission: str) -> list[tuple[str, str]]:
    """Return (public id, name) of the departments with places where one may count."""
    held = tx.actor.grants.get(permission, Held())
    statement = (
        select(Department.public_id, Department.name)
        .where(
            Department.active,
            Department.id.in_(select(Place.department_id).join(Point, Point.place_id == Place.id)),
        )
        .order_by(Department.name_key, Department.id)
    )
    if not held.everything:
        statement = statement.where(Department.id.in_(held.departments))
    return [(row.public_id, row.name) for row in tx.session.execute(statement)]


def places_in(tx: UnitOfWork, department: str) -> list[tuple[str, str]]:
    """Return (public id, name) of the places of a department with stock, in walking order."""
    statement = (
        select(Place.public_id, Place.name)
        .join(Point, Point.place_id == Place.id)
        .join(Department, Department.id == Place.department_id)
        .where(Department.public_id == department, Place.active)
        .order_by(Place.walk_order, Place.id)
    )
    return [(row.public_id, row.name) for row in tx.session.execute(statement)]


def places_of(tx: UnitOfWork, count: Count) -> list[Any]:
    """Return the places of a count, in walking order."""
    statement = (
        select(Place.public_id, Place.name, Place.code)
        .join(Point, Point.place_id == Place.id)
        .join(CountPlace, CountPlace.point_id == Point.id)
        .where(CountPlace.count_id == count.id)
        .order_by(Place.walk_order, Place.id)
    )
    return list(tx.session.execute(statement))


def may_count_at(tx: UnitOfWork, place: Place) -> bool:
    """Return whether one may count this place now."""
    held = tx.actor.grants.get(rules.ENTER, Held())
    return place.department_id is not None and (
        held.everything or place.department_id in held.departments
    )
