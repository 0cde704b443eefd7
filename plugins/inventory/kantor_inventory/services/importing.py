"""Importing a stock list: what its rows refer to, all that is wrong, then all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from portal.api import (
    Conflict,
    Held,
    ImportFindings,
    ImportProblem,
    ImportRow,
    Place,
    UnitOfWork,
    message,
    new_public_id,
    repeated,
    sort_key,
)

from .. import rules
from ..models import Barcode, Category, Item, ItemUnit, Point, StockRule, Unit
from . import items, ledger, stock
from .balances import Limits, Pair, in_pieces
from .ledger import Entry

# Words for the same unit in lists people keep; the first of each line is ours.
_SYNONYMS = """
piece pcs pc pce buah bh unit each ea biji
box kotak bx
carton karton ctn dus kardus
pack pak pk bungkus pkt packet
ream rim rm
roll rol gulung
bottle botol btl
litre liter ltr l
kg kilogram kilo
gram gr g
pair pasang psg
set
sheet lembar lbr
pad blok
book buku bk
tube tabung
can kaleng klg
bag kantong sak zak
dozen lusin lsn
bundle ikat
cartridge
jerrycan jerigen jeriken
sachet
metre meter mtr m
gallon galon
"""
UNITS = {word: line.split()[0] for line in _SYNONYMS.strip().splitlines() for word in line.split()}


def check(tx: UnitOfWork, rows: Sequence[ImportRow]) -> ImportFindings:
    """Return everything about the rows that does not fit, and what each good one will do."""
    known = _Known(tx, rows)
    problems: list[ImportProblem] = []
    verdicts: dict[int, str] = {}
    for row in rows:
        problems += known.problems(row)
        verdicts[row.number] = "same" if known.is_same(row) else "new"
    problems += repeated(rows, "barcode")
    return ImportFindings(problems=tuple(problems), verdicts=verdicts)


class _Known:
    """What the database says about everything that the rows name."""

    def __init__(self, tx: UnitOfWork, rows: Sequence[ImportRow]) -> None:
        codes = {sort_key(row.get("sku")) for row in rows if row.get("sku")}
        printed = {row.get("barcode") for row in rows if row.get("barcode")}
        self.items = _by_key(
            tx, select(Item.sku_key, Item.name, Unit.name.label("unit")).join(Item.base_unit),
            Item.sku_key, codes,
        )  # fmt: skip
        self.barcodes = _by_key(
            tx, select(Barcode.code_key, Item.name).where(Barcode.active)
            .join(Barcode.item_unit).join(ItemUnit.item),
            Barcode.code_key, printed,
        )  # fmt: skip
        self.units = {name_key for (name_key,) in tx.session.execute(select(Unit.name_key))}
        self.all_places = _places(tx, None)
        self.places = _places(tx, "inventory.stock.receive")
        self.ruled = set(_places(tx, "inventory.stock.set_rule").values())

    def is_same(self, row: ImportRow) -> bool:
        """Return whether exactly this item is in the list already."""
        found = self.items.get(sort_key(row.get("sku", "")))
        same_name = found is not None and sort_key(found.name) == sort_key(row.get("name", ""))
        return bool(same_name and found and self.unit(found.unit) == self.unit(row.get("unit", "")))

    def unit(self, word: str) -> str | None:
        """Return the key of a unit, by its own name or a common word for it; None if unknown."""
        key = sort_key(word)
        if key in self.units:
            return key
        return UNITS.get(key)

    def problems(self, row: ImportRow) -> Iterable[ImportProblem]:
        sku = row.get("sku")
        found = self.items.get(sort_key(sku)) if sku else None
        if found is not None and not self.is_same(row):
            text = message("“{code}” is already the code of {item}.", code=sku, item=found.name)
            yield row.problem("sku", text)
        barcode = row.get("barcode")
        if found is None and barcode in self.barcodes:
            other = self.barcodes[barcode].name
            yield row.problem("barcode", message("This barcode is already on {item}.", item=other))
        for key in ("unit", "pack"):
            if (word := row.get(key)) and self.unit(word) is None:
                text = message("There is no unit “{unit}”. Add it under Units first.", unit=word)
                yield row.problem(key, text)
        yield from self._pack_problems(row)
        yield from self._place_problems(row)

    def _pack_problems(self, row: ImportRow) -> Iterable[ImportProblem]:
        pack, size = row.get("pack"), row.get("pack_size")
        if size is not None and not pack:
            yield row.problem("pack", message("Say which pack holds {count}.", count=size))
        if pack and size is None:
            yield row.problem("pack_size", message("Say how many are in a {pack}.", pack=pack))
        if pack and row.get("unit") and self.unit(pack) == self.unit(row.get("unit")):
            yield row.problem("pack", message("The pack has the same name as the unit."))

    def _place_problems(self, row: ImportRow) -> Iterable[ImportProblem]:
        named = row.get("place")
        counted = row.get("quantity") or row.get("minimum") or row.get("maximum")
        if not named:
            if counted:
                yield row.problem("place", message("Say where this is kept."))
            return
        place = self.places.get(sort_key(named))
        if sort_key(named) not in self.all_places:
            yield row.problem("place", message("There is no place “{name}”.", name=named))
        elif place is None:
            text = message("You may not receive stock at “{name}”.", name=named)
            yield row.problem("place", text)
        elif self._is_ruled(row) and place not in self.ruled:
            text = message("You may not set limits for “{name}”.", name=named)
            yield row.problem("minimum", text)
        low, high = row.get("minimum"), row.get("maximum")
        if low is not None and high is not None and high < low:
            yield row.problem("maximum", message("The maximum is not below the minimum."))

    @staticmethod
    def _is_ruled(row: ImportRow) -> bool:
        return row.get("minimum") is not None or row.get("maximum") is not None


def run(tx: UnitOfWork, rows: Sequence[ImportRow], progress: Callable[[int, int], None]) -> None:
    """Write all rows; raise Conflict when somebody has used one of the codes meanwhile."""
    known = _Known(tx, rows)
    for row in rows:
        if known.items.get(sort_key(row.get("sku"))) or row.get("barcode") in known.barcodes:
            raise Conflict(
                message("“{code}” is in use since the file was checked.", code=row.get("sku"))
            )
    ids = _add_items(tx, rows, known)
    progress(len(rows) // 3, len(rows))
    units = _add_units(tx, rows, ids, known)
    progress(2 * len(rows) // 3, len(rows))
    _add_stock(tx, rows, ids, units)
    progress(len(rows), len(rows))


def _add_items(tx: UnitOfWork, rows: Sequence[ImportRow], known: _Known) -> list[int]:
    units = {key: items.unit_named(tx, key).id for key in _unit_keys(rows, known)}
    categories = _categories(tx, rows)
    return tx.append(
        Item,
        [
            {
                "public_id": new_public_id(),
                "name": row.get("name"),
                "name_key": sort_key(row.get("name")),
                "sku": row.get("sku"),
                "sku_key": sort_key(row.get("sku")),
                "category_id": categories.get(sort_key(row.get("category", ""))),
                "base_unit_id": units[known.unit(row.get("unit"))],
                "mode": "perpetual",
                "status": "active",
                "note": row.get("note", ""),
                "version": 1,
            }
            for row in rows
        ],
    )


def _add_units(
    tx: UnitOfWork, rows: Sequence[ImportRow], ids: Sequence[int], known: _Known
) -> list[int]:
    """Add what each item is counted and packed in, with its barcode; return the counting units."""
    units = {key: items.unit_named(tx, key).id for key in _unit_keys(rows, known)}

    def unit(item_id: int, word: str, size: int) -> dict[str, Any]:
        unit_id = units[known.unit(word)]
        new = {"public_id": new_public_id(), "item_id": item_id, "unit_id": unit_id}
        return new | {"num": size, "den": 1, "active": True}

    pairs = list(zip(rows, ids, strict=True))
    counted = tx.append(ItemUnit, [unit(item_id, row.get("unit"), 1) for row, item_id in pairs])
    tx.append(
        ItemUnit,
        [
            unit(item_id, row.get("pack"), row.get("pack_size"))
            for row, item_id in pairs
            if row.get("pack")
        ],
    )
    tx.append(
        Barcode,
        [
            {"item_unit_id": unit_id, "code": code, "code_key": code, "active": True}
            for row, unit_id in zip(rows, counted, strict=True)
            if (code := row.get("barcode"))
        ],
    )
    return counted


def _add_stock(
    tx: UnitOfWork, rows: Sequence[ImportRow], ids: Sequence[int], units: Sequence[int]
) -> None:
    """Open the books of every item that is somewhere, with the limits of its place."""
    places = _places(tx, "inventory.stock.receive")
    needed = {places[sort_key(row.get("place"))] for row in rows if row.get("place")}
    points = {place_id: _point(tx, place_id) for place_id in sorted(needed)}
    opening = stock.outside(tx, "opening")
    entries: list[Entry] = []
    limits: dict[Pair, Limits] = {}
    for row, item_id, unit_id in zip(rows, ids, units, strict=True):
        if not row.get("place"):
            continue
        point = points[places[sort_key(row.get("place"))]]
        quantity, price = row.get("quantity"), row.get("price")
        if row.get("minimum") is not None or row.get("maximum") is not None:
            limits[item_id, point.id] = Limits(row.get("minimum"), row.get("maximum") or None)
        if quantity:
            entries.append(
                Entry(
                    type="opening",
                    item_id=item_id,
                    from_point=opening,
                    to_point=point,
                    quantity=quantity,
                    entered=quantity,
                    item_unit_id=unit_id,
                    occurred_on=tx.today,
                    value=rules.value_of_receipt(entered=quantity, price=price or 0),
                )
            )
    ledger.post(tx, entries, limits=limits)
    tx.append(
        StockRule,
        [
            {"item_id": item_id, "point_id": point_id, "version": 1}
            | {"minimum": limit.minimum, "maximum": limit.maximum}
            for (item_id, point_id), limit in limits.items()
        ],
    )


def _point(tx: UnitOfWork, place_id: int) -> Point:
    return stock.point_at(tx, tx.one(select(Place), id=place_id))


def _unit_keys(rows: Iterable[ImportRow], known: _Known) -> list[Any]:
    words = {word for row in rows for key in ("unit", "pack") if (word := row.get(key))}
    return sorted({known.unit(word) for word in words}, key=str)


def _categories(tx: UnitOfWork, rows: Iterable[ImportRow]) -> dict[str, int]:
    """Return the ids of the categories that the rows name; new ones are made."""
    named = {sort_key(name): name for row in rows if (name := row.get("category"))}
    found = {
        row.name_key: row.id for row in tx.session.execute(select(Category.name_key, Category.id))
    }
    for key in sorted(named.keys() - found.keys()):
        category = Category(name=named[key])
        tx.session.add(category)
        tx.session.flush()
        found[key] = category.id
    return found


def _places(tx: UnitOfWork, permission: str | None) -> dict[str, int]:
    """Return place by code and by name, those in use that ``permission`` reaches; all for None."""
    statement = select(Place.id, Place.code, Place.name_key).where(Place.active)
    if permission is not None and tx.actor.realm is None:
        held = tx.actor.grants.get(permission, Held())
        statement = statement.where(Place.id.in_(Place.in_reach(held, tx.actor, writing=True)))
    rows = tx.session.execute(statement.order_by(Place.id.desc())).all()
    by_name = {row.name_key: row.id for row in rows}
    return by_name | {sort_key(row.code): row.id for row in rows}


def _by_key(tx: UnitOfWork, statement: Any, column: Any, keys: Iterable[str]) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for some in in_pieces(sorted(keys)):
        rows = tx.session.execute(statement.where(column.in_(some)))
        found |= {row[0]: row for row in rows}
    return found
