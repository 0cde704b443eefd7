"""The units an item comes in: their codes, and who sells the item by which of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import and_, bindparam, select

from portal.api import Contact, UnitOfWork

from ..models import Barcode, Item, ItemUnit, Supplier, SupplierItem, Unit

UNITS_OF = (
    select(ItemUnit, Unit.name, Barcode.code)
    .join(Unit, Unit.id == ItemUnit.unit_id)
    .outerjoin(Barcode, and_(Barcode.item_unit_id == ItemUnit.id, Barcode.active))
    .where(ItemUnit.item_id == bindparam("item"), ItemUnit.active)
    .order_by(ItemUnit.id, Barcode.id)
)


def units_of(tx: UnitOfWork, item: Item) -> Any:
    """Return (item unit, its name, its codes) of the units an item comes in, smallest first."""
    found: dict[int, tuple[ItemUnit, str, list[str]]] = {}
    for unit, name, code in tx.session.execute(UNITS_OF, {"item": item.id}):
        codes = found.setdefault(unit.id, (unit, name, []))[2]
        if code is not None:
            codes.append(code)
    return _smallest_first(found.values())


PACKS_OF = (
    select(
        ItemUnit,
        Unit.name.label("unit"),
        Barcode.code,
        SupplierItem.id.label("offer"),
        SupplierItem.price,
        SupplierItem.priced_on,
        Supplier.id.label("supplier"),
        Supplier.public_id,
        Supplier.lead_days,
        Supplier.order_every,
        Contact.name,
    )
    .join(Unit, Unit.id == ItemUnit.unit_id)
    .outerjoin(Barcode, and_(Barcode.item_unit_id == ItemUnit.id, Barcode.active))
    .outerjoin(SupplierItem, SupplierItem.item_unit_id == ItemUnit.id)
    .outerjoin(Supplier, and_(Supplier.id == SupplierItem.supplier_id, Supplier.active))
    .outerjoin(Contact, Contact.id == Supplier.contact_id)
    .where(ItemUnit.item_id == bindparam("item"))
    .order_by(ItemUnit.id, Barcode.id, Supplier.id, SupplierItem.id)
)


def packs_of(tx: UnitOfWork, item: Item) -> tuple[Any, list[Any]]:
    """Return what ``units_of`` does, and who sells an item, by which unit and for what.

    In one statement: an item comes in a few units, each with a few codes and prices.
    """
    units: dict[int, tuple[ItemUnit, str, list[str]]] = {}
    offers: dict[int, Any] = {}
    for row in tx.session.execute(PACKS_OF, {"item": item.id}):
        if row.ItemUnit.active:
            codes = units.setdefault(row.ItemUnit.id, (row.ItemUnit, row.unit, []))[2]
            if row.code is not None and row.code not in codes:
                codes.append(row.code)
        if row.supplier is not None:
            offers[row.offer] = row
    sold = sorted(offers.values(), key=lambda row: (row.supplier, row.offer))
    return _smallest_first(units.values()), sold


def _smallest_first(units: Iterable[tuple[ItemUnit, str, list[str]]]) -> Any:
    return sorted(units, key=lambda row: row[0].num / row[0].den)
