"""Posting a count: the differences become movements, once, all of them or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, select, update

from portal.api import Conflict, Message, Person, Place, UnitOfWork, message, translate, visible

from ...models import Balance, Item, ItemUnit, Movement, Point, StockRule
from ...rules import Amount
from ...services import balances, ledger, many, stock
from ...services.balances import Holding
from ...services.ledger import Entry
from .. import events, rules
from ..models import Count, CountEntry, CountLine
from ..rules import Difference
from .entering import StillMissing
from .planning import close_lines
from .reviewing import Undecided, costs_in, difference_of, limits_of, mode_of

LARGEST_VALUE = 10**17  # minor units
POSTING = "what a count found"
UNBOOKED = message("Found by counting: an unbooked receipt or return?")


class AlreadyPosted(Conflict):
    """Somebody else has posted the count."""


class CannotPost(Conflict):
    """Some lines do not fit the books any more; ``problems`` says which and why, by line id."""

    def __init__(self, problems: Mapping[int, Message]) -> None:
        self.problems = dict(problems)
        super().__init__(message("Nothing is posted: some lines need another look."))


@dataclass(frozen=True, kw_only=True)
class Post:
    """A count for the books; ``missing`` lines, as the reviewer has seen, stay as they are."""

    count: str
    missing: int = 0


@dataclass(frozen=True, kw_only=True)
class _Line:
    """A kept line with everything that posting it takes."""

    id: int
    key: str
    item_id: int
    point_id: int
    reason: str
    included_ids: list[int]
    mode: str
    item: str
    unit: str
    item_unit_id: int
    place: str
    department_id: int | None
    counted_at: datetime
    difference: Difference

    @property
    def pair(self) -> tuple[int, int]:
        return self.item_id, self.point_id


def post(tx: UnitOfWork, command: Post) -> Count:
    """Write the differences of the kept lines into the ledger and close the count.

    Raises AlreadyPosted, Undecided, StillMissing, and CannotPost with every line that does not fit.
    """
    reachable = visible(select(Count), rules.REVIEW, tx.actor)
    found: Count = tx.one(reachable, public_id=command.count)
    count: Count = tx.one(select(Count), id=found.id, lock=True)
    if count.status == "posted":
        raise _told_by_whom(tx, count)
    after = rules.next_state(count.status, "post")
    missing = _check_decided(tx, count)
    if missing != command.missing:
        raise StillMissing(message("Other lines are missing than you saw. Look once more."))
    limits = limits_of(tx, count)
    with tx.acting_for("inventory", reason=POSTING) as own:
        kept = _kept(own, count.id)
        points = balances.points_of(own, {line.point_id for line in kept})
        held = balances.hold(own, {line.pair for line in kept}, points, limited=False)
        if problems := _problems(own, count, kept, held):
            raise CannotPost(problems)
        moved = _move(own, kept, points)
        _mark_counted(own, kept, held)
        close_lines(own, count)
    count = tx.one(select(Count), id=found.id)
    count.status, count.closed_by_id, count.closed_at = after, tx.actor.person_id, tx.now
    count.lines_counted = len(kept)
    count.lines_right = sum(line.difference.is_right(limits) for line in kept)
    tx.session.flush()
    tx.audit("inventory.count_posted", count, lines=len(kept), movements=len(moved))
    tx.publish(
        events.CountPosted(
            count_id=count.id,
            department_id=count.department_id,
            lines_counted=count.lines_counted,
            lines_right=count.lines_right,
            movement_ids=tuple(moved),
        )
    )
    return count


def _told_by_whom(tx: UnitOfWork, count: Count) -> AlreadyPosted:
    who = tx.session.scalar(select(Person.name).where(Person.id == count.closed_by_id))
    return AlreadyPosted(message("{who} has posted this count already.", who=who or ""))


def _check_decided(tx: UnitOfWork, count: Count) -> int:
    """Return how many lines stay uncounted, or raise Undecided for those that want a decision."""
    rows: Any = tx.session.execute(
        select(CountLine.decision, CountEntry.id)
        .outerjoin(CountEntry, _in_force())
        .where(CountLine.count_id == count.id)
    ).all()
    again = sum(decision == "recount" for decision, _ in rows)
    open_ones = sum(decision is None and entry is not None for decision, entry in rows)
    if open_ones:
        raise Undecided(message("{count} lines still want a decision.", count=open_ones))
    if again:
        raise Undecided(
            message("{count} lines are to be counted again. Send them back first.", count=again)
        )
    return sum(entry is None and decision is None for decision, entry in rows)


def _in_force() -> Any:
    return and_(
        CountEntry.line_id == CountLine.id,
        CountEntry.round == CountLine.round,
        CountEntry.current,
    )


def _kept(own: UnitOfWork, count_id: int) -> list[_Line]:
    """Return the lines that go into the books, with how each item is kept at its place."""
    base = and_(ItemUnit.item_id == Item.id, ItemUnit.unit_id == Item.base_unit_id, ItemUnit.active)
    rule = and_(StockRule.item_id == CountLine.item_id, StockRule.point_id == CountLine.point_id)
    statement = (
        select(CountLine, CountEntry, Item, Place, ItemUnit, StockRule.mode)
        .join(CountEntry, _in_force())
        .join(Item, Item.id == CountLine.item_id)
        .join(ItemUnit, base)
        .join(Point, Point.id == CountLine.point_id)
        .join(Place, Place.id == Point.place_id)
        .outerjoin(StockRule, rule)
        .where(CountLine.count_id == count_id, CountLine.decision.in_(("keep", "included")))
        .order_by(CountLine.position, CountLine.id)
    )
    costs = costs_in(own, count_id)
    return [
        _Line(
            id=line.id,
            key=f"count line {line.public_id}",
            item_id=line.item_id,
            point_id=line.point_id,
            reason=line.reason,
            included_ids=list(line.included_ids),
            mode=mode_of(item.mode, mode),
            item=item.name,
            unit=unit.unit.name,
            item_unit_id=unit.id,
            place=place.name,
            department_id=place.department_id,
            counted_at=entry.counted_at,
            difference=difference_of(entry, line, costs),
        )
        for line, entry, item, place, unit, mode in own.session.execute(statement)
    ]


def _problems(
    own: UnitOfWork,
    count: Count,
    kept: Sequence[_Line],
    held: Mapping[tuple[int, int], Holding],
) -> dict[int, Message]:
    """Return why lines cannot be posted, by line id."""
    taken_back = _taken_back(own, [m for line in kept for m in line.included_ids])
    found: dict[int, Message] = {}
    for line in kept:
        holding = held[line.pair]
        counted_later = _counted_at(holding)
        left = holding.quantity + line.difference.quantity
        if line.department_id != count.department_id:
            found[line.id] = message("{place} belongs to another department now.", place=line.place)
        elif counted_later and counted_later > line.counted_at:
            found[line.id] = message(
                "{item} was counted again later, and that count is in the books.", item=line.item
            )
        elif taken_back & set(line.included_ids):
            found[line.id] = message(
                "A movement that was in the count of {item} has been reversed.", item=line.item
            )
        elif abs(line.difference.value) > LARGEST_VALUE:
            found[line.id] = message("This quantity is too large to be right.")
        elif left < 0:
            found[line.id] = message(
                "Only {left} of {item} left in the books at {place}, and the count takes"
                " {wanted} out: something that was counted as gone has been booked since.",
                left=Amount(holding.quantity, line.unit),
                item=line.item,
                place=line.place,
                wanted=Amount(-line.difference.quantity, line.unit),
            )
    return found


def _counted_at(holding: Holding) -> datetime | None:
    """Return when a balance was last counted by a count that is in the books."""
    return holding.row.counted_at if holding.row is not None else None


def _taken_back(own: UnitOfWork, included: Sequence[int]) -> set[int]:
    if not included:
        return set()
    statement = select(Movement.reverses_id).where(Movement.reverses_id.in_(included))
    return {row for row in own.session.scalars(statement) if row is not None}


def _move(own: UnitOfWork, kept: Sequence[_Line], points: Mapping[int, Point]) -> list[int]:
    """Post a movement for every difference; return their ids."""
    off = [line for line in kept if line.difference.quantity]
    if not off:
        return []
    outside = {kind: stock.outside(own, kind) for kind in ("variance", "consumption")}
    entries = [_entry(own, line, points[line.point_id], outside) for line in off]
    ids, _ = ledger.post(own, entries)
    put = dict(zip((line.id for line in off), ids, strict=True))
    chosen = select(CountLine).where(CountLine.id.in_(put))
    for row in own.session.scalars(chosen):
        row.movement_id = put[row.id]
    own.session.flush()
    return ids


def _entry(own: UnitOfWork, line: _Line, point: Point, outside: Mapping[str, Point]) -> Entry:
    """Return the movement of a line: used up where that is how it is kept, else a variance."""
    more = line.difference.quantity > 0
    used = not more and line.mode == "periodic"
    end = outside["consumption" if used else "variance"]
    note = line.reason
    if more and line.mode == "periodic" and not note:
        note = translate(UNBOOKED, own.language)
    return Entry(
        type="usage" if used else "variance",
        item_id=line.item_id,
        from_point=end if more else point,
        to_point=point if more else end,
        quantity=abs(line.difference.quantity),
        entered=abs(line.difference.quantity),
        item_unit_id=line.item_unit_id,
        occurred_on=line.counted_at.astimezone(own.zone).date(),
        value=line.difference.value if more else None,
        for_department_id=line.department_id if used else None,
        note=note,
        key=line.key,
    )


def _mark_counted(
    own: UnitOfWork, kept: Sequence[_Line], held: Mapping[tuple[int, int], Holding]
) -> None:
    """Say of every kept line when it was counted, also where the books were right."""
    for some in many.in_pieces(kept):
        rows: dict[int, Any] = {}
        for line in some:
            if (known := held[line.pair].id) is not None:
                rows[known] = line.counted_at
        if not rows:
            continue
        change = update(Balance).where(Balance.id.in_(rows))
        when = case(rows, value=Balance.id)
        own.session.execute(
            change.values(counted_at=when), execution_options={"synchronize_session": False}
        )
