"""An office large enough for a bad plan to show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

import kantor_inventory
from bench.loading import DEPARTMENTS, PLACES, START, SUPPLIERS, load, public_id
from bench.seed import PEOPLE, Size, fill
from portal import migrate
from portal.db import db
from portal.guard import LIMITED, WRITE
from portal.orm import sort_key
from portal.reach import EVERYTHING
from portal.testing import LONG_AGO, make_app
from portal.testing_databases import Database

from .purchases import fill_purchases

MANY = 25_000
SIZE = Size(MANY, 2 * MANY)  # with balances, people, contacts and acts: 250,000 rows
LONG = 10_000
BUDGETS = 250
GROWING = {
    *("absence", "audit_entry", "contact", "contact_point", "delegation", "job"),
    *("notice", "person", "search_entry"),
    *("inventory_alert", "inventory_balance", "inventory_budget_entry"),
    *("inventory_item", "inventory_movement"),
    *("inventory_count", "inventory_count_entry", "inventory_count_line"),
    *("inventory_purchase_order", "inventory_purchase_order_line"),
    *("inventory_requisition", "inventory_requisition_line"),
    *("inventory_supplier", "inventory_supplier_item"),
    *("approval", "approval_decision", "approval_step"),
    *("inventory_delivery", "inventory_delivery_line", "inventory_receipt"),
    *("inventory_order_amendment", "inventory_order_sending", "inventory_order_share"),
    *("inventory_price_break", "inventory_reservation"),
}


@pytest.fixture(scope="session")
def offices(tmp_path_factory: Any) -> Iterator[Callable[[str], Any]]:
    """Yield what gives the office on a kind of database: made once, however the tests are mixed."""
    made: dict[str, Any] = {}
    with ExitStack() as stack:

        def office(kind: str) -> Any:
            if kind not in made:
                made[kind] = stack.enter_context(_large(kind, tmp_path_factory.mktemp("plans")))
            return made[kind]

        yield office


@pytest.fixture(scope="session")
def large_office(portal_database_kind: str, offices: Callable[[str], Any]) -> Any:
    """Return the portal on a database with 25,000 rows in every table that grows."""
    return offices(portal_database_kind)


@contextmanager
def _large(kind: str, home: Path) -> Iterator[Any]:
    with Database.made(kind, home) as database:
        app = make_app(database.url, home, [kantor_inventory.plugin])
        with app.app_context():
            engine = db.engine
        try:
            with app.app_context():
                migrate.upgrade(app.extensions["kantor"])
                fill(SIZE)
                _crowd()
            engine.dispose()  # A connection of SQLite knows the statistics it met when it began.
            yield app, engine
        finally:
            engine.dispose()


@pytest.fixture(scope="session")
def long_tables(large_office: Any) -> dict[str, int]:
    """Return the tables with more than ten thousand rows, with how many they have."""
    _, engine = large_office
    with engine.connect().execution_options(**{LIMITED: EVERYTHING}) as connection:
        counted = {
            name: connection.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar_one()
            for name in GROWING
        }
    return {name: rows for name, rows in counted.items() if rows > LONG}


def _crowd() -> None:
    options: dict[str, Any] = {WRITE: True, LIMITED: EVERYTHING}
    with db.engine.connect().execution_options(**options) as connection, connection.begin():
        for table, rows in (
            ("person", _people()),
            ("absence", _absences()),
            ("delegation", _delegations()),
            ("contact_point", _numbers()),
            ("inventory_supplier", _suppliers()),
            ("audit_entry", _acts()),
            ("job", _jobs()),
            ("notice", _notices()),
            ("inventory_snooze", _put_off()),
            ("inventory_count", _counts()),
            ("inventory_budget", _budgets()),
            ("inventory_budget_entry", _entries()),
            ("inventory_requisition", _requests()),
            ("inventory_requisition_line", _request_lines()),
        ):
            load(connection, table, rows)
        fill_purchases(connection)
        connection.execute(text("ANALYZE"))


def _named(number: int, name: str) -> dict[str, Any]:
    return {"id": number, "public_id": public_id(number), "name": name, "name_key": sort_key(name)}


def _people() -> Iterator[dict[str, Any]]:
    for i in range(PEOPLE + 1, MANY):
        more = {"language": "en", "active_from": LONG_AGO, "epoch": 1, "version": 1}
        yield _named(i, f"Somebody {i * 7919 % MANY} of many") | more


def _absences() -> Iterator[dict[str, Any]]:
    """Yield absences of years: nearly all of them over, a few for each day that is near."""
    today = date.today()
    for i in range(1, MANY):
        first = today + timedelta(days=200 - i // 12)
        row = {"id": i, "public_id": public_id(i), "version": 1, "person_id": i, "source": "own"}
        row |= {"from_on": first, "last_on": first + timedelta(days=i % 9)}
        yield row | {"from_noon": False, "until_noon": i % 5 == 0}


def _delegations() -> Iterator[dict[str, Any]]:
    """Yield who stood in for years: nearly all of it over, a few for each day that is near."""
    today = date.today()
    for i in range(1, MANY):
        first = today + timedelta(days=200 - i // 12)
        row = {"id": i, "public_id": public_id(i), "version": 1, "scope": "all"}
        row |= {"principal_id": i, "deputy_id": i % (MANY - 1) + 1, "only_when_absent": i % 3 > 0}
        yield row | {"from_on": first, "last_on": first + timedelta(days=i % 9)}


def _numbers() -> Iterator[dict[str, Any]]:
    for i in range(1, MANY):
        row = {"id": i, "contact_id": i, "kind": "phone", "value": f"+62 21 {i:06}"}
        yield row | {"label": ""}


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


def _counts() -> Iterator[dict[str, Any]]:
    """Yield counts that are planned or were given up, beside those that were posted."""
    for i in range(MANY, 2 * MANY):
        at = START + timedelta(minutes=i)
        row = {"id": i, "public_id": public_id(i), "version": 1, "blind": True, "round": 1}
        row |= {"department_id": i % DEPARTMENTS + 1, "number": f"X-{i}", "title": f"Round {i}"}
        row |= {"status": "planned" if i % 40 == 0 else "cancelled", "note": "", "reason": ""}
        yield row | {"planned_at": at, "due_on": at.date(), "assigned_to_id": i % 60 + 1}


def _requests() -> Iterator[dict[str, Any]]:
    """Yield what people asked stock rooms for: nearly all of it answered."""
    for i in range(1, MANY):
        row = {"id": i, "public_id": public_id(i), "version": 1, "number": f"R-{i}", "note": ""}
        row |= {"place_id": i % PLACES + 1, "owner_id": i % 60 + 1, "department_id": i % 12 + 1}
        row |= {"status": "asked" if i % 31 == 0 else "answered"}
        yield row | {"asked_at": START + timedelta(minutes=i)}


def _request_lines() -> Iterator[dict[str, Any]]:
    for i in range(1, MANY):
        row = {"id": i, "public_id": public_id(i), "version": 1, "requisition_id": i}
        row |= {"item_id": i, "item_unit_id": i, "quantity": 1000, "entered": 1000, "answer": ""}
        yield row | {"state": "asked" if i % 31 == 0 else "declined"}


def _budgets() -> Iterator[dict[str, Any]]:
    """Yield the budgets of eight departments, year by year: one of the last is in force."""
    for i in range(1, BUDGETS + 1):
        first = date.today().replace(month=1, day=1, year=date.today().year - 20 + i // 12)
        row = {"id": i, "public_id": public_id(i), "version": 1, "department_id": i % 8 + 1}
        row |= {"from_on": first, "until_on": first.replace(year=first.year + 1), "mode": "warn"}
        spent = sum(1 for n in range(1, MANY) if n % BUDGETS + 1 == i) * 10
        row |= {"amount": 10_000, "committed": 0, "spent": spent, "note": ""}
        yield row | {"available": 10_000 - spent}


def _entries() -> Iterator[dict[str, Any]]:
    for i in range(1, MANY):
        row = {"id": i, "budget_id": i % BUDGETS + 1, "kind": "spend", "amount": 10, "reserved": 0}
        row |= {"source": f"order line {i}", "number": 1, "about": f"PO-{i}"}
        yield row | {"at": START + timedelta(minutes=i), "booked_on": START.date()}


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


def _notices() -> Iterator[dict[str, Any]]:
    """Yield what people were told: nearly all of it one person, who has read half."""
    for i in range(1, MANY):
        at = START + timedelta(minutes=i * 7919 % MANY)
        row = {"id": i, "public_id": public_id(i), "kind": "core.job_failed", "record": f"x:{i}"}
        row |= {"owner_id": 1 if i % 20 else 2, "text": '"Waits"', "endpoint": "jobs.jobs"}
        row |= {"address": "{}", "number": 1, "way": "never", "unread": i % 2, "told_at": at}
        yield row | {"read_at": None if i % 2 else at}
