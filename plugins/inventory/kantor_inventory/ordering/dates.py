"""When what was ordered is expected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from portal.api import UnitOfWork, message, visible
from portal.plugin import DateAsk, Dated, Dates

from ..models import Supplier
from .models import PurchaseOrder

VIEW = "inventory.order.view"


def between(tx: UnitOfWork, ask: DateAsk) -> Sequence[Dated]:
    """Return the orders that are out, by the day on which they are expected."""
    me = tx.actor.person_id
    orders: Any = visible(select(PurchaseOrder), VIEW, tx.actor).where(
        PurchaseOrder.status == "placed",
        PurchaseOrder.expected_on >= ask.from_on,
        PurchaseOrder.expected_on < ask.until_on,
    )
    if ask.mine:
        orders = orders.where(PurchaseOrder.placed_by_id == me)
    elif ask.departments is not None:
        here = PurchaseOrder.department_id.in_(ask.departments)
        orders = orders.where(or_(here, PurchaseOrder.placed_by_id == me))
    supplier = joinedload(PurchaseOrder.supplier).joinedload(Supplier.contact)
    ordered = orders.options(supplier).order_by(PurchaseOrder.expected_on, PurchaseOrder.id)
    return [
        Dated(
            key=row.public_id,
            title=message("Delivery of {supplier}", supplier=row.supplier.contact.name),
            on=row.expected_on,
            endpoint="inventory.order",
            values={"public_id": row.public_id},
            meta=row.number or "",
            person_id=row.placed_by_id,
        )
        for row in tx.session.scalars(ordered.limit(ask.limit))
    ]


DELIVERY_DATES = Dates(
    name="inventory.deliveries",
    title=message("Deliveries"),
    permission=VIEW,
    between=between,
    icon="truck-delivery",
    hue="teal",
)
