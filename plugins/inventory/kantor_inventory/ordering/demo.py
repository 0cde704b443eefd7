"""The clinic's orders: one begun, one changed on its way, one late, one short, one that came.

Nothing here is drawn by lot: the orders follow from the stock there is and from the last deliveries
in the ledger.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import or_, select

from portal.api import Contact, Department, Person, Place, UnitOfWork, new_public_id, next_number

from ..models import Balance, Item, ItemUnit, Movement, Point, Supplier, SupplierItem
from ..rules import Factor
from ..services import balances
from . import changes, rules
from .models import (
    Amendment,
    Delivery,
    DeliveryLine,
    OrderLine,
    PurchaseOrder,
    Receipt,
    Sending,
)
from .rules import Terms
from .services import snapshots
from .services.notes import key_of

MADE_BY, PLACED_BY = "Dewi Kartikasari", "Hendra Saputro"
LATE, ON_THE_WAY = "Toko Listrik Cahaya Timur", "PT Cetak Karya Utama"
SHORT, CAME = "PT Mitra Alkes Nusaraya", "CV Pena Lestari"
BEGUN = "UD Sumber Bersih"
GIVEN_UP = "They do not make it any more"
ONE_MORE = "The branch wants some too"
DAMAGED = "The box was wet"
MOST = 4  # lines of an order


def fill(tx: UnitOfWork) -> None:
    """Write the orders, so that the order list has something left to suggest."""
    people = {
        name: tx.session.scalar(select(Person.id).where(Person.name == name))
        for name in (MADE_BY, PLACED_BY)
    }
    suppliers = {
        name: supplier
        for supplier, name in tx.session.execute(
            select(Supplier, Contact.name).join(Contact, Contact.id == Supplier.contact_id)
        )
    }
    _came(tx, suppliers[SHORT], people, short=True)
    _came(tx, suppliers[CAME], people, short=False)
    _expected(tx, suppliers[LATE], people, placed=-suppliers[LATE].lead_days - 9)
    _amended(tx, _expected(tx, suppliers[ON_THE_WAY], people, placed=-2), people)
    _begun(tx, suppliers[BEGUN], people)


def _order(
    tx: UnitOfWork,
    supplier: Supplier,
    people: dict[str, Any],
    days: int,
    *,
    status: str = "placed",
) -> PurchaseOrder:
    """Return an order placed so many days from today, at nine in the morning, or a list begun."""
    day = tx.today + timedelta(days=days)
    at = datetime.combine(day, time(9), tx.zone)
    order = PurchaseOrder(
        supplier_id=supplier.id,
        department_id=_keeper(tx),
        status=status,
        made_by_id=people[MADE_BY],
        made_at=at - timedelta(hours=1),
    )
    if status != "draft":
        order.number = next_number(tx, "inventory.order")
        order.placed_by, order.placed_at = supplier.order_by, at
        order.placed_by_id = people[PLACED_BY]
        order.expected_on = day + timedelta(days=supplier.lead_days)
    tx.session.add(order)
    return order


def _keeper(tx: UnitOfWork) -> int:
    """Return the department that keeps the store."""
    keeper = tx.session.scalar(select(Place.department_id).where(Place.code == "A1"))
    return keeper or tx.session.scalars(select(Department.id).order_by(Department.id)).first() or 0


def _short_of(tx: UnitOfWork, supplier: Supplier, most: int) -> Any:
    """Return what is below its minimum of what a supplier sells, each with the offer."""
    return tx.session.execute(
        select(Balance, SupplierItem)
        .join(Item, Item.id == Balance.item_id)
        .join(SupplierItem.item_unit)
        .where(
            ItemUnit.item_id == Balance.item_id,
            SupplierItem.supplier_id == supplier.id,
            Balance.to_order,
            Item.status == "active",
        )
        .order_by(Balance.item_key, Balance.id)
        .limit(most)
    ).all()


def _begun(tx: UnitOfWork, supplier: Supplier, people: dict[str, Any]) -> None:
    """Put the first thing that is missing on the list of a supplier."""
    for balance, offer in _short_of(tx, supplier, 1):
        _add_line(_order(tx, supplier, people, 0, status="draft"), balance, offer)
    tx.session.flush()


def _amended(tx: UnitOfWork, order: PurchaseOrder | None, people: dict[str, Any]) -> None:
    """Order one pack more of the first line, a day later, and tell the supplier on the phone."""
    if order is None or order.placed_at is None:
        return
    line, before = order.lines[0], order.snapshot or {}
    pack = line.ordered // line.packs
    line.packs, line.ordered = line.packs + 1, line.ordered + pack
    line.outstanding += pack
    tx.session.flush()
    balances.expect(tx, {(line.item_id, line.point_id): pack})
    after = snapshots.taken(tx, order, order.lines)
    at = order.placed_at + timedelta(days=1, hours=2)
    order.amended = 1
    said = {"order_id": order.id, "sent_at": at + timedelta(minutes=4)}
    tx.session.add_all(
        [
            Amendment(
                order_id=order.id,
                number=1,
                snapshot=after,
                changes=changes.differences(before, after),
                reason=ONE_MORE,
                amended_by_id=people[PLACED_BY],
                amended_at=at,
            ),
            Sending(**said, amendment=1, attempt=1, channel="phone", sent_by_id=people[PLACED_BY]),
        ]
    )
    tx.session.flush()


def _expected(
    tx: UnitOfWork, supplier: Supplier, people: dict[str, Any], *, placed: int
) -> PurchaseOrder | None:
    """Order what is below its minimum at a supplier; nothing of it has come yet."""
    rows = _short_of(tx, supplier, MOST)
    if not rows:
        return None
    order = _order(tx, supplier, people, placed)
    coming: defaultdict[tuple[int, int], int] = defaultdict(int)
    for balance, offer in rows:
        line = _add_line(order, balance, offer)
        line.state, line.outstanding = "open", line.ordered
        coming[balance.item_id, balance.point_id] += line.ordered
    tx.session.flush()
    balances.expect(tx, coming)
    _went_out(tx, order)
    return order


def _went_out(tx: UnitOfWork, order: PurchaseOrder) -> None:
    """Keep what was ordered, and that the supplier was told of it."""
    order.snapshot = snapshots.taken(tx, order, order.lines)
    told = Sending(
        order_id=order.id,
        attempt=1,
        channel=order.placed_by,
        sent_by_id=order.placed_by_id,
        sent_at=order.placed_at,
    )
    tx.session.add(told)
    tx.session.flush()


def _add_line(order: PurchaseOrder, balance: Balance, offer: SupplierItem) -> OrderLine:
    """Add to an order what is suggested of an item."""
    unit = offer.item_unit
    terms = Terms(pack=Factor(unit.num, unit.den), least=offer.least, multiple=offer.multiple)
    found = rules.suggest(balance.quantity, balance.minimum, balance.maximum, terms)
    assert found is not None
    line = OrderLine(
        item_id=balance.item_id,
        item_unit_id=unit.id,
        point_id=balance.point_id,
        state="draft",
        packs=found.packs,
        ordered=found.quantity,
        outstanding=0,
        price=offer.price,
        supplier_sku=offer.supplier_sku,
        expected_on=order.expected_on,
    )
    order.lines.append(line)
    return line


def _came(tx: UnitOfWork, supplier: Supplier, people: dict[str, Any], *, short: bool) -> None:
    """Make an order of the last deliveries of a supplier; ``short`` ends it with a pack missing."""
    movements = tx.session.scalars(
        select(Movement)
        .join(Point, Point.id == Movement.to_point_id)
        .join(Place, Place.id == Point.place_id)
        .where(or_(Place.department_id == _keeper(tx), Place.department_id.is_(None)))
        .where(Movement.supplier_id == supplier.id, Movement.type == "receive")
        .order_by(Movement.id.desc())
        .limit(MOST)
    ).all()
    if not movements:
        return
    last = movements[0].posted_at.astimezone(tx.zone).date()
    same_day = [m for m in movements if m.posted_at.astimezone(tx.zone).date() == last]
    days = (last - tx.today).days - supplier.lead_days
    order = _order(tx, supplier, people, days)
    order.status = "closed_short" if short else "received"
    order.received_at = order.closed_at = same_day[0].posted_at
    order.closed_by_id = people[PLACED_BY]
    order.reason = GIVEN_UP if short else ""
    for place, movement in enumerate(same_day):
        order.lines.append(_line_of(movement, order, missing=int(short and place == 0)))
    tx.session.flush()
    _went_out(tx, order)
    _delivered(tx, order, same_day)


def _delivered(tx: UnitOfWork, order: PurchaseOrder, movements: Any) -> None:
    """Write down the delivery by which these movements came for the lines of an order."""
    note = f"SJ-{movements[0].id:05d}"
    delivery = Delivery(
        order_id=order.id,
        supplier_id=order.supplier_id,
        delivery_note=note,
        note_key=key_of(note),
        came_on=movements[0].occurred_on,
        received_by_id=movements[0].actor_id,
        received_at=movements[0].posted_at,
    )
    tx.session.add(delivery)
    tx.session.flush()
    for line, movement in zip(order.lines, movements, strict=True):
        figures = {"delivery_id": delivery.id, "line_id": line.id}
        wrong = line.ordered - line.received
        came = DeliveryLine(**figures, before=0, counted=movement.quantity + wrong)
        came.rejected, came.reason = wrong, DAMAGED if wrong else ""
        tx.session.add(came)
        tx.session.add(
            Receipt(
                **figures,
                order_id=order.id,
                movement_id=movement.id,
                quantity=movement.quantity,
            )
        )
    tx.session.flush()


def _line_of(movement: Movement, order: PurchaseOrder, *, missing: int) -> OrderLine:
    """Return the line that a delivery came by, with so many packs that never came."""
    packs = movement.entered // 1000
    pack = movement.quantity // packs
    return OrderLine(
        public_id=new_public_id(),
        item_id=movement.item_id,
        item_unit_id=movement.item_unit_id,
        point_id=movement.to_point_id,
        state="short" if missing else "received",
        packs=packs + missing,
        ordered=movement.quantity + missing * pack,
        received=movement.quantity,
        outstanding=0,
        price=movement.value // packs,
        expected_on=order.expected_on,
    )
