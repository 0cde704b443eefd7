"""Balances: locked in one order and changed by conditional UPDATEs, never read and written back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, false, func, select, tuple_, update

from portal.api import UnitOfWork

from ..models import Balance, Item, Point
from ..rules import alarm, is_below

AT_ONCE = 400  # keys in one statement
MANY = 50  # that many missing balances are not made one by one
OUTSIDE = "an end outside the building"
EXPECTED = "what is on order"

Pair = tuple[int, int]  # item id, point id
Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Limits:
    """How much a place should hold."""

    minimum: int | None
    maximum: int | None


@dataclass
class Holding:
    """What a point holds of an item while movements are worked through, and how that changed."""

    row: Balance | None = None
    quantity: int = 0
    value: int = 0
    more: int = 0
    more_value: int = 0
    moved_at: datetime | None = None  # None is now

    def change(self, quantity: int, value: int, moved_at: datetime | None) -> None:
        self.moved_at = moved_at
        self.quantity += quantity
        self.value += value
        self.more += quantity
        self.more_value += value


def hold(
    tx: UnitOfWork, pairs: Collection[Pair], points: Mapping[int, Point], *, limited: bool
) -> dict[Pair, Holding]:
    """Return what each point holds of each item, locked until the commit in (item, point) order.

    The ends outside begin at nothing: they are only counted on, and read by nobody.
    """
    inside = sorted(pair for pair in pairs if points[pair[1]].place_id is not None)
    found = _lock(tx, inside)
    missing = [pair for pair in inside if pair not in found]
    if 0 < len(missing) < MANY and not limited:
        keys = _sort_keys(tx, missing)
        for item_id, point_id in missing:
            new = _new(keys[item_id], points[point_id])
            tx.ensure(Balance, defaults=new, item_id=item_id, point_id=point_id)
        found = _lock(tx, inside)
    held = {pair: Holding(row, row.quantity, row.value) for pair, row in found.items()}
    return {pair: held.get(pair) or Holding() for pair in pairs}


def points_of(tx: UnitOfWork, ids: Collection[int]) -> dict[int, Point]:
    """Return points by id."""
    if not ids:
        return {}
    return {row.id: row for row in tx.session.scalars(select(Point).where(Point.id.in_(ids)))}


def write(
    tx: UnitOfWork,
    held: Mapping[Pair, Holding],
    points: Mapping[int, Point],
    limits: Mapping[Pair, Limits],
) -> dict[Pair, int]:
    """Write what has changed; return what the ends outside held before."""
    inside = [pair for pair in sorted(held) if points[pair[1]].place_id is not None]
    outside = [pair for pair in sorted(held) if points[pair[1]].place_id is None]
    for pair in inside:
        if held[pair].row is not None:
            _adjust(tx, held[pair])
    _insert(tx, [pair for pair in inside if held[pair].row is None], held, points, limits)
    if len(outside) < MANY:
        return {pair: _shift(tx, pair, held[pair], points) for pair in outside}
    return _shift_many(tx, outside, held, points)


def alarmed(held: Mapping[Pair, Holding], limits: Mapping[Pair, Limits]) -> list[Pair]:
    """Return what has come to hold too little or too much, or has ceased to, by ``write``."""
    none = Limits(None, None)
    found = []
    for pair, now in held.items():
        limit = limits.get(pair, none) if now.row is None else now.row
        before = None if now.row is None else now.quantity - now.more
        after = alarm(now.quantity, limit.minimum, limit.maximum)
        if after != (None if before is None else alarm(before, limit.minimum, limit.maximum)):
            found.append(pair)
    return found


def limit(
    tx: UnitOfWork, item: Item, point: Point, *, minimum: int | None, maximum: int | None
) -> None:
    """Put a rule's figures beside the balance they are compared with.

    Whoever calls lets ``episodes.settle`` see what that means.
    """
    new = _new(item.name_key, point)
    balance = tx.ensure(Balance, defaults=new, item_id=item.id, point_id=point.id)
    below = false() if minimum is None else Balance.quantity < minimum
    to_order = false() if minimum is None else Balance.quantity + Balance.on_order < minimum
    put = {"minimum": minimum, "maximum": maximum, "below": below, "to_order": to_order}
    tx.adjust(balance, "quantity", 0, floor=None, put=put)


def expect(tx: UnitOfWork, changes: Mapping[Pair, int]) -> None:
    """Add to what is on order, in (item, point) order; nobody needs a right on the stock for it."""
    points = points_of(tx, {point_id for _, point_id in changes})
    with tx.acting_for("inventory", reason=EXPECTED) as own:
        for pair in sorted(changes):
            item_id, point_id = pair
            new = _new(_sort_keys(own, [pair])[item_id], points[point_id])
            balance = own.ensure(Balance, defaults=new, item_id=item_id, point_id=point_id)
            to_order = func.coalesce(
                Balance.quantity + Balance.on_order + changes[pair] < Balance.minimum, false()
            )
            own.adjust(balance, "on_order", changes[pair], put={"to_order": to_order})


def in_pieces(things: Sequence[Thing]) -> Iterator[Sequence[Thing]]:
    """Yield as many things at once as one statement takes."""
    for start in range(0, len(things), AT_ONCE):
        yield things[start : start + AT_ONCE]


def _lock(tx: UnitOfWork, pairs: Sequence[Pair]) -> dict[Pair, Balance]:
    found: dict[Pair, Balance] = {}
    for some in in_pieces(pairs):
        statement = (
            select(Balance)
            .where(among(Balance, some))
            .order_by(Balance.item_id, Balance.point_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        found |= {(row.item_id, row.point_id): row for row in tx.session.scalars(statement)}
    return found


def among(model: Any, pairs: Sequence[Pair]) -> ColumnElement[bool]:
    """Return the condition of being about one of these; SQLite uses no index for pairs alone."""
    items = sorted({item_id for item_id, _ in pairs})
    return and_(model.item_id.in_(items), tuple_(model.item_id, model.point_id).in_(pairs))


def _sort_keys(tx: UnitOfWork, pairs: Iterable[Pair]) -> dict[int, str]:
    keys: dict[int, str] = {}
    for some in in_pieces(sorted({item_id for item_id, _ in pairs})):
        found = tx.session.execute(select(Item.id, Item.name_key).where(Item.id.in_(some)))
        keys |= {row.id: row.name_key for row in found}
    return keys


def _new(item_key: str, point: Point) -> dict[str, Any]:
    return {
        "item_key": item_key,
        "outside": point.place_id is None,
        "quantity": 0,
        "value": 0,
        "below": False,
        "on_order": 0,
        "to_order": False,
    }


def _adjust(tx: UnitOfWork, change: Holding) -> None:
    row = change.row
    assert row is not None
    left_over = Balance.quantity + change.more
    below = func.coalesce(left_over < Balance.minimum, false())
    to_order = func.coalesce(left_over + Balance.on_order < Balance.minimum, false())
    left = tx.adjust(
        row,
        "quantity",
        change.more,
        also={"value": change.more_value},
        put={"below": below, "to_order": to_order, "moved_at": change.moved_at or tx.now},
    )
    if left != change.quantity:
        raise RuntimeError(f"balance {row.id} changed under its lock: {left}")


def _insert(
    tx: UnitOfWork,
    pairs: Sequence[Pair],
    held: Mapping[Pair, Holding],
    points: Mapping[int, Point],
    limits: Mapping[Pair, Limits],
) -> None:
    """Write new balances as they are in the end; somebody else's twin fails on the unique key."""
    if not pairs:
        return
    keys = _sort_keys(tx, pairs)
    none = Limits(None, None)
    rows = []
    for item_id, point_id in pairs:
        holding = held[item_id, point_id]
        limit = limits.get((item_id, point_id), none)
        rows.append(
            _new(keys[item_id], points[point_id])
            | {"item_id": item_id, "point_id": point_id}
            | {"moved_at": holding.moved_at or tx.now}
            | {"quantity": holding.quantity, "value": holding.value}
            | {"minimum": limit.minimum, "maximum": limit.maximum}
            | dict.fromkeys(("below", "to_order"), is_below(holding.quantity, limit.minimum))
        )
    tx.append(Balance, rows)


