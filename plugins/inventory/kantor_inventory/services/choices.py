"""What forms and filters offer: (public id, name) of everything one may choose."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, literal, select, union, union_all
from sqlalchemy.orm import aliased

from portal.api import Contact, Department, Held, Place, UnitOfWork, visible

from ..models import Category, Item, Point, Supplier

CHOSEN_FROM = 300  # suppliers offered to narrow a page by
_ONE: Any = aliased(Supplier, name="one")


def stocked_places(tx: UnitOfWork) -> list[tuple[Any, Any]]:
    """Return (public id, name) of the places whose stock one may see, in walking order."""
    statement: Any = select(Point, Place.public_id, Place.name).join(
        Place, Place.id == Point.place_id
    )
    rows = tx.session.execute(
        visible(statement, "inventory.stock.view", tx.actor).order_by(Place.walk_order, Place.id)
    )
    return [(public_id, name) for _, public_id, name in rows]


def places_of_nobody(tx: UnitOfWork, *, most: int = 10) -> list[str]:
    """Return the names of places whose stock one may see and that belong to no department."""
    statement: Any = (
        select(Point, Place.name)
        .join(Place, Place.id == Point.place_id)
        .where(Place.department_id.is_(None), Place.active)
        .order_by(Place.walk_order, Place.id)
        .limit(most)
    )
    rows = tx.session.execute(visible(statement, "inventory.stock.view", tx.actor))
    return [row.name for row in rows]


CATEGORIES = select(Category.public_id, Category.name).order_by(Category.name_key, Category.id)


def categories(tx: UnitOfWork) -> list[tuple[Any, Any]]:
    """Return (public id, name) of every category."""
    return [(public_id, name) for public_id, name in tx.session.execute(CATEGORIES)]


def departments(tx: UnitOfWork) -> list[tuple[Any, Any]]:
    """Return (public id, name) of every department that is in use."""
    rows = tx.session.execute(
        select(Department.public_id, Department.name)
        .where(Department.active)
        .order_by(Department.name_key, Department.id)
    )
    return [(row.public_id, row.name) for row in rows]


def rooms(tx: UnitOfWork) -> list[tuple[Any, Any]]:
    """Return (public id, name) of the places that are in use, in walking order."""
    rows = tx.session.execute(
        select(Place.public_id, Place.name).where(Place.active).order_by(Place.walk_order, Place.id)
    )
    return [(row.public_id, row.name) for row in rows]


def suppliers(tx: UnitOfWork) -> list[tuple[Any, Any]]:
    """Return (public id, name) of the suppliers one still buys from."""
    rows = tx.session.execute(
        select(Supplier.public_id, Contact.name)
        .join(Contact, Contact.id == Supplier.contact_id)
        .where(Supplier.active)
        .order_by(Contact.name_key, Supplier.id)
    )
    return [(row.public_id, row.name) for row in rows]


def suppliers_to_look_for(tx: UnitOfWork, chosen: str | None) -> list[tuple[Any, Any]]:
    """Return (public id, name) of the chosen supplier and of the first few hundred.

    Of any other the page of the supplier leads to what is narrowed by it.
    """
    first = select(_ONE.id).where(_ONE.active).order_by(_ONE.id).limit(CHOSEN_FROM)
    mine = select(_ONE.id).where(_ONE.public_id == (chosen or ""), _ONE.active)
    offered = union(select(first.subquery("first_few")), mine).subquery("offered")
    rows = tx.session.execute(
        select(Supplier.public_id, Contact.name)
        .join(offered, offered.c.id == Supplier.id)
        .join(Contact, Contact.id == Supplier.contact_id)
        .order_by(Contact.name_key, Supplier.id)
    )
    return [(row.public_id, row.name) for row in rows]


def open_places(tx: UnitOfWork, permission: str) -> list[tuple[Any, Any]]:
    """Return (public id, name) of the places in use to which stock may be brought."""
    rows = tx.session.execute(
        select(Place.public_id, Place.name)
        .where(_open(tx, permission))
        .order_by(Place.walk_order, Place.id)
    )
    return [(row.public_id, row.name) for row in rows]


def _open(tx: UnitOfWork, permission: str) -> ColumnElement[bool]:
    reached = Place.in_reach(tx.actor.grants.get(permission, Held()), tx.actor, writing=True)
    return and_(Place.active, Place.id.in_(reached))


def to_narrow_by(
    tx: UnitOfWork, permission: str, *, item: str | None
) -> dict[str, list[tuple[Any, Any]]]:
    """Return, from one query, ``open_places``, ``categories`` and the item if one may see it.

    Each is a list of (public id, name), by the name of what is narrowed: place, category, item.
    """
    statement = tx.actor.once(("to narrow by", permission), lambda: _to_narrow_by(tx, permission))
    found: dict[str, list[tuple[Any, Any]]] = {"place": [], "category": [], "item": []}
    for row in tx.session.execute(statement, {"item": item or ""}):
        found[row.what].append((row.public_id, row.name))
    return found


def _to_narrow_by(tx: UnitOfWork, permission: str) -> Select[Any]:
    none, blank = literal(0), literal("")
    places = _choice("place", Place, Place.walk_order, blank).where(_open(tx, permission))
    categories = _choice("category", Category, none, Category.name_key)
    item = _choice("item", Item, none, blank).where(Item.public_id == bindparam("item"))
    item = visible(item, "inventory.item.view", tx.actor)
    offered = union_all(places, categories, item).subquery("offered")
    return select(offered).order_by(offered.c.turn, offered.c.key, offered.c.id)


def _choice(what: str, model: Any, turn: Any, key: Any) -> Select[Any]:
    sorts = turn.label("turn"), key.label("key"), model.id
    return select(model.public_id, model.name, literal(what).label("what"), *sorts)
