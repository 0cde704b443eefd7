"""What a stock list changes about items that are there already, and the record to undo it by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from portal.api import Conflict, ImportDone, ImportRow, UnitOfWork, message, new_public_id, sort_key

from ..models import Barcode, Item, ItemUnit, SupplierItem
from . import balances, items
from .balances import Limits
from .import_known import limits_of
from .limits import held_rules, put_rules
from .many import any_of, in_pieces
from .pairs import Pair


class Noted:
    """What the import does with each row, as plain values."""

    def __init__(self, rows: Iterable[ImportRow]) -> None:
        self._rows = list(rows)
        self._data: dict[int, dict[str, Any]] = {row.number: {} for row in self._rows}

    def added(
        self, rows: Sequence[ImportRow], ids: Sequence[int], categories: Mapping[str, int]
    ) -> None:
        for row, item_id in zip(rows, ids, strict=True):
            category = categories.get(sort_key(row.get("category", "")))
            fields = {"sku": row.get("sku"), "name": row.get("name"), "note": row.get("note", "")}
            after = fields | {"category_id": category}
            put = {name: [None, value] for name, value in after.items()}
            self._data[row.number] |= {"item": item_id, "fields": put}
            if row.get("barcode"):
                self._data[row.number]["code"] = row.get("barcode")

    def put(self, row: ImportRow, **data: Any) -> None:
        self._data[row.number] |= data

    def units(self, rows: Sequence[ImportRow], ids: Sequence[int]) -> None:
        for row, unit_id in zip(rows, ids, strict=True):
            self._data[row.number].setdefault("units", []).append(unit_id)

    def movements(self, rows: Sequence[ImportRow], ids: Sequence[int]) -> None:
        for row, movement_id in zip(rows, ids, strict=True):
            self._data[row.number]["movement"] = movement_id

    def limits(self, row: ImportRow, point_id: int, before: Limits | None, after: Limits) -> None:
        was = None if before is None else [before.minimum, before.maximum]
        self._data[row.number]["limits"] = [point_id, was, [after.minimum, after.maximum]]

    def done(self) -> list[ImportDone]:
        """Return what was done, row by row."""
        return [
            ImportDone(
                row=row.number,
                label=row.known.label if row.known is not None else row.get("name"),
                new=row.known is None,
                data=self._data[row.number],
            )
            for row in self._rows
        ]


def edit_items(
    tx: UnitOfWork, rows: Sequence[ImportRow], categories: Mapping[str, int], noted: Noted
) -> list[int]:
    """Give items the values of their rows, held until the commit; return their ids, row by row."""
    ids = [row.known.id for row in rows if row.known is not None]
    balances.hold_items(tx, ids)
    today = tx.today
    found = locked_items(tx, ids)
    offers = locked(tx, SupplierItem, [r.resolved["offer"] for r in rows if "price" in r.changes])
    for row, item_id in zip(rows, ids, strict=True):
        item = found.get(item_id)
        wanted: dict[str, Any] = {n: row.changes[n] for n in ("name", "note") if n in row.changes}
        if "category" in row.changes:
            wanted["category_id"] = categories[sort_key(row.changes["category"])]
        if item is None or any(
            getattr(item, n) != row.before[n] for n in wanted if n in row.before
        ):
            raise Conflict(message("Somebody has changed these items since the check."))
        put = {name: [getattr(item, name), value] for name, value in wanted.items()}
        for name, value in wanted.items():
            setattr(item, name, value)
        noted.put(row, item=item_id, fields=put)
        if "price" in row.changes:
            offer = offers[row.resolved["offer"]]
            noted.put(row, price=[offer.id, offer.price, row.changes["price"]])
            offer.price, offer.priced_on = row.changes["price"], today
    tx.session.flush()
    return ids


def locked_items(tx: UnitOfWork, ids: Iterable[int]) -> dict[int, Item]:
    """Return items by id, held until the commit."""
    return locked(tx, Item, ids)


def locked(tx: UnitOfWork, model: Any, ids: Iterable[int]) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for some in in_pieces(sorted(set(ids))):
        # Others may go on to post movements of the item meanwhile.
        asked = (
            select(model)
            .where(any_of(model.id, some))
            .order_by(model.id)
            .with_for_update(key_share=True, of=model)
            .execution_options(populate_existing=True)
        )
        found |= {row.id: row for row in tx.session.scalars(asked)}
    return found


def add_packs(
    tx: UnitOfWork, rows: Sequence[ImportRow], key_of: Callable[[str], str | None], noted: Noted
) -> list[int]:
    """Add the packs and barcodes that are new; return the unit each item is counted in."""
    words = {key for row in rows if "pack" in row.changes and (key := key_of(row.get("pack")))}
    units = {key: items.unit_id_named(tx, key) for key in sorted(words)}
    packed = [row for row in rows if "pack" in row.changes]
    made = tx.append(
        ItemUnit,
        [
            {
                "public_id": new_public_id(),
                "item_id": row.known.id if row.known is not None else 0,
                "unit_id": units[key_of(row.get("pack")) or ""],
                "num": row.get("pack_size"),
                "den": 1,
                "active": True,
            }
            for row in packed
        ],
    )
    noted.units(packed, made)
    base: dict[int, int] = {}
    for some in in_pieces(sorted({row.known.id for row in rows if row.known is not None})):
        asked = (
            select(ItemUnit.item_id, ItemUnit.id)
            .join(Item, Item.id == ItemUnit.item_id)
            .where(any_of(Item.id, some), ItemUnit.unit_id == Item.base_unit_id, ItemUnit.active)
        )
        base |= {row.item_id: row.id for row in tx.session.execute(asked)}
    coded = [row for row in rows if "barcode" in row.changes]
    tx.append(
        Barcode,
        [
            {"item_unit_id": base[row.known.id], "code": code, "code_key": code, "active": True}
            for row in coded
            if row.known is not None and (code := row.changes["barcode"])
        ],
    )
    for row in coded:
        noted.put(row, code=row.changes["barcode"])
    return [base[row.known.id] for row in rows if row.known is not None]


def set_limits(tx: UnitOfWork, limited: Sequence[tuple[ImportRow, Pair]], noted: Noted) -> None:
    """Change how much places should hold of items that are there already."""
    rules = held_rules(tx, [pair for _, pair in limited])
    wanted: dict[Pair, Limits | None] = {}
    for row, pair in limited:
        rule = rules.get(pair)
        before = None if rule is None else Limits(rule.minimum, rule.maximum)
        now = (None, None) if rule is None else (rule.minimum, rule.maximum)
        wanted[pair] = after = Limits(*limits_of(row, now))
        noted.limits(row, pair[1], before, after)
    put_rules(tx, wanted, rules)
