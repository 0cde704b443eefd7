"""Taking in what was ordered: each delivery is booked once, line by line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
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
from ..models import DeliveryLine, OrderLine, PurchaseOrder, Receipt
from ..states import step
from . import budgeting, notes, placing, requested
from .notes import AlreadyBooked

__all__ = ["AlreadyBooked", "Came", "MoreThanOrdered", "Receive", "receive"]

OVER = ("", "return", "free")  # what becomes of more than was ordered


class MoreThanOrdered(Conflict):
    """More has come than a line still waits for; ``line`` says which."""

    line = ""


@dataclass(frozen=True, kw_only=True)
class Came:
    """What came of a line, in thousandths of ``unit``.

    ``quantity`` is all that came; of it ``rejected`` is damaged or wrong, for a ``reason``. That
    much is still to come, unless it ``closes``. ``over`` says what becomes of more than was
    ordered: it goes back (``return``), or is kept for nothing (``free``); without it, that is
    refused. ``noted`` is what the delivery note says.
    """

    line: str
    unit: str
    quantity: int
    rejected: int = 0
    reason: str = ""
    closes: bool = False
    over: str = ""
    noted: int | None = None


@dataclass(frozen=True, kw_only=True)
class Receive:
    """What came of an order at once.

    ``again`` names the delivery with the same delivery note that whoever sends this has seen.
    """

    order: str
    version: int
    came: tuple[Came, ...]
    delivery_note: str = ""
    again: str = ""
    occurred_on: date | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What came of a line, in thousandths of the base unit, and what becomes of it."""

    line: OrderLine
    came: Came
    unit: ItemUnit
    counted: int
    noted: int | None
    rejected: int
    taken: int
    closed: int
    returned: int
    free: int
    before: int


def receive(tx: UnitOfWork, command: Receive) -> list[Movement]:
    """Book what has come into the places of the lines; the rest stays on order.

    Raises AlreadyBooked for a delivery note that was booked before, EditConflict if the order
    changed since it was read, MoreThanOrdered, NotFound for a place one may not receive at.
    """
    if command.occurred_on is not None and command.occurred_on > tx.today:
        raise ValidationFailed({"occurred_on": message("This day has not come yet.")})
    order = placing.hold(tx, command.order, "placed", "receive")
    copy = notes.copy_of(tx, order, command.delivery_note, command.again)
    lines = {line.public_id: line for line in placing.lines_of(tx, order)}
    step(order.status, "receive", placing.facts(list(lines.values())))
    if not command.came:
        raise ValidationFailed({"came": message("Say how much of at least one line has come.")})
    tx.expect_version(order, command.version, status=order.status)
    counted = [_counted(tx, lines, came) for came in command.came]
    requested.hold(tx, order)
    if len({row.line.id for row in counted}) < len(counted):
        raise NotFound
    entries: list[Entry] = []
    kept: list[tuple[Counted, bool]] = []
    for row in counted:
        target = _target(tx, row.line)
        for quantity, free in ((row.taken, False), (row.free, True)):
            if quantity:
                entries.append(_entry(tx, order, row, quantity, target, command, free=free))
                kept.append((row, free))
        _take(tx, row)
    ids = ledger.post(tx, entries)[0] if entries else []
    booked = {(row.line.id, free): id for (row, free), id in zip(kept, ids, strict=True)}
    movements = _written(tx, order, command, copy, counted, booked)
    requested.came(tx, {row.line.id: (row.before, row.taken) for row in counted if row.taken})
    return movements


def _counted(tx: UnitOfWork, lines: dict[str, OrderLine], came: Came) -> Counted:
    """Return what becomes of what came for a line, or raise what is wrong with it."""
    line = lines.get(came.line)
    if line is None or came.over not in OVER:
        raise NotFound
    unit = tx.one(select(ItemUnit), public_id=came.unit, item_id=line.item_id)
    factor = Factor(unit.num, unit.den)
    checked(came.quantity)
    counted = to_base(came.quantity, factor)
    rejected = to_base(came.rejected, factor) if came.rejected else 0
    noted = to_base(came.noted, factor) if came.noted else came.noted
    if rejected > counted:
        field = f"rejected-{came.line}"
        raise ValidationFailed({field: message("No more can be damaged or wrong than has come.")})
    if rejected and not came.reason.strip():
        field = f"reason-{came.line}"
        raise ValidationFailed({field: message("Say what is wrong with it.")})
    good = counted - rejected
    over = max(0, good - line.outstanding)
    if over and not came.over:
        refused = MoreThanOrdered(_too_much(line, good))
        refused.line = came.line
        raise refused
    taken = good - over
    return Counted(
        line=line,
        came=came,
        unit=unit,
        counted=counted,
        noted=noted,
        rejected=rejected,
        taken=taken,
        closed=min(rejected, line.outstanding - taken) if came.closes else 0,
        returned=over if came.over == "return" else 0,
        free=over if came.over == "free" else 0,
        before=line.received,
    )


