"""Every page of the portal with the demo in it: its address, and who looks at it."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from portal.db import db
from portal.demo import ACCOUNTS
from portal.guard import LIMITED
from portal.reach import EVERYTHING
from portal.testing import principal_of

HERE = Path(__file__).parent
GAP = re.compile(r"<[^>]+>")
# Who looks at a page: the first who may. Stock is looked at by who is in charge of it.
VISITORS = ("bagus", "hendra", "ratna", "dewi", "putri", "intan")
STOCK = ("hendra", "bagus", "ratna")
LEADS = ("ratna",)
ITEM = "SELECT item_id FROM inventory_balance WHERE quantity > 1000 AND minimum > 0"
COUNT = "SELECT public_id FROM inventory_count WHERE status ="
LINE = (
    "SELECT l.public_id FROM inventory_count_line l"
    " JOIN inventory_count c ON c.id = l.count_id WHERE c.status ="
)
# What stands in the gaps of an address: the first row. {me} is the person who looks.
ROWS = {
    "/approvals/": (
        "SELECT public_id FROM approval WHERE requester_id <> {me} AND kind = 'loans.loan'"
        " ORDER BY id"
    ),
    "/approvals/rules/": "SELECT public_id FROM approval_rule",
    "/audit/": "SELECT max(id) FROM audit_entry",
    "/away/": (
        "SELECT a.public_id FROM absence a JOIN person p ON p.id = a.person_id"
        " WHERE p.name = 'Slamet Riyanto'"
    ),
    "/calendars/": "SELECT public_id FROM work_calendar WHERE usual",
    "/calendars/days/": "SELECT public_id FROM work_day ORDER BY id",
    "/calendars/holidays/": "SELECT public_id FROM holiday_list ORDER BY id",
    "/calendars/holidays/dates/": "SELECT public_id FROM holiday ORDER BY id",
    "/contacts/": "SELECT public_id FROM contact WHERE department_id IS NULL ORDER BY id",
    "/deputies/": (
        "SELECT d.public_id FROM delegation d JOIN person p ON p.id = d.principal_id"
        " WHERE p.name = 'Slamet Riyanto'"
    ),
    "/inventory/ask/": "SELECT public_id FROM place WHERE code = 'STORE'",
    "/inventory/budgets/": "SELECT public_id FROM inventory_budget ORDER BY spent DESC",
    "/inventory/categories/": "SELECT public_id FROM inventory_category ORDER BY id",
    "/inventory/counts/": f"{COUNT} 'counting'",
    "/inventory/counts/<public_id>/result": f"{COUNT} 'posted'",
    "/inventory/counts/<public_id>/review": f"{COUNT} 'submitted'",
    "/inventory/counts/lines/": f"{LINE} 'counting' ORDER BY l.id DESC",
    "/inventory/counts/lines/<public_id>/decide": f"{LINE} 'submitted' ORDER BY l.id",
    "/inventory/import/items/": "SELECT public_id FROM upload ORDER BY id",
    "/inventory/import/items/past/": "SELECT public_id FROM import_run ORDER BY id",
    "/inventory/import/items/result/": "SELECT public_id FROM job WHERE owner_id = {me}",
    "/inventory/items/": f"SELECT public_id FROM inventory_item WHERE id IN ({ITEM}) ORDER BY id",
    "/inventory/items/<public_id>/at/<place_id>": (
        "SELECT i.public_id, p.public_id FROM inventory_balance b"
        " JOIN inventory_item i ON i.id = b.item_id JOIN inventory_point q ON q.id = b.point_id"
        " JOIN place p ON p.id = q.place_id WHERE b.quantity > 1000 ORDER BY b.id"
    ),
    "/inventory/items/<public_id>/rules/<place_id>": (
        "SELECT i.public_id, p.public_id FROM inventory_stock_rule r"
        " JOIN inventory_item i ON i.id = r.item_id JOIN inventory_point q ON q.id = r.point_id"
        " JOIN place p ON p.id = q.place_id ORDER BY r.id"
    ),
    "/inventory/movements/": (
        "SELECT public_id FROM inventory_movement WHERE type = 'issue' AND reverses_id IS NULL"
        " AND id NOT IN (SELECT reverses_id FROM inventory_movement WHERE reverses_id IS NOT NULL)"
        " AND from_point_id IN (SELECT q.id FROM inventory_point q JOIN place p"
        " ON p.id = q.place_id WHERE p.code LIKE 'A%') ORDER BY id DESC"
    ),
    "/inventory/requests/": (
        "SELECT public_id FROM inventory_requisition WHERE status = 'asked' ORDER BY id"
    ),
    "/inventory/items/<public_id>/put-off/<place_id>": (
        "SELECT i.public_id, p.public_id FROM inventory_balance b"
        " JOIN inventory_item i ON i.id = b.item_id JOIN inventory_point q ON q.id = b.point_id"
        " JOIN place p ON p.id = q.place_id WHERE b.to_order ORDER BY b.id"
    ),
    "/inventory/deliveries/": (
        "SELECT public_id FROM inventory_delivery WHERE reversed_at IS NULL ORDER BY id DESC"
    ),
    "/inventory/orders/": (
        "SELECT public_id FROM inventory_purchase_order WHERE status = 'placed' ORDER BY id"
    ),
    "/inventory/orders/<public_id>/place": (
        "SELECT public_id FROM inventory_purchase_order WHERE status = 'draft'"
    ),
    "/inventory/orders/lines/": (
        "SELECT public_id FROM inventory_purchase_order_line WHERE state = 'draft'"
    ),
    "/inventory/places/": "SELECT public_id FROM place WHERE code = 'COPY'",
    "/inventory/suppliers/<public_id>/prices/<unit_id>": (
        "SELECT s.public_id, u.public_id FROM inventory_supplier_item o"
        " JOIN inventory_supplier s ON s.id = o.supplier_id"
        " JOIN inventory_item_unit u ON u.id = o.item_unit_id"
        " LEFT JOIN inventory_price_break b ON b.supplier_item_id = o.id ORDER BY b.id, o.id"
    ),
    "/inventory/suppliers/<public_id>/prices/<unit_id>/<break_id>": (
        "SELECT s.public_id, u.public_id, b.public_id FROM inventory_price_break b"
        " JOIN inventory_supplier_item o ON o.id = b.supplier_item_id"
        " JOIN inventory_supplier s ON s.id = o.supplier_id"
        " JOIN inventory_item_unit u ON u.id = o.item_unit_id ORDER BY b.id"
    ),
    "/inventory/suppliers/": "SELECT public_id FROM inventory_supplier ORDER BY id",
    "/inventory/units/": "SELECT public_id FROM inventory_unit ORDER BY id",
    "/inventory/units/<public_id>/codes/new": (
        "SELECT public_id FROM inventory_item_unit ORDER BY id"
    ),
    "/inventory/to-buy/": (
        "SELECT public_id FROM inventory_requisition_line"
        " WHERE state = 'to_buy' AND item_id IS NULL ORDER BY id"
    ),
    "/jobs/": "SELECT public_id FROM job ORDER BY id",
    "/jobs/events/": "SELECT id FROM outbox",
    "/jobs/mails/": "SELECT public_id FROM mail",
    "/notices/": "SELECT public_id FROM notice WHERE owner_id = {me} ORDER BY id",
    "/keys/": "SELECT public_id FROM keys_key ORDER BY id",
    "/people/": "SELECT public_id FROM person WHERE name = 'Nadia Anggraini'",
    "/people/<public_id>/view-as": "SELECT public_id FROM person WHERE name = 'Dewi Kartikasari'",
    "/people/departments/": "SELECT public_id FROM department WHERE name = 'Back office'",
    "/people/memberships/": "SELECT public_id FROM membership WHERE until_on IS NULL",
    "/places/": "SELECT public_id FROM place WHERE code = 'STORE'",
    "/plugins/": "SELECT slug FROM plugin_activation WHERE slug = 'inventory'",
    "/settings/": "SELECT 'inventory'",
    "/work/away/": (
        "SELECT a.public_id FROM absence a JOIN person p ON p.id = a.person_id"
        " WHERE p.name = 'Slamet Riyanto'"
    ),
    "/work/team/": "SELECT public_id FROM person WHERE name = 'Putri Maharani'",
    "/records/": "SELECT 'core.place', public_id FROM place WHERE code = 'STORE'",
    "/records/comments/": "SELECT public_id FROM record_comment WHERE author_id = {me}",
    "/roles/": "SELECT public_id FROM role WHERE slug = 'assistant'",
    "/roles/assignments/": (
        "SELECT a.public_id FROM assignment a JOIN role r ON r.id = a.role_id"
        " WHERE r.slug = 'assistant' ORDER BY a.id"
    ),
}


@dataclass(frozen=True)
class Address:
    """One page, and who looks at it: a user name of the demo, empty for nobody signed in."""

    route: str
    path: str
    visitor: str

    def __str__(self) -> str:
        return self.route


def left_out() -> dict[str, str]:
    """Return route -> why nobody needs to look at it."""
    with (HERE / "left_out.csv").open(encoding="utf-8", newline="") as file:
        return {line["route"]: line["reason"] for line in csv.DictReader(file)}


def readable_routes(app: Any) -> list[Any]:
    """Return every rule of the portal that answers GET."""
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in rule.methods]
    return sorted(rules, key=str)


def pages(app: Any, known: dict[str, str]) -> list[Address]:
    """Return every page; ``known`` says addresses that no table tells."""
    people = people_of(app)
    without = left_out()
    return [
        _address(app, rule, known, people)
        for rule in readable_routes(app)
        if rule.rule not in without
    ]


def people_of(app: Any) -> dict[str, int]:
    """Return user name -> person id."""
    rows = asked(app, "SELECT username, person_id FROM account")
    return {name: number for name, number in rows if name in {a.username for a in ACCOUNTS}}


def _address(app: Any, rule: Any, known: dict[str, str], people: dict[str, int]) -> Address:
    visitor = _visitor(app, rule, people)
    if rule.rule in known:
        return Address(rule.rule, known[rule.rule], visitor)
    if not rule.arguments:
        return Address(rule.rule, rule.rule, visitor)
    sql = ROWS.get(rule.rule) or ROWS[_longest_start(rule.rule)]
    rows = asked(app, sql.format(me=people.get(visitor, 0)))
    assert rows, f"the demo has nothing to show at {rule.rule}"
    values = iter(rows[0])
    return Address(rule.rule, GAP.sub(lambda gap: str(next(values)), rule.rule), visitor)


def _longest_start(route: str) -> str:
    return max((start for start in ROWS if route.startswith(start)), key=len)


def _visitor(app: Any, rule: Any, people: dict[str, int]) -> str:
    permission = getattr(app.view_functions[rule.endpoint], "__policy__", None)
    if permission is None:
        return ""
    begins = {"/inventory": STOCK, "/work": LEADS}
    visitors = next((v for b, v in begins.items() if rule.rule.startswith(b)), VISITORS)
    with app.app_context():
        return next(v for v in visitors if principal_of(app, people[v]).holds(permission))


def asked(app: Any, sql: str) -> list[Any]:
    """Return the rows of a query that may see everything."""
    with app.app_context(), db.engine.connect() as connection:
        limited = connection.execution_options(**{LIMITED: EVERYTHING})
        return [tuple(row) for row in limited.execute(text(sql))]
