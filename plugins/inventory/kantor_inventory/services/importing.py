"""Importing a stock list: what its rows refer to, all that is wrong, then all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Text, select

from portal.api import (
    Conflict,
    ImportDone,
    ImportFindings,
    ImportProblem,
    ImportRow,
    Place,
    UnitOfWork,
    bounded,
    message,
    new_public_id,
    repeated,
    sort_key,
)

from .. import rules
from ..models import Barcode, Category, Item, ItemUnit, Point, StockRule, Unit
from . import import_changes, items, ledger
from .balances import Limits
from .ends import outside, point_at
from .import_changes import Noted
from .import_known import Present, places_by_word
from .ledger import Entry
from .many import any_of, in_pieces
from .pairs import Pair

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
    """Return everything about the rows that does not fit; note what each would change."""
    names = _Names(tx, rows)
    present = Present(tx, rows, names.places)
    notes: list[ImportProblem] = []

    def problems() -> Iterable[ImportProblem]:
        for row in rows:
            yield from names.problems(row)
            if row.known is not None:
                for problem, note in present.compare(row, names.unit):
                    if problem is not None:
                        yield problem
                    notes.extend([note] if note is not None else [])
        yield from repeated(rows, "barcode")

    return ImportFindings(problems=tuple(bounded(problems())), notes=tuple(notes))


class _Names:
    """What the database says about everything that the rows name."""

    def __init__(self, tx: UnitOfWork, rows: Sequence[ImportRow]) -> None:
        codes = {sort_key(row.get("sku")) for row in rows if row.get("sku")}
        printed = {row.get("barcode") for row in rows if row.get("barcode")}
        self.items = _by_key(
            tx, select(Item.sku_key, Item.id, Item.name), Item.sku_key, codes,
        )  # fmt: skip
        self.barcodes = _by_key(
            tx, select(Barcode.code_key, Item.id, Item.name).where(Barcode.active)
            .join(Barcode.item_unit).join(ItemUnit.item),
            Barcode.code_key, printed,
        )  # fmt: skip
        self.units = {name_key for (name_key,) in tx.session.execute(select(Unit.name_key))}
        self.all_places = places_by_word(tx, None)
        self.places = places_by_word(tx, "inventory.stock.receive")
        self.ruled = set(places_by_word(tx, "inventory.stock.set_rule").values())

    def unit(self, word: str) -> str | None:
        """Return the key of a unit, by its own name or a common word for it; None if unknown."""
        key = sort_key(word)
        if key in self.units:
            return key
        return UNITS.get(key)

    def problems(self, row: ImportRow) -> Iterable[ImportProblem]:
        own = row.known.id if row.known is not None else None
        sku, barcode = row.get("sku"), row.get("barcode")
        found = self.items.get(sort_key(sku)) if sku else None
        if found is not None and own is None:
            text = message("“{code}” is already the code of {item}.", code=sku, item=found.name)
            yield row.problem("sku", text)
        other = self.barcodes.get(barcode)
        if other is not None and other.id != own:
            text = message("This barcode is already on {item}.", item=other.name)
            yield row.problem("barcode", text)
        for key in ("unit", "pack"):
            if (word := row.get(key)) and self.unit(word) is None:
                text = message("There is no unit “{unit}”. Add it under Units first.", unit=word)
                yield row.problem(key, text)
        yield from self._pack_problems(row)
        yield from self._place_problems(row)
        try:
            _worth(row)
        except rules.ValueOutOfRange:
            yield row.problem("price", rules.WORTH_TOO_MUCH)

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


def run(
    tx: UnitOfWork, rows: Sequence[ImportRow], progress: Callable[[int, int], None]
) -> list[ImportDone]:
    """Write all rows; raise Conflict when somebody has used one of the codes meanwhile."""
    names = _Names(tx, rows)
    new = [row for row in rows if row.known is None]
    for row in new:
        if names.items.get(sort_key(row.get("sku"))) or row.get("barcode") in names.barcodes:
            raise Conflict(
                message("“{code}” is in use since the file was checked.", code=row.get("sku"))
            )
    noted = Noted(rows)
    categories = _categories(tx, rows)
    ids = _add_items(tx, new, names, categories)
    noted.added(new, ids, categories)
    progress(len(rows) // 4, len(rows))
    changed = [row for row in rows if row.known is not None]
    ids += import_changes.edit_items(tx, changed, categories, noted)
    progress(len(rows) // 2, len(rows))
    units = _add_units(tx, new, ids[: len(new)], names, noted)
    units += import_changes.add_packs(tx, changed, names.unit, noted)
    _add_stock(tx, [*new, *changed], ids, units, noted)
    progress(len(rows), len(rows))
    return noted.done()


def _add_items(
    tx: UnitOfWork,
    rows: Sequence[ImportRow],
    known: _Names,
    categories: Mapping[str, int],
) -> list[int]:
    units = {key: items.unit_id_named(tx, key) for key in _unit_keys(rows, known)}
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
    tx: UnitOfWork,
    rows: Sequence[ImportRow],
    ids: Sequence[int],
    known: _Names,
    noted: Noted,
) -> list[int]:
    """Add what each item is counted and packed in, with its barcode; return the counting units."""
    units = {key: items.unit_id_named(tx, key) for key in _unit_keys(rows, known)}

    def unit(item_id: int, word: str, size: int) -> dict[str, Any]:
        unit_id = units[known.unit(word)]
        new = {"public_id": new_public_id(), "item_id": item_id, "unit_id": unit_id}
        return new | {"num": size, "den": 1, "active": True}

    pairs = list(zip(rows, ids, strict=True))
    counted = tx.append(ItemUnit, [unit(item_id, row.get("unit"), 1) for row, item_id in pairs])
    packed = [(row, item_id) for row, item_id in pairs if row.get("pack")]
    packs = tx.append(
        ItemUnit, [unit(i, row.get("pack"), row.get("pack_size")) for row, i in packed]
    )
    noted.units(rows, counted)
    noted.units([row for row, _ in packed], packs)
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
    tx: UnitOfWork,
    rows: Sequence[ImportRow],
    ids: Sequence[int],
    units: Sequence[int],
    noted: Noted,
) -> None:
    """Open the books of every item that is somewhere, with the limits of its place."""
    at, opening, today = _points(tx, rows), outside(tx, "opening"), tx.today
    entries: list[Entry] = []
    opened: list[ImportRow] = []
    limits: dict[Pair, Limits] = {}
    limited: list[tuple[ImportRow, Pair]] = []
    for row, item_id, unit_id in zip(rows, ids, units, strict=True):
        if not row.get("place"):
            continue
        point = at[sort_key(row.get("place"))]
        pair = (item_id, point.id)
        if row.known is not None and row.changes.keys() & {"minimum", "maximum"}:
            limited.append((row, pair))
        elif row.known is None and (row.get("minimum") is not None or row.get("maximum")):
            limits[pair] = Limits(row.get("minimum"), row.get("maximum") or None)
            noted.limits(row, point.id, None, limits[pair])
        if row.get("quantity") and (row.known is None or "quantity" in row.changes):
            opened.append(row)
            entries.append(_opening(today, row, (item_id, unit_id), opening, point))
    posted, _ = ledger.post(tx, entries, limits=limits)
    noted.movements(opened, posted)
    tx.append(
        StockRule,
        [
            {"item_id": item_id, "point_id": point_id, "version": 1}
            | {"minimum": limit.minimum, "maximum": limit.maximum}
            for (item_id, point_id), limit in limits.items()
        ],
    )
    import_changes.set_limits(tx, limited, noted)


def _opening(
    today: date, row: ImportRow, item_and_unit: tuple[int, int], opening: Point, point: Point
) -> Entry:
    """Return the movement that writes down what was there before the first one."""
    quantity = row.get("quantity")
    return Entry(
        type="opening",
        item_id=item_and_unit[0],
        from_point=opening,
        to_point=point,
        quantity=quantity,
        entered=quantity,
        item_unit_id=item_and_unit[1],
        occurred_on=today,
        value=_worth(row),
    )


def _worth(row: ImportRow) -> int:
    """Return what a row opens the books with, or raise ValueOutOfRange."""
    return rules.value_of_receipt(entered=row.get("quantity") or 0, price=row.get("price") or 0)


def _points(tx: UnitOfWork, rows: Sequence[ImportRow]) -> dict[str, Point]:
    """Return the point of each place that the rows name, by the word they use for it."""
    places = places_by_word(tx, "inventory.stock.receive")
    words = {sort_key(word) for row in rows if (word := row.get("place"))}
    wanted = sorted({places[word] for word in words})
    known = select(Point).where(Point.place_id.in_(wanted), Point.place_id.is_not(None))
    points = {point.place_id: point for point in tx.session.scalars(known)}
    for place_id in wanted:
        if place_id not in points:
            points[place_id] = point_at(tx, tx.one(select(Place), id=place_id))
    return {word: points[places[word]] for word in words}


def _unit_keys(rows: Iterable[ImportRow], known: _Names) -> list[Any]:
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


def _by_key(tx: UnitOfWork, statement: Any, column: Any, keys: Iterable[str]) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for some in in_pieces(sorted(keys)):
        rows = tx.session.execute(statement.where(any_of(column, some, kind=Text)))
        found |= {row[0]: row for row in rows}
    return found
