"""What one knows of a supplier from one's own orders: spend, prices, what is still open."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import func, literal, select

from portal.api import Contact, UnitOfWork, visible

from ...models import Item, Supplier, SupplierRecord
from ...ordering.models import OrderLine, PurchaseOrder
from ...watching.rules import months

VIEW = "inventory.order.view"
COST = "inventory.cost.view"
MONTHS = 12
LINES = 5_000  # of a year that are looked at
DRIFTS = 20
SENT = ("placed", "received", "closed_short")


@dataclass(frozen=True, kw_only=True)
class Drift:
    """The first and the last price of an item in a year, of as many lines."""

    item: str
    name: str
    first: int
    last: int
    lines: int

    @property
    def percent(self) -> int:
        """By how much it has risen, in percent; nothing for what was free."""
        return round(100 * (self.last - self.first) / self.first) if self.first else 0


@dataclass(kw_only=True)
class Score:
    """The figures of one supplier, of the orders one may see."""

    record: SupplierRecord | None
    open_orders: int = 0
    spend: list[tuple[date, int]] = field(default_factory=list)
    orders: int = 0  # that the spend is of
    drifts: list[Drift] = field(default_factory=list)


def of_supplier(tx: UnitOfWork, supplier: Supplier) -> Score:
    """Return the figures of a supplier; money only to who may see what things cost."""
    record = tx.session.scalars(select(SupplierRecord).filter_by(supplier_id=supplier.id))
    score = Score(record=record.one_or_none())
    if not tx.actor.holds(VIEW):
        return score
    still = select(func.count(PurchaseOrder.id)).where(
        PurchaseOrder.supplier_id == supplier.id,
        PurchaseOrder.status == literal("placed", literal_execute=True),
    )
    score.open_orders = int(tx.session.scalar(visible(still, VIEW, tx.actor)) or 0)
    if tx.actor.holds(COST):
        _money(tx, supplier, score)
    return score


def _money(tx: UnitOfWork, supplier: Supplier, score: Score) -> None:
    """Add spend by month and the drift of prices, from the lines of the last twelve months."""
    first = months(tx.today, MONTHS)
    spend = dict.fromkeys(first, 0)
    orders: set[int] = set()
    prices: defaultdict[tuple[str, str, int], list[int]] = defaultdict(list)
    for row in _lines(tx, supplier, first[0]):
        placed = row.placed_at.astimezone(tx.zone).date()
        spend[placed.replace(day=1)] += row.price * row.packs
        orders.add(row.order_id)
        prices[row.item, row.name, row.item_unit_id].append(row.price)
    score.spend, score.orders = list(spend.items()), len(orders)
    drifts = [
        Drift(item=item, name=name, first=found[0], last=found[-1], lines=len(found))
        for (item, name, _), found in prices.items()
        if len(found) > 1
    ]
    score.drifts = sorted(drifts, key=lambda one: (-abs(one.percent), one.name))[:DRIFTS]


def _lines(tx: UnitOfWork, supplier: Supplier, since: date) -> Any:
    """Return the priced lines of a supplier that one may see what they cost, the oldest first."""
    begin = datetime.combine(since, time(), tx.zone)
    statement: Any = (
        select(
            PurchaseOrder.id.label("order_id"),
            PurchaseOrder.placed_at,
            OrderLine.packs,
            OrderLine.price,
            OrderLine.item_unit_id,
            Item.public_id.label("item"),
            Item.name,
        )
        .join(OrderLine, OrderLine.order_id == PurchaseOrder.id)
        .join(Item, Item.id == OrderLine.item_id)
        .where(
            PurchaseOrder.supplier_id == supplier.id,
            PurchaseOrder.status.in_(SENT),
            PurchaseOrder.placed_at >= begin,
            OrderLine.price.is_not(None),
        )
        .order_by(PurchaseOrder.id.desc(), OrderLine.id.desc())
        .limit(LINES)
    )
    held = tx.actor.grants[COST]
    if not held.everything:
        statement = statement.where(PurchaseOrder.department_id.in_(held.departments))
    return list(tx.session.execute(visible(statement, VIEW, tx.actor)))[::-1]


def compared(tx: UnitOfWork) -> Any:
    """Return one row for every supplier with how they keep their word."""
    late = SupplierRecord.promised - SupplierRecord.on_time
    return (
        select(
            Supplier.id,
            Supplier.public_id,
            Contact.name,
            Supplier.active,
            Supplier.lead_days,
            SupplierRecord.lead_mean.label("measured"),
            SupplierRecord.lead_count,
            late.label("late"),
            SupplierRecord.promised,
            SupplierRecord.short_lines,
            SupplierRecord.closed_lines,
        )
        .join(Contact, Contact.id == Supplier.contact_id)
        .outerjoin(SupplierRecord, SupplierRecord.supplier_id == Supplier.id)
    )
