"""From whom one may buy, on which terms, and what they last asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from portal.api import Contact, Message, UnitOfWork, ValidationFailed, message, visible

from ..models import CHANNELS, ItemUnit, Supplier, SupplierItem


@dataclass(frozen=True, kw_only=True)
class AddSupplier:
    """A contact one may order from."""

    contact: str
    customer_number: str = ""
    order_by: str = "email"
    lead_days: int = 0
    order_every: int = 14
    minimum_order: int | None = None
    free_delivery_from: int | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class EditSupplier:
    """The terms of a supplier, and the version they were read at."""

    supplier: str
    version: int
    customer_number: str
    order_by: str
    lead_days: int
    note: str
    order_every: int = 14
    minimum_order: int | None = None
    free_delivery_from: int | None = None
    active: bool


@dataclass(frozen=True, kw_only=True)
class SetPrice:
    """What a supplier asks for one unit of an item."""

    supplier: str
    unit: str
    price: int | None
    supplier_sku: str = ""
    least: int = 1
    multiple: int = 1
    rank: int = 1


def add_supplier(tx: UnitOfWork, command: AddSupplier) -> Supplier:
    """Make a contact a supplier, or raise ValidationFailed if it is one."""
    found = visible(select(Contact), "core.contact.view", tx.actor)
    contact = tx.one(found, public_id=command.contact)
    contact_id, name = contact.id, contact.name
    _check(command)

    def taken(tx: UnitOfWork) -> dict[str, Message]:
        known = select(Supplier.id).where(Supplier.contact_id == contact_id)
        if tx.session.scalars(known).first() is None:
            return {}
        return {"contact": message("{name} is already a supplier.", name=name)}

    tx.if_refused(taken)
    supplier = Supplier(
        contact=contact,
        customer_number=command.customer_number.strip(),
        order_by=command.order_by,
        lead_days=command.lead_days,
        order_every=command.order_every,
        minimum_order=command.minimum_order,
        free_delivery_from=command.free_delivery_from,
        note=command.note.strip(),
    )
    tx.session.add(supplier)
    tx.audit("inventory.supplier_added", supplier, name=contact.name)
    return supplier


def edit_supplier(tx: UnitOfWork, command: EditSupplier) -> Supplier:
    """Change the terms; raise EditConflict when they were changed since they were read."""
    supplier: Supplier = tx.one(
        visible(select(Supplier), "inventory.supplier.edit", tx.actor), public_id=command.supplier
    )
    before = _said(supplier)
    tx.expect_version(supplier, command.version, **before)
    _check(command)
    supplier.customer_number = command.customer_number.strip()
    supplier.order_by, supplier.lead_days = command.order_by, command.lead_days
    supplier.order_every = command.order_every
    supplier.minimum_order = command.minimum_order
    supplier.free_delivery_from = command.free_delivery_from
    supplier.note, supplier.active = command.note.strip(), command.active
    tx.audit("inventory.supplier_changed", supplier, before=before, after=_said(supplier))
    return supplier


def set_price(tx: UnitOfWork, command: SetPrice) -> SupplierItem:
    """Keep what a supplier asks for one unit of an item, from today, and how they sell it."""
    supplier: Supplier = tx.one(
        visible(select(Supplier), "inventory.supplier.edit", tx.actor), public_id=command.supplier
    )
    unit: ItemUnit = tx.one(select(ItemUnit), public_id=command.unit, active=True)
    if command.price is not None and command.price < 0:
        raise ValidationFailed({"price": message("A price is not negative.")})
    if min(command.least, command.multiple, command.rank) < 1:
        raise ValidationFailed({"least": message("Enter a whole number above zero.")})
    row: SupplierItem = tx.ensure(
        SupplierItem,
        defaults={"supplier_sku": "", "version": 1, "least": 1, "multiple": 1, "rank": 1},
        supplier_id=supplier.id,
        item_unit_id=unit.id,
    )
    before = row.price
    row.price, row.supplier_sku = command.price, command.supplier_sku.strip()
    row.priced_on = tx.today
    row.least, row.multiple, row.rank = command.least, command.multiple, command.rank
    tx.audit("inventory.price_set", supplier, item=unit.item.sku, before=before, after=row.price)
    return row


def _check(command: AddSupplier | EditSupplier) -> None:
    if command.order_by not in CHANNELS:
        raise ValidationFailed({"order_by": message("Choose how orders reach the supplier.")})
    if not 0 <= command.lead_days <= 365:
        raise ValidationFailed({"lead_days": message("Between 0 and 365 days.")})
    if not 1 <= command.order_every <= 365:
        raise ValidationFailed({"order_every": message("Between 1 and 365 days.")})
    for name in ("minimum_order", "free_delivery_from"):
        if (getattr(command, name) or 0) < 0:
            raise ValidationFailed({name: message("An amount is not negative.")})


def _said(supplier: Supplier) -> dict[str, Any]:
    return {
        "customer_number": supplier.customer_number,
        "order_by": supplier.order_by,
        "lead_days": supplier.lead_days,
        "order_every": supplier.order_every,
        "minimum_order": supplier.minimum_order,
        "free_delivery_from": supplier.free_delivery_from,
        "note": supplier.note,
        "active": supplier.active,
    }
