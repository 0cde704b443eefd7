"""From whom one buys, and on which terms."""

from __future__ import annotations

from datetime import date, datetime

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


class PriceBreak(Public, Global, Base, noun="supplier", reason="what many cost is a price too"):
    """What a supplier asks for one unit from so many on, in a period ``[valid_from, valid_to)``.

    No two periods of one quantity overlap; fewer than any of them cost what the offer itself says.
    """

    __tablename__ = "inventory_price_break"
    __table_args__ = (
        UniqueConstraint("supplier_item_id", "packs", "valid_from"),
        CheckConstraint("packs > 1 AND price >= 0", name="figures"),
        CheckConstraint("valid_to > valid_from", name="period"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    supplier_item_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_supplier_item.id", ondelete="CASCADE")
    )
    packs: Mapped[int]
    price: Mapped[int] = mapped_column(BigInteger)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    supplier_item: Mapped[SupplierItem] = relationship()


class SupplierRecord(Global, Base, noun="supplier", reason="how fast somebody delivers"):
    """How a supplier kept their word, found every night; no prices.

    ``lead_mean`` and ``lead_sd`` are thousandths of a day, over the last ``lead_count`` deliveries
    that were complete; the rest is of the last year.
    """

    __tablename__ = "inventory_supplier_record"
    __table_args__ = (
        CheckConstraint("lead_mean >= 0 AND lead_sd >= 0 AND lead_count >= 0", name="lead"),
        CheckConstraint(
            "on_time BETWEEN 0 AND promised AND short_lines BETWEEN 0 AND closed_lines",
            name="shares",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    supplier_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_supplier.id", ondelete="RESTRICT"), unique=True
    )
    as_of: Mapped[datetime]
    lead_mean: Mapped[int] = mapped_column(BigInteger)
    lead_sd: Mapped[int] = mapped_column(BigInteger)
    lead_count: Mapped[int]
    on_time: Mapped[int]  # orders that were complete on the day promised, of ``promised``
    promised: Mapped[int]
    short_lines: Mapped[int]  # lines that never came in full, of ``closed_lines``
    closed_lines: Mapped[int]
    supplier: Mapped[Supplier] = relationship()
