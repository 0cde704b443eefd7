"""The par sheet: what is there, what is needed, what is on order, and what to order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Any

from sqlalchemy import bindparam, func, literal, select, union
from sqlalchemy.orm import aliased

from portal.api import Contact, Place, UnitOfWork, visible

from ...models import Balance, Item, Point, Supplier
from ...services import price_breaks
from ...services.choices import CHOSEN_FROM
from .. import rules
from ..models import OrderLine, PurchaseOrder
from ..rules import Suggestion
from . import rows, statements, usage
from .rows import Offer, Row
from .statements import EDIT

__all__ = ["Offer", "Row"]
VIEWS = ("to_order", "put_off", "all")


@dataclass(kw_only=True)
class Sheet:
    """One page of rows in the order of their names, and the items that would fill up an order."""

    rows: list[Row]
    soon: list[Row] = field(default_factory=list)
    more: bool = False


def page(
    tx: UnitOfWork,
    *,
    view: str = "to_order",
    item: str | None = None,
    place: str | None = None,
    category: str | None = None,
    supplier: str | None = None,
    after: int | None = None,
) -> Sheet:
    """Return a page of the sheet where one may fill the order list."""
    asked = {
        "item": item,
        "place": place,
        "category": category,
        "supplier": supplier,
        "after": after,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    statement = tx.actor.once(
        ("order sheet", view, *given), lambda: statements.page(tx, view, frozenset(given))
    )
    found = tx.session.execute(statement, given | {"today": tx.today}).all()
    found = sorted(found, key=lambda row: (row.item_key, row.id))
    shown = [rows.row(one) for one in found[: statements.SHOWN]]
    _add_breaks(tx, shown)
    for row in shown:
        row.suggestion = suggested(row)
    return Sheet(rows=shown, more=len(found) > statements.SHOWN)


def whole(tx: UnitOfWork, most: int, *, view: str, **asked: Any) -> Sheet:
    """Return the pages of the sheet as one, as far as ``most`` rows."""
    found = page(tx, view=view, **asked)
    shown = list(found.rows)
    while found.more and len(shown) < most:
        found = page(tx, view=view, after=found.rows[-1].id, **asked)
        shown += found.rows
    return Sheet(rows=shown[:most], more=found.more or len(shown) > most)


def complete(tx: UnitOfWork, sheet: Sheet, terms: dict[int, Any]) -> None:
    """Say of each row what is used in a week; keep of ``soon`` what is soon due."""
    _add_usage(tx, [*sheet.rows, *sheet.soon])
    kept = []
    for row in sheet.soon:
        assert row.offer is not None
        if rules.soon_due(
            row.position, row.minimum, row.weekly, terms[row.offer.supplier_id].order_every
        ):
            row.suggestion = rules.top_up(row.position, row.maximum, row.offer.terms)
            kept.append(row)
    sheet.soon = kept


def of_item(tx: UnitOfWork, item: Item) -> list[Row]:
    """Return the rows of one item with what to order of it, where one may fill the list."""
    if not tx.actor.holds(EDIT):
        return []
    statement = tx.actor.once(
        "order sheet of an item",
        lambda: statements.detailed(
            tx,
            statements.unhidden(tx).where(
                Balance.item_id == bindparam("item_id"), Balance.to_order
            ),
        ),
    )
    found = tx.session.execute(statement, {"item_id": item.id, "today": tx.today})
    mine = [rows.row(one) for one in found]
    _add_usage(tx, mine)
    _add_breaks(tx, mine)
    for row in mine:
        row.suggestion = suggested(row)
    return mine


def named(tx: UnitOfWork, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Row]:
    """Return the rows of these (item, place), as public ids, where one may fill the list."""
    if not keys:
        return {}
    items = select(Item.id).where(Item.public_id.in_({item for item, _ in keys}))
    there = select(Point.id).join(Place, Place.id == Point.place_id)
    points = there.where(Place.public_id.in_({place for _, place in keys}))
    chosen = statements.orderable(tx).where(
        Balance.item_id.in_(items), Balance.point_id.in_(points)
    )
    found_rows = tx.session.execute(statements.detailed(tx, chosen), {"today": tx.today})
    mine = [rows.row(one) for one in found_rows]
    found = {(row.item, row.place): row for row in mine if (row.item, row.place) in keys}
    _add_usage(tx, list(found.values()))
    _add_breaks(tx, list(found.values()))
    for row in found.values():
        row.suggestion = suggested(row)
    return found


def due_soon(tx: UnitOfWork, suppliers: Collection[int]) -> list[Row]:
    """Return what comes near its minimum of what these suppliers sell; usage decides later."""
    if not suppliers:
        return []
    statement = tx.actor.once("order sheet, soon due", lambda: statements.due_soon(tx))
    given = {"suppliers": sorted(suppliers), "today": tx.today}
    mine = [rows.row(one) for one in tx.session.execute(statement, given)]
    _add_breaks(tx, mine)
    return mine


def suggested(row: Row) -> Suggestion | None:
    """Return what to order of a row, if anything and if somebody sells it.

    Where somebody said that the shelf is nearly empty and the books say otherwise, as much as if
    nothing were left.
    """
    if row.offer is None:
        return None
    limits = row.minimum, row.maximum, row.offer.terms
    found = rules.suggest(row.position, *limits)
    if found is None and row.told is not None:
        return rules.suggest(rules.position(on_hand=0, on_order=row.on_order), *limits)
    return found


def why(row: Row, terms: Any, packs: int, zone: tzinfo) -> dict[str, Any]:
    """Return the inputs of a suggestion, to be kept with the line and explained by ``explain``."""
    offer = row.offer
    assert offer is not None
    suggestion = row.suggestion
    return {
        "on_hand": row.on_hand,
        "on_order": row.on_order,
        "told": told(row, zone),
        "minimum": row.minimum or 0,
        "maximum": row.maximum,
        "weekly": row.weekly,
        "lead_days": terms.lead_days,
        "every": terms.order_every,
        "wanted": rules.unrounded(suggestion, row.missing, offer.terms, packs),
        "least": offer.terms.least,
        "multiple": offer.terms.multiple,
        "pack": [offer.terms.pack.num, offer.terms.pack.den],
        "base": row.unit,
        "unit": offer.pack,
        "suggested": suggestion.packs if suggestion is not None else None,
        "rounded": suggestion.rounded
        if suggestion is not None and suggestion.packs == packs
        else "",
    }


def told(row: Row, zone: tzinfo) -> list[str] | None:
    """Return who said at the shelf that it is nearly empty, and on which day."""
    if row.told is None:
        return None
    return [row.told.by, row.told.at.astimezone(zone).date().isoformat()]


def suppliers(
    tx: UnitOfWork, of: Collection[Row] = (), *, chosen: str | None = None
) -> dict[int, Any]:
    """Return suppliers with their terms by id, in the order of names.

    Those of the rows, the chosen one, and as many others as may be chosen from.
    """
    ids = sorted({row.offer.supplier_id for row in of if row.offer is not None})
    given = {"ids": ids, "chosen": chosen or ""}
    return {row.id: row for row in tx.session.execute(_SUPPLIERS, given)}


_others: Any = aliased(Supplier, name="others")


# Each found its own way, and looked up after: otherwise all suppliers would be looked at.
_offered: Any = union(
    select(_others.id).where(_others.id.in_(bindparam("ids", expanding=True))),
    select(_others.id).where(_others.public_id == bindparam("chosen")),
    select(
        select(_others.id)
        .where(_others.active)
        .order_by(_others.id)
        .limit(CHOSEN_FROM)
        .subquery("first_few")
    ),
).subquery("offered")
_SUPPLIERS: Any = (
    select(
        Supplier.id,
        Supplier.public_id,
        Contact.name,
        Supplier.order_by,
        Supplier.lead_days,
        Supplier.order_every,
        Supplier.minimum_order,
        Supplier.free_delivery_from,
    )
    .join(_offered, _offered.c.id == Supplier.id)
    .outerjoin(Contact, Contact.id == Supplier.contact_id)
    .where(Supplier.active)
    .order_by(Contact.name_key, Supplier.id)
)


def drafts(tx: UnitOfWork) -> dict[tuple[int, int], Any]:
    """Return the order lists by (supplier, department): public id, lines and what they cost."""
    statement = tx.actor.once("order lists", lambda: visible(_DRAFTS, EDIT, tx.actor))
    found = tx.session.execute(statement)
    return {(row.supplier_id, row.department_id): row for row in found}


_DRAFTS: Any = (
    select(
        PurchaseOrder.public_id,
        PurchaseOrder.supplier_id,
        PurchaseOrder.department_id,
        func.count(OrderLine.id).label("lines"),
        func.coalesce(func.sum(OrderLine.packs * OrderLine.price), 0).label("cost"),
    )
    .join(OrderLine, OrderLine.order_id == PurchaseOrder.id)
    .where(PurchaseOrder.status == literal("draft", literal_execute=True))
    .group_by(
        PurchaseOrder.id,
        PurchaseOrder.public_id,
        PurchaseOrder.supplier_id,
        PurchaseOrder.department_id,
    )
)


def _add_breaks(tx: UnitOfWork, of: Sequence[Row]) -> None:
    """Say of each row what more of it cost, where that is another price."""
    broken = {row.offer.id for row in of if row.broken and row.offer is not None}
    known = price_breaks.today(tx, broken)
    for row in of:
        if row.offer is not None and row.offer.id in known:
            row.offer = replace(row.offer, breaks=known[row.offer.id])


def _add_usage(tx: UnitOfWork, of: Sequence[Row]) -> None:
    held = {
        row.pair: usage.Held(on_hand=row.on_hand, periodic=row.periodic, counted_at=row.counted_at)
        for row in of
    }
    found = usage.weekly(tx, held)
    for row in of:
        row.weekly = found[row.pair]
