"""What people do with the stock they have: counts and orders, as many as a large office has.

Two items of one place make an order, twenty a count; one count is still going on, of two hundred
lines. What orders still bring is what the balances say is on order.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import Connection

from bench.loading import DEPARTMENTS, PLACES, START, SUPPLIERS, Rows, load, public_id

PACKS, ORDERED = 5, 5000
AT_HAND = 200  # lines of the count that is going on, which is the first
COUNTED = 20  # lines of each other count
KEEPERS = 3  # the department that counts now


def is_on_order(item: int) -> bool:
    """Return whether an order of an item is on its way."""
    return _order_of(item) % 10 == 1


def fill_work(connection: Connection, items: int, first_point: int) -> None:
    """Fill what was counted and ordered of so many items; points follow ``first_point``."""
    load(connection, "inventory_purchase_order", _orders(items))
    load(connection, "inventory_purchase_order_line", _order_lines(items, first_point))
    load(connection, "inventory_count", _counts(items))
    load(connection, "inventory_count_place", _count_places(items, first_point))
    load(connection, "inventory_count_line", _count_lines(items, first_point))
    load(connection, "inventory_count_entry", _entries(items))


def _order_of(item: int) -> int:
    return (item - 1) // (2 * PLACES) * PLACES + (item - 1) % PLACES + 1


def _place_of(item: int) -> int:
    return item % PLACES + 1


def _department_of(item: int) -> int:
    return _place_of(item) % DEPARTMENTS + 1


def _first_of_each(items: int) -> Iterator[tuple[int, int]]:
    """Yield each order with its first item."""
    for item in range(1, items + 1):
        if (item - 1) // PLACES % 2 == 0:
            yield _order_of(item), item


def _statuses(items: int) -> Iterator[tuple[int, int, str]]:
    """Yield each order with its first item and how far it is; a supplier has one list."""
    lists = set()
    for number, item in _first_of_each(items):
        pair, status = (_department_of(item), number % SUPPLIERS), "received"
        if is_on_order(item):
            status = "placed"
        elif number % 11 == 0 and pair not in lists:
            lists.add(pair)
            status = "draft"
        yield number, item, status


def _orders(items: int) -> Rows:
    for number, item, status in _statuses(items):
        made = START + timedelta(minutes=number)
        sent = status != "draft"
        row = {"id": number, "public_id": public_id(number), "version": 1}
        row |= {"department_id": _department_of(item), "supplier_id": number % SUPPLIERS + 1}
        row |= {"number": f"PO-2026-{number:07}" if sent else None, "status": status}
        row |= {"note": "", "placed_with": "", "reason": "", "made_at": made, "made_by_id": 1}
        row |= {"placed_at": made if sent else None, "placed_by": "email" if sent else None}
        row["expected_on"] = (made + timedelta(days=7)).date() if sent else None
        yield row | {"closed_at": made if status == "received" else None}


def _order_lines(items: int, first: int) -> Rows:
    states = {"draft": "draft", "placed": "open", "received": "received"}
    numbers = itertools.count(1)
    for order, first_item, status in _statuses(items):
        for item in (first_item, first_item + PLACES):
            if item > items:
                continue
            number, state = next(numbers), states[status]
            row = {"id": number, "public_id": public_id(number), "version": 1, "order_id": order}
            row |= {"item_id": item, "item_unit_id": item, "point_id": first + _place_of(item)}
            row |= {"state": state, "packs": PACKS, "ordered": ORDERED, "price": 10_000}
            row |= {"received": ORDERED if state == "received" else 0, "supplier_sku": ""}
            yield row | {"outstanding": ORDERED if state == "open" else 0}


def _sheets(items: int) -> Iterator[tuple[int, int, list[int]]]:
    """Yield each count with its place and its items; the first one goes on in many places."""
    mine = [item for item in range(1, items + 1) if _department_of(item) == KEEPERS]
    yield 1, 0, mine[:AT_HAND]
    numbers = itertools.count(2)
    for place in range(PLACES):
        there = list(range(place or PLACES, items + 1, PLACES))
        for start in range(0, len(there), COUNTED):
            yield next(numbers), place + 1, there[start : start + COUNTED]


def _counts(items: int) -> Rows:
    for number, place, there in _sheets(items):
        at, over = START + timedelta(hours=number), number > 1
        row = {"id": number, "public_id": public_id(number), "version": 1, "blind": True}
        row |= {"department_id": place % DEPARTMENTS + 1 if over else KEEPERS, "round": 1}
        row |= {"number": f"C-2026-{number:07}", "title": f"Shelves {number}", "note": ""}
        row |= {"status": "posted" if over else "counting", "reason": "", "planned_at": at}
        row |= {"started_at": at, "closed_at": at if over else None}
        row["lines_counted"] = len(there) if over else None
        yield row | {"lines_right": len(there) - 1 if over else None}


def _count_places(items: int, first: int) -> Rows:
    numbers = itertools.count(1)
    for count, _, there in _sheets(items):
        for point in sorted({first + _place_of(item) for item in there}):
            yield {"id": next(numbers), "count_id": count, "point_id": point}


def _count_lines(items: int, first: int) -> Rows:
    numbers = itertools.count(1)
    for count, _, there in _sheets(items):
        for position, item in enumerate(there, 1):
            number = next(numbers)
            row = {"id": number, "public_id": public_id(number), "version": 1, "count_id": count}
            row |= {"item_id": item, "point_id": first + _place_of(item), "position": position}
            row |= {"found": False, "open": count == 1, "round": 1, "included": 0}
            yield row | {"included_ids": "[]", "reason": ""}


def _entries(items: int) -> Rows:
    """Yield what was counted: everything, but of the count that goes on every second line."""
    numbers, lines = itertools.count(1), itertools.count(1)
    for count, _, there in _sheets(items):
        for item in there:
            line = next(lines)
            if count == 1 and line % 2:
                continue
            row = {"id": next(numbers), "count_id": count, "line_id": line, "round": 1}
            row |= {"current": True, "counted": 1000, "entered": f"[[{item}, 1000]]"}
            row |= {"counted_at": START + timedelta(hours=count), "counted_by_id": 1}
            yield row | {"book": 1000, "book_value": 10_000, "book_seq": 1}