def _shift(tx: UnitOfWork, pair: Pair, change: Holding, points: Mapping[int, Point]) -> int:
    """Change a balance nobody may read; return what it was before."""
    item_id, point_id = pair
    statement = (
        update(Balance)
        .where(Balance.item_id == item_id, Balance.point_id == point_id)
        .values(
            quantity=Balance.quantity + change.more,
            value=Balance.value + change.more_value,
            moved_at=tx.now,
        )
        .returning(Balance.quantity)
        .execution_options(synchronize_session=False)
    )
    after: int | None = tx.session.scalar(statement)
    if after is None:
        with tx.acting_for("inventory", reason=OUTSIDE) as own:
            new = _new(_sort_keys(own, [pair])[item_id], points[point_id])
            own.ensure(Balance, defaults=new, item_id=item_id, point_id=point_id)
        after = tx.session.scalar(statement)
    assert after is not None
    return after - change.more


def _shift_many(
    tx: UnitOfWork,
    pairs: Sequence[Pair],
    held: Mapping[Pair, Holding],
    points: Mapping[int, Point],
) -> dict[Pair, int]:
    """Do what ``_shift`` does for a whole list at once."""
    with tx.acting_for("inventory", reason=OUTSIDE) as own:
        known: set[Pair] = set()
        for some in in_pieces(pairs):
            found = own.session.execute(
                select(Balance.item_id, Balance.point_id).where(among(Balance, some))
            )
            known |= {(row.item_id, row.point_id) for row in found}
        _insert(own, [pair for pair in pairs if pair not in known], held, points, {})
        before = dict.fromkeys(pairs, 0)
        for pair in sorted(known):
            before[pair] = _shift(own, pair, held[pair], points)
    return before
