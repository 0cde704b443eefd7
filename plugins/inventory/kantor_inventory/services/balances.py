"""Balances: locked in one order and changed by conditional UPDATEs, never read and written back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    case,
    false,
    func,
    literal,
    select,
    update,
)

from portal.api import UnitOfWork

from ..models import Balance, Item, Point
from ..rules import alarm, is_below
from . import many
from .many import in_pieces
from .pairs import Pair, among, among_named, naming

MANY = 50  # that many balances are not made or changed one by one
OUTSIDE = "an end outside the building"
EXPECTED = "what is on order"
HELD = "items that a whole list is about"


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
    id: int | None = None  # None while there is no row
    limits: Limits | None = None
    reserved: int = 0  # of it, put aside for requests
    more: int = 0
    more_value: int = 0
    moved_at: datetime | None = None  # None is now

    @property
    def is_empty(self) -> bool:
        return self.quantity <= 0

    @property
    def free(self) -> int:
        """How much is there that is not put aside."""
        return self.quantity - self.reserved

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
        _made(tx, missing, points)
        found = _lock(tx, inside)
    held = {
        pair: Holding(
            row, row.quantity, row.value, row.id, Limits(row.minimum, row.maximum), row.reserved
        )
        for pair, row in found.items()
    }
    return {pair: held.get(pair) or Holding() for pair in pairs}


def hold_items(tx: UnitOfWork, ids: Collection[int]) -> None:
    """Hold balances, then their items, in the order of all who post, until the commit.

    Nobody moves these items, or begins to use them, meanwhile.
    """
    with tx.acting_for("inventory", reason=HELD) as own:
        for some in in_pieces(sorted(set(ids))):
            held = select(Balance.id).where(many.any_of(Balance.item_id, some), ~Balance.outside)
            in_order = held.order_by(Balance.item_id, Balance.point_id)
            own.session.execute(in_order.with_for_update()).all()
            items = select(Item.id).where(many.any_of(Item.id, some)).order_by(Item.id)
            own.session.execute(items.with_for_update()).all()


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
    _adjust_all(tx, [held[pair] for pair in inside if held[pair].row is not None])
    _insert(tx, [pair for pair in inside if held[pair].row is None], held, points, limits)
    if len(outside) < MANY:
        return {pair: _shift(tx, pair, held[pair], points) for pair in outside}
    return _shift_many(tx, outside, held, points)


def alarmed(held: Mapping[Pair, Holding], limits: Mapping[Pair, Limits]) -> list[Pair]:
    """Return what has come to hold too little or too much, or has ceased to, by ``write``."""
    none = Limits(None, None)
    found = []
    for pair, now in held.items():
        limit = now.limits or limits.get(pair, none)
        before = None if now.limits is None else now.quantity - now.more
        after = alarm(now.quantity, limit.minimum, limit.maximum)
        if after != (None if before is None else alarm(before, limit.minimum, limit.maximum)):
            found.append(pair)
    return found


def limit(tx: UnitOfWork, wanted: Mapping[Pair, Limits]) -> None:
    """Put rules' figures beside the balances they are compared with, in (item, point) order.

    Whoever calls lets ``episodes.settle`` see what that means.
    """
    pairs = sorted(wanted)
    points = points_of(tx, {point_id for _, point_id in pairs})
    found = _lock(tx, pairs)
    if len(missing := [pair for pair in pairs if pair not in found]) < MANY:
        found |= _made(tx, missing, points)
    else:
        keys = _sort_keys(tx, missing)
        new = [
            _new(keys[item_id], points[point_id])
            | {"item_id": item_id, "point_id": point_id}
            | _limited(wanted[item_id, point_id])
            for item_id, point_id in missing
        ]
        tx.append(Balance, new)
    there = [(found[pair], wanted[pair]) for pair in pairs if pair in found]
    for some in in_pieces(there) if len(there) >= MANY else ():
        _limit_many(tx, some)
    for row, limits in there if len(there) < MANY else ():
        put = {"minimum": limits.minimum, "maximum": limits.maximum}
        tx.adjust(
            row, "quantity", 0, floor=None, put=put | _flags(0, literal(limits.minimum, BigInteger))
        )


def expect(tx: UnitOfWork, changes: Mapping[Pair, int]) -> None:
    """Add to what is on order, in (item, point) order; nobody needs a right on the stock for it."""
    points = points_of(tx, {point_id for _, point_id in changes})
    with tx.acting_for("inventory", reason=EXPECTED) as own:
        for pair in sorted(changes):
            item_id, point_id = pair
            new = _new(_sort_keys(own, [pair])[item_id], points[point_id])
            balance = own.ensure(Balance, defaults=new, item_id=item_id, point_id=point_id)
            to_order = func.coalesce(
                Balance.quantity - Balance.reserved + Balance.on_order + changes[pair]
                < Balance.minimum,
                false(),
            )
            own.adjust(balance, "on_order", changes[pair], put={"to_order": to_order})


def set_aside(own: UnitOfWork, row: Balance, more: int) -> int:
    """Put so much more of a balance that is held aside, or less of it; return how much it now is.

    In the right of inventory: whoever asks has no right on the stock. The CHECK of the balance
    refuses more than is there, and ``adjust`` less than nothing.
    """
    to_order = func.coalesce(
        Balance.quantity - Balance.reserved - more + Balance.on_order < Balance.minimum, false()
    )
    return own.adjust(row, "reserved", more, put={"to_order": to_order})


def _lock(tx: UnitOfWork, pairs: Sequence[Pair]) -> dict[Pair, Balance]:
    found: dict[Pair, Balance] = {}
    for some in in_pieces(pairs):
        rows = tx.session.scalars(_LOCKED, naming(some))
        found |= {(row.item_id, row.point_id): row for row in rows}
    return found


# Made once: all that moves asks for this.
_LOCKED: Any = (
    select(Balance)
    .where(among_named(Balance))
    .order_by(Balance.item_id, Balance.point_id)
    .with_for_update()
    .execution_options(populate_existing=True)
)


def _sort_keys(tx: UnitOfWork, pairs: Iterable[Pair]) -> dict[int, str]:
    keys: dict[int, str] = {}
    for some in in_pieces(sorted({item_id for item_id, _ in pairs})):
        asked = select(Item.id, Item.name_key).where(many.any_of(Item.id, some))
        found = tx.session.execute(asked)
        keys |= {row.id: row.name_key for row in found}
    return keys


def _made(
    tx: UnitOfWork, pairs: Sequence[Pair], points: Mapping[int, Point]
) -> dict[Pair, Balance]:
    """Return balances that did not exist, made one by one: somebody else may be faster."""
    keys = _sort_keys(tx, pairs)
    return {
        (item_id, point_id): tx.ensure(
            Balance,
            defaults=_new(keys[item_id], points[point_id]),
            item_id=item_id,
            point_id=point_id,
        )
        for item_id, point_id in pairs
    }


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


def _flags(more: Any, minimum: Any = Balance.minimum) -> dict[str, Any]:
    """Return what is said of a balance that changes by ``more``, as its CHECKs want it."""
    left = Balance.quantity + more
    return {
        "below": func.coalesce(left < minimum, false()),
        "to_order": func.coalesce(left - Balance.reserved + Balance.on_order < minimum, false()),
    }


def _limited(limits: Limits) -> dict[str, Any]:
    """Return the limits of a balance of nothing."""
    short = is_below(0, limits.minimum)
    said = {"minimum": limits.minimum, "maximum": limits.maximum}
    return said | {"below": short, "to_order": short}


def _limit_many(tx: UnitOfWork, some: Sequence[tuple[Balance, Limits]]) -> None:
    """Give each of these balances limits of its own, in one statement."""
    minimum = many.by_row(Balance, {row.id: limits.minimum for row, limits in some})
    maximum = many.by_row(Balance, {row.id: limits.maximum for row, limits in some})
    put = {"minimum": minimum, "maximum": maximum} | _flags(0, minimum)
    many.change(tx, Balance, [row.id for row, _ in some], put)


def _adjust_all(tx: UnitOfWork, changes: Sequence[Holding]) -> None:
    """Write what has changed into balances that are held."""
    if len(changes) < MANY:
        for change in changes:
            _adjust(tx, change)
        return
    for some in in_pieces(changes):
        _adjust_many(tx, some)


def _adjust(tx: UnitOfWork, change: Holding) -> None:
    row = change.row
    assert row is not None
    left = tx.adjust(
        row,
        "quantity",
        change.more,
        also={"value": change.more_value},
        put=_flags(change.more) | {"moved_at": change.moved_at or tx.now},
    )
    if left != change.quantity:
        raise RuntimeError(f"balance {row.id} changed under its lock: {left}")


def _adjust_many(tx: UnitOfWork, some: Sequence[Holding]) -> None:
    """Do what ``_adjust`` does for each of these, in one statement."""
    by_id = {change.id: change for change in some if change.id is not None}
    more = many.by_row(Balance, {key: change.more for key, change in by_id.items()})
    worth = many.by_row(Balance, {key: change.more_value for key, change in by_id.items()})
    moved = {key: change.moved_at or tx.now for key, change in by_id.items()}
    put = {
        "quantity": Balance.quantity + more,
        "value": Balance.value + worth,
        "moved_at": _when(moved),
    }
    left = many.change(tx, Balance, list(by_id), put | _flags(more), tell="quantity")
    for key, change in by_id.items():
        if left[key] != change.quantity:
            raise RuntimeError(f"balance {key} changed under its lock: {left[key]}")


def _when(moved: Mapping[int, datetime]) -> Any:
    """Return when each balance was moved; all at once but where older books are written down."""
    if len(same := set(moved.values())) == 1:
        return same.pop()
    kept = Balance.moved_at.type
    return case({key: literal(at, kept) for key, at in moved.items()}, value=Balance.id)


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
    before = dict.fromkeys(pairs, 0)
    with tx.acting_for("inventory", reason=OUTSIDE) as own:
        known: dict[Pair, int] = {}
        for some in in_pieces(pairs):
            asked = select(Balance.id, Balance.item_id, Balance.point_id).where(
                among(Balance, some)
            )
            in_order = asked.order_by(Balance.item_id, Balance.point_id).with_for_update()
            known |= {(row.item_id, row.point_id): row.id for row in own.session.execute(in_order)}
        _insert(own, [pair for pair in pairs if pair not in known], held, points, {})
        for part in in_pieces(sorted(known)):
            more = many.by_row(Balance, {known[pair]: held[pair].more for pair in part})
            worth = many.by_row(Balance, {known[pair]: held[pair].more_value for pair in part})
            put = {"quantity": Balance.quantity + more, "value": Balance.value + worth}
            ids = [known[pair] for pair in part]
            left = many.change(own, Balance, ids, put | {"moved_at": tx.now}, tell="quantity")
            before |= {pair: left[known[pair]] - held[pair].more for pair in part}
    return before
