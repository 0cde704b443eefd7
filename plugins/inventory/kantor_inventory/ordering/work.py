"""Deliveries that should have come: somebody has to ask the supplier, or to take them in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.api import UnitOfWork, day_end, message, visible
from portal.plugin import Whose, WorkAsk, WorkItem, WorkItems

from ..models import Supplier
from .models import PurchaseOrder

RECEIVE = "inventory.order.receive"


def waiting(tx: UnitOfWork, ask: WorkAsk) -> Sequence[WorkItem]:
    """Return the orders that are expected until today, the latest first."""
    if ask.whose not in (Whose.POOL, Whose.DEPARTMENT):
        return ()
    orders: Any = visible(select(PurchaseOrder), RECEIVE, tx.actor).where(
        PurchaseOrder.status == "placed",
        PurchaseOrder.expected_on <= tx.today,
        PurchaseOrder.department_id.in_(ask.departments),
    )
    if ask.keys is not None:
        orders = orders.where(PurchaseOrder.public_id.in_(ask.keys))
    supplier = joinedload(PurchaseOrder.supplier).joinedload(Supplier.contact)
    rows = tx.session.scalars(
        orders.options(supplier)
        .order_by(PurchaseOrder.expected_on, PurchaseOrder.id)
        .limit(ask.limit)
    )
    return [
        WorkItem(
            key=row.public_id,
            title=message("Delivery of {supplier}", supplier=row.supplier.contact.name),
            endpoint="inventory.order",
            values={"public_id": row.public_id},
            since=row.placed_at or row.made_at,
            due_at=day_end(tx, row.expected_on),
            whole_day=True,
            department_id=row.department_id,
            meta=row.number or "",
        )
        for row in rows.all()
    ]


DELIVERIES = WorkItems(
    name="inventory.deliveries",
    title=message("Expected delivery"),
    items=waiting,
    endpoint="inventory.orders",
    values={"view": "late"},
    icon="truck-delivery",
    hue="teal",
)
