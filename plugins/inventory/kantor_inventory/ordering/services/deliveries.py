"""What came with one delivery, and taking it back as a whole."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased

from portal.api import (
    Conflict,
    NotFound,
    Person,
    Place,
    UnitOfWork,
    ValidationFailed,
    message,
    visible,
)

from ...models import Item, Movement, Point, Unit
from ...services import balances, stock
from ...services.ledger import NotEnough
from ...services.pairs import Pair
from ..models import Delivery, DeliveryLine, OrderLine, PurchaseOrder, Receipt
from ..states import REVERSE, possible
from . import budgeting
from .reopening import REASON

VIEW = "inventory.order.view"
LONGEST = 500  # lines
BACK = aliased(Movement, name="back")


class GoneAlready(Conflict):
    """What came is not there any more, so it cannot go back."""


@dataclass(frozen=True, kw_only=True)
class TakeBack:
    """A delivery that was booked wrongly, and why."""

    delivery: str
    reason: str


def find(tx: UnitOfWork, public_id: str) -> Delivery:
    """Return a delivery of an order one may see, or raise NotFound."""
    found = visible(select(Delivery), VIEW, tx.actor)
    delivery: Delivery = tx.one(found, public_id=public_id)
    return delivery


def find_to_take_back(tx: UnitOfWork, public_id: str) -> Delivery:
    """Return a delivery of which one may reverse every movement, or raise NotFound."""
    delivery = find(tx, public_id)
    if not may_take_back(tx, delivery):
        raise NotFound
    return delivery


def may_take_back(tx: UnitOfWork, delivery: Delivery) -> bool:
    """Return whether this person may reverse movements at all places a delivery went to."""
    if not tx.actor.holds(REVERSE):
        return False
    lines = select(DeliveryLine.line_id).where(DeliveryLine.delivery_id == delivery.id)
    wanted = select(OrderLine.point_id).where(OrderLine.id.in_(lines))
    mine = visible(select(Point.id), REVERSE, tx.actor).where(Point.id.in_(wanted))
    return set(tx.session.scalars(wanted)) == set(tx.session.scalars(mine))


def of_order(tx: UnitOfWork, order: PurchaseOrder) -> list[Any]:
    """Return the deliveries of an order, newest first, each with who booked and took it back."""
    taker, back = aliased(Person, name="taker"), aliased(Person, name="taken_back")
    statement: Any = (
        select(
            Delivery.id,
            Delivery.public_id,
            Delivery.delivery_note,
            Delivery.note,
            Delivery.received_at,
            Delivery.reversed_at,
            Delivery.reason,
            taker.name.label("by"),
            back.name.label("back_by"),
        )
        .outerjoin(taker, taker.id == Delivery.received_by_id)
        .outerjoin(back, back.id == Delivery.reversed_by_id)
        .where(Delivery.order_id == order.id)
        .order_by(Delivery.id.desc())
        .limit(LONGEST)
    )
    return list(tx.session.execute(visible(statement, VIEW, tx.actor)))


_LINES: Any = (
    select(
        DeliveryLine.id,
        DeliveryLine.delivery_id,
        Item.public_id.label("item_id"),
        Item.name.label("item"),
        Unit.name.label("unit"),
        Place.name.label("place"),
        OrderLine.ordered,
        DeliveryLine.before,
        DeliveryLine.noted,
        DeliveryLine.counted,
        DeliveryLine.rejected,
        DeliveryLine.reason,
        DeliveryLine.closed,
        DeliveryLine.returned,
        DeliveryLine.free,
        Receipt.quantity.label("taken"),
        Movement.public_id.label("movement"),
        BACK.id.label("back"),
    )
    .join(OrderLine, OrderLine.id == DeliveryLine.line_id)
    .join(Item, Item.id == OrderLine.item_id)
    .join(Unit, Unit.id == Item.base_unit_id)
    .join(Point, Point.id == OrderLine.point_id)
    .outerjoin(Place, Place.id == Point.place_id)
    .outerjoin(
        Receipt,
        (Receipt.delivery_id == DeliveryLine.delivery_id)
        & (Receipt.line_id == DeliveryLine.line_id),
    )
    .outerjoin(Movement, Movement.id == Receipt.movement_id)
    .outerjoin(BACK, BACK.reverses_id == Movement.id)
    .order_by(DeliveryLine.id)
    .limit(LONGEST)
)


def lines_of(
    tx: UnitOfWork, *, order: PurchaseOrder | None = None, delivery: Delivery | None = None
) -> list[Any]:
    """Return what came, line by line, of an order or of one delivery of it."""
    statement = _LINES
    if delivery is not None:
        statement = statement.where(DeliveryLine.delivery_id == delivery.id)
    if order is not None:
        mine = select(Delivery.id).where(Delivery.order_id == order.id)
        statement = statement.where(DeliveryLine.delivery_id.in_(mine))
    return list(tx.session.execute(visible(statement, VIEW, tx.actor)))


def take_back(tx: UnitOfWork, command: TakeBack) -> Delivery:
    """Take a whole delivery back: out of stock, and on order again.

    Raises GoneAlready when some of it has been issued since: then nothing is taken back.
    """
    reason = command.reason.strip()
    if not reason:
        raise ValidationFailed({"reason": message("Say why this is taken back.")})
    delivery = find_to_take_back(tx, command.delivery)
    with tx.acting_for("inventory", reason=REASON) as own:
        order = own.one(select(PurchaseOrder), lock=True, id=delivery.order_id)
        held = own.one(select(Delivery), lock=True, id=delivery.id)
        if held.reversed_at is not None:
            raise Conflict(message("This delivery was taken back already."))
        wanted = own.session.scalars(
            select(Movement.public_id)
            .outerjoin(Receipt, Receipt.movement_id == Movement.id)
            .where((Receipt.delivery_id == held.id) | Movement.id.in_(_free(held)))
            .order_by(Movement.item_id, Movement.to_point_id, Movement.id)
        ).all()
        gone = set(own.session.scalars(_reversed(wanted)))
    for public_id in wanted:
        if public_id not in gone:
            _reverse(tx, public_id, reason)
    with tx.acting_for("inventory", reason=REASON) as own:
        given_back = _wait_again(own, order.id, delivery.id)
        held = own.one(select(Delivery), id=delivery.id)
        held.reversed_at, held.reversed_by_id = own.now, own.actor.person_id
        held.reason = reason
        own.audit("inventory.delivery_reversed", own.one(select(PurchaseOrder), id=order.id))
    balances.expect(tx, given_back)
    if given_back:
        budgeting.settle(tx, order.id, gently=True)
    return find_to_take_back(tx, command.delivery)


def _free(delivery: Delivery) -> Any:
    return select(DeliveryLine.free_movement_id).where(
        DeliveryLine.delivery_id == delivery.id, DeliveryLine.free_movement_id.is_not(None)
    )


def _reversed(wanted: Any) -> Any:
    back = aliased(Movement, name="back")
    found = select(Movement.public_id).join(back, back.reverses_id == Movement.id)
    return found.where(Movement.public_id.in_(list(wanted)))


def _reverse(tx: UnitOfWork, public_id: str, reason: str) -> None:
    try:
        stock.reverse(tx, stock.Reverse(movement=public_id, note=reason))
    except NotEnough as refused:
        movement = tx.one(select(Movement), public_id=public_id)
        item = tx.one(select(Item), id=movement.item_id)
        raise GoneAlready(
            message(
                "The delivery stays booked: of {item} some was issued since. Take back single lines"
                " instead, or put right what was issued first.",
                item=item.name,
            )
        ) from refused


def _wait_again(own: UnitOfWork, order_id: int, delivery_id: int) -> dict[Pair, int]:
    """Wait again for what was given up with a delivery as damaged, while the order lives."""
    order = own.one(select(PurchaseOrder), id=order_id)
    closed = own.session.scalars(
        select(DeliveryLine).where(DeliveryLine.delivery_id == delivery_id, DeliveryLine.closed > 0)
    ).all()
    waits = possible(order.status, "take_back")
    again: defaultdict[Pair, int] = defaultdict(int)
    for row in closed if waits else ():
        line = own.one(select(OrderLine), lock=True, id=row.line_id)
        line.outstanding += row.closed
        line.state = "open"
        order.status = waits[0].target
        order.closed_at = order.closed_by_id = None
        again[line.item_id, line.point_id] += row.closed
    own.session.flush()
    return dict(again)
