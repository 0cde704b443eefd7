"""Items that serve as well as each other: "no blue pens here; black are: 24"."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import and_, bindparam, case, func, or_, select
from sqlalchemy.orm import aliased

from portal.api import NotFound, UnitOfWork, ValidationFailed, message, permits, visible

from ..counting import blind
from ..models import Balance, Item, Substitute, Unit

EDIT = "inventory.item.edit"
AT_MOST = 10


OTHER = aliased(Item, name="other")
PAIRED: Any = (
    select(
        Item.id.label("item"),
        OTHER.id,
        OTHER.public_id,
        OTHER.name,
        Unit.name.label("unit"),
    )
    .select_from(Substitute)
    .join(Item, or_(Item.id == Substitute.item_id, Item.id == Substitute.other_id))
    .join(
        OTHER,
        and_(
            or_(OTHER.id == Substitute.item_id, OTHER.id == Substitute.other_id),
            OTHER.id != Item.id,
        ),
    )
    .join(Unit, Unit.id == OTHER.base_unit_id)
    .where(
        Item.id.in_(bindparam("items", expanding=True)),
        or_(
            Substitute.item_id.in_(bindparam("items", expanding=True)),
            Substitute.other_id.in_(bindparam("items", expanding=True)),
        ),
        OTHER.status != "discontinued",
        OTHER.mode != "non_stock",
    )
    .order_by(OTHER.name_key, OTHER.id)
)


def of(tx: UnitOfWork, items: Collection[int]) -> Mapping[int, list[Any]]:
    """Return for each of these items what serves as well: (id, public id, name, unit) by name."""
    found: dict[int, list[Any]] = {}
    for row in tx.session.execute(PAIRED, {"items": list(items)}):
        found.setdefault(row.item, []).append(row)
    return found


def with_stock(tx: UnitOfWork, item: Item) -> list[dict[str, Any]]:
    """Return what serves as well as an item, with how much there is of it where one may look.

    The quantity is None for what is being counted somewhere, to who counts it.
    """
    statement = tx.actor.once("substitutes with stock", lambda: _with_stock(tx))
    return [
        {
            "public_id": row.public_id,
            "name": row.name,
            "unit": row.unit,
            "quantity": None if row.closed else int(row.quantity),
        }
        for row in tx.session.execute(statement, {"items": [item.id]})
    ]


def _with_stock(tx: UnitOfWork) -> Any:
    mine = permits(Balance, "inventory.stock.view", tx.actor)
    there = and_(Balance.item_id == OTHER.id, ~Balance.outside, mine)
    closed = blind.said(blind.hidden(tx.actor, Balance))
    return (
        PAIRED.add_columns(
            func.coalesce(func.sum(Balance.quantity), 0).label("quantity"),
            func.coalesce(func.max(case((closed, 1), else_=0)), 0).label("closed"),
        )
        .outerjoin(Balance, there)
        .group_by(Item.id, OTHER.id, OTHER.public_id, OTHER.name, OTHER.name_key, Unit.name)
    )


def add(tx: UnitOfWork, item_id: str, other_id: str) -> Item:
    """Say that two items serve as well as each other; return the other one."""
    item, other = _both(tx, item_id, other_id)
    if item.id == other.id:
        raise ValidationFailed({"other": message("Choose another item.")})
    if len(of(tx, [item.id]).get(item.id, [])) >= AT_MOST:
        raise ValidationFailed({"other": message("More would help nobody to choose.")})
    first, second = sorted((item.id, other.id))
    known = select(Substitute.id).filter_by(item_id=first, other_id=second)
    if tx.session.scalar(known) is None:
        tx.ensure(Substitute, item_id=first, other_id=second)
        tx.audit("inventory.substitute_added", item, other=other.name)
    return other


def remove(tx: UnitOfWork, item_id: str, other_id: str) -> Item:
    """Say that two items do not serve as well as each other any more; return the other one."""
    item, other = _both(tx, item_id, other_id)
    first, second = sorted((item.id, other.id))
    row = tx.session.scalars(
        select(Substitute).filter_by(item_id=first, other_id=second)
    ).one_or_none()
    if row is None:
        raise NotFound
    tx.session.delete(row)
    tx.audit("inventory.substitute_removed", item, other=other.name)
    return other


def _both(tx: UnitOfWork, item_id: str, other_id: str) -> tuple[Item, Item]:
    reached = visible(select(Item), EDIT, tx.actor)
    item: Item = tx.one(reached, public_id=item_id)
    other: Item = tx.one(select(Item), public_id=other_id)
    return item, other
