"""Forty items of stationery, who sells them and how many there are: what the journey meets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select

from portal.api import Contact, Department, Place
from portal.auth.models import Account
from portal.auth.passwords import hashed
from portal.db import unscoped
from portal.guard import kernel_execute
from portal.plugins.models import PluginActivation
from portal.settings.services import write_facts
from portal.testing import add_person

PASSWORDS = {
    "sari": "pohon mangga berbuah lebat",
    "tono": "jendela kantor menghadap laut",
    "dewi": "sepeda tua di halaman belakang",
}
ITEMS = 40
ONE = 1000  # thousandths of a unit


@dataclass(frozen=True)
class Kept:
    """An item of the store room: how many the books know, how many lie there, what is wanted."""

    number: int

    @property
    def sku(self) -> str:
        return f"ATK-{self.number:03}"

    @property
    def name(self) -> str:
        kind = ("Ballpoint", "Folder", "Copy paper", "Marker", "Envelope")[self.number % 5]
        return f"{kind} {self.number:02}"

    @property
    def book(self) -> int:
        return 10 + self.number * 7 % 31

    @property
    def there(self) -> int:
        """What a careful person counts: mostly a little less than the books say."""
        return max(self.book - (0, 3, 0, 8, 1)[self.number % 5], 0)

    @property
    def minimum(self) -> int:
        return 15 + self.number % 4

    @property
    def maximum(self) -> int:
        return self.minimum + 30

    @property
    def pack(self) -> int:
        return (1, 5, 12)[self.number % 3]

    @property
    def price(self) -> int:
        return 450_000 + 25_000 * self.number  # minor units, for a pack

    @property
    def supplier(self) -> str:
        return ("Toko Harapan", "Sumber Kertas")[self.number % 2]


KEPT = {item.sku: item for item in map(Kept, range(1, ITEMS + 1))}
MISREAD = {"ATK-013": 71, "ATK-028": 2}  # what Sari reads wrong, and Tono counts again


def prepare(app: Any) -> None:
    """Make an office with one store room, forty items in it, two suppliers and three people."""
    from kantor_inventory.services import suppliers

    with app.app_context(), unscoped(reason="test data") as tx:
        write_facts(tx, kind="test", organisation="Kantor Contoh", time_zone="Asia/Jakarta")
        office = Department(name="Back office")
        tx.session.add(office)
        tx.session.flush()
        kernel_execute(
            tx.session,
            insert(PluginActivation.__table__),
            {"slug": "inventory", "department_id": office.id},
        )
        store = Place(name="Main store", code="MS", kind="room", department_id=office.id)
        tx.session.add(store)
        tx.session.flush()
        for username, name, role in (
            ("dewi", "Dewi Anggraini", "department_manager"),
            ("sari", "Sari Wulandari", "assistant"),
            ("tono", "Tono Setiawan", "assistant"),
        ):
            person = add_person(tx, name, department_id=office.id, role=role)
            row = {"person_id": person, "username": username, "active": True, "version": 1}
            row |= {"password_hash": hashed(PASSWORDS[username])}
            row |= {"password_at": tx.now, "created_at": tx.now}
            kernel_execute(tx.session, insert(Account.__table__), row)
        sellers = {}
        for name in ("Toko Harapan", "Sumber Kertas"):
            contact = Contact(name=name, kind="organisation")
            tx.session.add(contact)
            tx.session.flush()
            command = suppliers.AddSupplier(contact=contact.public_id, lead_days=3)
            sellers[name] = suppliers.add_supplier(tx, command)
        for item in KEPT.values():
            fill(tx, item, store, sellers[item.supplier])


def fill(tx: Any, item: Kept, store: Any, seller: Any) -> None:
    """Put one item into the books, with its limits and who sells it."""
    from kantor_inventory.models import ItemUnit
    from kantor_inventory.services import items, stock, suppliers

    packs = (items.Pack(unit="box", num=item.pack),) if item.pack > 1 else ()
    mode = "periodic" if item.number % 5 == 0 else "perpetual"
    row = items.add_item(
        tx, items.AddItem(name=item.name, sku=item.sku, unit="piece", packs=packs, mode=mode)
    )
    units = tx.session.scalars(
        select(ItemUnit).where(ItemUnit.item_id == row.id).order_by(ItemUnit.num.desc())
    ).all()
    stock.open_balance(
        tx,
        stock.Open(
            item=row.public_id, quantity=item.book * ONE, to_place=store.public_id, price=90_000
        ),
    )
    stock.set_rule(
        tx,
        stock.SetRule(
            item=row.public_id,
            place=store.public_id,
            minimum=item.minimum * ONE,
            maximum=item.maximum * ONE,
        ),
    )
    suppliers.set_price(
        tx,
        suppliers.SetPrice(supplier=seller.public_id, unit=units[0].public_id, price=item.price),
    )
