"""The statement behind the par sheet: one row for every item and place one may order for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import BigInteger, Select, and_, bindparam, cast, func, literal, select, tuple_
from sqlalchemy.orm import aliased

from portal.api import Department, Held, Place, UnitOfWork, visible

from ...models import (
    Balance,
    Category,
    Item,
    ItemUnit,
    Point,
    StockRule,
    Supplier,
    SupplierItem,
    Unit,
)
from ...rules import Factor
from ...services.balances import Pair
from ...services.lists import cost_in_reach
from .. import rules
from ..models import OrderLine, PurchaseOrder, Snooze
from ..rules import Suggestion, Terms

EDIT = "inventory.order.edit"
SHOWN = 100  # rows of a page
SPAN = 2**32  # more than there are offers
OFFERED = 60  # items that may soon be due
PACK = aliased(Unit, name="pack")


@dataclass(frozen=True, kw_only=True)
class Offer:
    """From whom an item is bought first: the lowest rank of those one still buys from."""

    id: int
    supplier_id: int
    unit_id: int
    unit: str  # its public id
    pack: str
    terms: Terms
    price: int | None
    sku: str


@dataclass(kw_only=True)
class Row:
    """One item at one place."""

    id: int
    pair: Pair
    item: str
    name: str
    sku: str
    unit: str
    place: str
    place_name: str
    department_id: int | None
    department: str | None
    on_hand: int
    on_order: int
    minimum: int | None
    maximum: int | None
    counted_at: Any
    periodic: bool
    priced: bool  # one may see what it costs
    offer: Offer | None
    line: str | None  # the draft line it is on, if any
    order: str | None
    packs: int | None
    put_off: date | None
    weekly: int | None = None
    suggestion: Suggestion | None = None

    @property
    def key(self) -> str:
        """What names the row in a form."""
        return f"{self.item}-{self.place}"

    @property
    def position(self) -> int:
        return rules.position(on_hand=self.on_hand, on_order=self.on_order)

    @property
    def cover(self) -> Fraction | None:
        return rules.cover(self.position, self.weekly)

    @property
    def missing(self) -> int:
        return rules.needed(self.position, self.minimum, self.maximum)

    def cost(self, packs: int) -> int | None:
        """Return what so many packs cost, to whoever may see it."""
        if self.offer is None or self.offer.price is None or not self.priced:
            return None
        return self.offer.price * packs


FIRST_OFFER: Any = aliased(SupplierItem, name="first_offer")
_SOLD_IN: Any = aliased(ItemUnit, name="sold_in")
_SOLD_BY: Any = aliased(Supplier, name="sold_by")


_COLUMNS: Any = (
    Balance.id,
    Balance.item_id,
    Balance.point_id,
    Balance.quantity,
    Balance.on_order,
    Balance.minimum,
    Balance.maximum,
    Balance.counted_at,
    Item.public_id.label("item"),
    Item.name,
    Item.sku,
    func.coalesce(StockRule.mode, Item.mode).label("mode"),
    Unit.name.label("unit"),
    Place.public_id.label("place"),
    Place.name.label("place_name"),
    Place.department_id,
    Department.name.label("department"),
    SupplierItem.id.label("offer_id"),
    SupplierItem.supplier_id,
    SupplierItem.price,
    SupplierItem.least,
    SupplierItem.multiple,
    SupplierItem.supplier_sku,
    ItemUnit.id.label("unit_id"),
    ItemUnit.public_id.label("unit_key"),
    ItemUnit.num,
    ItemUnit.den,
    PACK.name.label("pack"),
    OrderLine.public_id.label("line"),
    OrderLine.packs,
    PurchaseOrder.public_id.label("order"),
    Snooze.until_on,
)


def _offer_id() -> Any:
    """Return which offer is asked first: the lowest rank of an active supplier, then the oldest.

    Rank and id are compared as one number, so that nothing is sorted for each row.
    """
    rank, span = cast(FIRST_OFFER.rank, BigInteger), literal(SPAN, literal_execute=True)
    first = (
        select(func.min(rank * span + FIRST_OFFER.id))
        .join(_SOLD_IN, _SOLD_IN.id == FIRST_OFFER.item_unit_id)
        .join(_SOLD_BY, _SOLD_BY.id == FIRST_OFFER.supplier_id)
        .where(_SOLD_IN.item_id == Balance.item_id, _SOLD_IN.active, _SOLD_BY.active)
        .correlate(Balance)
        .scalar_subquery()
    )
    return first % span


def mine(tx: UnitOfWork) -> Select[Any]:
    """Return every row one may order for, with names, offer, draft line and what was put off."""
    held = tx.actor.grants.get(EDIT, Held())
    statement: Any = (
        select(*_COLUMNS, cost_in_reach(tx, Balance).label("priced"))
        .join(Item, Item.id == Balance.item_id)
        .join(Unit, Unit.id == Item.base_unit_id)
        .join(Point, Point.id == Balance.point_id)
        .join(Place, Place.id == Point.place_id)
        .outerjoin(Department, Department.id == Place.department_id)
        .outerjoin(
            StockRule,
            and_(StockRule.item_id == Balance.item_id, StockRule.point_id == Balance.point_id),
        )
        .where(
            ~Balance.outside,
            Item.status == literal("active", literal_execute=True),
            Item.mode != literal("non_stock", literal_execute=True),
            Place.active,
            Balance.rows(Balance, held, tx.actor, True),
        )
    )
    return visible(_with_offer_and_line(statement), "inventory.stock.view", tx.actor)


def _with_offer_and_line(statement: Any) -> Any:
    """Join who sells the item first, the line it is on, and until when it was put off."""
    return (
        statement.outerjoin(SupplierItem, SupplierItem.id == _offer_id())
        .outerjoin(ItemUnit, ItemUnit.id == SupplierItem.item_unit_id)
        .outerjoin(PACK, PACK.id == ItemUnit.unit_id)
        .outerjoin(
            OrderLine,
            and_(
                OrderLine.item_id == Balance.item_id,
                OrderLine.point_id == Balance.point_id,
                OrderLine.state == literal("draft", literal_execute=True),
            ),
        )
        .outerjoin(PurchaseOrder, PurchaseOrder.id == OrderLine.order_id)
        .outerjoin(
            Snooze,
            and_(
                Snooze.item_id == Balance.item_id,
                Snooze.point_id == Balance.point_id,
                Snooze.until_on > bindparam("today"),
            ),
        )
    )


def page(tx: UnitOfWork, view: str, given: frozenset[str]) -> Select[Any]:
    statement = mine(tx).where(*_of_view(view))
    if "place" in given:
        there = select(Point.id).join(Place, Place.id == Point.place_id)
        chosen: Any = there.where(Place.public_id == bindparam("place")).scalar_subquery()
        statement = statement.where(Balance.point_id == chosen)
    if "category" in given:
        chosen = select(Category.id).where(Category.public_id == bindparam("category"))
        statement = statement.where(Item.category_id == chosen.scalar_subquery())
    if "supplier" in given:
        chosen = select(_SOLD_BY.id).where(_SOLD_BY.public_id == bindparam("supplier"))
        statement = statement.where(SupplierItem.supplier_id == chosen.scalar_subquery())
    if "after" in given:
        last: Any = aliased(Balance, name="last")
        key = select(last.item_key).where(last.id == bindparam("after")).scalar_subquery()
        here = tuple_(Balance.item_key, Balance.id)
        statement = statement.where(here > tuple_(key, bindparam("after")))
    return statement.order_by(Balance.item_key, Balance.id).limit(
        literal(SHOWN + 1, literal_execute=True)
    )


def _of_view(view: str) -> tuple[Any, ...]:
    match view:
        case "to_order":
            return Balance.to_order, Snooze.id.is_(None)
        case "put_off":
            put_off: Any = aliased(Snooze, name="put_off")
            until = put_off.until_on > bindparam("today")
            items = select(put_off.item_id).where(until)  # Few, and looked up first.
            return Balance.item_id.in_(items), Snooze.id.is_not(None)
    return (Balance.minimum.is_not(None),)


def due_soon(tx: UnitOfWork) -> Select[Any]:
    chosen: Any = bindparam("suppliers", expanding=True)
    sold = (
        select(_SOLD_IN.item_id)
        .join(FIRST_OFFER, FIRST_OFFER.item_unit_id == _SOLD_IN.id)
        .where(FIRST_OFFER.supplier_id.in_(chosen))
    )
    halfway = Balance.minimum + func.coalesce(Balance.maximum, 2 * Balance.minimum)
    return (
        mine(tx)
        .where(
            Balance.item_id.in_(sold),
            SupplierItem.supplier_id.in_(chosen),
            Balance.minimum.is_not(None),
            ~Balance.to_order,
            2 * (Balance.quantity + Balance.on_order) < halfway,
            OrderLine.id.is_(None),
            Snooze.id.is_(None),
        )
        .limit(literal(OFFERED, literal_execute=True))
    )


def row(found: Any) -> Row:
    offer = None
    if found.offer_id is not None:
        offer = Offer(
            id=found.offer_id,
            supplier_id=found.supplier_id,
            unit_id=found.unit_id,
            unit=found.unit_key,
            pack=found.pack,
            terms=Terms(
                pack=Factor(found.num, found.den), least=found.least, multiple=found.multiple
            ),
            price=found.price,
            sku=found.supplier_sku,
        )
    return Row(
        id=found.id,
        pair=(found.item_id, found.point_id),
        item=found.item,
        name=found.name,
        sku=found.sku,
        unit=found.unit,
        place=found.place,
        place_name=found.place_name,
        department_id=found.department_id,
        department=found.department,
        on_hand=found.quantity,
        on_order=found.on_order,
        minimum=found.minimum,
        maximum=found.maximum,
        counted_at=found.counted_at,
        periodic=found.mode == "periodic",
        priced=bool(found.priced),
        offer=offer,
        line=found.line,
        order=found.order,
        packs=found.packs,
        put_off=found.until_on,
    )
