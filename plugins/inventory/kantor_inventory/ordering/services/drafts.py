"""The order list: what a department is about to order from a supplier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from portal.api import (
    Held,
    NotFound,
    Place,
    UnitOfWork,
    ValidationFailed,
    message,
    new_public_id,
    visible,
)

from ...models import Item, Point, SupplierItem
from ...services import stock
from .. import rules
from ..models import OrderLine, OrderShare, PurchaseOrder
from ..states import NotNow
from . import sheet
from .offering import (
    as_offer,
    check_kept,
    check_packs,
    offer_named,
    offer_of,
    offers,
    terms_of,
)

EDIT = "inventory.order.edit"
LINES = select(OrderLine).join(OrderLine.order)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """So many packs of an item for a place, as the sheet offers them."""

    item: str
    place: str
    packs: int


@dataclass(frozen=True, kw_only=True)
class AddLines:
    """Everything that was left in the fields of the sheet."""

    lines: tuple[Wanted, ...]


@dataclass(frozen=True, kw_only=True)
class Added:
    """What came onto the list, and what was there before."""

    lines: int
    known: int
    orders: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AddLine:
    """A line of one's own, with no suggestion: from whom, which unit, how many, for where."""

    item: str
    offer: int
    place: str
    packs: int


@dataclass(frozen=True, kw_only=True)
class ChangeLine:
    """How many, from whom, for where and at which price, and the version this was read at."""

    line: str
    version: int
    packs: int
    offer: int
    place: str
    price: int | None = None
    sets_price: bool = False


@dataclass(frozen=True, kw_only=True)
class RemoveLine:
    line: str
    version: int


def add_lines(tx: UnitOfWork, command: AddLines) -> Added:
    """Put lines onto the lists of their suppliers; those that are on one already are left alone.

    Raises ValidationFailed for a line nobody sells, NotFound for one out of reach.
    """
    wanted = {(line.item, line.place): line.packs for line in command.lines}
    for packs in wanted.values():
        check_packs(packs)
    rows = sheet.named(tx, wanted.keys())
    if len(rows) < len(wanted):
        raise NotFound
    terms = sheet.suppliers(tx, rows.values())
    orders: dict[tuple[int, int], PurchaseOrder] = {}
    known = 0
    for key in sorted(wanted, key=lambda key: rows[key].pair):
        row, packs = rows[key], wanted[key]
        if row.line is not None:
            known += 1
            continue
        if row.offer is None:
            field = f"packs-{row.key}"
            raise ValidationFailed({field: message("Nobody sells {item} yet.", item=row.name)})
        order = _list_of(tx, orders, row)
        new = _new_line(order, row.pair, row.offer, packs)
        new["why"] = sheet.why(row, terms[row.offer.supplier_id], packs, tx.zone)
        known += not _write(tx, row.pair, new)
    added = len(wanted) - known
    filled = [order for order in orders.values() if not _drop_if_empty(tx, order)]
    for order in filled if added else ():
        tx.audit("inventory.order_filled", order, lines=added)
    return Added(lines=added, known=known, orders=tuple(order.public_id for order in filled))


def add_line(tx: UnitOfWork, command: AddLine) -> OrderLine:
    """Put one line onto the list of the supplier who was chosen; a line twice is told."""
    item = tx.one(select(Item), public_id=command.item)
    check_kept(item)
    point, department_id = point_named(tx, command.place)
    offer = offer_named(tx, item.id, command.offer)
    check_packs(command.packs, offer)
    order = _draft(tx, offer.supplier_id, department_id)
    pair = (item.id, point.id)
    if not _write(tx, pair, _new_line(order, pair, as_offer(tx, offer), command.packs)):
        raise ValidationFailed(
            {
                "item": message(
                    "{item} is on the order list for {place} already. Change it there.",
                    item=item.name,
                    place=point.place.name if point.place is not None else "",
                )
            }
        )
    tx.audit("inventory.order_filled", order, lines=1)
    line: OrderLine = tx.one(
        select(OrderLine), item_id=item.id, point_id=point.id, state="draft", order_id=order.id
    )
    return line


