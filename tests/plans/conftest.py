"""An office large enough for a bad plan to show."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

import kantor_inventory
from bench.seed import START, SUPPLIERS, Size, fill, load, public_id
from portal import migrate
from portal.db import db
from portal.engine import WRITE
from portal.guard import LIMITED
from portal.orm import sort_key
from portal.reach import EVERYTHING
from portal.testing import LONG_AGO, make_app
from portal.testing_databases import Database

MANY = 25_000
SIZE = Size(MANY, 2 * MANY)  # with balances, people, contacts and acts: 250,000 rows


@pytest.fixture(scope="session")
def large_office(portal_database_kind: str, tmp_path_factory: Any) -> Iterator[Any]:
    """Yield the portal on a database with 25,000 rows in every table that grows."""
    home = tmp_path_factory.mktemp("plans")
    with Database.made(portal_database_kind, home) as database:
        app = make_app(database.url, home, [kantor_inventory.plugin])
        with app.app_context():
            engine = db.engine
        try:
            with app.app_context():
                migrate.upgrade(app.extensions["kantor"])
                fill(SIZE)
                _crowd()
            yield app, engine
        finally:
            engine.dispose()


def _crowd() -> None:
    options: dict[str, Any] = {WRITE: True, LIMITED: EVERYTHING}
    with db.engine.connect().execution_options(**options) as connection, connection.begin():
        for table, rows in (
            ("person", _people()),
            ("contact", _contacts()),
            ("inventory_supplier", _suppliers()),
            ("audit_entry", _acts()),
            ("job", _jobs()),
            ("inventory_snooze", _put_off()),
        ):
            load(connection, table, rows)
        connection.execute(text("ANALYZE"))


def _named(number: int, name: str) -> dict[str, Any]:
    return {"id": number, "public_id": public_id(number), "name": name, "name_key": sort_key(name)}


def _people() -> Iterator[dict[str, Any]]:
    for i in range(100, MANY):
        more = {"language": "en", "active_from": LONG_AGO, "epoch": 1, "version": 1}
        yield _named(i, f"Somebody {i * 7919 % MANY} of many") | more


def _contacts() -> Iterator[dict[str, Any]]:
    for i in range(SUPPLIERS + 1, MANY):
        kind = "person" if i % 3 else "organisation"
        row = _named(i, f"Contact {i * 7919 % MANY} and sons") | {"kind": kind, "note": ""}
        yield row | {"active": True, "version": 1, "department_id": i % 13 or None}


def _suppliers() -> Iterator[dict[str, Any]]:
    for i in range(SUPPLIERS + 1, MANY):
        row = {"id": i, "public_id": public_id(i), "contact_id": i, "customer_number": ""}
        yield row | {"order_by": "email", "lead_days": 1, "note": "", "active": True, "version": 1}


def _put_off() -> Iterator[dict[str, Any]]:
    """Yield what somebody put off of what is to order: most of it long ago."""
    chosen = "SELECT item_id, point_id FROM inventory_balance WHERE to_order ORDER BY id"
    with db.engine.connect().execution_options(**{LIMITED: EVERYTHING}) as connection:
        pairs = connection.execute(text(chosen)).all()
    for number, (item, point) in enumerate(pairs[::7], 1):
        until = date(2026, 2, 1) if number % 8 else date(2036, 2, 1)
        row = {"id": number, "item_id": item, "point_id": point, "until_on": until}
        yield row | {"reason": ""}


def _acts() -> Iterator[dict[str, Any]]:
    for i in range(1, MANY):
        act = "core.person.change" if i % 40 else "core.role.assign"
        row = {"id": i, "at": START + timedelta(minutes=i), "actor_id": i % 50 + 1}
        row |= {
            "actor_name": f"Person {i % 50 + 1:02}",
            "action": act,
            "subject_kind": "core.person",
        }
        row |= {"subject_id": i % 50 + 1, "subject_label": "x", "detail": "{}", "request_id": ""}
        yield row | {"previous": "", "hash": f"{i:064}"}


def _jobs() -> Iterator[dict[str, Any]]:
    for i in range(1, MANY):
        at = START + timedelta(minutes=i)
        row = {"id": i, "public_id": public_id(i), "name": "core.tidy", "args": "{}"}
        row |= {"state": "done" if i % 50 else "failed", "attempts": 1, "done": 0, "total": 0}
        yield row | {"created_at": at, "sent_at": at}
