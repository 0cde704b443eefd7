"""Which rows of a stock list are items that are there already, and what they would change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Text, select

from portal.api import (
    Held,
    ImportKnown,
    ImportProblem,
    ImportRow,
    Place,
    UnitOfWork,
    message,
    sort_key,
)

from ..counting import blind
from ..models import (
    Balance,
    Barcode,
    Category,
    Item,
    ItemUnit,
    Movement,
    Point,
    StockRule,
    SupplierItem,
    Unit,
)
from .many import any_of, in_pieces

POINTS = select(Point.place_id, Point.id).where(Point.place_id.is_not(None))
COUNTED = message("This is being counted, so what is on hand is neither compared nor changed.")
MOVED = message("There were movements here, so what is on hand is not overwritten. Count it.")


def known(tx: UnitOfWork, key: str, values: Sequence[str]) -> Iterator[tuple[str, ImportKnown]]:
    """Yield (value, item) for the items with these codes or barcodes."""
    found = select(Item.id, Item.name, Item.note, Item.sku.label("value"))
    column = Item.sku_key
    if key == "barcode":
        found = select(Item.id, Item.name, Item.note, Barcode.code_key.label("value"))
        found = found.join(ItemUnit, ItemUnit.item_id == Item.id)
        found = found.join(Barcode, Barcode.item_unit_id == ItemUnit.id).where(Barcode.active)
        column = Barcode.code_key
    keys = sorted({sort_key(value) if key == "sku" else value for value in values})
    for some in in_pieces(keys):
        for row in tx.session.execute(found.where(any_of(column, some, kind=Text))):
            now = {"name": row.name, "note": row.note}
            yield row.value, ImportKnown(id=row.id, label=row.name, values=now)


class Present:
    """How the items that a list names stand now, apart from what ``known`` compares."""

    def __init__(
        self, tx: UnitOfWork, rows: Iterable[ImportRow], places: Mapping[str, int]
    ) -> None:
        ids = sorted({row.known.id for row in rows if row.known is not None})
        self.places = places
        self.points = {row.place_id: row.id for row in tx.session.execute(POINTS)}
        self.items: dict[int, Any] = {}
        self.packs: dict[int, dict[str, int]] = {}
        self.base: dict[int, int] = {}
        self.codes: dict[int, set[str]] = {}
        self.moved: set[tuple[int, int]] = set()
        self.limits: dict[tuple[int, int], tuple[int | None, int | None]] = {}
        self.held: dict[tuple[int, int], int] = {}
        self.closed: set[tuple[int, int]] = set()
        self.offers: dict[int, list[tuple[int, int | None]]] = {}
        for some in in_pieces(ids):
            self._items(tx, some)
            self._stock(tx, some)
            self._offers(tx, some)

    def _items(self, tx: UnitOfWork, ids: Sequence[int]) -> None:
        columns = (Item.id, Item.sku, Item.name, Category.name.label("category"), Unit.name_key)
        asked = (
            select(*columns, Unit.name.label("unit"))
            .join(Unit, Unit.id == Item.base_unit_id)
            .outerjoin(Category, Category.id == Item.category_id)
            .where(any_of(Item.id, ids))
        )
        self.items |= {row.id: row for row in tx.session.execute(asked)}
        packs = (
            select(ItemUnit.item_id, ItemUnit.id, Unit.name_key, ItemUnit.num, ItemUnit.den)
            .join(Unit, Unit.id == ItemUnit.unit_id)
            .where(any_of(ItemUnit.item_id, ids), ItemUnit.active)
        )
        for row in tx.session.execute(packs):
            size = row.num if row.den == 1 else 0
            self.packs.setdefault(row.item_id, {})[row.name_key] = size
            if row.name_key == self.items[row.item_id].name_key:
                self.base[row.item_id] = row.id
        codes = (
            select(ItemUnit.item_id, Barcode.code_key)
            .join(ItemUnit, ItemUnit.id == Barcode.item_unit_id)
            .where(any_of(ItemUnit.item_id, ids), Barcode.active)
        )
        for item_id, code in tx.session.execute(codes):
            self.codes.setdefault(item_id, set()).add(code)

    def _stock(self, tx: UnitOfWork, ids: Sequence[int]) -> None:
        for end in (Movement.from_point_id, Movement.to_point_id):
            moved = select(Movement.item_id, end).where(any_of(Movement.item_id, ids)).distinct()
            self.moved |= {(row[0], row[1]) for row in tx.session.execute(moved)}
        columns = (StockRule.item_id, StockRule.point_id, StockRule.minimum, StockRule.maximum)
        rules = select(*columns).where(any_of(StockRule.item_id, ids))
        for rule in tx.session.execute(rules):
            self.limits[rule.item_id, rule.point_id] = (rule.minimum, rule.maximum)
        held = select(Balance.item_id, Balance.point_id, Balance.quantity)
        for item_id, point_id, quantity in tx.session.execute(
            held.where(any_of(Balance.item_id, ids))
        ):
            self.held[item_id, point_id] = quantity
        self.closed |= blind.hidden_pairs(tx, ids)

    def _offers(self, tx: UnitOfWork, ids: Sequence[int]) -> None:
        if not may_price(tx):
            return
        offers = (
            select(Item.id, SupplierItem.id, SupplierItem.price)
            .join(ItemUnit, ItemUnit.item_id == Item.id)
            .join(SupplierItem, SupplierItem.item_unit_id == ItemUnit.id)
            .where(any_of(Item.id, ids), ItemUnit.unit_id == Item.base_unit_id)
        )
        for item_id, offer_id, price in tx.session.execute(offers):
            self.offers.setdefault(item_id, []).append((offer_id, price))

    def compare(
        self, row: ImportRow, units: Any
    ) -> Iterator[tuple[ImportProblem | None, ImportProblem | None]]:
        """Note what a row changes; yield (problem, None) or (None, note) for what it cannot."""
        assert row.known is not None
        item = self.items[row.known.id]
        if (sku := row.get("sku")) and sort_key(sku) != sort_key(item.sku):
            text = message("{item} has the code “{code}”.", item=item.name, code=item.sku)
            yield row.problem("sku", text), None
        if (word := row.get("unit")) and units(word) not in (None, item.name_key):
            text = message(
                "{item} is counted in {unit}. That cannot be changed by a list.",
                item=item.name,
                unit=item.unit,
            )
            yield row.problem("unit", text), None
        category = row.get("category")
        if category and sort_key(category) != sort_key(item.category or ""):
            row.change("category", before=item.category, after=category)
        code = row.get("barcode")
        if code and code not in self.codes.get(item.id, ()):
            row.change("barcode", before=None, after=code)
        yield from self._compare_pack(row, item, units)
        yield from self._compare_stock(row, item)

    def _compare_pack(self, row: ImportRow, item: Any, units: Any) -> Iterator[Any]:
        pack, size = row.get("pack"), row.get("pack_size")
        if not pack or size is None or (key := units(pack)) is None:
            return
        now = self.packs.get(item.id, {}).get(key)
        if now is None:
            row.change("pack", before=None, after=pack)
            row.change("pack_size", before=None, after=size)
        elif now != size:
            text = message(
                "A {pack} of {item} holds another quantity. Switch that pack off first.",
                pack=pack,
                item=item.name,
            )
            yield row.problem("pack_size", text), None

    def _compare_stock(self, row: ImportRow, item: Any) -> Iterator[Any]:
        place = self.places.get(sort_key(row.get("place", "")))
        point = self.points.get(place) if place is not None else None
        here = (item.id, point or 0)
        quantity, price = row.get("quantity"), row.get("price")
        closed = here in self.closed
        opens = bool(quantity) and here not in self.moved and place is not None and not closed
        if closed and quantity is not None:
            yield None, row.problem("quantity", COUNTED)
        elif opens:
            row.change("quantity", before=0, after=quantity)
        elif quantity is not None and place is not None and quantity != self.held.get(here, 0):
            yield None, row.problem("quantity", MOVED)
        offers = self.offers.get(item.id, [])
        if price is not None and not opens and len(offers) == 1 and offers[0][1] != price:
            row.change("price", before=offers[0][1], after=price)
            row.resolved["offer"] = offers[0][0]
        elif price is not None and len(offers) > 1:
            text = message("Several suppliers sell this. Set the price at the supplier.")
            yield None, row.problem("price", text)
        if place is None:
            return
        now = self.limits.get(here, (None, None))
        wanted = limits_of(row, now)
        for name, before, after in zip(("minimum", "maximum"), now, wanted, strict=True):
            if before != after:
                row.change(name, before=before, after=after)
        low, high = wanted
        if wanted != now and low is not None and high is not None and high < low:
            told = "maximum" if row.get("maximum") is not None else "minimum"
            yield row.problem(told, message("The maximum is not below the minimum.")), None


def may_price(tx: UnitOfWork) -> bool:
    """Return whether the actor may see and change what suppliers ask for."""
    return tx.actor.holds("inventory.supplier.edit") and tx.actor.holds("inventory.cost.view")


def limits_of(row: ImportRow, now: tuple[int | None, int | None]) -> tuple[int | None, int | None]:
    """Return the limits of a place after a row: an empty cell leaves what is there."""
    minimum, maximum = row.get("minimum"), row.get("maximum")
    return (now[0] if minimum is None else minimum, now[1] if maximum is None else maximum or None)


def places_by_word(tx: UnitOfWork, permission: str | None) -> dict[str, int]:
    """Return place by code and by name, those in use that ``permission`` reaches; all for None."""
    statement = select(Place.id, Place.code, Place.name_key).where(Place.active)
    if permission is not None and tx.actor.realm is None:
        held = tx.actor.grants.get(permission, Held())
        statement = statement.where(Place.id.in_(Place.in_reach(held, tx.actor, writing=True)))
    rows = tx.session.execute(statement.order_by(Place.id.desc())).all()
    by_name = {row.name_key: row.id for row in rows}
    return by_name | {sort_key(row.code): row.id for row in rows}
