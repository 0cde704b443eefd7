"""Items, where they are, and the ledger of every movement between two points.

Quantities are thousandths of the item's base unit, values minor units of the portal's currency. The
ledger is the truth; a balance is what it adds up to, kept in the transaction that adds a line.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.api import (
    Contact,
    Department,
    Follows,
    Global,
    Held,
    KeyText,
    Named,
    Person,
    Place,
    Principal,
    Public,
    Searched,
    Versioned,
    declarative_base,
)

Base = declarative_base("inventory")

MODES = ("periodic", "perpetual", "non_stock")
STATUSES = ("active", "use_up", "discontinued")
REAL_KINDS = ("store", "point_of_use")
VIRTUAL_KINDS = ("supplier", "consumption", "scrap", "transit", "opening")
TYPES = ("receive", "issue", "transfer", "scrap", "opening", "reversal")
CHANNELS = ("email", "phone", "fax", "shop")


# The rows of a list and those worth a look have indexes of their own, used by these very words.
ABOVE = "maximum IS NOT NULL AND quantity > maximum"


def _partial(name: str, columns: str, on_sqlite: str, on_postgresql: str) -> Index:
    return Index(
        name,
        *columns.split(),
        sqlite_where=text(on_sqlite),
        postgresql_where=text(on_postgresql),
    )


def _among(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


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
        CheckConstraint(_among("mode", MODES), name="mode"),
        CheckConstraint(_among("status", STATUSES), name="status"),
        Index("ix_inventory_item_name_key", "name_key", "id"),
        Index("ix_inventory_item_category_id", "category_id", "name_key", "id"),
        Index("ix_inventory_item_status", "status", "name_key", "id"),
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
    note: Mapped[str] = mapped_column(default="")
    category: Mapped[Category | None] = relationship()
    base_unit: Mapped[Unit] = relationship()
    units: Mapped[list[ItemUnit]] = relationship(back_populates="item", order_by="ItemUnit.id")


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
    item_unit: Mapped[ItemUnit] = relationship()


class Supplier(Public, Versioned, Global, Base, reason="a contact one may order from"):
    """The terms of buying from a contact."""

    __tablename__ = "inventory_supplier"
    __table_args__ = (
        CheckConstraint(_among("order_by", CHANNELS), name="order_by"),
        CheckConstraint("lead_days >= 0", name="lead_days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contact.id", ondelete="RESTRICT"), unique=True
    )
    customer_number: Mapped[str] = mapped_column(String(60), default="")
    order_by: Mapped[str] = mapped_column(String(10), default="email")
    lead_days: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)
    contact: Mapped[Contact] = relationship(Contact)


class SupplierItem(Versioned, Global, Base, noun="supplier", reason="who sells what"):
    """What a supplier asks for one unit of an item; the price is shown with its own permission."""

    __tablename__ = "inventory_supplier_item"
    __table_args__ = (
        UniqueConstraint("supplier_id", "item_unit_id"),
        CheckConstraint("price >= 0", name="price"),
        Index("ix_inventory_supplier_item_item_unit_id", "item_unit_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    supplier_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_supplier.id", ondelete="RESTRICT")
    )
    item_unit_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_item_unit.id", ondelete="RESTRICT")
    )
    supplier_sku: Mapped[str] = mapped_column(String(60), default="")
    price: Mapped[int | None] = mapped_column(BigInteger)
    priced_on: Mapped[date | None]
    supplier: Mapped[Supplier] = relationship()
    item_unit: Mapped[ItemUnit] = relationship()


class Point(Global, Base, noun="stock", reason="both ends of a movement are named"):
    """An end of a movement: a place where things lie, or one of the ends outside the building."""

    __tablename__ = "inventory_point"
    __table_args__ = (
        CheckConstraint(_among("kind", REAL_KINDS + VIRTUAL_KINDS), name="kind"),
        CheckConstraint(
            f"({_among('kind', REAL_KINDS)}) = (place_id IS NOT NULL)", name="real_has_place"
        ),
        CheckConstraint("allow_negative = (place_id IS NULL)", name="outside_may_owe"),
        Index(
            "uq_inventory_point_outside",
            "kind",
            unique=True,
            sqlite_where=text("place_id IS NULL"),
            postgresql_where=text("place_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    place_id: Mapped[int | None] = mapped_column(
        ForeignKey("place.id", ondelete="RESTRICT"), unique=True
    )
    allow_negative: Mapped[bool] = mapped_column(default=False)
    place: Mapped[Place | None] = relationship(Place)

    @classmethod
    def rows(cls, entity: Any, held: Held, who: Principal, writing: bool) -> ColumnElement[bool]:
        """Return the points whose stock ``held`` reaches; the ends outside are nobody's."""
        if held.everything:
            return cls.real(entity)
        condition: ColumnElement[bool] = entity.place_id.in_(Place.in_reach(held, who, writing))
        return condition

    @classmethod
    def real(cls, entity: Any) -> ColumnElement[bool]:
        condition: ColumnElement[bool] = entity.place_id.is_not(None)
        return condition

    @classmethod
    def leans_on(cls) -> frozenset[str]:
        return Place.leans_on() | {Place.__tablename__}


