"""The clinic's suppliers as they delivered so far, prices by quantity, and levels worked out.

Nothing here is drawn by lot: the orders follow from the deliveries in the ledger.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import or_, select

from portal.api import Contact, Person, Place, UnitOfWork, next_number

from ..models import Balance, Movement, Point, PriceBreak, StockRule, Supplier, SupplierItem
from ..ordering import demo as orders
from ..ordering.models import PurchaseOrder
from .services import computing, records, ruling

DELIVERIES = 8  # of each supplier, before the last one
LATE_BY = (0, 5, 2, 9, 0, 4, 7, 3)  # days, of the one who is late
OTHERS_BY = (0, 0, -1, 0, 1, 0, 0, -1)
BREAKS = ((10, 95), (50, 90))  # from so many packs on, so much of the price in percent
OFFERS = 4  # that have prices by quantity
COMPUTED = 14


def past_orders(tx: UnitOfWork) -> None:
    """Make orders of the deliveries there were; before others are made, as numbers ascend."""
    people = tx.session.execute(
        select(Person.name, Person.id).where(Person.name.in_((orders.MADE_BY, orders.PLACED_BY)))
    )
    who = {row.name: row.id for row in people}
    found = tx.session.execute(
        select(Supplier, Contact.name).join(Contact, Contact.id == Supplier.contact_id)
    ).all()
    made = []
    for supplier, name in found:
        late = LATE_BY if name == orders.LATE else OTHERS_BY
        for place, (day, moved) in enumerate(_deliveries(tx, supplier)):
            took = max(supplier.lead_days + late[place % len(late)], 1)
            made.append((day - timedelta(days=took), supplier, day, moved))
    for placed, supplier, day, moved in sorted(made, key=lambda one: (one[0], one[1].id)):
        _order(tx, supplier, who, placed, day, moved)
    tx.session.flush()


def _deliveries(tx: UnitOfWork, supplier: Supplier) -> list[tuple[date, list[Movement]]]:
    """Return what a supplier delivered to the office's store, by day, without the last time."""
    found = tx.session.scalars(
        select(Movement)
        .join(Point, Point.id == Movement.to_point_id)
        .join(Place, Place.id == Point.place_id)
        .where(or_(Place.department_id == orders.keeper(tx), Place.department_id.is_(None)))
        .where(Movement.supplier_id == supplier.id, Movement.type == "receive")
        .order_by(Movement.id)
    )
    days: defaultdict[date, list[Movement]] = defaultdict(list)
    for movement in found:
        days[movement.posted_at.astimezone(tx.zone).date()].append(movement)
    return sorted(days.items())[-DELIVERIES - 1 : -1]


def _order(
    tx: UnitOfWork,
    supplier: Supplier,
    who: dict[str, Any],
    placed: date,
    day: date,
    moved: list[Movement],
) -> None:
    at = datetime.combine(placed, time(9), tx.zone)
    came = moved[0].posted_at
    order = PurchaseOrder(
        number=next_number(tx, "inventory.order"),
        supplier_id=supplier.id,
        department_id=orders.keeper(tx),
        status="received",
        made_by_id=who.get(orders.MADE_BY),
        made_at=at - timedelta(hours=1),
        placed_by=supplier.order_by,
        placed_by_id=who.get(orders.PLACED_BY),
        placed_at=at,
        expected_on=placed + timedelta(days=supplier.lead_days),
        received_at=came,
        closed_at=came,
        closed_by_id=who.get(orders.PLACED_BY),
    )
    tx.session.add(order)
    some = moved[: orders.MOST]
    for movement in some:
        order.lines.append(orders.line_of(movement, order, missing=0))
    tx.session.flush()
    orders.went_out(tx, order)
    orders.delivered(tx, order, some)


def fill(tx: UnitOfWork) -> None:
    """Write prices by quantity, measure how suppliers deliver, and have some levels computed."""
    _breaks(tx)
    for some in records.in_pieces(records.look(tx)):
        records.put(tx, some=some)
    _levels(tx)


def _breaks(tx: UnitOfWork) -> None:
    offers = tx.session.scalars(
        select(SupplierItem)
        .join(Supplier, Supplier.id == SupplierItem.supplier_id)
        .join(Contact, Contact.id == Supplier.contact_id)
        .where(Contact.name == orders.CAME, SupplierItem.price.is_not(None))
        .order_by(SupplierItem.id)
        .limit(OFFERS)
    )
    for offer in offers:
        for packs, percent in BREAKS:
            tx.session.add(
                PriceBreak(
                    supplier_item_id=offer.id,
                    packs=packs,
                    price=(offer.price or 0) * percent // 10_000 * 100,
                    valid_from=tx.today.replace(month=1, day=1),
                )
            )
    tx.session.flush()


def _levels(tx: UnitOfWork) -> None:
    """Compute levels where that changes nothing of what is to be ordered."""
    balances = tx.session.scalars(
        select(Balance)
        .join(StockRule, StockRule.item_id == Balance.item_id)
        .where(StockRule.point_id == Balance.point_id, Balance.minimum.is_not(None))
        .order_by(Balance.id)
    ).all()
    known = {row.id: row for row in balances}
    chosen: list[int] = []
    for shown in ruling.preview(tx, list(known)):
        row, levels = known[shown.id], shown.found.levels if shown.found is not None else None
        if levels is None or levels.minimum is None:
            continue
        now, coming = row.quantity, row.quantity + row.on_order
        same = (now < levels.minimum, coming < levels.minimum) == (row.below, row.to_order)
        if same and now <= (levels.maximum or 0):
            chosen.append(row.id)
    rules = tx.session.scalars(
        select(StockRule)
        .join(Balance, Balance.item_id == StockRule.item_id)
        .where(StockRule.point_id == Balance.point_id, Balance.id.in_(chosen[:COMPUTED]))
        .order_by(StockRule.id)
    ).all()
    for rule in rules:
        rule.method = "auto"
    tx.session.flush()
    ids = [rule.id for rule in rules]
    computing.run(tx, ids[2:], confirmed=True)
    computing.run(tx, ids[:2])
