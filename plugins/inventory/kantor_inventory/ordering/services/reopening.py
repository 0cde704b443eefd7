"""A receipt taken back reopens the line it came by."""

from __future__ import annotations

from sqlalchemy import select

from portal.api import UnitOfWork

from ...models import Movement
from ...services import balances
from ..models import OrderLine, PurchaseOrder, Receipt
from ..states import possible
from . import budgeting

REASON = "a receipt is taken back"


def hold(tx: UnitOfWork, movement: Movement) -> int | None:
    """Lock the order a movement came by, before its stock is; return the receipt, if any."""
    with tx.acting_for("inventory", reason=REASON) as own:
        receipt = own.session.scalars(
            select(Receipt).where(Receipt.movement_id == movement.id)
        ).one_or_none()
        if receipt is None:
            return None
        own.one(select(PurchaseOrder), lock=True, id=receipt.order_id)
        return receipt.id


def reopen(tx: UnitOfWork, receipt_id: int) -> None:
    """Put what was taken back on order again, unless the order was given up meanwhile."""
    with tx.acting_for("inventory", reason=REASON) as own:
        receipt = own.one(select(Receipt), id=receipt_id)
        order = own.one(select(PurchaseOrder), id=receipt.order_id)
        line = own.one(select(OrderLine), lock=True, id=receipt.line_id)
        line.received -= receipt.quantity
        waits = possible(order.status, "take_back")
        if waits:
            line.outstanding += receipt.quantity
            line.state = "open"
            order.status = waits[0].target
            order.closed_at = order.closed_by_id = None
        order.received_at = own.now
        own.audit("inventory.order_reopened", order, number=order.number)
        pair, quantity = (line.item_id, line.point_id), receipt.quantity
    if waits:
        balances.expect(tx, {pair: quantity})
    budgeting.take_back(tx, receipt_id)