def add_wanted(
    tx: UnitOfWork, item: Item, point: Point, department_id: int, quantity: int
) -> OrderLine:
    """Put at least so much of an item onto the list of who is asked first for it, in whole packs.

    Raises ValidationFailed if nobody sells it.
    """
    check_kept(item)
    known = offers(tx, item.id)
    if not known:
        raise ValidationFailed({"lines": message("Nobody sells {item} yet.", item=item.name)})
    offer = as_offer(tx, known[0])
    packs = rules.packs_for(quantity, offer.terms)
    check_packs(packs)
    order, pair = _draft(tx, offer.supplier_id, department_id), (item.id, point.id)
    if not _write(tx, pair, _new_line(order, pair, offer, packs)):
        raise NotNow  # Somebody put it onto a list a moment ago.
    line: OrderLine = tx.one(select(OrderLine), item_id=item.id, point_id=point.id, state="draft")
    return line


def widen(tx: UnitOfWork, line: OrderLine, quantity: int) -> None:
    """Let a line of a list that is held have at least so much, in packs as they are sold."""
    offer = next((one for one in offers(tx, line.item_id) if one.id == offer_of(tx, line)), None)
    if offer is None:
        raise NotNow
    packs = max(line.packs, rules.packs_for(quantity, terms_of(offer)))
    check_packs(packs)
    asked = as_offer(tx, offer)
    if line.price == asked.price_for(line.packs):
        line.price = asked.price_for(packs)
    line.packs, line.ordered = packs, terms_of(offer).base(packs)
    tx.session.flush()


def change_line(tx: UnitOfWork, command: ChangeLine) -> OrderLine:
    """Change a line; another supplier or department moves it to the list of theirs."""
    line = _draft_line(tx, command.line, command.version)
    point, department_id = point_named(tx, command.place)
    offer = offer_named(tx, line.item_id, command.offer)
    check_packs(command.packs, offer)
    if command.price is not None and command.price < 0:
        raise ValidationFailed({"price": message("A price is not negative.")})
    twin = select(OrderLine.id).where(
        OrderLine.item_id == line.item_id,
        OrderLine.point_id == point.id,
        OrderLine.state == "draft",
        OrderLine.id != line.id,
    )
    if tx.session.scalars(twin).first() is not None:
        raise ValidationFailed(
            {"place": message("This item is on the order list for that place already.")}
        )
    before = {"packs": line.packs, "place": line.point_id, "unit": line.item_unit_id}
    other = offer.id != offer_of(tx, line)
    left = line.order
    order = _draft(tx, offer.supplier_id, department_id)
    line.order_id, line.point_id = order.id, point.id
    line.item_unit_id, line.packs = offer.item_unit_id, command.packs
    line.ordered = terms_of(offer).base(command.packs)
    _set_price(tx, line, offer, command, before["packs"], other=other)
    tx.session.flush()
    after = {"packs": line.packs, "place": line.point_id, "unit": line.item_unit_id}
    tx.audit("inventory.order_line_changed", order, before=before, after=after)
    if left.id != order.id:
        _drop_if_empty(tx, left)
    return line


def _set_price(
    tx: UnitOfWork,
    line: OrderLine,
    offer: SupplierItem,
    command: ChangeLine,
    packs: int,
    *,
    other: bool,
) -> None:
    """Set the price of a line that had so many packs: another quantity may have another one.

    What somebody typed stays: now, or before and other than what the list said of that quantity.
    """
    asked = as_offer(tx, offer)
    typed = command.sets_price and command.price != line.price
    if other:
        line.price, line.supplier_sku = asked.price_for(command.packs), offer.supplier_sku
    elif typed:
        line.price = command.price
    elif line.price == asked.price_for(packs):
        line.price = asked.price_for(command.packs)


def remove_line(tx: UnitOfWork, command: RemoveLine) -> PurchaseOrder | None:
    """Take a line off the list; return the list, or None if that was its last line."""
    line = _draft_line(tx, command.line, command.version)
    order, item_id = line.order, line.item_id
    for share in tx.session.scalars(select(OrderShare).filter_by(line_id=line.id)).all():
        tx.session.delete(share)  # What requests want waits to be bought again.
    tx.session.flush()
    tx.session.delete(line)
    tx.session.flush()
    tx.audit("inventory.order_line_removed", order, item=item_id)
    return None if _drop_if_empty(tx, order) else order


