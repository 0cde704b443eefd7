"""What is kept: items, the units they come in, their codes, and the words they share."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.api import Global, KeyText, Named, Public, Searched, Versioned

from .base import Base, among

MODES = ("periodic", "perpetual", "non_stock")
STATUSES = ("active", "use_up", "discontinued")


class Unit(Public, Named, Versioned, Global, Base, noun="item", reason="words everybody uses"):
    """A word for what is counted or bought: piece, ream, box."""

    __tablename__ = "inventory_unit"
    __table_args__ = (UniqueConstraint("name_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)


class Category(Public, Named, Versioned, Global, Base, noun="item", reason="a shelf mark"):
    """A group of items, for filters and shelves."""

    __tablename__ = "inventory_category"
    __table_args__ = (UniqueConstraint("name_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)


class Item(Public, Named, Versioned, Global, Base, reason="everybody may know what is kept"):
    """A kind of thing that is counted, never a single device."""

    __tablename__ = "inventory_item"
    __table_args__ = (
        CheckConstraint(among("mode", MODES), name="mode"),
        CheckConstraint(among("status", STATUSES), name="status"),
        Index("ix_inventory_item_name_key", "name_key", "id"),
        Index("ix_inventory_item_category_id", "category_id", "name_key", "id"),
        Index("ix_inventory_item_status", "status", "name_key", "id"),
        Index("ix_inventory_item_abc", "abc", "name_key", "id"),
    )
    __searched__ = Searched(text=("name_key",), codes=("sku_key",))

    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(String(40))
    sku_key: Mapped[str] = mapped_column(KeyText, unique=True)
    category_id: Mapped[int | None] = mapped_column(
        ForeignKey("inventory_category.id", ondelete="RESTRICT")
    )
    base_unit_id: Mapped[int] = mapped_column(ForeignKey("inventory_unit.id", ondelete="RESTRICT"))
    mode: Mapped[str] = mapped_column(String(10), default="perpetual")
    status: Mapped[str] = mapped_column(String(12), default="active")
    abc: Mapped[str | None] = mapped_column(String(1))  # how often to count it, by yearly value
    note: Mapped[str] = mapped_column(default="")
    category: Mapped[Category | None] = relationship()
    base_unit: Mapped[Unit] = relationship()
    units: Mapped[list[ItemUnit]] = relationship(back_populates="item", order_by="ItemUnit.id")


class Substitute(Global, Base, noun="item", reason="what serves as well"):
    """Two items of which each serves as well as the other; the older one stands first."""

    __tablename__ = "inventory_substitute"
    __table_args__ = (
        UniqueConstraint("item_id", "other_id"),
        CheckConstraint("item_id < other_id", name="other"),
        Index("ix_inventory_substitute_other_id", "other_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("inventory_item.id", ondelete="CASCADE"))
    other_id: Mapped[int] = mapped_column(ForeignKey("inventory_item.id", ondelete="CASCADE"))
    item: Mapped[Item] = relationship(foreign_keys=[item_id])
    other: Mapped[Item] = relationship(foreign_keys=[other_id])


class ItemUnit(Public, Global, Base, noun="item", reason="how an item is packed"):
    """A unit an item comes in, worth an exact fraction of base units that never changes.

    Another size is another row; the old one is switched off and keeps explaining old movements.
    """

    __tablename__ = "inventory_item_unit"
    __table_args__ = (
        CheckConstraint("num > 0 AND den > 0", name="factor"),
        Index(
            "uq_inventory_item_unit_active",
            "item_id",
            "unit_id",
            unique=True,
            sqlite_where=text("active = 1"),
            postgresql_where=text("active"),
        ),
        Index("ix_inventory_item_unit_item_id", "item_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("inventory_item.id", ondelete="RESTRICT"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("inventory_unit.id", ondelete="RESTRICT"))
    num: Mapped[int] = mapped_column(BigInteger)
    den: Mapped[int] = mapped_column(BigInteger, default=1)
    active: Mapped[bool] = mapped_column(default=True)
    item: Mapped[Item] = relationship(back_populates="units")
    unit: Mapped[Unit] = relationship()
    barcodes: Mapped[list[Barcode]] = relationship(back_populates="item_unit")


class Barcode(Global, Base, noun="item", reason="what a scanner reads"):
    """A code on a packet: scanning the carton gives twelve, the single gives one."""

    __tablename__ = "inventory_barcode"
    __table_args__ = (
        Index(
            "uq_inventory_barcode_active",
            "code_key",
            unique=True,
            sqlite_where=text("active = 1"),
            postgresql_where=text("active"),
        ),
        Index("ix_inventory_barcode_item_unit_id", "item_unit_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_unit_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_item_unit.id", ondelete="RESTRICT")
    )
    code: Mapped[str] = mapped_column(String(80))
    code_key: Mapped[str] = mapped_column(KeyText)
    active: Mapped[bool] = mapped_column(default=True)
    item_unit: Mapped[ItemUnit] = relationship(back_populates="barcodes")
