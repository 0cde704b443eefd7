"""The order list: purchase orders, their lines, and suggestions put aside."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.api import Department, Follows, Person, Public, Scoped, Versioned

from ...models import CHANNELS, Base, Item, ItemUnit, Point, Supplier, among

STATUSES = ("draft", "placed", "received", "closed_short", "cancelled")
LANGUAGES = ("en", "id")  # in which an order may go out
LINE_STATES = ("draft", "open", "received", "short", "cancelled")


class PurchaseOrder(Public, Versioned, Scoped, Base, noun="order", kind="order"):
    """What a department orders from a supplier. While it is a draft it is the order list.

    It gets its number when it is placed, so that the numbers of a year have no gaps; ``snapshot``
    keeps what was ordered as it then was. ``amended`` says how often it was changed after that,
    and ``language`` in which language it goes out.
    """

    __tablename__ = "inventory_purchase_order"
    __table_args__ = (
        CheckConstraint(among("status", STATUSES), name="status"),
        CheckConstraint(among("placed_by", CHANNELS), name="placed_by"),
        CheckConstraint("status IN ('draft', 'cancelled') OR number IS NOT NULL", name="number"),
        CheckConstraint("amended >= 0", name="amended"),
        CheckConstraint(among("language", ("", *LANGUAGES)), name="language"),
        Index(
            "uq_inventory_purchase_order_draft",
            "department_id",
            "supplier_id",
            unique=True,
            sqlite_where=text("status = 'draft'"),
            postgresql_where=text("status = 'draft'"),
        ),
        Index("ix_inventory_purchase_order_status", "status", "id"),
        Index("ix_inventory_purchase_order_supplier_id", "supplier_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str | None] = mapped_column(String(20), unique=True)
    supplier_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_supplier.id", ondelete="RESTRICT")
    )
    status: Mapped[str] = mapped_column(String(12), default="draft")
    note: Mapped[str] = mapped_column(String(500), default="")
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    made_at: Mapped[datetime]
    placed_by: Mapped[str | None] = mapped_column(String(10))  # e-mail, phone, fax, shop
    placed_with: Mapped[str] = mapped_column(String(200), default="")  # who took it
    placed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    placed_at: Mapped[datetime | None]
    expected_on: Mapped[date | None]
    received_at: Mapped[datetime | None]  # when something last came in, or went back
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    closed_at: Mapped[datetime | None]  # all received, closed short or cancelled
    reason: Mapped[str] = mapped_column(String(500), default="")  # of closing short, of cancelling
    snapshot: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    language: Mapped[str] = mapped_column(String(8), default="", server_default="")
    amended: Mapped[int] = mapped_column(default=0, server_default="0")
    confirmed_on: Mapped[date | None]  # by the supplier, last
    supplier: Mapped[Supplier] = relationship()
    made_by: Mapped[Person | None] = relationship(Person, foreign_keys=[made_by_id])
    placed_by_person: Mapped[Person | None] = relationship(Person, foreign_keys=[placed_by_id])
    closed_by: Mapped[Person | None] = relationship(Person, foreign_keys=[closed_by_id])
    department: Mapped[Department] = relationship(Department)
    lines: Mapped[list[OrderLine]] = relationship(back_populates="order", order_by="OrderLine.id")


class OrderLine(Public, Versioned, Follows, Base, noun="order", follows=("order_id",)):
    """So many packs of an item for a place, and how much of that has come.

    ``ordered``, ``received`` and ``outstanding`` are in thousandths of the base unit; what is
    outstanding is on order, and is nothing before the order is placed and once the line is
    closed. ``why`` holds the inputs of the suggestion taken.
    """

    __tablename__ = "inventory_purchase_order_line"
    __table_args__ = (
        CheckConstraint(among("state", LINE_STATES), name="state"),
        CheckConstraint("packs > 0 AND ordered > 0", name="ordered"),
        CheckConstraint("received >= 0 AND received <= ordered", name="received"),
        CheckConstraint(
            "outstanding >= 0 AND outstanding + received <= ordered"
            " AND (outstanding > 0) = (state = 'open')",
            name="outstanding",
        ),
        CheckConstraint("price >= 0", name="price"),
        Index(
            "uq_inventory_purchase_order_line_draft",
            "item_id",
            "point_id",
            unique=True,
            sqlite_where=text("state = 'draft'"),
            postgresql_where=text("state = 'draft'"),
        ),
        Index(
            "ix_inventory_purchase_order_line_open",
            "item_id",
            "point_id",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_inventory_purchase_order_line_order_id", "order_id", "id"),
        Index("ix_inventory_purchase_order_line_item_id", "item_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_purchase_order.id", ondelete="RESTRICT")
    )
    item_id: Mapped[int] = mapped_column(ForeignKey("inventory_item.id", ondelete="RESTRICT"))
    item_unit_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_item_unit.id", ondelete="RESTRICT")
    )
    point_id: Mapped[int] = mapped_column(ForeignKey("inventory_point.id", ondelete="RESTRICT"))
    state: Mapped[str] = mapped_column(String(10), default="draft")
    packs: Mapped[int]
    ordered: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    outstanding: Mapped[int] = mapped_column(BigInteger, default=0)
    price: Mapped[int | None] = mapped_column(BigInteger)  # of one pack
    supplier_sku: Mapped[str] = mapped_column(String(60), default="")
    expected_on: Mapped[date | None]
    why: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    order: Mapped[PurchaseOrder] = relationship(back_populates="lines")
    item: Mapped[Item] = relationship()
    item_unit: Mapped[ItemUnit] = relationship()
    point: Mapped[Point] = relationship()


class Snooze(Follows, Base, noun="order", follows=("point_id",)):
    """A suggestion that somebody put aside until a day, and why."""

    __tablename__ = "inventory_snooze"
    __table_args__ = (UniqueConstraint("item_id", "point_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("inventory_item.id", ondelete="RESTRICT"))
    point_id: Mapped[int] = mapped_column(ForeignKey("inventory_point.id", ondelete="RESTRICT"))
    until_on: Mapped[date]
    reason: Mapped[str] = mapped_column(String(500), default="")
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    set_by: Mapped[Person | None] = relationship(Person)
