"""What lists and pages read: statements, narrowed by whoever shows them."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal,
    select,
)
from sqlalchemy.orm import aliased, contains_eager

from portal.api import (
    Contact,
    Department,
    Instant,
    Person,
    Place,
    UnitOfWork,
    permits,
    visible,
)

from ..counting import blind
from ..models import (
    Balance,
    Category,
    Item,
    ItemUnit,
    Movement,
    Point,
    StockRule,
    Supplier,
    SupplierItem,
    Unit,
)

# Written into the SQL, not bound: only so does SQLite see that a partial index fits.
NOTHING = literal(0, literal_execute=True)
OFFERS = 500  # shown on the page of a supplier


def items(
    tx: Any, *, category: str | None = None, status: str | None = None, abc: str | None = None
) -> Select[Any]:
    """Return the items with what there is of each in all places one may look into."""
    on_hand = (
        # PostgreSQL adds whole numbers up to a decimal.
        select(cast(func.coalesce(func.sum(Balance.quantity), 0), BigInteger))
        .where(Balance.item_id == Item.id, ~Balance.outside)
        .correlate(Item)
        .scalar_subquery()
    )
    statement = (
        select(
            Item.public_id,
            Item.name,
            Item.sku,
            Item.status,
            Item.mode,
            Item.abc,
            Category.name.label("category"),
            Unit.name.label("unit"),
            on_hand.label("on_hand"),
        )
        .join(Unit, Unit.id == Item.base_unit_id)
        .outerjoin(Category, Category.id == Item.category_id)
    )
    if category is not None:
        chosen = select(Category.id).where(Category.public_id == category)
        statement = statement.where(Item.category_id == chosen.scalar_subquery())
    if status is not None:
        statement = statement.where(Item.status == status)
    if abc is not None:
        statement = statement.where(Item.abc == abc)
    return statement


STATE = case(
    (Balance.quantity == NOTHING, "out"),
    (Balance.below, "low"),
    (and_(Balance.maximum.is_not(None), Balance.quantity > Balance.maximum), "too_much"),
    else_="enough",
)


# Only stores are asked for things; what lies at a point of use is used there.
ASKABLE = and_(Point.kind == "store", Place.active)


def stock(tx: Any, *, place: str | None = None, state: str | None = None) -> Select[Any]:
    """Return one row for every item and place that has or should have some of it."""
    statement = (
        select(
            Balance.id,
            Balance.quantity,
            Balance.reserved,
            Balance.minimum,
            Balance.maximum,
            Balance.value,
            Balance.moved_at,
            Balance.counted_at,
            STATE.label("state"),
            Item.public_id.label("item"),
            Item.name,
            Item.sku,
            Unit.name.label("unit"),
            Place.name.label("place"),
            Place.code,
            case((ASKABLE, "ask")).label("ask"),
            case((ASKABLE, Place.public_id)).label("ask_place"),
        )
        .join(Item, Item.id == Balance.item_id)
        .join(Unit, Unit.id == Item.base_unit_id)
        .join(Point, Point.id == Balance.point_id)
        .join(Place, Place.id == Point.place_id)
    )
    if place is not None:
        there = select(Point.id).join(Place, Place.id == Point.place_id)
        statement = statement.where(
            Balance.point_id == there.where(Place.public_id == place).scalar_subquery()
        )
    # Limits are for places alone; saying so again would keep SQLite from the right index.
    match state:
        case "below":
            return statement.where(Balance.below)
        case "too_much":
            return statement.where(Balance.maximum.is_not(None), Balance.quantity > Balance.maximum)
        case "out":
            statement = statement.where(Balance.quantity == NOTHING)
    return statement.where(~Balance.outside)


# The two ends of a movement and whom it names; made once, because an alias takes long to make.
SOURCE, TARGET = aliased(Point, name="source"), aliased(Point, name="target")
LEFT, ARRIVED = aliased(Place, name="left_place"), aliased(Place, name="arrived_place")
RECEIVER, ACTOR = aliased(Person, name="receiver"), aliased(Person, name="actor")
PRINCIPAL = aliased(Person, name="principal")
ROOM = aliased(Place, name="room")
COUNTED, ENTERED_IN = aliased(Unit, name="counted_in"), aliased(Unit, name="entered_in")
BACK = aliased(Movement, name="taken_back")


@cache
def _ledger() -> Any:  # long: one statement with all its names
    """Return the ledger with all names, for everybody and of all items."""
    return (
        select(
            Movement.id,
            Movement.public_id,
            Movement.posted_at,
            Movement.occurred_on,
            Movement.type,
            Movement.quantity,
            Movement.entered,
            Movement.value,
            Movement.note,
            COUNTED.name.label("unit"),
            ENTERED_IN.name.label("entered_unit"),
            SOURCE.kind.label("source_kind"),
            TARGET.kind.label("target_kind"),
            LEFT.name.label("source"),
            ARRIVED.name.label("target"),
            RECEIVER.name.label("for_person"),
            Department.name.label("for_department"),
            ROOM.name.label("for_place"),
            Contact.name.label("supplier"),
            ACTOR.name.label("actor"),
            PRINCIPAL.name.label("behalf"),
            select(BACK.id)
            .where(BACK.reverses_id == Movement.id)
            .correlate(Movement)
            .exists()
            .label("reversed"),
        )
        .join(Item, Item.id == Movement.item_id)
        .join(COUNTED, COUNTED.id == Item.base_unit_id)
        .join(ItemUnit, ItemUnit.id == Movement.item_unit_id)
        .join(ENTERED_IN, ENTERED_IN.id == ItemUnit.unit_id)
        .join(SOURCE, SOURCE.id == Movement.from_point_id)
        .join(TARGET, TARGET.id == Movement.to_point_id)
        .outerjoin(LEFT, LEFT.id == SOURCE.place_id)
        .outerjoin(ARRIVED, ARRIVED.id == TARGET.place_id)
        .outerjoin(RECEIVER, RECEIVER.id == Movement.for_person_id)
        .outerjoin(Department, Department.id == Movement.for_department_id)
        .outerjoin(ROOM, ROOM.id == Movement.for_place_id)
        .outerjoin(Supplier, Supplier.id == Movement.supplier_id)
        .outerjoin(Contact, Contact.id == Supplier.contact_id)
        .outerjoin(ACTOR, ACTOR.id == Movement.actor_id)
        .outerjoin(PRINCIPAL, PRINCIPAL.id == Movement.on_behalf_of_id)
    )


def sees(tx: UnitOfWork, end: Any) -> Any:
    """Return the condition under which this person sees what an end of a movement holds."""
    return tx.actor.once(("sees", end), lambda: permits(end, "inventory.stock.view", tx.actor))


def movements(tx: UnitOfWork, *, item: str) -> Select[Any]:
    """Return the ledger of one item: both ends by name, what they then held only in reach.

    Who reads it leaves out what is being counted: see ``blind.hidden_movement``.
    """
    of_item = select(Item.id).where(Item.public_id == item).scalar_subquery()
    return _seen_ledger(tx).where(Movement.item_id == of_item)


def newest_movements(
    tx: UnitOfWork, item: Item, *, most: int, before: datetime | None = None
) -> Any:
    """Return the newest lines of ``movements``, newest first; those before an instant if given."""
    earlier = [] if before is None else [Movement.posted_at < bindparam("before", type_=Instant())]
    statement = tx.actor.once(
        ("inventory newest movements", most, before is None),
        lambda: visible(
            _seen_ledger(tx)
            .where(Movement.item_id == bindparam("item"), *earlier)
            .where(*blind.open_books(blind.hidden_movement(tx.actor, Movement)))
            .order_by(Movement.id.desc())
            .limit(literal(most, literal_execute=True)),
            "inventory.stock.view",
            tx.actor,
        ),
    )
    values = {"item": item.id} | ({} if before is None else {"before": before})
    return tx.session.execute(statement, values).all()


def _seen_ledger(tx: UnitOfWork) -> Select[Any]:
    """Return the ledger with what each end then held, where this person may look."""
    statement: Select[Any] = tx.actor.once(
        "inventory ledger",
        lambda: _ledger().add_columns(
            _held(tx, SOURCE, Movement.left_from).label("left_from"),
            _held(tx, TARGET, Movement.left_to).label("left_to"),
        ),
    )
    return statement


def _held(tx: UnitOfWork, end: Any, left: Any) -> Any:
    """Return what an end of a movement then held, where this person may look."""
    closed = blind.hidden_end(tx.actor, Movement, end)
    return case((and_(sees(tx, end), *blind.open_books(closed)), left))


PLACES_OF: Select[Any] = (
    select(Balance, Place, StockRule, STATE.label("state"))
    .join(Point, Point.id == Balance.point_id)
    .join(Place, Place.id == Point.place_id)
    .outerjoin(
        StockRule,
        and_(StockRule.item_id == Balance.item_id, StockRule.point_id == Balance.point_id),
    )
    .where(Balance.item_id == bindparam("item"), ~Balance.outside)
    .order_by(Place.walk_order, Place.id)
    .options(contains_eager(Balance.point))
)


def places_of(tx: UnitOfWork, item: Item, permission: str = "inventory.stock.view") -> Any:
    """Return (balance, place, rule, state) wherever ``permission`` reaches, in walking order.

    Rows also say whether the books are ``closed`` to who asks, because the place is being counted.
    """

    def build() -> Any:
        closed = blind.said(blind.hidden(tx.actor, Balance)).label("closed")
        return visible(PLACES_OF.add_columns(closed), permission, tx.actor)

    statement = tx.actor.once(("inventory places", permission), build)
    return tx.session.execute(statement, {"item": item.id}).all()


def supplier_rows(tx: Any) -> Select[Any]:
    """Return the suppliers with the terms one buys on."""
    statement: Any = select(
        Supplier.public_id,
        Contact.name,
        Supplier.customer_number,
        Supplier.order_by,
        Supplier.lead_days,
        Supplier.order_every,
        Supplier.active,
    ).join(Contact, Contact.id == Supplier.contact_id)
    return statement


def category_rows(tx: UnitOfWork) -> Any:
    """Return every category with the number of its items."""
    return tx.session.execute(
        select(Category.public_id, Category.name, func.count(Item.id).label("items"))
        .outerjoin(Item, Item.category_id == Category.id)
        .group_by(Category.id, Category.public_id, Category.name, Category.name_key)
        .order_by(Category.name_key, Category.id)
    ).all()


def unit_rows(tx: UnitOfWork) -> Any:
    """Return every unit with the number of items that come in it."""
    return tx.session.execute(
        select(Unit.public_id, Unit.name, func.count(ItemUnit.id).label("items"))
        .outerjoin(ItemUnit, and_(ItemUnit.unit_id == Unit.id, ItemUnit.active))
        .group_by(Unit.id, Unit.public_id, Unit.name, Unit.name_key)
        .order_by(Unit.name_key, Unit.id)
    ).all()


def place_rows(tx: UnitOfWork) -> Any:
    """Return the places whose stock one may see, in walking order."""
    statement: Any = (
        select(Point.id, Point.kind, Place.public_id, Place.name, Place.code)
        .join(Place, Place.id == Point.place_id)
        .order_by(Place.walk_order, Place.id)
    )
    return tx.session.execute(visible(statement, "inventory.stock.view", tx.actor)).all()


def prices_of(tx: UnitOfWork, supplier: Supplier) -> Any:
    """Return what a supplier sells, and what they last asked for one unit, by name of the item.

    Of a very long list the first few hundred, found before their names are looked up.
    """
    first = (
        select(SupplierItem.id)
        .where(SupplierItem.supplier_id == supplier.id)
        .order_by(SupplierItem.item_key, SupplierItem.id)
        .limit(OFFERS)
        .subquery("first_few")
    )
    return tx.session.execute(
        select(
            Item.public_id,
            Item.name,
            Item.sku,
            Unit.name.label("unit"),
            ItemUnit.public_id.label("unit_id"),
            SupplierItem.supplier_sku,
            SupplierItem.price,
            SupplierItem.priced_on,
            SupplierItem.least,
            SupplierItem.multiple,
        )
        .join(ItemUnit, ItemUnit.item_id == Item.id)
        .join(SupplierItem, SupplierItem.item_unit_id == ItemUnit.id)
        .join(Unit, Unit.id == ItemUnit.unit_id)
        .join(first, first.c.id == SupplierItem.id)
        .order_by(Item.name_key, Item.id, SupplierItem.id)
    ).all()


def cost_in_reach(tx: UnitOfWork, model: Any) -> ColumnElement[bool]:
    """Return in which rows this person may see what stock costs."""
    held = tx.actor.grants.get("inventory.cost.view")
    return model.rows(model, held, tx.actor, False) if held else false()


def by_number(statement: Any, model: Any) -> Any:
    """Return a list whose every order is that of the ids, to be read along them.

    SQLite would rather collect the rows of several departments by an index and sort them all. The
    names beside them are for outer joins, or it would begin there.
    """
    return statement.with_hint(model, "NOT INDEXED", "sqlite")
