"""Taking in what was ordered, line by line: each delivery is booked once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from portal.api import (
    Conflict,
    Message,
    NotFound,
    OutOfReach,
    Shortfall,
    UnitOfWork,
    ValidationFailed,
    message,
    visible,
)

from ...events import StockReceived
from ...models import ItemUnit, Movement, Point
from ...rules import Amount, Factor, checked, half_even, to_base
from ...services import balances, ledger, stock
from ...services.ledger import Entry
from ...services.pairs import Pair
from .. import events
from ..models import OrderLine, PurchaseOrder, Receipt
from ..states import step
from . import placing

NOTE_KNOWN = "delivery_note"


class MoreThanOrdered(Conflict):
    """More has come than a line still waits for."""


@dataclass(frozen=True, kw_only=True)
class Came:
    """So much of a line: ``quantity`` in thousandths of ``unit``."""

    line: str
    unit: str
    quantity: int


@dataclass(frozen=True, kw_only=True)
class Receive:
    """What came of an order at once; ``note_again`` says that its delivery note may be known."""

    order: str
    version: int
    came: tuple[Came, ...]
    delivery_note: str = ""
    note_again: bool = False
    occurred_on: date | None = None
    note: str = ""


def receive(tx: UnitOfWork, command: Receive) -> list[Movement]:
    """Book what has come into the places of the lines; the rest stays on order.

    Raises EditConflict if the order changed since it was read, MoreThanOrdered, ValidationFailed
    for a delivery note that was booked before, NotFound for a place one may not receive at.
    """
    if not command.came:
        raise ValidationFailed({"came": message("Say how much of at least one line has come.")})
    order = placing.hold(tx, command.order, "placed", "receive")
    lines = {line.public_id: line for line in placing.lines_of(tx, order)}
    step(order.status, "receive", placing.facts(list(lines.values())))
    tx.expect_version(order, command.version, status=order.status)
    _check(tx, order, command)
    source = stock.outside(tx, "supplier")
    entries, taken = [], []
    for came in command.came:
        line = lines.get(came.line)
        if line is None:
            raise NotFound
        entry = _entry(tx, order, line, came, command, source)
        _take(tx, line, entry)
        entries.append(entry)
        taken.append(line)
    ids, _ = ledger.post(tx, entries)
    return _written(tx, order, command, list(zip(taken, entries, ids, strict=True)))


def known_note(tx: UnitOfWork, order: PurchaseOrder, note: str) -> bool:
    """Return whether something came with this delivery note from the same supplier before."""
    if not note.strip():
        return False
    found = (
        select(Receipt.id)
        .join(PurchaseOrder, PurchaseOrder.id == Receipt.order_id)
        .where(
            Receipt.delivery_note == note.strip(),
            PurchaseOrder.supplier_id == order.supplier_id,
        )
        .limit(1)
    )
    return tx.session.scalars(found).first() is not None


def _check(tx: UnitOfWork, order: PurchaseOrder, command: Receive) -> None:
    if command.occurred_on is not None and command.occurred_on > tx.today:
        raise ValidationFailed({"occurred_on": message("This day has not come yet.")})
    if not command.note_again and known_note(tx, order, command.delivery_note):
        raise ValidationFailed(
            {
                NOTE_KNOWN: message(
                    "Something was received with this delivery note before. Send it again only if"
                    " this is another delivery."
                )
            }
        )


def _entry(
    tx: UnitOfWork,
    order: PurchaseOrder,
    line: OrderLine,
    came: Came,
    command: Receive,
    source: Point,
) -> Entry:
    """Return the movement by which so much of a line comes in, worth what the line says."""
    unit = tx.one(select(ItemUnit), public_id=came.unit, item_id=line.item_id)
    checked(came.quantity)
    quantity = to_base(came.quantity, Factor(unit.num, unit.den))
    return Entry(
        type="receive",
        item_id=line.item_id,
        from_point=source,
        to_point=_target(tx, line),
        quantity=quantity,
        entered=came.quantity,
        item_unit_id=unit.id,
        occurred_on=command.occurred_on or tx.today,
        value=_value(line, quantity),
        supplier_id=order.supplier_id,
        note=command.note.strip(),
    )


def _target(tx: UnitOfWork, line: OrderLine) -> Point:
    """Return where a line goes, or raise OutOfReach where one may not receive."""
    found = visible(select(Point), "inventory.stock.receive", tx.actor).filter_by(id=line.point_id)
    point: Point | None = tx.session.scalars(found).one_or_none()
    if point is None:
        raise OutOfReach
    if point.place is not None and not point.place.active:
        raise stock.PlaceClosed(
            message("{place} is not used any more. Choose another place.", place=point.place.name)
        )
    return point


def _value(line: OrderLine, quantity: int) -> int | None:
    """Return what came is worth at the price of the line, exactly its share of a pack."""
    if line.price is None:
        return None
    return half_even(line.price * quantity * line.packs, line.ordered)


def _take(tx: UnitOfWork, line: OrderLine, entry: Entry) -> None:
    """Take off what a line waits for, by a conditional UPDATE; raise MoreThanOrdered."""
    if line.state != "open" or line.outstanding < entry.quantity:
        raise MoreThanOrdered(_too_much(line, entry.quantity))
    try:
        left = tx.adjust(
            line,
            "outstanding",
            -entry.quantity,
            also={"received": entry.quantity, "version": 1},
            put={"state": "open" if line.outstanding > entry.quantity else "received"},
        )
    except Shortfall:
        raise MoreThanOrdered(_too_much(line, entry.quantity)) from None
    assert left >= 0


def _too_much(line: OrderLine, quantity: int) -> Message:
    base = line.item.base_unit.name
    return message(
        "Of {item} only {left} are still to come on this order, {came} were entered. Receive those"
        " here, and what is over them on the page of the item.",
        item=line.item.name,
        left=Amount(line.outstanding, base),
        came=Amount(quantity, base),
    )


def _written(
    tx: UnitOfWork,
    order: PurchaseOrder,
    command: Receive,
    posted: list[tuple[OrderLine, Entry, int]],
) -> list[Movement]:
    """Keep the receipts, clear what was on order, and tell of it."""
    arrived: defaultdict[Pair, int] = defaultdict(int)
    for line, entry, movement_id in posted:
        tx.session.add(
            Receipt(
                order_id=order.id,
                line_id=line.id,
                movement_id=movement_id,
                quantity=entry.quantity,
                delivery_note=command.delivery_note.strip(),
            )
        )
        arrived[line.item_id, line.point_id] -= entry.quantity
    _move_on(tx, order)
    ids = [movement_id for *_, movement_id in posted]
    movements = {row.id: row for row in tx.session.scalars(_named(ids))}
    for movement in movements.values():
        tx.audit("inventory.stock_receive", movement, quantity=movement.quantity)
        tx.publish(
            StockReceived(
                movement_id=movement.id, item_id=movement.item_id, quantity=movement.quantity
            )
        )
    tx.audit("inventory.order_received", order, number=order.number, lines=len(ids))
    tx.publish(
        events.OrderReceived(
            order_id=order.id,
            number=order.number or "",
            movements=tuple(ids),
            complete=order.status == "received",
        )
    )
    balances.expect(tx, arrived)
    return [movements[movement_id] for movement_id in ids]


def _named(ids: list[int]) -> Any:
    return select(Movement).where(Movement.id.in_(ids)).order_by(Movement.id)


def _move_on(tx: UnitOfWork, order: PurchaseOrder) -> None:
    lines = placing.lines_of(tx, order)
    order.status = step("placed", "receive", placing.facts(lines)).target
    order.received_at = tx.now
    if order.status == "received":
        order.closed_at, order.closed_by_id = tx.now, tx.actor.person_id
    tx.session.flush()
