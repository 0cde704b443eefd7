"""Taking a stock list back: what nobody has touched since goes, the ledger by exact opposites."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import String, Text, cast, delete, func, select, update

from portal.api import ImportDone, ImportStays, Message, UnitOfWork, message

from ..models import (
    Balance,
    Barcode,
    Base,
    Item,
    ItemUnit,
    Movement,
    Point,
    StockRule,
    Substitute,
    SupplierItem,
)
from ..watching import episodes
from ..watching.models import Alert
from . import balances, ledger
from .balances import Limits
from .import_changes import locked, locked_items
from .import_known import may_price, places_by_word
from .ledger import Entry
from .limits import held_rules, put_rules
from .many import any_of, in_pieces
from .pairs import Pair

GONE = message("It is not there any more.")
CHANGED = message("Somebody has changed it since.")
MOVED = message("There have been movements since.")
USED = message("It is used in a count, an order, a request or a price since.")
ELSEWHERE = message("You may not change the stock of that place.")
NOT_LIMITED = message("You may not set the limits of that place.")
NOT_PRICED = message("You may not change what suppliers ask for.")
LOOK = "whether anybody has used what was imported"
NOTE = message("Import undone")
# What an import makes itself, or what follows from it without anybody's doing.
_OWN = (ItemUnit, Barcode, StockRule, Balance, Movement, Alert, Substitute)
PARTS = ("fields", "units", "code", "limits", "movement", "price")


def check(tx: UnitOfWork, done: Sequence[ImportDone]) -> Iterator[ImportStays]:
    """Yield what cannot be taken back, or not wholly, and why."""
    now = _Now(tx, done)
    for one in done:
        parts = now.parts(one)
        if parts.reasons:
            yield ImportStays(done=one, reason=parts.reasons[0], partly=bool(parts.free))


def run(tx: UnitOfWork, done: Sequence[ImportDone]) -> None:
    """Take back what ``check`` has left, in one transaction."""
    now = _Now(tx, done)
    free = [(one, now.parts(one).free) for one in done]
    new = [one for one in done if one.new]
    _retire(tx, new)
    _reverse(tx, now, [one for one, parts in free if "movement" in parts])
    _put_back(tx, now, [(one, parts) for one, parts in free if not one.new])
    _remove(tx, now, new)


@dataclass(frozen=True)
class Parts:
    """Which parts of what was done to an item can be taken back, and why the others cannot."""

    free: frozenset[str]
    reasons: tuple[Message, ...]


class _Now:
    """How everything that was imported stands now."""

    def __init__(self, tx: UnitOfWork, done: Sequence[ImportDone]) -> None:
        ids = sorted({one.data["item"] for one in done})
        self.reach = _points(tx, "inventory.stock.receive")
        self.ruled = _points(tx, "inventory.stock.set_rule")
        self.priced = may_price(tx)
        self.items: dict[int, Any] = {}
        self.movements: dict[int, list[Any]] = {}
        self.units: dict[int, set[int]] = {}
        self.codes: dict[int, dict[str, int]] = {}
        self.rules: dict[int, dict[int, list[int | None]]] = {}
        self.used: set[int] = set()
        self.used_units: set[int] = set()
        self.alerted: set[int] = set()
        offers = [one.data["price"][0] for one in done if "price" in one.data]
        self.prices: dict[int, int | None] = {}
        if tx.writing:
            balances.hold_items(tx, ids)
        with tx.acting_for("inventory", reason=LOOK) as own:
            for some in in_pieces(ids):
                self._look(own, some)
            for some in in_pieces(offers):
                asked = select(SupplierItem.id, SupplierItem.price)
                found = own.session.execute(asked.where(any_of(SupplierItem.id, some)))
                self.prices |= {row.id: row.price for row in found}

    def _look(self, own: UnitOfWork, ids: Sequence[int]) -> None:
        columns = (Item.id, Item.sku, Item.name, Item.note, Item.category_id, Item.status)
        for item in own.session.execute(select(*columns).where(any_of(Item.id, ids))):
            self.items[item.id] = item
        lines = select(Movement.id, Movement.item_id, Movement.item_unit_id)
        lines = lines.add_columns(Movement.from_point_id, Movement.to_point_id)
        for line in own.session.execute(lines.where(any_of(Movement.item_id, ids))):
            self.movements.setdefault(line.item_id, []).append(line)
        units = select(ItemUnit.item_id, ItemUnit.id).where(ItemUnit.active)
        for item_id, unit_id in own.session.execute(units.where(any_of(ItemUnit.item_id, ids))):
            self.units.setdefault(item_id, set()).add(unit_id)
        codes = (
            select(ItemUnit.item_id, Barcode.code_key, Barcode.item_unit_id)
            .join(ItemUnit, ItemUnit.id == Barcode.item_unit_id)
            .where(any_of(ItemUnit.item_id, ids), Barcode.active)
        )
        for item_id, code, unit_id in own.session.execute(codes):
            self.codes.setdefault(item_id, {})[code] = unit_id
        rules = select(StockRule.item_id, StockRule.point_id, StockRule.minimum, StockRule.maximum)
        for rule in own.session.execute(rules.where(any_of(StockRule.item_id, ids))):
            limits = [rule.minimum, rule.maximum]
            self.rules.setdefault(rule.item_id, {})[rule.point_id] = limits
        alerts = select(Alert.item_id).where(any_of(Alert.item_id, ids)).distinct()
        self.alerted |= set(own.session.scalars(alerts))
        self._uses(own, ids)

    def _uses(self, own: UnitOfWork, ids: Sequence[int]) -> None:
        """Find the items and packs that other records of the plugin name."""
        units = [unit for item_id in ids for unit in self.units.get(item_id, ())]
        owners = {unit: item_id for item_id in ids for unit in self.units.get(item_id, ())}
        for column in _pointing_at(Item):
            self.used |= set(
                own.session.scalars(select(column).where(any_of(column, ids)).distinct())
            )
        for column in _pointing_at(ItemUnit):
            for some in in_pieces(units):
                found = own.session.scalars(select(column).where(any_of(column, some)).distinct())
                self.used_units |= set(found)
        self.used |= {owners[unit] for unit in self.used_units & owners.keys()}

    def parts(self, one: ImportDone) -> Parts:
        """Return which parts of a row can be taken back."""
        item = self.items.get(one.data["item"])
        if item is None:
            return Parts(frozenset(), (GONE,))
        reasons = {part: self._reason(one, item, part) for part in PARTS if part in one.data}
        if one.new:
            found = self._reason_of_new(one, item) or next(filter(None, reasons.values()), None)
            return Parts(frozenset() if found else frozenset(reasons), (found,) if found else ())
        free = frozenset(part for part, reason in reasons.items() if reason is None)
        return Parts(free, tuple(dict.fromkeys(r for r in reasons.values() if r is not None)))

    def _reason_of_new(self, one: ImportDone, item: Any) -> Message | None:
        """Return what keeps a new item: everything about it must be the import's own."""
        data = one.data
        own_limits = {data["limits"][0]: data["limits"][2]} if "limits" in data else {}
        lines = {line.id for line in self.movements.get(item.id, ())}
        if lines - {data.get("movement")}:
            return MOVED
        if item.id in self.used:
            return USED
        same = (
            item.status == "active"
            and self.units.get(item.id, set()) == set(data.get("units", ()))
            and set(self.codes.get(item.id, ())) == ({data["code"]} if "code" in data else set())
            and self.rules.get(item.id, {}) == own_limits
        )
        return None if same else CHANGED

    def _reason(self, one: ImportDone, item: Any, part: str) -> Message | None:
        data = one.data
        match part:
            case "fields":
                same = all(getattr(item, n) == after for n, (_, after) in data["fields"].items())
                return None if same else CHANGED
            case "units":
                moved = {line.item_unit_id for line in self.movements.get(item.id, ())}
                packs = set(data["units"])
                if not one.new and packs & (moved | self.used_units):
                    return USED
                return None if packs <= self.units.get(item.id, set()) else CHANGED
            case "code":
                return None if data["code"] in self.codes.get(item.id, ()) else CHANGED
            case "limits":
                point, _, after = data["limits"]
                if point not in self.ruled:
                    return NOT_LIMITED
                return None if self.rules.get(item.id, {}).get(point) == after else CHANGED
            case "price":
                offer, _, after = data["price"]
                if not self.priced:
                    return NOT_PRICED
                return None if self.prices.get(offer) == after else CHANGED
        return self._reason_of_movement(data["movement"], item.id)

    def _reason_of_movement(self, movement_id: int, item_id: int) -> Message | None:
        lines = self.movements.get(item_id, ())
        point = next((line.to_point_id for line in lines if line.id == movement_id), None)
        if point not in self.reach:
            return ELSEWHERE
        there = [line.id for line in lines if point in (line.from_point_id, line.to_point_id)]
        return None if there == [movement_id] else MOVED


