"""What is wrong with the stock now, and what was: statements, narrowed by whoever shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, cast, false, func, literal, select

from portal.api import Place, UnitOfWork, visible

from ..counting import blind
from ..models import Balance, Item, Point, Unit
from ..ordering.models import OrderLine
from ..services import lists
from ..services.pairs import among
from .models import Alert

VIEW = "inventory.stock.view"
ORDERS = "inventory.order.view"
# Written into the SQL, not bound: only so does SQLite see that an index fits.
TOO_MUCH = literal(2, literal_execute=True)
MOST = 1001  # one more than is counted exactly


@dataclass(frozen=True, kw_only=True)
class OnOrder:
    """What is still to come of an item to a place, and by when the first of it."""

    quantity: int
    expected_on: date | None


def alerts(tx: UnitOfWork, *, state: str = "open", place: str | None = None) -> Select[Any]:
    """Return the alerts with their item, place and what is there now."""
    statement: Any = (
        select(
            Alert.id,
            Alert.grade,
            Alert.opened_at,
            Alert.closed_at,
            Alert.quantity.label("began_with"),
            Balance.quantity,
            Balance.minimum,
            Balance.maximum,
            Item.public_id.label("item"),
            Item.name,
            Item.sku,
            Unit.name.label("unit"),
            Place.name.label("place"),
            Place.public_id.label("place_id"),
            *_may(tx),
        )
        .join(Item, Item.id == Alert.item_id)
        .outerjoin(Unit, Unit.id == Item.base_unit_id)
        .outerjoin(Point, Point.id == Alert.point_id)
        .outerjoin(Place, Place.id == Point.place_id)
        .outerjoin(
            Balance, and_(Balance.item_id == Alert.item_id, Balance.point_id == Alert.point_id)
        )
    )
    if place is not None:
        there = select(Point.id).join(Place, Place.id == Point.place_id)
        statement = statement.where(
            Alert.point_id == there.where(Place.public_id == place).scalar_subquery()
        )
    over = state == "closed"
    statement = statement.where(Alert.closed_at.is_not(None) if over else Alert.closed_at.is_(None))
    if state == "low":
        statement = statement.where(Alert.grade < TOO_MUCH)
    if state == "too_much":
        statement = statement.where(Alert.grade == TOO_MUCH)
    found: Select[Any] = statement
    return found


def _may(tx: UnitOfWork) -> tuple[Any, Any]:
    """Return whether one may order what is too little there, and count what alarms at all."""
    order, count = (_reached(tx, one) for one in ("inventory.order.edit", "inventory.count.enter"))
    goes_on = Alert.closed_at.is_(None)
    low = and_(goes_on, Alert.grade < TOO_MUCH, Item.status == "active", Place.active)
    here = and_(goes_on, Place.department_id.is_not(None))
    return and_(low, order).label("may_order"), and_(here, count).label("may_count")


def _reached(tx: UnitOfWork, permission: str) -> ColumnElement[bool]:
    held = tx.actor.grants.get(permission)
    return Balance.rows(Balance, held, tx.actor, True) if held else false()


def most_serious(tx: UnitOfWork, *, most: int) -> Sequence[Any]:
    """Return what has run low in reach: nothing left first, then what is low the longest.

    What is being counted is left out for who counts it, as it is from ``how_many``.
    """
    statement = (
        alerts(tx, state="low")
        .add_columns(Alert.item_id, Alert.point_id)
        .where(*blind.open_books(blind.hidden(tx.actor, Alert)))
        .order_by(Alert.grade, Alert.opened_at, Alert.id)
        .limit(most)
    )
    return tx.session.execute(visible(statement, VIEW, tx.actor)).all()


def how_many(tx: UnitOfWork) -> tuple[int, int, int]:
    """Return how much has run out, is low besides, and is too much, each up to a thousand."""
    counts = []
    for grade in (0, 1, 2):
        found = (
            select(Alert.id)
            .where(Alert.closed_at.is_(None), Alert.grade == literal(grade, literal_execute=True))
            .where(*blind.open_books(blind.hidden(tx.actor, Alert)))
            .limit(MOST)
        )
        narrowed = visible(found, VIEW, tx.actor).subquery()
        counts.append(select(func.count()).select_from(narrowed).scalar_subquery())
    out, low, too_much = tx.session.execute(select(*counts)).one()
    return out, low, too_much


def on_order(tx: UnitOfWork, pairs: Sequence[tuple[int, int]]) -> dict[tuple[int, int], OnOrder]:
    """Return what is on its way to these (item, point), as far as one may see orders."""
    if not pairs or not tx.actor.holds(ORDERS):
        return {}
    waiting: Any = (
        select(
            OrderLine.item_id,
            OrderLine.point_id,
            cast(func.sum(OrderLine.ordered - OrderLine.received), BigInteger),
            func.min(OrderLine.expected_on),
        )
        .where(OrderLine.state == literal("open", literal_execute=True), among(OrderLine, pairs))
        .group_by(OrderLine.item_id, OrderLine.point_id)
    )
    rows = tx.session.execute(visible(waiting, ORDERS, tx.actor))
    return {
        (item_id, point_id): OnOrder(quantity=quantity, expected_on=expected_on)
        for item_id, point_id, quantity, expected_on in rows
    }


def places_of(tx: UnitOfWork, item: Item) -> list[Any]:
    """Return what lists.places_of() does, and more of each place.

    ``since`` is when its open alert began; ``priced`` whether one may see what its stock costs;
    ``closed`` whether the books of it are kept from who asks, because the place is being counted.
    """
    statement = tx.actor.once("inventory places with alerts", lambda: _places_with_alerts(tx))
    return list(tx.session.execute(statement, {"item": item.id}).all())


def _places_with_alerts(tx: UnitOfWork) -> Any:
    here = and_(Alert.item_id == Balance.item_id, Alert.point_id == Balance.point_id)
    statement: Any = lists.PLACES_OF.outerjoin(
        Alert, and_(here, Alert.closed_at.is_(None))
    ).add_columns(
        Alert.opened_at.label("since"),
        lists.cost_in_reach(tx, Balance).label("priced"),
        blind.said(blind.hidden(tx.actor, Balance)).label("closed"),
    )
    return visible(statement, VIEW, tx.actor)
