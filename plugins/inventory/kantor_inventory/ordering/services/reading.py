"""What the lists and pages of orders read."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import BigInteger, Select, bindparam, case, cast, func, literal, select
from sqlalchemy.orm import aliased, joinedload

from portal.api import Contact, Department, Held, Person, Place, UnitOfWork, permits, visible

from ...counting import blind
from ...models import Item, ItemUnit, Point, Supplier, SupplierItem, Unit
from ...services.lists import by_number
from ..models import OrderLine, PurchaseOrder, Sending

VIEW = "inventory.order.view"
PACK = aliased(Unit, name="ordered_pack")
MAKER = aliased(Person, name="maker")
SHOWN = 5  # open orders on the pages of others
LONGEST = 500  # lines of an order on its page


def order_rows(tx: Any, *, state: str | None = None, supplier: str | None = None) -> Select[Any]:
    """Return the orders and order lists; ``late`` are those that should have come."""
    late = case(
        (PurchaseOrder.status != "placed", PurchaseOrder.status),
        (PurchaseOrder.expected_on < tx.today, "late"),
        (PurchaseOrder.received_at.is_not(None) & _of_lines_any_came(), "part"),
        (PurchaseOrder.confirmed_on.is_not(None), "confirmed"),
        else_="placed",
    )
    cost = _of_lines(func.coalesce(func.sum(OrderLine.packs * OrderLine.price), 0))
    statement: Any = (
        select(
            PurchaseOrder.id,
            PurchaseOrder.public_id,
            func.coalesce(PurchaseOrder.number, "").label("number"),
            func.coalesce(Contact.name, Supplier.customer_number).label("supplier"),
            Department.name.label("department"),
            late.label("state"),
            PurchaseOrder.made_at,
            PurchaseOrder.placed_at,
            PurchaseOrder.expected_on,
            _of_lines(func.count(OrderLine.id)).label("lines"),
            cost.label("cost"),
            MAKER.name.label("made_by"),
        )
        .outerjoin(Supplier, Supplier.id == PurchaseOrder.supplier_id)
        .outerjoin(Contact, Contact.id == Supplier.contact_id)
        .outerjoin(Department, Department.id == PurchaseOrder.department_id)
        .outerjoin(MAKER, MAKER.id == PurchaseOrder.made_by_id)
    )
    if supplier is not None:
        chosen = select(Supplier.id).where(Supplier.public_id == supplier)
        statement = statement.where(PurchaseOrder.supplier_id == chosen.scalar_subquery())
    match state:
        case None:
            return statement if supplier is not None else by_number(statement, PurchaseOrder)
        case "late":
            return statement.where(
                PurchaseOrder.status == "placed", PurchaseOrder.expected_on < tx.today
            )
        case "done":
            over = ("received", "closed_short", "cancelled")
            return by_number(statement.where(PurchaseOrder.status.in_(over)), PurchaseOrder)
    return statement.where(PurchaseOrder.status == state)


def _of_lines_any_came() -> Any:
    came = select(OrderLine.id).where(
        OrderLine.order_id == PurchaseOrder.id, OrderLine.received > 0
    )
    return came.correlate(PurchaseOrder).exists()


def _of_lines(figure: Any) -> Any:
    return (
        # PostgreSQL adds whole numbers up to a decimal.
        select(cast(figure, BigInteger))
        .where(OrderLine.order_id == PurchaseOrder.id)
        .correlate(PurchaseOrder)
        .scalar_subquery()
    )


def line_rows(tx: Any, *, order: str) -> Select[Any]:
    """Return the lines of one order as they were ordered, with what has come of each."""
    of_order = select(PurchaseOrder.id).where(PurchaseOrder.public_id == order).scalar_subquery()
    statement: Any = (
        select(
            OrderLine.id,
            OrderLine.public_id,
            OrderLine.item_id.label("item_key"),
            OrderLine.item_unit_id,
            Item.public_id.label("item_id"),
            Item.name.label("item"),
            Item.sku,
            OrderLine.supplier_sku,
            OrderLine.packs,
            PACK.name.label("pack"),
            OrderLine.ordered,
            OrderLine.received,
            OrderLine.outstanding,
            Unit.name.label("unit"),
            Place.name.label("place"),
            OrderLine.price,
            (OrderLine.packs * OrderLine.price).label("cost"),
            OrderLine.state,
            OrderLine.expected_on,
            OrderLine.why,
            OrderLine.version,
        )
        .join(Item, Item.id == OrderLine.item_id)
        .join(Unit, Unit.id == Item.base_unit_id)
        .join(ItemUnit, ItemUnit.id == OrderLine.item_unit_id)
        .join(PACK, PACK.id == ItemUnit.unit_id)
        .join(Point, Point.id == OrderLine.point_id)
        .outerjoin(Place, Place.id == Point.place_id)
        .where(OrderLine.order_id == of_order)
    )
    return statement


def lines_of(tx: UnitOfWork, order: PurchaseOrder, permission: str = VIEW) -> Any:
    """Return the lines of an order for a page of it, in the order they were put on it.

    Why so much was suggested is not for who counts what is ``closed``.
    """
    closed = blind.said(blind.hidden(tx.actor, OrderLine)).label("closed")
    statement = line_rows(tx, order=order.public_id).add_columns(closed)
    statement = statement.order_by(OrderLine.id).limit(LONGEST)
    return tx.session.execute(visible(statement, permission, tx.actor)).all()


OPEN_LINES_OF: Any = (
    select(
        OrderLine.id,
        OrderLine.public_id,
        OrderLine.outstanding,
        OrderLine.expected_on,
        PurchaseOrder.public_id.label("order"),
        PurchaseOrder.number,
        Contact.name.label("supplier"),
        Place.name.label("place"),
    )
    .join(PurchaseOrder, PurchaseOrder.id == OrderLine.order_id)
    .join(Supplier, Supplier.id == PurchaseOrder.supplier_id)
    .outerjoin(Contact, Contact.id == Supplier.contact_id)
    .join(Point, Point.id == OrderLine.point_id)
    .outerjoin(Place, Place.id == Point.place_id)
    .where(
        OrderLine.item_id == bindparam("item"),
        OrderLine.state == literal("open", literal_execute=True),
    )
    .order_by(OrderLine.id)
    .limit(SHOWN)
)


def open_lines_of(tx: UnitOfWork, item: Item, permission: str = VIEW) -> Any:
    """Return what of an item is still to come: order, line, quantity, place and day."""
    if not tx.actor.holds(permission):
        return []
    statement = tx.actor.once(
        ("inventory open lines", permission),
        lambda: visible(OPEN_LINES_OF, permission, tx.actor),
    )
    return tx.session.execute(statement, {"item": item.id}).all()


def open_orders_of(tx: UnitOfWork, supplier: Supplier) -> Any:
    """Return the lists and the orders on their way of a supplier, newest first."""
    if not tx.actor.holds(VIEW):
        return []
    statement = order_rows(tx).where(
        PurchaseOrder.supplier_id == supplier.id, PurchaseOrder.status.in_(("draft", "placed"))
    )
    statement = statement.order_by(PurchaseOrder.id.desc()).limit(SHOWN)
    return tx.session.execute(visible(statement, VIEW, tx.actor)).all()


def offers_of(tx: UnitOfWork, supplier: Supplier) -> list[tuple[int, str]]:
    """Return what a supplier sells that is still kept, as choices, in the order of names."""
    rows = tx.session.execute(
        select(SupplierItem.id, Item.name, PACK.name.label("pack"))
        .join(ItemUnit, ItemUnit.id == SupplierItem.item_unit_id)
        .join(Item, Item.id == ItemUnit.item_id)
        .join(PACK, PACK.id == ItemUnit.unit_id)
        .where(
            SupplierItem.supplier_id == supplier.id,
            ItemUnit.active,
            Item.status == "active",
            Item.mode != "non_stock",
        )
        .order_by(SupplierItem.item_key, SupplierItem.id)
        .limit(LONGEST)
    )
    return [(row.id, f"{row.name}, {row.pack}") for row in rows]


def state_of(tx: UnitOfWork, order: PurchaseOrder, lines: Any) -> str:
    """Return the state an order is shown in: on its way, it may be late, half come or confirmed."""
    if order.status != "placed":
        return order.status
    if order.expected_on is not None and order.expected_on < tx.today:
        return "late"
    if any(line.received for line in lines):
        return "part"
    return "confirmed" if order.confirmed_on is not None else "placed"


def may_see_cost(tx: UnitOfWork, order: PurchaseOrder) -> bool:
    """Return whether this person may see what the lines of an order cost."""
    held = tx.actor.grants.get("inventory.cost.view", Held())
    return held.everything or order.department_id in held.departments


def shown(tx: UnitOfWork, public_id: str) -> PurchaseOrder:
    """Return an order with what its page names besides: who sells, who did what; or NotFound."""
    statement = visible(select(PurchaseOrder), VIEW, tx.actor).options(
        joinedload(PurchaseOrder.supplier).joinedload(Supplier.contact),
        joinedload(PurchaseOrder.department),
        joinedload(PurchaseOrder.made_by),
        joinedload(PurchaseOrder.placed_by_person),
        joinedload(PurchaseOrder.closed_by),
    )
    order: PurchaseOrder = tx.one(statement, public_id=public_id)
    return order


def standing(
    tx: UnitOfWork, order: PurchaseOrder, permissions: Collection[str]
) -> tuple[set[str], bool]:
    """Return which of these permissions this person has for an order, and whether the supplier was
    told of it as it now is; one statement for all.
    """
    wanted = sorted(permissions)
    each = [case((permits(PurchaseOrder, one, tx.actor), 1), else_=0) for one in wanted]
    told = select(Sending.id).where(
        Sending.order_id == PurchaseOrder.id, Sending.amendment == PurchaseOrder.amended
    )
    statement: Any = select(PurchaseOrder.id, told.correlate(PurchaseOrder).exists(), *each)
    row = tx.session.execute(statement.where(PurchaseOrder.id == order.id)).one_or_none()
    if row is None:
        return set(), False
    return {one for one, has in zip(wanted, row[2:], strict=True) if has}, bool(row[1])


def units_of_items(tx: UnitOfWork, items: Collection[int]) -> dict[int, list[Any]]:
    """Return by item id the units in use that an item comes in, smallest first."""
    rows = tx.session.execute(
        select(
            ItemUnit.id,
            ItemUnit.public_id,
            ItemUnit.item_id,
            ItemUnit.num,
            ItemUnit.den,
            Unit.name,
        )
        .join(Unit, Unit.id == ItemUnit.unit_id)
        .where(ItemUnit.item_id.in_(items), ItemUnit.active)
    )
    found: dict[int, list[Any]] = {}
    for row in sorted(rows, key=lambda row: row.num / row.den):
        found.setdefault(row.item_id, []).append(row)
    return found
