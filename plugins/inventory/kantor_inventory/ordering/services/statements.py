"""The statements behind the par sheet: one row for every item and place one may order for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    bindparam,
    cast,
    func,
    literal,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import aliased

from portal.api import Department, Held, Person, Place, UnitOfWork, visible

from ...counting import blind
from ...labels.flags import STANDS
from ...labels.models import Flag
from ...models import (
    Balance,
    Category,
    Item,
    ItemUnit,
    Point,
    PriceBreak,
    StockRule,
    Supplier,
    SupplierItem,
    Unit,
)
from ...services.lists import cost_in_reach
from ..models import OrderLine, PurchaseOrder, Snooze

EDIT = "inventory.order.edit"
SHOWN = 100  # rows of a page
SPAN = 2**32  # more than there are offers
TOLD = 200  # shelves said to be nearly empty, the oldest first
OFFERED = 60  # items that may soon be due
LOOKED_AT = 500  # items near their minimum, of which those of a supplier are offered
_NEAR: Any = aliased(Balance, name="coming_near")
PACK = aliased(Unit, name="pack")
FIRST_OFFER: Any = aliased(SupplierItem, name="first_offer")
_SOLD_IN: Any = aliased(ItemUnit, name="sold_in")
_SOLD_BY: Any = aliased(Supplier, name="sold_by")


_COLUMNS: Any = (
    Balance.id,
    Balance.item_key,
    Balance.item_id,
    Balance.point_id,
    Balance.quantity,
    Balance.on_order,
    Balance.reserved,
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
    StockRule.method,
    StockRule.last_auto_inputs,
    Flag.raised_at.label("told_at"),
    Person.name.label("told_by"),
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


def orderable(tx: UnitOfWork) -> Select[Any]:
    """Return the ids of the balances one may order for, to be narrowed and given to ``detailed``.

    Item and place are asked about row by row: joined, a planner would read all items and sort
    what is left, instead of taking a page in the order of an index.
    """
    held = tx.actor.grants.get(EDIT, Held())
    item = (
        select(Item.id)
        .where(
            Item.id == Balance.item_id,
            Item.status == literal("active", literal_execute=True),
            Item.mode != literal("non_stock", literal_execute=True),
        )
        .correlate(Balance)
    )
    reached = Place.in_reach(held, tx.actor, writing=True)
    point = (
        select(Point.id)
        .join(Place, Place.id == Point.place_id)
        .where(Point.id == Balance.point_id, Place.active, Place.id.in_(reached))
        .correlate(Balance)
    )
    statement = select(Balance.id).where(
        ~Balance.outside,
        item.scalar_subquery().is_not(None),
        point.scalar_subquery().is_not(None),
    )
    return visible(statement, "inventory.stock.view", tx.actor)


def detailed(tx: UnitOfWork, chosen: Any) -> Select[Any]:
    """Return these balances with names, offer, draft line and what was put off, in any order.

    They are chosen among those that are ``orderable``, which nobody asks twice.
    """
    ids = chosen.subquery("chosen")
    return (
        select(*_COLUMNS, cost_in_reach(tx, Balance).label("priced"), _broken())
        .join(ids, ids.c.id == Balance.id)
        .join(Item, Item.id == Balance.item_id)
        .join(Unit, Unit.id == Item.base_unit_id)
        .join(Point, Point.id == Balance.point_id)
        .join(Place, Place.id == Point.place_id)
        .outerjoin(Department, Department.id == Place.department_id)
        .outerjoin(
            StockRule,
            and_(StockRule.item_id == Balance.item_id, StockRule.point_id == Balance.point_id),
        )
        .outerjoin(SupplierItem, SupplierItem.id == _offer_id())
        .outerjoin(ItemUnit, ItemUnit.id == SupplierItem.item_unit_id)
        .outerjoin(PACK, PACK.id == ItemUnit.unit_id)
        .outerjoin(OrderLine, _is_draft())
        .outerjoin(PurchaseOrder, PurchaseOrder.id == OrderLine.order_id)
        .outerjoin(Snooze, _is_put_off())
        .outerjoin(Flag, _is_told())
        .outerjoin(Person, Person.id == Flag.raised_by_id)
    )


def _broken() -> Any:
    """Return whether an offer has prices by quantity: only then they are looked up."""
    found = select(PriceBreak.id).where(PriceBreak.supplier_item_id == SupplierItem.id)
    return found.correlate(SupplierItem).exists().label("broken")


def _is_draft() -> ColumnElement[bool]:
    return and_(
        OrderLine.item_id == Balance.item_id,
        OrderLine.point_id == Balance.point_id,
        OrderLine.state == literal("draft", literal_execute=True),
    )


def _is_put_off() -> ColumnElement[bool]:
    return and_(
        Snooze.item_id == Balance.item_id,
        Snooze.point_id == Balance.point_id,
        Snooze.until_on > bindparam("today"),
    )


def _is_told() -> ColumnElement[bool]:
    """Return the condition that somebody at the shelf said it is nearly empty, and it stands."""
    same = and_(Flag.item_id == Balance.item_id, Flag.point_id == Balance.point_id)
    return and_(same, STANDS)


def _first_supplier() -> Any:
    """Return who is asked first, for each balance."""
    offer: Any = aliased(SupplierItem, name="asked_first")
    found = select(offer.supplier_id).where(offer.id == _offer_id())
    return found.correlate(Balance).scalar_subquery()


def unhidden(tx: UnitOfWork) -> Select[Any]:
    """Return ``orderable`` without what is being counted, for who counts it: a row tells of it."""
    return orderable(tx).where(*blind.open_books(blind.hidden(tx.actor, Balance)))


def page(tx: UnitOfWork, view: str, given: frozenset[str]) -> Select[Any]:
    """Return a page of the sheet, found first and then looked up."""
    chosen = _first(unhidden(tx).where(*_of_view(view), *_narrowed(given)))
    if view != "to_order":
        return detailed(tx, chosen)
    # What was told is few and looked up first; it is no part of the index of what is to order.
    first = select(Flag.id).where(Flag.closed_at.is_(None)).order_by(Flag.raised_at, Flag.id)
    few = first.limit(literal(TOLD, literal_execute=True)).subquery("told")
    told = unhidden(tx).join(Flag, _is_told()).join(few, few.c.id == Flag.id)
    told = told.where(~Balance.to_order, ~_put_off(), *_narrowed(given))
    both = union_all(select(chosen.subquery()), select(told.subquery()))
    return detailed(tx, both)


def _first(chosen: Select[Any]) -> Select[Any]:
    """Return the rows of one page and one more, in the order of names."""
    chosen = chosen.order_by(Balance.item_key, Balance.id)
    return chosen.limit(literal(SHOWN + 1, literal_execute=True))


def _put_off() -> ColumnElement[bool]:
    return select(Snooze.id).where(_is_put_off()).correlate(Balance).exists()


def _narrowed(given: frozenset[str]) -> Iterator[Any]:
    if "item" in given:
        chosen: Any = select(Item.id).where(Item.public_id == bindparam("item"))
        yield Balance.item_id == chosen.scalar_subquery()
    if "place" in given:
        there = select(Point.id).join(Place, Place.id == Point.place_id)
        chosen = there.where(Place.public_id == bindparam("place")).scalar_subquery()
        yield Balance.point_id == chosen
    if "category" in given:
        chosen = select(Category.id).where(Category.public_id == bindparam("category"))
        items = select(Item.id).where(Item.category_id == chosen.scalar_subquery())
        yield Balance.item_id.in_(items)
    if "supplier" in given:
        chosen = select(_SOLD_BY.id).where(_SOLD_BY.public_id == bindparam("supplier"))
        chosen = chosen.scalar_subquery()
        sold = select(_SOLD_IN.item_id).join(FIRST_OFFER, FIRST_OFFER.item_unit_id == _SOLD_IN.id)
        # What a supplier sells at all, so that only that is looked at.
        yield Balance.item_id.in_(sold.where(FIRST_OFFER.supplier_id == chosen))
        yield _first_supplier() == chosen
    if "after" in given:
        last: Any = aliased(Balance, name="last")
        key = select(last.item_key).where(last.id == bindparam("after")).scalar_subquery()
        here = tuple_(Balance.item_key, Balance.id)
        yield here > tuple_(key, bindparam("after"))


def _of_view(view: str) -> tuple[Any, ...]:
    put_off = _put_off()
    match view:
        case "to_order":
            return Balance.to_order, ~put_off
        case "put_off":
            until = select(Snooze.item_id).where(Snooze.until_on > bindparam("today"))
            return Balance.item_id.in_(until), put_off  # Few, and looked up first.
    return (Balance.minimum.is_not(None),)


def due_soon(tx: UnitOfWork) -> Select[Any]:
    """Return what these suppliers sell first, of the first few hundred near their minimum."""
    asked: Any = bindparam("suppliers", expanding=True)
    two: Any = literal(2, literal_execute=True)  # as the index of these rows says it
    halfway = _NEAR.minimum + func.coalesce(_NEAR.maximum, two * _NEAR.minimum)
    near = (
        select(_NEAR.id)
        .where(
            _NEAR.minimum.is_not(None),
            ~_NEAR.to_order,
            two * (_NEAR.quantity - _NEAR.reserved + _NEAR.on_order) < halfway,
        )
        .order_by(_NEAR.item_key, _NEAR.id)
        .limit(literal(LOOKED_AT, literal_execute=True))
    )
    listed = select(OrderLine.id).where(_is_draft()).correlate(Balance).exists()
    told = select(Flag.id).where(_is_told()).correlate(Balance).exists()
    chosen = unhidden(tx).where(
        Balance.id.in_(select(near.subquery("near").c.id)),
        _first_supplier().in_(asked),
        ~listed,
        ~told,
        ~_put_off(),
    )
    chosen = chosen.order_by(Balance.item_key, Balance.id)
    return detailed(tx, chosen.limit(literal(OFFERED, literal_execute=True)))
