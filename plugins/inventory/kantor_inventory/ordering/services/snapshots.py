"""An order as it now is, in plain data: what goes to the supplier and is kept of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.api import NotFound, Person, Place, UnitOfWork, organisation_facts, visible

from ...models import Item, ItemUnit, Point
from ..models import LANGUAGES, Amendment, OrderLine, PurchaseOrder

DEPTH = 20  # places inside places
# What was placed before papers were kept whole lacks some of these.
PARTS = {
    *("organisation", "department", "language", "number", "placed_on", "expected_on", "note"),
    *("supplier", "customer_number", "addresses", "reached", "minimum_order"),
    *("free_delivery_from", "contact", "deliver_to", "lines"),
}


def language_of(tx: UnitOfWork, order: PurchaseOrder) -> str:
    """Return in which language an order goes out: its own, the supplier's last, or ours."""
    if order.language:
        return order.language
    last = (
        select(PurchaseOrder.language)
        .where(PurchaseOrder.supplier_id == order.supplier_id, PurchaseOrder.language != "")
        .order_by(PurchaseOrder.id.desc())
        .limit(1)
    )
    found = tx.session.scalar(last) or organisation_facts(tx)["language"]
    return found if found in LANGUAGES else LANGUAGES[0]


def taken(tx: UnitOfWork, order: PurchaseOrder, lines: Iterable[OrderLine]) -> dict[str, Any]:
    """Return an order as it now is, whatever names, addresses and prices become later."""
    known, supplier = organisation_facts(tx), order.supplier
    contact = supplier.contact
    points = contact.points if contact is not None else ()
    rows = list(lines)
    return {
        "organisation": known["organisation"],
        "department": order.department.name,
        "language": language_of(tx, order),
        "number": order.number,
        "placed_on": _day(order.placed_at.astimezone(tx.zone).date() if order.placed_at else None),
        "expected_on": _day(order.expected_on),
        "note": order.note,
        "supplier": contact.name if contact is not None else "",
        "customer_number": supplier.customer_number,
        "addresses": [point.value for point in points if point.kind == "address"],
        "reached": [
            [point.kind, point.value] for point in points if point.kind in ("phone", "fax", "email")
        ],
        "minimum_order": supplier.minimum_order,
        "free_delivery_from": supplier.free_delivery_from,
        "contact": _contact(tx, order.placed_by_id or tx.actor.person_id),
        "deliver_to": _addresses(rows),
        "lines": [_line(line) for line in rows],
    }


def _line(line: OrderLine) -> dict[str, Any]:
    waits = line.state == "draft"
    return {
        "line": line.public_id,
        "item": line.item.name,
        "sku": line.item.sku,
        "supplier_sku": line.supplier_sku,
        "packs": line.packs,
        "unit": line.item_unit.unit.name,
        "quantity": line.ordered,
        "base": line.item.base_unit.name,
        "place": line.point.place.name if line.point.place is not None else "",
        "price": line.price,
        "expected_on": _day(line.expected_on),
        "given_up": 0 if waits else line.ordered - line.received - line.outstanding,
    }


def _day(day: Any) -> str | None:
    return None if day is None else day.isoformat()


def _contact(tx: UnitOfWork, person_id: int | None) -> dict[str, str]:
    """Return whom the supplier may ask: who placed the order."""
    person = tx.session.get(Person, person_id) if person_id is not None else None
    if person is None:
        return {}
    return {"name": person.name, "email": person.email or "", "phone": person.phone or ""}


def _addresses(lines: list[OrderLine]) -> list[str]:
    """Return where the lines go, each place once: the place, then what it lies in."""
    found: dict[str, None] = {}
    for line in lines:
        place: Place | None = line.point.place
        names: list[str] = []
        while place is not None and len(names) < DEPTH:
            names.append(place.name)
            place = place.parent
        found[", ".join(names)] = None
    return [address for address in found if address]


def whole(tx: UnitOfWork, order: PurchaseOrder, snapshot: dict[str, Any] | None) -> dict[str, Any]:
    """Return what was kept of an order, what is missing of it as it now is."""
    if snapshot is not None and snapshot.keys() >= PARTS:
        return snapshot
    statement: Any = (
        visible(select(OrderLine), "inventory.order.view", tx.actor)
        .where(OrderLine.order_id == order.id)
        .order_by(OrderLine.id)
        .options(
            joinedload(OrderLine.item).joinedload(Item.base_unit),
            joinedload(OrderLine.item_unit).joinedload(ItemUnit.unit),
            joinedload(OrderLine.point).joinedload(Point.place),
        )
    )
    return taken(tx, order, tx.session.scalars(statement)) | (snapshot or {})


def kept(tx: UnitOfWork, order: PurchaseOrder, number: int | None = None) -> dict[str, Any] | None:
    """Return the snapshot of an amendment (0 is what was ordered first), the newest without one.

    None for a list that never went out; raises NotFound for an amendment there is not.
    """
    wanted = order.amended if number is None else number
    if wanted == 0:
        return order.snapshot
    return amendment(tx, order, wanted).snapshot


def amendment(tx: UnitOfWork, order: PurchaseOrder, number: int) -> Amendment:
    """Return one change of an order, or raise NotFound."""
    if not 0 < number <= order.amended:
        raise NotFound
    mine = visible(select(Amendment), "inventory.order.view", tx.actor)
    found: Amendment = tx.one(mine, order_id=order.id, number=number)
    return found
