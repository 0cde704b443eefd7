"""Where things are, how much of each, and the ledger of every movement between two points.

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
    Department,
    Follows,
    Global,
    Held,
    KeyText,
    Person,
    Place,
    Principal,
    Public,
    Versioned,
)

from .base import Base, among, partial
from .buying import Supplier
from .catalogue import MODES, Item, ItemUnit

REAL_KINDS = ("store", "point_of_use")
VIRTUAL_KINDS = ("supplier", "consumption", "scrap", "transit", "opening", "variance")
# "usage" is what a count found used up, "variance" what it found missing or too much.
# Who says how much a place should hold: people, the nightly job, or nobody.
METHODS = ("manual", "auto", "off")
TYPES = ("receive", "issue", "transfer", "scrap", "opening", "reversal", "usage", "variance")

# The rows of a list and those worth a look have indexes of their own, used by these very words.
ABOVE = "maximum IS NOT NULL AND quantity > maximum"
DUE = "due_at IS NOT NULL"
AUTO = "method = 'auto'"
PROPOSED = "proposed_minimum IS NOT NULL"
RULED = "minimum IS NOT NULL"
NEAR = "2 * (quantity - reserved + on_order) < minimum + coalesce(maximum, 2 * minimum)"


class Point(Global, Base, noun="stock", reason="both ends of a movement are named"):
    """An end of a movement: a place where things lie, or one of the ends outside the building."""

    __tablename__ = "inventory_point"
    __table_args__ = (
        CheckConstraint(among("kind", REAL_KINDS + VIRTUAL_KINDS), name="kind"),
        CheckConstraint(
            f"({among('kind', REAL_KINDS)}) = (place_id IS NOT NULL)", name="real_has_place"
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
    """How much of an item a place should hold; what is not said here is the item's own.

    With ``auto`` the nightly job works minimum and maximum out and keeps what it took them from in
    ``last_auto_inputs``; what would move them too far waits as proposed until somebody confirms.
    """

    __tablename__ = "inventory_stock_rule"
    __table_args__ = (
        UniqueConstraint("item_id", "point_id"),
        CheckConstraint("minimum >= 0 AND maximum > 0", name="positive"),
        CheckConstraint("maximum >= minimum", name="order"),
        CheckConstraint(among("mode", MODES), name="mode"),
        CheckConstraint(among("method", METHODS), name="method"),
        CheckConstraint("service_percent BETWEEN 50 AND 99", name="service_percent"),
        CheckConstraint("review_days BETWEEN 1 AND 365", name="review_days"),
        CheckConstraint("hard_cap > 0", name="hard_cap"),
        CheckConstraint("last_auto_minimum >= 0", name="last_auto_minimum"),
        CheckConstraint("last_auto_maximum >= last_auto_minimum", name="last_auto_maximum"),
        CheckConstraint("proposed_minimum >= 0", name="proposed_minimum"),
        CheckConstraint(
            "(proposed_minimum IS NULL) = (proposed_maximum IS NULL)"
            " AND proposed_maximum >= proposed_minimum",
            name="proposed_maximum",
        ),
        Index("ix_inventory_stock_rule_point_id", "point_id"),
        partial("ix_inventory_stock_rule_auto", "id", AUTO, AUTO),
        partial("ix_inventory_stock_rule_proposed", "id", PROPOSED, PROPOSED),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("inventory_item.id", ondelete="RESTRICT"))
    point_id: Mapped[int] = mapped_column(ForeignKey("inventory_point.id", ondelete="RESTRICT"))
    minimum: Mapped[int | None] = mapped_column(BigInteger)
    maximum: Mapped[int | None] = mapped_column(BigInteger)
    mode: Mapped[str | None] = mapped_column(String(10))
    method: Mapped[str] = mapped_column(String(8), default="manual", server_default="manual")
    service_percent: Mapped[int] = mapped_column(default=98, server_default="98")
    review_days: Mapped[int | None]  # from one order to the next, if not as the supplier's
    hard_cap: Mapped[int | None] = mapped_column(BigInteger)  # no level is ever worked out above
    last_auto_minimum: Mapped[int | None] = mapped_column(BigInteger)
    last_auto_maximum: Mapped[int | None] = mapped_column(BigInteger)
    proposed_minimum: Mapped[int | None] = mapped_column(BigInteger)
    proposed_maximum: Mapped[int | None] = mapped_column(BigInteger)
    last_auto_inputs: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    computed_at: Mapped[datetime | None]
    item: Mapped[Item] = relationship()
    point: Mapped[Point] = relationship()


class Balance(Follows, Base, noun="stock", follows=("point_id",)):
    """What the ledger adds up to for one item at one point.

    ``minimum`` and ``maximum`` repeat the rule, so that ``below`` changes in the UPDATE that
    changes either side of it; ``item_key`` repeats the item's sort key (a trigger keeps it), so
    that the stock list has an index. ``on_order`` is what open lines of orders still bring here,
    ``reserved`` is what of it is put aside for requests, and ``to_order`` says that it is too
    little with the one and without the other.
    """

    __tablename__ = "inventory_balance"
    __table_args__ = (
        UniqueConstraint("item_id", "point_id"),
        CheckConstraint(
            "outside OR (quantity >= 0 AND value >= 0 AND (quantity > 0 OR value = 0))",
            name="not_negative",
        ),
        CheckConstraint("below = (minimum IS NOT NULL AND quantity < minimum)", name="below"),
        CheckConstraint("on_order >= 0", name="on_order"),
        CheckConstraint(
            "to_order = (minimum IS NOT NULL AND quantity - reserved + on_order < minimum)",
            name="to_order",
        ),
        CheckConstraint("reserved >= 0 AND (outside OR reserved <= quantity)", name="reserved"),
        Index("ix_inventory_balance_point_id", "point_id", "item_key", "id"),
        partial("ix_inventory_balance_item_key", "item_key id", "outside = 0", "NOT outside"),
        partial("ix_inventory_balance_quantity", "quantity id", "outside = 0", "NOT outside"),
        partial("ix_inventory_balance_below", "item_key id", "below = 1", "below"),
        partial("ix_inventory_balance_to_order", "item_key id", "to_order = 1", "to_order"),
        partial("ix_inventory_balance_limited", "item_key id", RULED, RULED),
        partial(
            "ix_inventory_balance_near",
            "item_key id",
            f"{RULED} AND to_order = 0 AND {NEAR}",
            f"{RULED} AND NOT to_order AND {NEAR}",
        ),
        partial(
            "ix_inventory_balance_out",
            "item_key id",
            "outside = 0 AND quantity = 0",
            "NOT outside AND quantity = 0",
        ),
        partial("ix_inventory_balance_above", "item_key id", ABOVE, ABOVE),
        partial("ix_inventory_balance_due_at", "point_id due_at", DUE, DUE),
        partial(
            "ix_inventory_balance_still",
            "moved_at id",
            "outside = 0 AND quantity > 0",
            "NOT outside AND quantity > 0",
        ),
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
    on_order: Mapped[int] = mapped_column(BigInteger, default=0)
    to_order: Mapped[bool] = mapped_column(default=False)
    reserved: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    moved_at: Mapped[datetime | None]
    counted_at: Mapped[datetime | None]  # by the last count that was posted
    due_at: Mapped[datetime | None]  # when it is to be counted again, found every night
    item: Mapped[Item] = relationship()
    point: Mapped[Point] = relationship()


class Movement(Public, Follows, Base, noun="stock", follows=("from_point_id", "to_point_id")):
    """One line of the ledger: a quantity that left one point and arrived at another, for ever.

    Triggers refuse every UPDATE and DELETE. ``left_from`` and ``left_to`` are what each end held
    afterwards, as the UPDATE of its balance returned it: posting order is ledger order.
    """

    __tablename__ = "inventory_movement"
    __table_args__ = (
        CheckConstraint(among("type", TYPES), name="type"),
        CheckConstraint("quantity > 0 AND entered > 0", name="quantity"),
        CheckConstraint("value >= 0", name="value"),
        CheckConstraint("from_point_id <> to_point_id", name="two_ends"),
        CheckConstraint("(type = 'reversal') = (reverses_id IS NOT NULL)", name="reversal"),
        Index("ix_inventory_movement_item_id", "item_id", "id"),
        Index("ix_inventory_movement_type", "item_id", "type", "id"),
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
