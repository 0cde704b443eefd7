"""What stands on labels: items, places, and cards for an item at its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, tuple_

from portal.api import Place, UnitOfWork, link_codes, link_targets, retire_link, visible

from ..models import Balance, Item, Point, Unit
from .rules import MOST

ITEM, PLACE, SHELF = "inventory.item", "inventory.place", "inventory.shelf"
KINDS = {"item": ITEM, "place": PLACE, "shelf": SHELF}
STOCK_VIEW = "inventory.stock.view"


@dataclass(frozen=True, kw_only=True)
class Label:
    """What is printed on one label; quantities are thousandths of ``unit``."""

    target: str
    name: str
    code: str
    place: str = ""
    place_code: str = ""
    unit: str = ""
    minimum: int | None = None
    maximum: int | None = None


def shelf_of(item: str, place: str) -> str:
    """Return what a shelf card's code stands for."""
    return f"{item}.{place}"


def one_of(target: str) -> tuple[str, str] | None:
    """Return item and place of a shelf card, or None for anything else."""
    item, dot, place = target.partition(".")
    return (item, place) if item and dot and place and "." not in place else None


def candidates(
    tx: UnitOfWork, kind: str, *, of: Sequence[str] = (), place: str = "", item: str = ""
) -> list[Label]:
    """Return the labels one may choose among: those named, or those of a place or an item.

    At most one more than can be printed at once.
    """
    if of:
        return found(tx, kind, of)
    statement: Any = _STATEMENTS[kind]
    if place and kind != ITEM:
        statement = statement.where(Place.public_id == place)
    if item and kind != PLACE:
        statement = statement.where(Item.public_id == item)
    return _read(tx, kind, statement.limit(MOST + 1))


def found(tx: UnitOfWork, kind: str, targets: Sequence[str]) -> list[Label]:
    """Return the labels of these things in the order asked for, without those one may not see."""
    wanted = list(dict.fromkeys(targets))[: MOST + 1]
    statement: Any = _STATEMENTS[kind]
    if kind == SHELF:
        parts = [pair for target in wanted if (pair := one_of(target)) is not None]
        items = {item for item, _ in parts}
        pairs = tuple_(Item.public_id, Place.public_id).in_(parts)
        statement = statement.where(Item.public_id.in_(items), pairs)
    else:
        thing = Item if kind == ITEM else Place
        statement = statement.where(thing.public_id.in_(wanted))
    known = {label.target: label for label in _read(tx, kind, statement)}
    return [known[target] for target in wanted if target in known]


def shelves(tx: UnitOfWork, balances: Sequence[int]) -> list[str]:
    """Return what the cards of these rows of the stock list stand for, in the same order."""
    some = list(balances)[:MOST]
    statement: Any = (
        select(Balance.id, Item.public_id.label("item"), Place.public_id.label("place"))
        .join(Item, Item.id == Balance.item_id)
        .join(Point, Point.id == Balance.point_id)
        .join(Place, Place.id == Point.place_id)
        .where(Balance.id.in_(some))
    )
    rows = tx.session.execute(visible(statement, STOCK_VIEW, tx.actor))
    known = {row.id: shelf_of(row.item, row.place) for row in rows}
    return [known[one] for one in some if one in known]


def order(tx: UnitOfWork, kind: str, targets: Sequence[str]) -> list[str]:
    """Return the codes of these labels, made where there is none; what one may not see is left
    out.
    """
    seen = [label.target for label in found(tx, kind, targets)][:MOST]
    codes = link_codes(tx, kind, seen)
    return [codes[target] for target in seen]


def targets_of(tx: UnitOfWork, kind: str, codes: Sequence[str]) -> list[str]:
    """Return what codes stand for, in their order."""
    known = link_targets(tx, kind, codes[:MOST])
    return [known[code] for code in codes if code in known]


def ordered(tx: UnitOfWork, kind: str, codes: Sequence[str]) -> list[tuple[Label, str]]:
    """Return the labels that codes stand for, each with its code, in the order of the codes."""
    targets = link_targets(tx, kind, codes[:MOST])
    of = {target: code for code, target in targets.items()}
    asked = [targets[code] for code in codes if code in targets]
    return [(label, of[label.target]) for label in found(tx, kind, asked)]


def replace(tx: UnitOfWork, item: str, place: str) -> bool:
    """Take the card of a shelf out of use, where one may set its limits; raise NotFound."""
    at_place = select(Balance).join(Balance.item).join(Balance.point).join(Point.place)
    mine = visible(at_place, "inventory.stock.set_rule", tx.actor)
    tx.one(mine.where(Item.public_id == item, Place.public_id == place))
    return retire_link(tx, SHELF, shelf_of(item, place))


def _read(tx: UnitOfWork, kind: str, statement: Any) -> list[Label]:
    permission = "inventory.item.view" if kind == ITEM else STOCK_VIEW
    rows = tx.session.execute(visible(statement, permission, tx.actor))
    return [_MADE[kind](row) for row in rows]


def _item_label(row: Any) -> Label:
    return Label(target=row.item, name=row.name, code=row.sku, unit=row.unit)


def _place_label(row: Any) -> Label:
    return Label(target=row.place, name=row.place_name, code=row.place_code)


def _shelf_label(row: Any) -> Label:
    return Label(
        target=shelf_of(row.item, row.place),
        name=row.name,
        code=row.sku,
        unit=row.unit,
        place=row.place_name,
        place_code=row.place_code,
        minimum=row.minimum,
        maximum=row.maximum,
    )


_ITEM = (
    Item.public_id.label("item"),
    Item.name,
    Item.sku,
    Unit.name.label("unit"),
)
_PLACE = (
    Place.public_id.label("place"),
    Place.name.label("place_name"),
    Place.code.label("place_code"),
)
_WALK = (Place.walk_order, Place.name_key, Place.id)
_MADE = {ITEM: _item_label, PLACE: _place_label, SHELF: _shelf_label}
# The first entity of each is the one whose rows are limited.
_STATEMENTS: dict[str, Any] = {
    ITEM: select(Item.id, *_ITEM)
    .join(Unit, Unit.id == Item.base_unit_id)
    .where(Item.status != "discontinued")
    .order_by(Item.name_key, Item.id),
    PLACE: select(Point.id, *_PLACE).join(Place, Place.id == Point.place_id).order_by(*_WALK),
    SHELF: select(Balance.id, Balance.minimum, Balance.maximum, *_ITEM, *_PLACE)
    .join(Item, Item.id == Balance.item_id)
    .join(Unit, Unit.id == Item.base_unit_id)
    .join(Point, Point.id == Balance.point_id)
    .join(Place, Place.id == Point.place_id)
    .where(~Balance.outside)
    .order_by(*_WALK, Balance.item_key, Balance.id),
}