class StockRule(Versioned, Follows, Base, noun="stock", follows=("point_id",)):
    """How much of an item a place should hold; what is not said here is the item's own."""

    __tablename__ = "inventory_stock_rule"
    __table_args__ = (
        UniqueConstraint("item_id", "point_id"),
        CheckConstraint("minimum >= 0 AND maximum > 0", name="positive"),
        CheckConstraint("maximum >= minimum", name="order"),
        CheckConstraint(_among("mode", MODES), name="mode"),
        Index("ix_inventory_stock_rule_point_id", "point_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("inventory_item.id", ondelete="RESTRICT"))
    point_id: Mapped[int] = mapped_column(ForeignKey("inventory_point.id", ondelete="RESTRICT"))
    minimum: Mapped[int | None] = mapped_column(BigInteger)
    maximum: Mapped[int | None] = mapped_column(BigInteger)
    mode: Mapped[str | None] = mapped_column(String(10))
    item: Mapped[Item] = relationship()
    point: Mapped[Point] = relationship()


class Balance(Follows, Base, noun="stock", follows=("point_id",)):
    """What the ledger adds up to for one item at one point.

    ``minimum`` and ``maximum`` repeat the rule, so that ``below`` changes in the UPDATE that
    changes either side of it; ``item_key`` repeats the item's sort key (a trigger keeps it), so
    that the stock list has an index.
    """

    __tablename__ = "inventory_balance"
    __table_args__ = (
        UniqueConstraint("item_id", "point_id"),
        CheckConstraint(
            "outside OR (quantity >= 0 AND value >= 0 AND (quantity > 0 OR value = 0))",
            name="not_negative",
        ),
        CheckConstraint("below = (minimum IS NOT NULL AND quantity < minimum)", name="below"),
        Index("ix_inventory_balance_point_id", "point_id", "item_key", "id"),
        _partial("ix_inventory_balance_item_key", "item_key id", "outside = 0", "NOT outside"),
        _partial("ix_inventory_balance_quantity", "quantity id", "outside = 0", "NOT outside"),
        _partial("ix_inventory_balance_below", "item_key id", "below = 1", "below"),
        _partial(
            "ix_inventory_balance_out",
            "item_key id",
            "outside = 0 AND quantity = 0",
            "NOT outside AND quantity = 0",
        ),
        _partial("ix_inventory_balance_above", "item_key id", ABOVE, ABOVE),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("inventory_item.id", ondelete="RESTRICT"))
    point_id: Mapped[int] = mapped_column(ForeignKey("inventory_point.id", ondelete="RESTRICT"))
    item_key: Mapped[str] = mapped_column(KeyText, info={"copy_of": "inventory_item.name_key"})
    outside: Mapped[bool] = mapped_column(default=False)
    quantity: Mapped[int] = mapped_column(BigInteger, default=0)
    value: Mapped[int] = mapped_column(BigInteger, default=0)
    minimum: Mapped[int | None] = mapped_column(BigInteger)
    maximum: Mapped[int | None] = mapped_column(BigInteger)
    below: Mapped[bool] = mapped_column(default=False)
    moved_at: Mapped[datetime | None]
    item: Mapped[Item] = relationship()
    point: Mapped[Point] = relationship()


class Movement(Public, Follows, Base, noun="stock", follows=("from_point_id", "to_point_id")):
    """One line of the ledger: a quantity that left one point and arrived at another, for ever.

    Triggers refuse every UPDATE and DELETE. ``left_from`` and ``left_to`` are what each end held
    afterwards, as the UPDATE of its balance returned it: posting order is ledger order.
    """

    __tablename__ = "inventory_movement"
    __table_args__ = (
        CheckConstraint(_among("type", TYPES), name="type"),
        CheckConstraint("quantity > 0 AND entered > 0", name="quantity"),
        CheckConstraint("value >= 0", name="value"),
        CheckConstraint("from_point_id <> to_point_id", name="two_ends"),
        CheckConstraint("(type = 'reversal') = (reverses_id IS NOT NULL)", name="reversal"),
        Index("ix_inventory_movement_item_id", "item_id", "id"),
        Index("ix_inventory_movement_from_point_id", "from_point_id", "id"),
        Index("ix_inventory_movement_to_point_id", "to_point_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    posted_at: Mapped[datetime]
    occurred_on: Mapped[date]
    type: Mapped[str] = mapped_column(String(10))
    item_id: Mapped[int] = mapped_column(ForeignKey("inventory_item.id", ondelete="RESTRICT"))
    from_point_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_point.id", ondelete="RESTRICT")
    )
    to_point_id: Mapped[int] = mapped_column(ForeignKey("inventory_point.id", ondelete="RESTRICT"))
    quantity: Mapped[int] = mapped_column(BigInteger)
    value: Mapped[int] = mapped_column(BigInteger)
    entered: Mapped[int] = mapped_column(BigInteger)
    item_unit_id: Mapped[int] = mapped_column(
        ForeignKey("inventory_item_unit.id", ondelete="RESTRICT")
    )
    left_from: Mapped[int] = mapped_column(BigInteger)
    left_to: Mapped[int] = mapped_column(BigInteger)
    for_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    for_department_id: Mapped[int | None] = mapped_column(
        ForeignKey("department.id", ondelete="RESTRICT")
    )
    for_place_id: Mapped[int | None] = mapped_column(ForeignKey("place.id", ondelete="RESTRICT"))
    supplier_id: Mapped[int | None] = mapped_column(
        ForeignKey("inventory_supplier.id", ondelete="RESTRICT")
    )
    note: Mapped[str] = mapped_column(String(500), default="")
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    on_behalf_of_id: Mapped[int | None] = mapped_column(
        ForeignKey("person.id", ondelete="RESTRICT")
    )
    reverses_id: Mapped[int | None] = mapped_column(
        ForeignKey("inventory_movement.id", ondelete="RESTRICT"), unique=True
    )
    key: Mapped[str | None] = mapped_column(String(120), unique=True)
    item: Mapped[Item] = relationship()
    item_unit: Mapped[ItemUnit] = relationship()
    from_point: Mapped[Point] = relationship(foreign_keys=[from_point_id])
    to_point: Mapped[Point] = relationship(foreign_keys=[to_point_id])
    for_person: Mapped[Person | None] = relationship(Person, foreign_keys=[for_person_id])
    for_department: Mapped[Department | None] = relationship(Department)
    for_place: Mapped[Place | None] = relationship(Place)
    supplier: Mapped[Supplier | None] = relationship()
    actor: Mapped[Person | None] = relationship(Person, foreign_keys=[actor_id])


class LedgerCheck(Global, Base, noun="stock", reason="that the books were checked is no secret"):
    """What one check of the whole ledger found; the figures themselves are shown by reach."""

    __tablename__ = "inventory_ledger_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    checked_at: Mapped[datetime]
    balances: Mapped[int]
    movements: Mapped[int]
    differences: Mapped[int]
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
