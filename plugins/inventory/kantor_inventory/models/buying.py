"""From whom one buys, and on which terms."""

from __future__ import annotations

from datetime import date

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.api import Contact, Global, KeyText, Public, Versioned

from .base import Base, among
from .catalogue import ItemUnit

CHANNELS = ("email", "phone", "fax", "shop")


class Supplier(Public, Versioned, Global, Base, reason="a contact one may order from"):
    """The terms of buying from a contact."""

    __tablename__ = "inventory_supplier"
    __table_args__ = (
        CheckConstraint(among("order_by", CHANNELS), name="order_by"),
        CheckConstraint("lead_days >= 0", name="lead_days"),
        CheckConstraint("order_every > 0", name="order_every"),
        CheckConstraint("minimum_order >= 0 AND free_delivery_from >= 0", name="terms"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contact.id", ondelete="RESTRICT"), unique=True
    )
    customer_number: Mapped[str] = mapped_column(String(60), default="")
    order_by: Mapped[str] = mapped_column(String(10), default="email")
    lead_days: Mapped[int] = mapped_column(default=0)
    order_every: Mapped[int] = mapped_column(default=14)  # days from one order to the next
    minimum_order: Mapped[int | None] = mapped_column(BigInteger)
    free_delivery_from: Mapped[int | None] = mapped_column(BigInteger)
    note: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)
    contact: Mapped[Contact] = relationship(Contact)


class SupplierItem(Versioned, Global, Base, noun="supplier", reason="who sells what"):
    """What a supplier asks for one unit of an item, and how many of it they sell at once.

    One orders at least ``least`` of the unit and only multiples of ``multiple``; of several
    suppliers the one with the lowest ``rank`` is asked first. Prices have their own permission.
    ``item_key`` repeats the item's sort key (triggers keep it), so that few of many are listed in
    the order of names.
    """

    __tablename__ = "inventory_supplier_item"
    __table_args__ = (
        UniqueConstraint("supplier_id", "item_unit_id"),
        CheckConstraint("price >= 0", name="price"),
        CheckConstraint("least > 0 AND multiple > 0 AND rank > 0", name="terms"),
        Index("ix_inventory_supplier_item_item_unit_id", "item_unit_id"),
        Index("ix_inventory_supplier_item_name", "supplier_id", "item_key", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    supplier_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_supplier.id", ondelete="RESTRICT")
    )
    item_unit_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_item_unit.id", ondelete="RESTRICT")
    )
    item_key: Mapped[str] = mapped_column(
        KeyText, server_default="", info={"copy_of": "inventory_item.name_key"}
    )
    supplier_sku: Mapped[str] = mapped_column(String(60), default="")
    price: Mapped[int | None] = mapped_column(BigInteger)
    priced_on: Mapped[date | None]
    least: Mapped[int] = mapped_column(default=1)
    multiple: Mapped[int] = mapped_column(default=1)
    rank: Mapped[int] = mapped_column(default=1)
    supplier: Mapped[Supplier] = relationship()
    item_unit: Mapped[ItemUnit] = relationship()