def line_named(tx: UnitOfWork, public_id: str, permission: str = EDIT) -> OrderLine:
    """Return a line where ``permission`` reaches, or raise NotFound."""
    line: OrderLine = tx.one(visible(select(OrderLine), permission, tx.actor), public_id=public_id)
    return line


def _draft_line(tx: UnitOfWork, public_id: str, version: int) -> OrderLine:
    """Return a line that is still on a list, its list held; raise NotNow or EditConflict."""
    line = line_named(tx, public_id)
    hold(tx, line.order_id)
    tx.expect_version(line, version, packs=line.packs)
    if line.state != "draft":
        raise NotNow
    return line


def _list_of(
    tx: UnitOfWork, orders: dict[tuple[int, int], PurchaseOrder], row: sheet.Row
) -> PurchaseOrder:
    assert row.offer is not None
    department_id = _department(row.department_id, row.place_name)
    key = (row.offer.supplier_id, department_id)
    if key not in orders:
        orders[key] = _draft(tx, *key)
    return orders[key]


def _draft(tx: UnitOfWork, supplier_id: int, department_id: int) -> PurchaseOrder:
    """Return the list of a department at a supplier, made if there is none, held until commit."""
    for _ in range(3):  # Somebody may place it between finding and holding it.
        order: PurchaseOrder = tx.ensure(
            PurchaseOrder,
            defaults={"made_at": tx.now, "made_by_id": tx.actor.person_id, "version": 1},
            department_id=department_id,
            supplier_id=supplier_id,
            status="draft",
        )
        if hold(tx, order.id).status == "draft":
            return order
    raise NotNow


def hold(tx: UnitOfWork, order_id: int) -> PurchaseOrder:
    """Return an order, held until the commit."""
    order: PurchaseOrder = tx.one(select(PurchaseOrder), lock=True, id=order_id)
    return order


def _drop_if_empty(tx: UnitOfWork, order: PurchaseOrder) -> bool:
    """Remove a list without lines: it never was an order, and has no number."""
    left = select(OrderLine.id).where(OrderLine.order_id == order.id).limit(1)
    if tx.session.scalars(left).first() is not None:
        return False
    tx.session.delete(order)
    tx.session.flush()
    return True


def _new_line(
    order: PurchaseOrder, pair: tuple[int, int], offer: sheet.Offer, packs: int
) -> dict[str, Any]:
    return {
        "public_id": new_public_id(),
        "version": 1,
        "order_id": order.id,
        "item_unit_id": offer.unit_id,
        "packs": packs,
        "ordered": offer.terms.base(packs),
        "price": offer.price_for(packs),
        "supplier_sku": offer.sku,
        "why": None,
    }


def _write(tx: UnitOfWork, pair: tuple[int, int], new: dict[str, Any]) -> bool:
    """Write a line unless the item is on a list for that place already; return whether."""
    item_id, point_id = pair
    line: OrderLine = tx.ensure(
        OrderLine, defaults=new, item_id=item_id, point_id=point_id, state="draft"
    )
    return line.public_id == new["public_id"]


def place_named(tx: UnitOfWork, public_id: str) -> Place:
    """Return a place one may order for, or raise NotFound."""
    reached = Place.in_reach(tx.actor.grants.get(EDIT, Held()), tx.actor, writing=True)
    place: Place = tx.one(select(Place).where(Place.id.in_(reached)), public_id=public_id)
    return place


def point_named(tx: UnitOfWork, place_id: str) -> tuple[Point, int]:
    """Return the point of a place one may order for, and whose it is, or raise NotFound."""
    place = place_named(tx, place_id)
    if not place.active:
        raise stock.PlaceClosed(
            message("{place} is not used any more. Choose another place.", place=place.name)
        )
    department_id = _department(place.department_id, place.name)
    return stock.point_at(tx, place), department_id


def _department(department_id: int | None, place: str) -> int:
    if department_id is None:
        raise ValidationFailed(
            {"place": message("{place} belongs to no department that could order.", place=place)}
        )
    return department_id
