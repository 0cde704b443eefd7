"""The clinic's stock in the database of a demo: its list, its suppliers, its eighteen months."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select

from portal.api import Contact, ContactPoint, Department, Person, Place, UnitOfWork, sort_key

from . import demo_catalogue, demo_data, demo_talk
from .asking import demo as demo_requests
from .budgets import demo as demo_budgets
from .demo_counts import fill_counts
from .demo_data import DemoMovement
from .levels import demo as levels
from .models import (
    Barcode,
    Category,
    Item,
    ItemUnit,
    Movement,
    Point,
    StockRule,
    Supplier,
    SupplierItem,
)
from .ordering import demo as ordering
from .rules import barcode_key, value_of_receipt
from .services import balances, items, ledger, selfcheck, stock
from .services.balances import Limits
from .services.ledger import Entry
from .services.pairs import Pair
from .watching import episodes, summing
from .watching.rules import DAYS

AT_ONCE = 500  # movements in one posting
USED_UP_AT = ("N1", "P1", "COPY")  # cupboards where things are used, not stored


@dataclass
class _Clinic:
    """What the words of the demo data stand for in this database."""

    items: dict[str, Item] = field(default_factory=dict)
    units: dict[tuple[str, str], ItemUnit] = field(default_factory=dict)
    points: dict[str, Point] = field(default_factory=dict)
    outside: dict[str, Point] = field(default_factory=dict)
    suppliers: dict[str, Supplier] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    departments: dict[str, int] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    posted: dict[int, int] = field(default_factory=dict)


def fill(tx: UnitOfWork, *, seed: int, today: date) -> None:
    """Write the stock list, its suppliers and eighteen months of movements before ``today``."""
    clinic = _Clinic()
    _find_people_and_places(tx, clinic)
    _add_suppliers(tx, clinic)
    _add_items(tx, clinic)
    _add_points(tx, clinic)
    limited = _add_rules(tx, clinic)
    for batch in _batches(demo_data.movements(seed, today)):
        entries = [_entry(tx, clinic, line) for line in batch]
        ids, _ = ledger.post(tx, entries)
        clinic.posted |= dict(zip((line.number for line in batch), ids, strict=True))
    fill_counts(tx, clinic, today)
    episodes.settle(tx, limited)  # what never moved
    keeper = clinic.people["Hendra Saputro"]
    demo_requests.fill(tx, clinic.items, clinic.people, clinic.departments, keeper)
    levels.past_orders(tx)
    ordering.fill(tx)
    levels.fill(tx)
    demo_budgets.fill(tx)
    demo_talk.fill(tx, clinic.items, clinic.people)
    summing.keep(tx, summing.look(tx, DAYS))
    selfcheck.check_ledger(tx)


def _find_people_and_places(tx: UnitOfWork, clinic: _Clinic) -> None:
    run = tx.session.execute
    clinic.people = {row.name: row.id for row in run(select(Person.name, Person.id))}
    clinic.departments = {row.name: row.id for row in run(select(Department.name, Department.id))}
    clinic.places = {row.code: row.id for row in run(select(Place.code, Place.id))}


def _add_suppliers(tx: UnitOfWork, clinic: _Clinic) -> None:
    for firm in demo_catalogue.suppliers():
        contact = Contact(kind="organisation", name=firm.name, note=firm.note)
        contact.points = [
            ContactPoint(kind=kind, value=value)
            for kind, value in (("phone", firm.phone), ("fax", firm.fax), ("email", firm.email))
            if value
        ]
        supplier = Supplier(
            contact=contact,
            customer_number=firm.customer_number,
            order_by=firm.order_by,
            lead_days=firm.lead_days,
            order_every=firm.order_every,
            minimum_order=firm.minimum_order,
            free_delivery_from=firm.free_delivery_from,
            note=firm.note,
        )
        tx.session.add(supplier)
        clinic.suppliers[firm.code] = supplier
    tx.session.flush()


def _add_items(tx: UnitOfWork, clinic: _Clinic) -> None:
    categories = {code: Category(name=name) for code, name in demo_catalogue.CATEGORIES.items()}
    tx.session.add_all(categories.values())
    for listed in demo_catalogue.items():
        item = Item(
            name=listed.name,
            sku=listed.sku,
            sku_key=sort_key(listed.sku),
            category=categories[listed.category],
            base_unit=items.unit_named(tx, listed.unit),
            mode=listed.mode,
            status=listed.status,
        )
        tx.session.add(item)
        clinic.items[listed.sku] = item
        for pack in listed.packs:
            unit = ItemUnit(
                item=item,
                unit=items.unit_named(tx, pack.unit),
                num=pack.factor.num,
                den=pack.factor.den,
            )
            tx.session.add(unit)
            clinic.units[listed.sku, pack.unit] = unit
            if pack.gtin is not None:
                tx.session.add(
                    Barcode(item_unit=unit, code=pack.gtin, code_key=barcode_key(pack.gtin))
                )
        bought = listed.order_pack
        tx.session.add(
            SupplierItem(
                supplier=clinic.suppliers[listed.supplier],
                item_unit=clinic.units[listed.sku, bought.unit],
                price=listed.price * bought.factor.num // bought.factor.den,
                priced_on=tx.today,
            )
        )
    tx.session.flush()


def _add_points(tx: UnitOfWork, clinic: _Clinic) -> None:
    shelves = {listed.shelf for listed in demo_catalogue.items()}
    for code in sorted(shelves | set(USED_UP_AT)):
        kind = "point_of_use" if code in USED_UP_AT else "store"
        place = tx.one(select(Place), id=clinic.places[code])
        clinic.points[code] = stock.point_at(tx, place, kind=kind)
    for kind in ("supplier", "consumption", "scrap", "opening", "variance"):
        clinic.outside[kind] = stock.outside(tx, kind)


def _batches(lines: Iterator[DemoMovement]) -> Iterator[list[DemoMovement]]:
    """Yield the ledger in pieces; what a reversal takes back is posted before it."""
    batch: list[DemoMovement] = []
    for line in lines:
        if len(batch) == AT_ONCE or line.reverses is not None:
            yield batch
            batch = []
        batch.append(line)
    yield batch


def _entry(tx: UnitOfWork, clinic: _Clinic, line: DemoMovement) -> Entry:
    wrong = None
    if line.reverses is not None:
        wrong = tx.one(select(Movement), id=clinic.posted[line.reverses])
    source = clinic.points[line.from_place] if line.from_place else None
    target = clinic.points[line.to_place] if line.to_place else None
    if wrong is not None:
        source, target = wrong.to_point, wrong.from_point
    named: dict[str, Any] = {
        "for_person_id": clinic.people.get(line.for_person or ""),
        "for_department_id": clinic.departments.get(line.for_department or ""),
        "for_place_id": clinic.places.get(line.for_place or ""),
        "supplier_id": clinic.suppliers[line.supplier].id if line.supplier else None,
    }
    value = None
    if line.price is not None:
        value = value_of_receipt(entered=line.entered, price=line.price)
    return Entry(
        type=line.kind,
        item_id=clinic.items[line.sku].id,
        from_point=source or clinic.outside["supplier" if line.kind == "receive" else line.kind],
        to_point=target or clinic.outside["consumption" if line.kind == "issue" else line.kind],
        quantity=line.quantity,
        entered=line.entered,
        item_unit_id=clinic.units[line.sku, line.unit].id,
        occurred_on=line.occurred_on,
        value=value,
        note=line.note,
        reverses=wrong,
        posted_at=line.posted_at,
        actor_id=clinic.people.get(line.actor),
        **named,
    )


def _add_rules(tx: UnitOfWork, clinic: _Clinic) -> list[Pair]:
    limited: dict[Pair, Limits] = {}
    for listed in demo_catalogue.items():
        if listed.minimum is None and listed.maximum is None:
            continue
        item, point = clinic.items[listed.sku], clinic.points[listed.shelf]
        limits = {"minimum": listed.minimum, "maximum": listed.maximum}
        tx.session.add(StockRule(item_id=item.id, point_id=point.id, **limits))
        limited[item.id, point.id] = Limits(listed.minimum, listed.maximum)
    tx.session.flush()
    balances.limit(tx, limited)
    return list(limited)
