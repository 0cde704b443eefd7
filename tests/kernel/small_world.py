"""Who and what is in the database while the kernel is tested.

Departments: board <- stores <- cellar, and the lab apart. Ann works in the stores, Cy manages them,
Di works there without rights or account, Bob in the lab, Hana on the board; Off has left.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import insert, text

from portal.auth.models import Account
from portal.contacts.models import Contact
from portal.guard import kernel_execute
from portal.orm import new_public_id
from portal.people.models import CaseFile, Department, Membership, Person
from portal.places.models import Place, PlaceServes
from portal.plugins.models import PluginActivation
from portal.roles.models import Assignment, CaseAccess, Role, RolePermission

from .small import cases, goods, orders
from .small.cases import Leave, Statement
from .small.goods.models import Balance, Item, Memo, Movement, Point, Supplier, Transfer
from .small.orders import Order

PLUGINS = [goods.plugin, orders.plugin, cases.plugin]
BOARD, STORES, CELLAR, LAB = 1001, 1002, 1003, 1004
ANN, BOB, CY, DI, HANA, OFF = 2001, 2002, 2003, 2004, 2005, 2006
HOME = {ANN: STORES, BOB: LAB, CY: BOARD, DI: STORES, HANA: BOARD, OFF: STORES}
GRANTS = {
    ANN: {
        "goods.item.view": "tree",
        "goods.item.adjust": "department",
        "goods.item.edit": "department",
        "goods.memo.view": "tree",
        "goods.memo.write": "department",
        "goods.stock.view": "department",
        "goods.stock.move": "department",
        "orders.order.view": "department",
        "orders.order.work": "department",
        "cases.leave.view": "own",
    },
    BOB: {"goods.item.view": "all", "goods.item.adjust": "department"},
    CY: {"cases.leave.view": "team", "cases.leave.approve": "team", "cases.statement.read": "all"},
    HANA: {
        "cases.leave.view": "all",
        "cases.statement.read": "all",
        "cases.statement.write": "all",
        "core.audit.view": "all",
    },
    OFF: {"goods.item.view": "all"},
}
LONG_AGO = date(2020, 1, 1)
YESTERDAY = datetime.now(UTC).date() - timedelta(days=2)
# Shelves in the stores, in the lab (it serves the stores), in the cellar; OUTSIDE is nobody's.
ON_SHELF, IN_LAB, IN_CELLAR, OUTSIDE = 1, 2, 3, 4


def fill(tx):
    """Put everything described above into an empty portal."""

    def add(*rows):
        tx.session.add_all(rows)
        tx.session.flush()

    for number, name, parent in (
        (BOARD, "Board", None),
        (STORES, "Stores", BOARD),
        (CELLAR, "Cellar", STORES),
        (LAB, "Lab", None),
    ):
        add(Department(id=number, name=name, parent_id=parent))
    _people(tx, add)
    add(*[PluginActivation(slug=plugin.slug) for plugin in PLUGINS])
    _rows(add)
    _restart_numbers(tx)


def _people(tx, add):
    for number, name in zip(HOME, ("Ann", "Bob", "Cy", "Di", "Hana", "Off"), strict=True):
        gone = YESTERDAY if number == OFF else None
        add(Person(id=number, name=name, active_from=LONG_AGO, active_until=gone))
        add(Membership(person_id=number, department_id=HOME[number], from_on=LONG_AGO))
        if number != DI:
            row = {
                "person_id": number,
                "username": name.lower(),
                "version": 1,
                "created_at": tx.now,
            }
            kernel_execute(tx.session, insert(Account.__table__), row)
        give(tx, number, GRANTS.get(number, {}), HOME[number])
    add(Membership(person_id=CY, department_id=STORES, kind="manager", from_on=LONG_AGO))
    add(CaseFile(id=1), CaseFile(id=2))  # No relationship, no flush order: parents first.
    access = [
        {"person_id": HANA, "case_id": 1, "from_on": LONG_AGO, "until_on": None},
        {"person_id": CY, "case_id": 2, "from_on": LONG_AGO, "until_on": YESTERDAY},
    ]
    kernel_execute(tx.session, insert(CaseAccess.__table__), access)


def give(tx, person_id, grants, department_id, *, from_on=LONG_AGO, until_on=None):
    """Give a person a role of their own with these permissions, measured from a department."""
    role = Role(slug=new_public_id(), name=f"Own {person_id}")
    role.permissions = [RolePermission(permission=p, reach=r) for p, r in grants.items()]
    tx.session.add(role)
    tx.session.flush()
    row = {
        "person_id": person_id,
        "role_id": role.id,
        "department_id": department_id,
        "from_on": from_on,
        "until_on": until_on,
        "granted_at": tx.now,
    }
    kernel_execute(tx.session, insert(Assignment.__table__), row)


def _rows(add):
    add(
        Contact(id=1, name="Shared Ltd"),
        Contact(id=2, name="SECRET supplier", department_id=LAB),
        Contact(id=3, name="Ours", department_id=STORES),
    )
    add(
        Item(id=1, name="mine", department_id=STORES, quantity=5, owner_id=ANN),
        Item(id=2, name="SECRET", department_id=LAB, quantity=5),
        Item(id=3, name="below", department_id=CELLAR, quantity=5),
    )
    add(
        Movement(id=1, item_id=1, department_id=STORES, note="r1"),
        Movement(id=2, item_id=2, department_id=LAB, note="SECRET"),
        Movement(id=3, item_id=1, department_id=LAB, note="SECRET on my item"),
        Movement(id=4, item_id=2, department_id=STORES, note="mine, foreign item"),
    )
    add(
        Order(id=1, department_id=STORES, note="mine", item_id=2, owner_id=ANN),
        Order(id=2, department_id=LAB, note="SECRET", item_id=1),
    )
    add(
        Memo(id=1, item_id=1, text="on mine"),
        Memo(id=2, item_id=2, text="SECRET"),
        Memo(id=3, item_id=3, text="on below"),
    )
    add(Supplier(id=1, name="Acme", favourite_id=2))
    _shelves(add)
    add(Leave(id=1, owner_id=ANN, days=3), Leave(id=2, owner_id=BOB, days=9))
    add(Statement(id=1, case_id=1, body="case one"), Statement(id=2, case_id=2, body="case two"))


def _shelves(add):
    for number, department in ((1, STORES), (2, LAB), (3, CELLAR)):
        add(Place(id=number, code=f"P{number}", name=f"Shelf {number}", department_id=department))
    add(PlaceServes(place_id=IN_LAB, department_id=STORES))
    add(Point(id=ON_SHELF, place_id=1), Point(id=IN_LAB, place_id=2))
    add(Point(id=IN_CELLAR, place_id=3), Point(id=OUTSIDE, place_id=None))
    add(*[Balance(id=n, point_id=n, name="pen", quantity=5) for n in (1, 2, 3, 4)])
    add(
        Transfer(id=1, from_point_id=OUTSIDE, to_point_id=ON_SHELF, quantity=1),
        Transfer(id=2, from_point_id=OUTSIDE, to_point_id=IN_CELLAR, quantity=1),
        Transfer(id=3, from_point_id=ON_SHELF, to_point_id=IN_CELLAR, quantity=1),
        Transfer(id=4, from_point_id=IN_LAB, to_point_id=OUTSIDE, quantity=1),
    )


def _restart_numbers(tx):
    """Let PostgreSQL number new rows above the ones given here."""
    if tx.session.get_bind().dialect.name != "postgresql":
        return
    models = (Item, Movement, Order, Memo, Supplier, Balance, Transfer, Leave, Statement, Point)
    for model in (*models, Contact, CaseFile):
        table = model.__tablename__
        kernel_execute(
            tx.session, text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 100)")
        )
