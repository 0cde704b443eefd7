"""A database to measure on: an office far larger than any that will use the portal.

The rows go in by the driver's own bulk road (executemany on SQLite, COPY on PostgreSQL), so that a
million movements take seconds. They are consistent: what the ledger says is what the balances hold.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import Connection, text

from bench.loading import (
    DEPARTMENTS,
    PLACES,
    START,
    SUPPLIERS,
    Rows,
    indexed_afterwards,
    load,
    public_id,
)
from bench.seed_decisions import fill_decisions
from bench.seed_work import ORDERED, fill_work, is_on_order
from portal.db import db
from portal.finding.following import drop_following
from portal.finding.services import follow_all
from portal.guard import LIMITED, WRITE
from portal.orm import sort_key
from portal.reach import EVERYTHING

NOUNS = (  # noqa: SIM905
    "paper pen toner folder label envelope glove mask bandage syringe tape stapler battery bulb"
    " cable soap towel sponge brush bag box bin clip pin marker ruler scissors notebook stamp ink"
    " cartridge drum filter fuse screw bolt hinge lock key hook rope tarpaulin bucket mop"
).split()
WORDS = (  # noqa: SIM905
    "black blue red green white yellow large small medium thick thin long short heavy light A3 A4"
    " A5 80g 120g 12mm 20mm 50cm 1l 5l soft hard matt gloss sterile plain lined ruled recycled"
    " premium basic wide narrow round square double single X-48 K320 M8 refill starter spare"
).split()
PEOPLE = 200
MINIMUM = 3000


@dataclass(frozen=True)
class Size:
    """How much of everything there is."""

    items: int
    movements: int


def fill(size: Size) -> None:
    """Fill the migrated database of the running app; the same rows every time."""
    options: dict[str, Any] = {WRITE: True, LIMITED: EVERYTHING}
    with db.engine.connect().execution_options(**options) as connection:
        if connection.dialect.name == "sqlite":
            connection.connection.driver_connection.execute("PRAGMA synchronous=OFF")
        with connection.begin():
            drop_following(connection)
        with connection.begin(), indexed_afterwards(connection):
            load(connection, "department", _departments())
            load(connection, "person", _people())
            load(connection, "place", _places())
            outside = dict(_outside(connection))
            load(connection, "inventory_point", _points(len(outside)))
            load(connection, "inventory_unit", _named(("piece", "box", "pack", "litre")))
            load(connection, "inventory_category", _named(NOUNS))
            load(connection, "inventory_item", _items(size.items))
            load(connection, "inventory_item_unit", _item_units(size.items))
            load(connection, "contact", _contacts(size.items))
            load(connection, "inventory_supplier", _suppliers())
            load(connection, "inventory_supplier_item", _offers(size.items))
            ledger = Ledger(size, len(outside), outside)
            load(connection, "inventory_movement", ledger.movements())
            load(connection, "inventory_balance", ledger.balances())
            load(connection, "inventory_stock_rule", ledger.rules())
            load(connection, "inventory_alert", ledger.alerts())
            fill_work(connection, size.items, len(outside))
            fill_decisions(connection, size.items)
            load(connection, "plugin_activation", [{"id": 1, "slug": "inventory"}])
        follow_all(db.engine, current_app.extensions["kantor"])
        with connection.begin():
            connection.execute(text("ANALYZE"))
    db.engine.dispose()


class Ledger:
    """Receipts and issues that add up, in posting order."""

    def __init__(self, size: Size, first_point: int, outside: dict[str, int]) -> None:
        self.size, self.first, self.outside = size, first_point, outside
        self.each = max(2, size.movements // size.items)
        self.ruled = range(5, size.items + 1, 5)

    def movements(self) -> Iterator[dict[str, Any]]:
        """Yield one receipt for each item, then issues of one unit, round after round."""
        number = itertools.count(1)
        for turn in range(self.each):
            for item in range(1, self.size.items + 1):
                yield self._movement(next(number), item, turn)

    def _movement(self, number: int, item: int, turn: int) -> dict[str, Any]:
        store, received = self._store(item), turn == 0
        quantity = self.each * 1000 if received else 1000
        left = (self.each - turn) * 1000
        at = START + timedelta(seconds=number * 15)
        return {
            "id": number,
            "public_id": public_id(number),
            "posted_at": at,
            "occurred_on": at.date(),
            "type": "receive" if received else "issue",
            "item_id": item,
            "from_point_id": self.outside["supplier"] if received else store,
            "to_point_id": store if received else self.outside["consumption"],
            "quantity": quantity,
            "value": quantity * 10,
            "entered": quantity,
            "item_unit_id": item,
            "left_from": -quantity if received else left,
            "left_to": quantity if received else turn * 1000,
            "for_department_id": None if received else number % DEPARTMENTS + 1,
            "note": "",
            "actor_id": 1,
        }

    def balances(self) -> Iterator[dict[str, Any]]:
        """Yield what each end of the movements holds, and an empty shelf elsewhere."""
        number = itertools.count(1)
        issued = self.each - 1
        for item in range(1, self.size.items + 1):
            held = 1000
            coming = ORDERED if is_on_order(item) else 0
            ends = (
                (self._store(item), held, coming, self._minimum(item), False),
                (self._store(item + 7), 0, 0, None, False),
                (self.outside["supplier"], -self.each * 1000, 0, None, True),
                (self.outside["consumption"], issued * 1000, 0, None, True),
            )
            for point, quantity, on_order, minimum, outside in ends:
                yield {
                    "id": next(number),
                    "item_id": item,
                    "point_id": point,
                    "item_key": sort_key(item_name(item)),
                    "outside": outside,
                    "quantity": quantity,
                    "value": quantity * 10,
                    "minimum": minimum,
                    "below": minimum is not None and quantity < minimum,
                    "on_order": on_order,
                    "to_order": minimum is not None and quantity + on_order < minimum,
                    "moved_at": START,
                }

    def _minimum(self, item: int) -> int | None:
        """Return how little of an item is too little: most have less, a few come near it."""
        if item not in self.ruled:
            return None
        return 1000 if item % 20 == 0 else MINIMUM

    def rules(self) -> Iterator[dict[str, Any]]:
        """Yield how much there should be of every fifth item."""
        for number, item in enumerate(self.ruled, 1):
            row = {"id": number, "item_id": item, "point_id": self._store(item)}
            yield row | {"minimum": self._minimum(item), "version": 1}

    def alerts(self) -> Iterator[dict[str, Any]]:
        """Yield eight alerts that are over for each of them, and an open one for every second."""
        number = itertools.count(1)
        for turn in range(9):
            for item in self.ruled[:: 2 if turn == 8 else 1]:
                at = START + timedelta(days=turn, minutes=item)
                row = {"kind": "low", "item_id": item, "point_id": self._store(item)}
                row |= {"id": next(number), "grade": turn % 8 % 2, "quantity": 1000}
                over = None if turn == 8 else at + timedelta(days=3)
                yield row | {"opened_at": at, "closed_at": over}

    def _store(self, item: int) -> int:
        return self.first + item % PLACES + 1


def item_name(number: int) -> str:
    """Return the name of an item: three words of many and a number of its own."""
    mixed = number * 2654435761 % 2**32
    noun, one, two = NOUNS[mixed % 43], WORDS[mixed // 43 % 47], WORDS[mixed // 2021 % 47]
    return f"{noun} {one} {two} {number}".capitalize()


def _departments() -> Rows:
    for i in range(1, DEPARTMENTS + 1):
        parent = None if i == 1 else 1 if i < 5 else i % 3 + 2
        yield _base(i, f"Department {i}") | {"parent_id": parent, "active": True, "version": 1}


def _people() -> Rows:
    for i in range(1, PEOPLE + 1):
        more = {"language": "en", "active_from": date(2020, 1, 1), "epoch": 1, "version": 1}
        yield _base(i, f"Person {i:03}") | more


def _places() -> Rows:
    for i in range(1, PLACES + 1):
        row = _base(i, f"Store room {i}") | {"kind": "room", "walk_order": i, "active": True}
        code = f"R-{i:03}"
        department = i % DEPARTMENTS + 1
        yield row | {
            "code": code,
            "code_key": sort_key(code),
            "department_id": department,
            "version": 1,
        }


def _points(outside: int) -> Rows:
    for i in range(1, PLACES + 1):
        yield {"id": outside + i, "kind": "store", "place_id": i, "allow_negative": False}


def _outside(connection: Connection) -> list[tuple[str, int]]:
    found = connection.execute(text("SELECT kind, id FROM inventory_point WHERE place_id IS NULL"))
    return [(row.kind, row.id) for row in found]


def _named(names: Iterable[str]) -> Rows:
    for i, name in enumerate(names, 1):
        yield _base(i, name.capitalize()) | {"version": 1}


def _items(count: int) -> Rows:
    for i in range(1, count + 1):
        sku = f"{NOUNS[i % len(NOUNS)][:3].upper()}-{i:06}"
        yield _base(i, item_name(i)) | {
            "sku": sku,
            "sku_key": sort_key(sku),
            "category_id": i % len(NOUNS) + 1,
            "base_unit_id": i % 4 + 1,
            "mode": "perpetual",
            "status": "discontinued" if i % 50 == 0 else "active",
            "note": "",
            "version": 1,
        }


def _item_units(count: int) -> Rows:
    for i in range(1, count + 1):
        row = {"id": i, "public_id": public_id(i), "item_id": i, "unit_id": i % 4 + 1}
        yield row | {"num": 1, "den": 1, "active": True}


def _contacts(count: int) -> Rows:
    """Yield the suppliers, then as many contacts as there are items, spread over all departments.

    Every one is a contact; sons are known in eleven departments of twelve, daughters in the third.
    """
    for i in range(1, SUPPLIERS + count + 1):
        ours = i % (DEPARTMENTS + 1)
        name = f"Contact {i * 7919 % count} and {'daughters' if ours == 3 else 'sons'}"
        if i <= SUPPLIERS:
            name = f"House {i} of supplies"
        kind = "organisation" if i <= SUPPLIERS or i % 3 == 0 else "person"
        row = _base(i, name) | {"kind": kind, "note": "", "department_id": ours or None}
        yield row | {"active": True, "version": 1}


def _suppliers() -> Rows:
    for i in range(1, SUPPLIERS + 1):
        row = {"id": i, "public_id": public_id(i), "contact_id": i, "customer_number": ""}
        row |= {"order_by": "email", "lead_days": i % 7, "order_every": 14}
        row |= {"minimum_order": 500_000 if i % 4 == 0 else None, "note": ""}
        yield row | {"active": i % 10 != 0, "version": 1}


def _offers(items: int) -> Rows:
    """Yield from whom each item is bought first, and second."""
    number = itertools.count(1)
    for item in range(1, items + 1):
        for rank in (1, 2):
            row = {"id": next(number), "supplier_id": (item + 13 * rank) % SUPPLIERS + 1}
            row |= {"item_unit_id": item, "supplier_sku": f"S-{item}", "price": 10_000}
            yield row | {"least": 1, "multiple": 1, "rank": rank, "version": 1}


def _base(number: int, name: str) -> dict[str, Any]:
    return {"id": number, "public_id": public_id(number), "name": name, "name_key": sort_key(name)}
