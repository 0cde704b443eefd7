"""The two ends of a movement: places, made known to the stock when something first comes there."""

from __future__ import annotations

from sqlalchemy import select

from portal.api import Conflict, Place, UnitOfWork, message, visible

from ..models import Point


class PlaceClosed(Conflict):
    """The place is not in use any more."""


def outside(tx: UnitOfWork, kind: str) -> Point:
    """Return one of the ends that are no place in the building."""
    point: Point = tx.one(select(Point), kind=kind)
    return point


def point_at(tx: UnitOfWork, place: Place, *, kind: str = "store") -> Point:
    """Return the point of a place, made if stock was never kept there; raise OutOfReach."""
    point: Point = tx.ensure(
        Point, defaults={"kind": kind, "allow_negative": False}, place_id=place.id
    )
    return point


def point_in_reach(
    tx: UnitOfWork, place_id: str, permission: str, *, target: bool = False
) -> Point:
    """Return the point of a place where ``permission`` reaches, or raise NotFound."""
    place = tx.one(select(Place), public_id=place_id)
    if target and not place.active:
        raise PlaceClosed(
            message("{place} is not used any more. Choose another place.", place=place.name)
        )
    found = visible(select(Point), permission, tx.actor).filter_by(place_id=place.id)
    point: Point | None = tx.session.scalars(found).one_or_none()
    if point is None:
        point_at(tx, place)
        point = tx.one(found)
    return point
