"""What follows an order in an office that has ordered for years: deliveries, decisions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, text

from bench.loading import DEPARTMENTS, START, load, public_id

MANY = 25_000
DAY = START.date()
Rows = Iterator[dict[str, Any]]


def fill_purchases(connection: Connection) -> None:
    """Fill what became of the orders and requests that are there."""
    ordered = text(
        "SELECT l.id, l.order_id, o.supplier_id FROM inventory_purchase_order_line l"
        " JOIN inventory_purchase_order o ON o.id = l.order_id"
        " WHERE o.status = 'received' ORDER BY l.id"
    )
    lines = [tuple(row) for row in connection.execute(ordered)]
    moved = text("SELECT id FROM inventory_movement ORDER BY id")
    movements = list(connection.execute(moved).scalars())
    orders = list(dict.fromkeys((order, supplier) for _, order, supplier in lines))
    bought = [(order, supplier, copy) for copy in (1, 2) for order, supplier in orders]
    first = {order: number for number, (order, _, copy) in enumerate(bought, 1) if copy == 1}
    load(connection, "inventory_movement", _reversals(movements[-100:]))
    load(connection, "inventory_delivery", _deliveries(bought))
    load(connection, "inventory_delivery_line", _delivered(lines, first))
    load(connection, "inventory_receipt", _receipts(lines, first, movements))
    load(connection, "inventory_order_sending", _sendings(bought))
    load(connection, "inventory_order_amendment", _amendments(bought))
    load(connection, "inventory_order_share", _shares(lines))
    load(connection, "inventory_reservation", _reservations())
    load(connection, "inventory_price_break", _prices())
    load(connection, "approval", _decided())
    load(connection, "approval_step", _steps())
    load(connection, "approval_decision", _decisions())


def _reversals(movements: list[int]) -> Rows:
    """Yield what was booked by mistake: without it no database knows how seldom that is."""
    for number in movements:
        row = {
            "id": number + 4 * MANY,
            "public_id": public_id(number + 4 * MANY),
            "type": "reversal",
        }
        row |= {"item_id": 1, "item_unit_id": 1, "from_point_id": 1, "to_point_id": 2, "note": ""}
        row |= {"quantity": 1000, "value": 0, "entered": 1000, "posted_at": START, "actor_id": 1}
        row |= {"left_from": 0, "left_to": 0}
        yield row | {"occurred_on": DAY, "reverses_id": number}


def _deliveries(bought: list[tuple[int, int, int]]) -> Rows:
    for number, (order, supplier, copy) in enumerate(bought, 1):
        row = {"id": number, "public_id": public_id(number), "order_id": order, "copy": 1}
        row |= {"supplier_id": supplier, "delivery_note": f"SJ-{number}", "note": "", "reason": ""}
        row |= {"note_key": f"sj-{number}", "came_on": DAY + timedelta(days=number % 300)}
        yield row | {"received_by_id": copy, "received_at": START + timedelta(minutes=number)}


def _delivered(lines: list[tuple[int, int, int]], first: dict[int, int]) -> Rows:
    for number, (line, order, _) in enumerate(lines, 1):
        row = {"id": number, "delivery_id": first[order], "line_id": line, "before": 0}
        row |= {"noted": 1000, "counted": 1000, "rejected": 0, "reason": "", "closed": 0}
        yield row | {"returned": 0, "free": 0}


def _receipts(
    lines: list[tuple[int, int, int]], first: dict[int, int], movements: list[int]
) -> Rows:
    for number, ((line, order, _), movement) in enumerate(zip(lines, movements, strict=False), 1):
        row = {"id": number, "order_id": order, "line_id": line, "delivery_id": first[order]}
        yield row | {"movement_id": movement, "quantity": 1000}


def _sendings(bought: list[tuple[int, int, int]]) -> Rows:
    for number, (order, _, attempt) in enumerate(bought, 1):
        row = {"id": number, "order_id": order, "amendment": 0, "attempt": attempt}
        row |= {"channel": "phone", "recipient": "", "confirmation": "", "subject": "", "text": ""}
        yield row | {"language": "en", "sent_at": START + timedelta(minutes=number)}


def _amendments(bought: list[tuple[int, int, int]]) -> Rows:
    for number, (order, _, amendment) in enumerate(bought, 1):
        row = {"id": number, "order_id": order, "number": amendment, "reason": "Fewer"}
        row |= {"snapshot": "{}", "changes": "[]"}
        yield row | {"amended_at": START + timedelta(minutes=number)}


def _shares(lines: list[tuple[int, int, int]]) -> Rows:
    for number, (line, _, _) in enumerate(lines, 1):
        row = {"id": number, "line_id": line, "for_department_id": line % DEPARTMENTS + 1}
        yield row | {"quantity": 1000}


def _reservations() -> Rows:
    """Yield what is put aside: of few things much more than of the others."""
    for i in range(1, MANY):
        row = {"id": i, "line_id": i, "item_id": i, "point_id": i % 60 + 1, "quantity": 1000}
        yield row | {"made_at": START + timedelta(minutes=i)}


def _prices() -> Rows:
    for i in range(1, MANY):
        row = {"id": i, "public_id": public_id(i), "supplier_item_id": i, "packs": 10}
        yield row | {"price": 100, "valid_from": date(2020, 1, 1)}


def _decided() -> Rows:
    """Yield what was decided long ago, beside what waits."""
    for i in range(MANY + 1, 2 * MANY):
        at = START + timedelta(minutes=i)
        row = {"id": i, "public_id": public_id(i), "version": 1, "kind": "inventory.requisition"}
        row |= {"subject": public_id(i), "title": f"Request {i}", "amount": i, "digest": "-"}
        row |= {"requester_id": i % 160 + 20, "department_id": i % DEPARTMENTS + 1}
        row |= {"state": "approved" if i % 9 else "refused", "asked_at": at, "due_at": at}
        row |= {"decided_at": at, "open_step": 1, "deciding": 0, "escalated": False}
        yield row | {"spent": ""}


def _steps() -> Rows:
    for i in range(MANY + 1, 2 * MANY):
        at = START + timedelta(minutes=i)
        row = {"id": i, "approval_id": i, "n": 1, "needed": 1, "remind_hours": 8}
        yield row | {"opened_at": at, "closed_at": at}


def _decisions() -> Rows:
    for i in range(MANY + 1, 2 * MANY):
        row = {"id": i, "approval_id": i, "step_id": i, "person_id": i % 8 + 1, "way": 1}
        row |= {"on_behalf_of_id": i % 8 + 11 if i % 5 == 0 else None, "comment": "Too dear"}
        row |= {"verdict": "approve" if i % 9 else "refuse"}
        yield row | {"at": START + timedelta(minutes=i)}