def _entry(
    tx: UnitOfWork,
    order: PurchaseOrder,
    row: Counted,
    quantity: int,
    target: Point,
    command: Receive,
    *,
    free: bool,
) -> Entry:
    """Return the movement by which so much of a line comes in, worth what the line says."""
    unit_id, entered = _entered(tx, row, quantity)
    return Entry(
        type="receive",
        item_id=row.line.item_id,
        from_point=stock.outside(tx, "supplier"),
        to_point=target,
        quantity=quantity,
        entered=entered,
        item_unit_id=unit_id,
        occurred_on=command.occurred_on or tx.today,
        value=0 if free else _value(row.line, quantity),
        supplier_id=order.supplier_id,
        note=command.note.strip(),
    )


def _entered(tx: UnitOfWork, row: Counted, quantity: int) -> tuple[int, int]:
    """Return the unit that was typed and how many of it, or the base unit if that is uneven."""
    entered, rest = divmod(quantity * row.unit.den, row.unit.num)
    if rest == 0:
        return row.unit.id, entered
    base = select(ItemUnit.id).filter_by(
        item_id=row.line.item_id, unit_id=row.line.item.base_unit_id
    )
    return int(tx.session.scalars(base).one()), quantity


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


def _take(tx: UnitOfWork, row: Counted) -> None:
    """Take off what a line waits for, by a conditional UPDATE; raise MoreThanOrdered."""
    line, settled = row.line, row.taken + row.closed
    if not settled:
        return
    state = "open"
    if line.outstanding == settled:
        state = "received" if line.received + row.taken == line.ordered else "short"
    try:
        tx.adjust(
            line,
            "outstanding",
            -settled,
            also={"received": row.taken, "version": 1},
            put={"state": state},
        )
    except Shortfall:
        raise MoreThanOrdered(_too_much(line, row.taken)) from None


def _too_much(line: OrderLine, quantity: int) -> Message:
    base = line.item.base_unit.name
    return message(
        "Of {item} only {left} are still to come on this order, {came} were entered. Say beside it"
        " whether what is over goes back or is kept for nothing.",
        item=line.item.name,
        left=Amount(line.outstanding, base),
        came=Amount(quantity, base),
    )


def _written(
    tx: UnitOfWork,
    order: PurchaseOrder,
    command: Receive,
    copy: int,
    counted: Sequence[Counted],
    booked: dict[tuple[int, bool], int],
) -> list[Movement]:
    """Keep the delivery and its receipts, clear what was on order, and tell of it."""
    delivery = notes.new(
        tx, order, command.delivery_note, copy, command.occurred_on, command.note.strip()
    )
    _keep(tx, order, delivery.id, counted, booked)
    settled: defaultdict[Pair, int] = defaultdict(int)
    came: dict[int, budgeting.Came] = {}
    for row in counted:
        settled[row.line.item_id, row.line.point_id] -= row.taken + row.closed
        waited = row.line.outstanding + row.taken + row.closed
        came[row.line.id] = budgeting.Came(waited=waited, received=row.before, taken=row.taken)
    _move_on(tx, order)
    movements = list(tx.session.scalars(_named(list(booked.values()))))
    for movement in movements:
        tx.audit("inventory.stock_receive", movement, quantity=movement.quantity)
        tx.publish(
            StockReceived(
                movement_id=movement.id, item_id=movement.item_id, quantity=movement.quantity
            )
        )
    tx.audit("inventory.order_received", order, number=order.number, lines=len(counted))
    tx.publish(
        events.OrderReceived(
            order_id=order.id,
            number=order.number or "",
            movements=tuple(movement.id for movement in movements),
            complete=order.status == "received",
        )
    )
    balances.expect(tx, {pair: by for pair, by in settled.items() if by})
    budgeting.receive(tx, order.id, delivery.id, came)
    return movements


def _keep(
    tx: UnitOfWork,
    order: PurchaseOrder,
    delivery_id: int,
    counted: Sequence[Counted],
    booked: dict[tuple[int, bool], int],
) -> None:
    for row in counted:
        tx.session.add(_kept(row, delivery_id, booked.get((row.line.id, True))))
        if row.taken:
            receipt = Receipt(
                order_id=order.id,
                line_id=row.line.id,
                delivery_id=delivery_id,
                movement_id=booked[row.line.id, False],
                quantity=row.taken,
            )
            tx.session.add(receipt)


def _kept(row: Counted, delivery_id: int, free_movement_id: int | None) -> DeliveryLine:
    return DeliveryLine(
        delivery_id=delivery_id,
        line_id=row.line.id,
        before=row.before,
        noted=row.noted,
        counted=row.counted,
        rejected=row.rejected,
        reason=row.came.reason.strip() if row.rejected else "",
        closed=row.closed,
        returned=row.returned,
        free=row.free,
        free_movement_id=free_movement_id,
    )


def _named(ids: list[int]) -> Any:
    return select(Movement).where(Movement.id.in_(ids)).order_by(Movement.id)


def _move_on(tx: UnitOfWork, order: PurchaseOrder) -> None:
    lines = placing.lines_of(tx, order)
    order.status = step("placed", "receive", placing.facts(lines)).target
    order.received_at = tx.now
    if order.status != "placed":
        order.closed_at, order.closed_by_id = tx.now, tx.actor.person_id
    tx.session.flush()
