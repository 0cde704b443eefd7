"""Posting: the one way by which stock moves.

Whoever posts has been allowed to; here it is made sure that the figures are right. All balances
concerned are locked in one order, every change is a conditional UPDATE, and the lines are written
with what each end then held.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from portal.api import Conflict, Shortfall, UnitOfWork, message

from .. import rules
from ..counting import blind
from ..labels import flags
from ..models import Item, Movement, Point, Unit
from ..rules import Amount
from ..watching import episodes
from . import balances, many, reserving
from .balances import Holding, Limits
from .pairs import Pair

LAST_COST = "what an item last cost"
# What was found missing is gone, also from what was put aside; so is what never came.
TAKES_ALL = ("usage", "variance", "reversal")


class NotEnough(Shortfall):
    """A place holds less than was to leave it."""


class AlreadyReversed(Conflict):
    """The movement was taken back before."""


class KeyTaken(Conflict):
    """Some of these lines were posted before, under the same keys, and some were not."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A movement to be posted. Without ``value`` it takes what the stock it moves is worth.

    ``posted_at`` and ``actor_id`` are given only by whoever writes down an older ledger.
    """

    type: str
    item_id: int
    from_point: Point
    to_point: Point
    quantity: int
    entered: int
    item_unit_id: int
    occurred_on: date
    value: int | None = None
    for_person_id: int | None = None
    for_department_id: int | None = None
    for_place_id: int | None = None
    supplier_id: int | None = None
    note: str = ""
    reverses: Movement | None = None
    key: str | None = None
    posted_at: datetime | None = None
    actor_id: int | None = None

    @property
    def pairs(self) -> tuple[Pair, Pair]:
        return (self.item_id, self.from_point.id), (self.item_id, self.to_point.id)


def post(
    tx: UnitOfWork, entries: Sequence[Entry], *, limits: Mapping[Pair, Limits] | None = None
) -> tuple[list[int], bool]:
    """Write movements into the ledger, all or none; return their ids and whether they are new.

    ``limits`` are for balances that do not exist yet, as those of a list of new items. Raises
    NotEnough when a place would hold less than nothing, AlreadyReversed for a movement taken back
    before. Lines posted before under the same keys are not posted again.
    """
    for entry in entries:
        rules.checked(entry.quantity)
        if entry.from_point.id == entry.to_point.id:
            raise Conflict(message("Both ends of this movement are the same place."))
    points = {point.id: point for e in entries for point in (e.from_point, e.to_point)}
    pairs = {pair for entry in entries for pair in entry.pairs} | (limits or {}).keys()
    points |= balances.points_of(tx, {point_id for _, point_id in pairs} - points.keys())
    held = balances.hold(tx, pairs, points, limited=bool(limits))
    if (known := _posted_before(tx, entries)) is not None:
        return known, False
    _refuse_second_reversals(tx, entries)
    empty = [e for e in entries if _is_unpriced(e) and held[e.pairs[1]].is_empty]
    costs = last_costs(tx, {entry.item_id for entry in empty})
    moves = [_move(tx, entry, held, costs) for entry in entries]
    reserving.shrink(tx, held, points)
    # Looked at before anything is written, which makes the session ask for each row again.
    back = [entry.reverses.id if entry.reverses is not None else None for entry in entries]
    outside = balances.write(tx, held, points, limits or {})
    rows = [
        _row(tx, entry, *move, outside) | {"reverses_id": reversed_id}
        for entry, move, reversed_id in zip(entries, moves, back, strict=True)
    ]
    posted = tx.append(Movement, rows)
    if came := [entry.pairs[1] for entry in entries if entry.type in ("receive", "transfer")]:
        flags.filled(tx, came)
    if alarmed := balances.alarmed(held, limits or {}):
        episodes.settle(tx, alarmed, since={pair: held[pair].moved_at for pair in alarmed})
    return posted, True


def _posted_before(tx: UnitOfWork, entries: Sequence[Entry]) -> list[int] | None:
    """Return the lines that were posted under these keys; None when none was."""
    keys = [entry.key for entry in entries if entry.key is not None]
    if not keys:
        return None
    known: dict[str | None, int] = {}
    for some in many.in_pieces(keys):
        found = tx.session.execute(select(Movement.key, Movement.id).where(Movement.key.in_(some)))
        known |= {row.key: row.id for row in found}
    if not known:
        return None
    if len(known) < len(entries):
        raise KeyTaken(message("A part of this was posted before. Reload the page and look."))
    return [known[entry.key] for entry in entries]


def _refuse_second_reversals(tx: UnitOfWork, entries: Sequence[Entry]) -> None:
    reversed_ids = [entry.reverses.id for entry in entries if entry.reverses is not None]
    if not reversed_ids:
        return
    known = [
        tx.session.scalars(
            select(Movement.id).where(Movement.reverses_id.in_(some)).limit(1)
        ).first()
        for some in many.in_pieces(reversed_ids)
    ]
    if any(known) or len(set(reversed_ids)) < len(reversed_ids):
        raise AlreadyReversed(message("This movement was reversed before."))


def _is_unpriced(entry: Entry) -> bool:
    """Return whether something comes in of which nobody says what it is worth."""
    return entry.from_point.place_id is None and entry.value is None and entry.reverses is None


def last_costs(tx: UnitOfWork, items: Collection[int]) -> dict[int, tuple[int, int]]:
    """Return what last moved of each item that was worth anything: a quantity and its value."""
    if not items:
        return {}
    last = (
        select(Movement.id)
        .where(Movement.item_id == Item.id, Movement.value > 0, Movement.quantity > 0)
        .order_by(Movement.id.desc())
        .limit(1)
        .correlate(Item)
        .scalar_subquery()
    )
    asked = select(Item.id, Movement.quantity, Movement.value).join(Movement, Movement.id == last)
    with tx.acting_for("inventory", reason=LAST_COST) as own:
        return {
            row[0]: (row[1], row[2])
            for some in many.in_pieces(sorted(items))
            for row in own.session.execute(asked.where(many.any_of(Item.id, some)))
        }


def _move(
    tx: UnitOfWork,
    entry: Entry,
    held: dict[Pair, Holding],
    costs: Mapping[int, tuple[int, int]],
) -> tuple[int, int, int]:
    """Move one entry between its ends; return its value and what each end has changed to."""
    source, target = (held[pair] for pair in entry.pairs)
    outside = entry.from_point.place_id is None
    left = source.quantity if entry.type in TAKES_ALL else source.free
    if not outside and left < entry.quantity:
        raise _not_enough(tx, entry, left, aside=source.reserved if left < source.quantity else 0)
    cost = costs.get(entry.item_id)
    value = _value(entry, target if outside else source, outside=outside, cost=cost)
    source.change(-entry.quantity, -value, entry.posted_at)
    target.change(entry.quantity, value, entry.posted_at)
    return value, source.quantity, target.quantity


def _value(
    entry: Entry, stock: Holding, *, outside: bool, cost: tuple[int, int] | None = None
) -> int:
    """Return what moves: the price paid, the share of what is there, or what comes back.

    Where nothing is there it is worth what the item last cost, ``cost``: a quantity and its value.
    """
    if entry.reverses is not None:
        if outside:
            return entry.reverses.value
        return rules.value_of_reversal(
            on_hand=stock.quantity,
            value=stock.value,
            quantity=entry.quantity,
            original=entry.reverses.value,
        )
    if entry.value is not None:
        return entry.value
    if outside:
        on_hand, worth = cost if cost and stock.is_empty else (stock.quantity, stock.value)
        return rules.value_at_average(on_hand=on_hand, value=worth, quantity=entry.quantity)
    return rules.value_of_issue(on_hand=stock.quantity, value=stock.value, quantity=entry.quantity)


def _not_enough(tx: UnitOfWork, entry: Entry, left: int, *, aside: int) -> NotEnough:
    item = tx.one(select(Item), id=entry.item_id)
    unit = tx.one(select(Unit), id=item.base_unit_id)
    place = entry.from_point.place
    if blind.is_hidden(tx, entry.item_id, entry.from_point.id):
        return NotEnough(
            message(
                "There is less of {item} at {place} than {wanted}. How much is not said while it"
                " is being counted.",
                item=item.name,
                place=place.name if place is not None else "",
                wanted=Amount(entry.quantity, unit.name),
            )
        )
    if aside:
        return NotEnough(
            message(
                "Only {left} of {item} left at {place} that are not put aside, {wanted} wanted.",
                left=Amount(left, unit.name),
                item=item.name,
                place=place.name if place is not None else "",
                wanted=Amount(entry.quantity, unit.name),
            )
        )
    return NotEnough(
        message(
            "Only {left} of {item} left at {place}, {wanted} wanted.",
            left=Amount(left, unit.name),
            item=item.name,
            place=place.name if place is not None else "",
            wanted=Amount(entry.quantity, unit.name),
        )
    )


def _row(
    tx: UnitOfWork,
    entry: Entry,
    value: int,
    left_from: int,
    left_to: int,
    outside: dict[Pair, int],
) -> dict[str, Any]:
    source, target = entry.pairs
    return {
        "posted_at": entry.posted_at or tx.now,
        "occurred_on": entry.occurred_on,
        "type": entry.type,
        "item_id": entry.item_id,
        "from_point_id": entry.from_point.id,
        "to_point_id": entry.to_point.id,
        "quantity": entry.quantity,
        "value": value,
        "entered": entry.entered,
        "item_unit_id": entry.item_unit_id,
        "left_from": outside.get(source, 0) + left_from,
        "left_to": outside.get(target, 0) + left_to,
        "for_person_id": entry.for_person_id,
        "for_department_id": entry.for_department_id,
        "for_place_id": entry.for_place_id,
        "supplier_id": entry.supplier_id,
        "note": entry.note,
        "actor_id": entry.actor_id or tx.actor.person_id,
        "on_behalf_of_id": tx.actor.on_behalf_of,
        "key": entry.key,
    }