def _points(tx: UnitOfWork, permission: str) -> set[int]:
    """Return the points of the places for which the actor has a permission."""
    places = sorted(set(places_by_word(tx, permission).values()))
    return set(tx.session.scalars(select(Point.id).where(Point.place_id.in_(places))))


def _pointing_at(model: Any) -> Iterator[Any]:
    """Yield the columns by which records name an item or a pack, but for what imports make."""
    for mapper in Base.registry.mappers:
        if mapper.class_ in (*_OWN, Item):
            continue
        for column in mapper.local_table.columns:
            if any(key.column.table.name == model.__tablename__ for key in column.foreign_keys):
                yield getattr(mapper.class_, mapper.get_property_by_column(column).key)


def _retire(tx: UnitOfWork, new: Sequence[ImportDone]) -> None:
    """Take new items out of use and free their codes, before their stock goes."""
    mark = func.substr(Item.sku, 1, 28) + "~" + cast(Item.id, String)
    key = func.substr(Item.sku_key, 1, 28) + "~" + cast(Item.id, String)
    for some in in_pieces([one.data["item"] for one in new]):
        retired = update(Item).where(any_of(Item.id, some))
        values = {"status": "discontinued", "sku": mark, "sku_key": key}
        tx.session.execute(
            retired.values(**values, version=Item.version + 1).execution_options(
                synchronize_session=False
            )
        )


