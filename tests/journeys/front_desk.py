"""A front desk that asks, its manager and deputy, and the office that buys: who meets in the
journey of the manager who is away.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select

from portal.api import Contact, ContactPoint, Department, Place, PlaceServes
from portal.auth.models import Account
from portal.auth.passwords import hashed
from portal.db import unscoped
from portal.guard import kernel_execute
from portal.plugins.models import PluginActivation
from portal.settings.services import write_facts
from portal.testing import add_person

PASSWORDS = {
    "lina": "bunga matahari di depan loket",
    "budi": "jam dinding terlambat lima menit",
    "ratna": "kereta pagi selalu penuh sesak",
    "hendra": "gudang rapi setiap hari senin",
    "dewi": "kopi tubruk tanpa gula sama sekali",
}
SUPPLIER, MAIL = "Toko Harapan", "pesanan@tokoharapan.example"
PAPER, PEN = "Copy paper A4", "Ballpoint pen blue"
PAPER_PRICE, PEN_PACK, PEN_PRICE = 52_000_00, 12, 36_000_00  # a ream; a box of twelve
LEAST, MULTIPLE = 10, 5  # reams that are sold at least, and in multiples
PAPER_THERE, PEN_THERE = 4, 0
BUDGET = 10_000_000_00
ONE = 1000  # thousandths of a unit


def prepare(app: Any) -> None:
    """Make the front desk below the head office, the store that serves it, and who sells."""
    from kantor_inventory.budgets.services import keeping

    with app.app_context(), unscoped(reason="test data") as tx:
        write_facts(tx, kind="test", organisation="Kantor Contoh", time_zone="Asia/Jakarta")
        head = _department(tx, "Head office")
        desk, office = (_department(tx, name, head) for name in ("Front desk", "Back office"))
        row = {"slug": "inventory", "department_id": None}
        kernel_execute(tx.session, insert(PluginActivation.__table__), row)
        people = (
            ("lina", "Lina Marlina", desk, "employee", "member"),
            ("budi", "Budi Hartono", desk, "employee", "member"),
            ("ratna", "Ratna Wulandari", desk, "department_manager", "manager"),
            ("hendra", "Hendra Gunawan", office, "office_manager", "manager"),
            ("dewi", "Dewi Lestari", head, "executive", "manager"),
        )
        for username, name, department, role, kind in people:
            _person(tx, username, name, department.id, role, kind)
        store = Place(name="Main store", code="MS", kind="room", department_id=office.id)
        tx.session.add(store)
        tx.session.flush()
        tx.session.add(PlaceServes(place_id=store.id, department_id=desk.id))
        seller = _supplier(tx)
        _item(tx, store, seller, PAPER, "ream", PAPER_THERE, PAPER_PRICE)
        _item(tx, store, seller, PEN, "piece", PEN_THERE, PEN_PRICE, pack=PEN_PACK)
        keeping.add_budget(
            tx,
            keeping.AddBudget(
                department=desk.public_id,
                from_on=tx.today - timedelta(days=30),
                last_on=tx.today + timedelta(days=300),
                amount=BUDGET,
            ),
        )


def _department(tx: Any, name: str, parent: Any = None) -> Any:
    row = Department(name=name, parent_id=parent.id if parent is not None else None)
    tx.session.add(row)
    tx.session.flush()
    return row


def _person(tx: Any, username: str, name: str, department: int, role: str, kind: str) -> None:
    person = add_person(tx, name, department_id=department, role=role, kind=kind)
    row = {"person_id": person, "username": username, "active": True, "version": 1}
    row |= {"password_hash": hashed(PASSWORDS[username])}
    row |= {"password_at": tx.now, "created_at": tx.now}
    kernel_execute(tx.session, insert(Account.__table__), row)


def _supplier(tx: Any) -> Any:
    from kantor_inventory.services import suppliers

    contact = Contact(name=SUPPLIER, kind="organisation")
    tx.session.add(contact)
    tx.session.flush()
    tx.session.add(ContactPoint(contact_id=contact.id, kind="email", value=MAIL))
    tx.session.flush()
    return suppliers.add_supplier(
        tx, suppliers.AddSupplier(contact=contact.public_id, lead_days=3, order_by="email")
    )


def _item(
    tx: Any, store: Any, seller: Any, name: str, unit: str, there: int, price: int, pack: int = 0
) -> None:
    from kantor_inventory.models import ItemUnit
    from kantor_inventory.services import items, stock, suppliers

    packs = (items.Pack(unit="box", num=pack),) if pack else ()
    row = items.add_item(
        tx,
        items.AddItem(name=name, sku=name[:3].upper(), unit=unit, packs=packs, mode="perpetual"),
    )
    if there:
        opening = {"item": row.public_id, "to_place": store.public_id}
        stock.open_balance(tx, stock.Open(quantity=there * ONE, price=price, **opening))
    limits = {"minimum": 0, "maximum": None}
    stock.set_rule(tx, stock.SetRule(item=row.public_id, place=store.public_id, **limits))
    units = select(ItemUnit).where(ItemUnit.item_id == row.id).order_by(ItemUnit.num.desc())
    sold = tx.session.scalars(units).first()
    terms = {"least": LEAST, "multiple": MULTIPLE} if not pack else {}
    suppliers.set_price(
        tx,
        suppliers.SetPrice(supplier=seller.public_id, unit=sold.public_id, price=price, **terms),
    )
