"""The store room of the live tests: an office with a shelf, its people and what lies there."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert

from portal.auth.models import Account
from portal.guard import kernel_execute
from portal.people.models import Department, Membership, Person
from portal.places.models import Place
from portal.plugins.models import PluginActivation
from portal.testing import LONG_AGO, give_role


def add_shelf(tx: Any) -> tuple[Department, Place]:
    """Add an office with one shelf, inventory switched on."""
    department = Department(name="Office")
    tx.session.add(department)
    tx.session.flush()
    place = Place(code="A1", name="Shelf", kind="shelf", department_id=department.id)
    tx.session.add_all([place, PluginActivation(slug="inventory", department_id=None)])
    tx.session.flush()
    return department, place


def add_member(
    tx: Any, department: Department, name: str, username: str, role: str, password: str
) -> None:
    """Add somebody of the office who signs in; ``password`` is its hash."""
    person = Person(name=name, active_from=LONG_AGO)
    tx.session.add(person)
    tx.session.flush()
    member = {"person_id": person.id, "department_id": department.id, "from_on": LONG_AGO}
    tx.session.add(Membership(**member))
    give_role(tx, person.id, role, department_id=department.id)
    account = {"person_id": person.id, "username": username, "password_hash": password}
    account |= {"password_at": tx.now, "created_at": tx.now, "active": True, "version": 1}
    kernel_execute(tx.session, insert(Account.__table__), account)


def add_pieces(tx: Any, place: Place, name: str, sku: str, quantity: int) -> tuple[str, str]:
    """Add an item of which so many pieces lie on the shelf; return its id and that of its unit."""
    from kantor_inventory.services import items, stock

    item = items.add_item(tx, items.AddItem(name=name, sku=sku, unit="piece"))
    tx.session.flush()
    unit = item.units[0].public_id
    there = {"unit": unit, "to_place": place.public_id, "quantity": quantity * 1000}
    stock.open_balance(tx, stock.Open(item=item.public_id, **there))
    return item.public_id, unit