def _reverse(tx: UnitOfWork, now: _Now, done: Sequence[ImportDone]) -> None:
    """Post the exact opposite of each movement of the import."""
    wrong = locked(tx, Movement, [one.data["movement"] for one in done])
    points = balances.points_of(
        tx, {end for line in wrong.values() for end in (line.from_point_id, line.to_point_id)}
    )
    note, today = NOTE.in_language(tx.language), tx.today
    entries = [
        Entry(
            type="reversal",
            item_id=line.item_id,
            from_point=points[line.to_point_id],
            to_point=points[line.from_point_id],
            quantity=line.quantity,
            entered=line.entered,
            item_unit_id=line.item_unit_id,
            occurred_on=today,
            note=note,
            reverses=line,
        )
        for line in wrong.values()
    ]
    ledger.post(tx, entries)


def _put_back(
    tx: UnitOfWork, now: _Now, changed: Sequence[tuple[ImportDone, frozenset[str]]]
) -> None:
    """Give items that were there before the values they had."""
    items = locked_items(tx, [one.data["item"] for one, _ in changed])
    offers = locked(tx, SupplierItem, [o.data["price"][0] for o, p in changed if "price" in p])
    pairs = [(o.data["item"], o.data["limits"][0]) for o, parts in changed if "limits" in parts]
    wanted: dict[Pair, Limits | None] = {}
    codes = [(one.data["item"], one.data["code"]) for one, parts in changed if "code" in parts]
    units = [unit for one, parts in changed if "units" in parts for unit in one.data["units"]]
    for one, parts in changed:
        item = items[one.data["item"]]
        for name, (before, _) in one.data["fields"].items() if "fields" in parts else ():
            setattr(item, name, before)
        if "price" in parts:
            offers[one.data["price"][0]].price = one.data["price"][1]
        if "limits" in parts:
            point, before, _ = one.data["limits"]
            wanted[item.id, point] = Limits(*before) if before is not None else None
    tx.session.flush()
    _switch_off(tx, [code for _, code in codes], units)
    put_rules(tx, wanted, held_rules(tx, pairs))


def _switch_off(tx: UnitOfWork, codes: Sequence[str], units: Sequence[int]) -> None:
    for some in in_pieces(codes):
        off = update(Barcode).where(any_of(Barcode.code_key, some, kind=Text), Barcode.active)
        tx.session.execute(off.values(active=False))
    for part in in_pieces(units):
        off = update(ItemUnit).where(any_of(ItemUnit.id, part))
        tx.session.execute(off.values(active=False))


def _remove(tx: UnitOfWork, now: _Now, new: Sequence[ImportDone]) -> None:
    """Remove what is about new items; an item the ledger or an alert names stays, out of use."""
    ids = [one.data["item"] for one in new]
    pairs: list[Pair] = [
        (one.data["item"], one.data["limits"][0]) for one in new if "limits" in one.data
    ]
    episodes.settle(tx, pairs)
    _switch_off(tx, [one.data["code"] for one in new if "code" in one.data], [])
    for some in in_pieces(ids):
        tx.session.execute(delete(StockRule).where(any_of(StockRule.item_id, some)))
        inside = (any_of(Balance.item_id, some), ~Balance.outside)
        tx.session.execute(delete(Balance).where(*inside))
    bare = [i for i in ids if i not in now.movements and i not in now.alerted]
    for some in in_pieces(bare):
        units = select(ItemUnit.id).where(any_of(ItemUnit.item_id, some))
        tx.session.execute(delete(Barcode).where(Barcode.item_unit_id.in_(units)))
        tx.session.execute(delete(ItemUnit).where(any_of(ItemUnit.item_id, some)))
        tx.session.execute(delete(Item).where(any_of(Item.id, some)))
