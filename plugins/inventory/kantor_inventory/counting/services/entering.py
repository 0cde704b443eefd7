"""Entering what was counted: each figure with what the books said at that very moment.

Whoever counts is told nothing of that. All figures of one count take turns, so that nobody writes
over a figure without having seen it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import contains_eager

from portal.api import (
    Conflict,
    NotFound,
    Person,
    Place,
    UnitOfWork,
    ValidationFailed,
    message,
    visible,
)

from ... import rules as arithmetic
from ...models import Item, ItemUnit, Movement, Point
from ...services import balances
from .. import events, rules
from ..models import Count, CountEntry, CountLine, CountPlace
from .planning import CountedElsewhere, NotCountable, taken_elsewhere
from .reading import counted_before, in_force

BOOKS = "what the books say while somebody counts"

# A figure of a count is what phones send most: made once, these are limited once for each person.
_HELD: Any = (
    select(CountLine.id, CountLine.item_id, Point)
    .join(Count, Count.id == CountLine.count_id)
    .join(Point, Point.id == CountLine.point_id)
    .where(CountLine.public_id == bindparam("line"))
    .with_for_update(of=Count)
)
_LINE: Any = (
    select(CountLine, CountEntry)
    .join(CountLine.count)
    .join(CountLine.point)
    .outerjoin(Point.place)
    .outerjoin(CountEntry, in_force())
    .options(contains_eager(CountLine.count))
    .options(contains_eager(CountLine.point).contains_eager(Point.place))
    .where(CountLine.id == bindparam("line"))
    .execution_options(populate_existing=True)
)
_UNITS: Any = select(ItemUnit.id, ItemUnit.public_id, ItemUnit.num, ItemUnit.den).where(
    ItemUnit.item_id == bindparam("item"),
    ItemUnit.public_id.in_(bindparam("named", expanding=True)),
)
_LAST_MOVEMENT = select(func.max(Movement.id))


class EnteredMeanwhile(Conflict):
    """Somebody else has entered a figure for this line that the form did not show."""

    def __init__(self, entry: CountEntry, who: str) -> None:
        self.entry_id, self.counted, self.at, self.who = (
            entry.id,
            entry.counted,
            entry.counted_at,
            who,
        )
        super().__init__(message("{who} has entered a figure here meanwhile.", who=who))


class CountedBefore(Conflict):
    """Whoever counted a line first does not count it again."""

    default = message("You counted this before. Let somebody else count it again.")


class StillMissing(Conflict):
    """Other lines are missing than whoever sends the count in has seen."""


@dataclass(frozen=True, kw_only=True)
class Enter:
    """What lies there, in one or several units of the item; ``seen`` is the entry the form showed.

    The amounts are (public id of the item's unit, thousandths of it).
    """

    line: str
    amounts: Sequence[tuple[str, int]]
    seen: int | None = None


@dataclass(frozen=True, kw_only=True)
class Clear:
    """A figure to be taken back: the line is not counted after all."""

    line: str
    seen: int | None = None


@dataclass(frozen=True, kw_only=True)
class Missed:
    """Nobody knows where this is: looked for and not found, which is not the same as none."""

    line: str
    seen: int | None = None


@dataclass(frozen=True, kw_only=True)
class AddFound:
    """An item that lies there without being on the sheet."""

    count: str
    item: str
    place: str


@dataclass(frozen=True, kw_only=True)
class Submit:
    """A count to be sent in, without the ``missing`` lines that its sender has seen to be so."""

    count: str
    missing: int


def enter(tx: UnitOfWork, command: Enter) -> CountEntry:
    """Keep a figure and return it; the one before stays as it was, replaced.

    Raises EnteredMeanwhile for a figure of somebody else that was not seen, CountedBefore when the
    same person counts again, ValidationFailed for quantities that make no sense.
    """
    held = _hold(tx, command.line)
    # Before all else is read: lending makes that be read anew.
    book, value, last = _books(tx, held)
    count, line, current = _open_line(tx, held.id)
    counted, entered = _amount(tx, line, command.amounts)
    _refuse_unseen(tx, current, command.seen)
    _replace(tx, current)
    entry = CountEntry(
        count=count,
        line=line,
        round=line.round,
        counted=counted,
        entered=entered,
        counted_at=tx.now,
        counted_by_id=tx.actor.person_id,
        book=book,
        book_value=value,
        book_seq=last,
    )
    tx.session.add(entry)
    _touched(tx, count, line)
    tx.audit("inventory.count_entered", count, line=line.public_id, counted=counted)
    return entry


def clear(tx: UnitOfWork, command: Clear) -> CountLine:
    """Take a figure, or that something was not found, back."""
    count, line, current = _open_line(tx, _hold(tx, command.line).id)
    _refuse_unseen(tx, current, command.seen)
    _replace(tx, current)
    _touched(tx, count, line)
    tx.audit("inventory.count_entered", count, line=line.public_id, counted=None)
    return line


def missed(tx: UnitOfWork, command: Missed) -> CountLine:
    """Say that something was looked for and not found; it counts as not counted."""
    count, line, current = _open_line(tx, _hold(tx, command.line).id)
    _refuse_unseen(tx, current, command.seen)
    _replace(tx, current)
    _touched(tx, count, line)
    line.missed_by_id, line.missed_at = tx.actor.person_id, tx.now
    tx.audit("inventory.count_entered", count, line=line.public_id, missed=True)
    return line


def add_found(tx: UnitOfWork, command: AddFound) -> CountLine:
    """Put an item on the sheet that lies there, and return its line, an old one if it has any.

    Raises CountedElsewhere when another open count has it, NotCountable for what is not kept.
    """
    count: Count = tx.one(visible(select(Count), rules.ENTER, tx.actor), public_id=command.count)
    count = tx.one(select(Count), id=count.id, lock=True)
    rules.next_state(count.status, "enter")
    item = tx.one(select(Item), public_id=command.item)
    place = tx.one(select(Place), public_id=command.place)
    of_count = select(CountPlace).where(CountPlace.count_id == count.id)
    point = tx.one(
        of_count.join(Point, Point.id == CountPlace.point_id).where(Point.place_id == place.id)
    ).point
    found = tx.session.scalars(
        select(CountLine).filter_by(count_id=count.id, item_id=item.id, point_id=point.id)
    ).one_or_none()
    if found is not None:
        return found
    if count.status == "recount":
        raise NotCountable(message("While a part is counted again, nothing is added."))
    if item.mode == "non_stock":
        raise NotCountable(message("{item} is not kept in stock.", item=item.name))
    line = CountLine(
        count_id=count.id,
        item_id=item.id,
        point_id=point.id,
        position=_last_at(tx, count, point),
        found=True,
        round=count.round,
    )
    with tx.acting_for("inventory", reason="an item that lies there") as own:
        held = select(Point.id).where(Point.id == point.id)
        own.session.execute(held.with_for_update(of=Point, key_share=True))
        taken = taken_elsewhere(own, [(item.id, point.id)])
    if taken:
        raise CountedElsewhere(rules.numbers(taken.values()), 1)
    tx.session.add(line)
    tx.audit("inventory.count_line_added", count, item=item.sku, place=place.code)
    return line


def submit(tx: UnitOfWork, command: Submit) -> Count:
    """Send a count in: from now on its reviewer sees what the books said.

    Raises StillMissing when other lines are missing than its sender knows.
    """
    count: Count = tx.one(visible(select(Count), rules.ENTER, tx.actor), public_id=command.count)
    count = tx.one(select(Count), id=count.id, lock=True)
    after = rules.next_state(count.status, "submit")
    if missing_lines(tx, count) != command.missing:
        raise StillMissing(message("Something was entered meanwhile. Look once more."))
    if not _anything(tx, count):
        raise rules.WrongState(message("Nothing is counted yet."))
    count.status = after
    count.submitted_by_id, count.submitted_at = tx.actor.person_id, tx.now
    tx.session.flush()
    tx.audit("inventory.count_submitted", count, round=count.round, missing=command.missing)
    tx.publish(events.CountSubmitted(count_id=count.id, round=count.round))
    return count


def missing_lines(tx: UnitOfWork, count: Count) -> int:
    """Return how many lines of the present round have no figure."""
    return tx.session.scalar(_lines(count).where(~_counted())) or 0


def _anything(tx: UnitOfWork, count: Count) -> bool:
    return bool(tx.session.scalar(_lines(count).where(_counted())))


def _lines(count: Count) -> Any:
    asked = select(func.count(CountLine.id)).where(CountLine.count_id == count.id)
    return asked.where(CountLine.round == count.round) if count.status == "recount" else asked


def _counted() -> Any:
    return (
        select(CountEntry.id)
        .where(
            CountEntry.line_id == CountLine.id,
            CountEntry.round == CountLine.round,
            CountEntry.current,
        )
        .correlate(CountLine)
        .exists()
    )


def _hold(tx: UnitOfWork, public_id: str) -> Any:
    """Return ids of a line, and its point; all figures of its count wait until the commit."""
    held = visible(_HELD, rules.ENTER, tx.actor)
    found = tx.session.execute(held, {"line": public_id}).one_or_none()
    if found is None:
        raise NotFound
    return found


def _open_line(tx: UnitOfWork, line_id: int) -> tuple[Count, CountLine, CountEntry | None]:
    """Return a line that is held and may be counted now, with its count and its figure in force."""
    found = tx.session.execute(_LINE, {"line": line_id}).one_or_none()
    if found is None:
        raise NotFound
    line, current = found
    count = line.count
    rules.next_state(count.status, "enter")
    if line.round < count.round:
        raise rules.WrongState(message("This line is not counted again."))
    place = line.point.place
    if place is None or place.department_id != count.department_id:
        raise NotCountable(message("This place belongs to another department now."))
    if counted_before(tx, count, [line]):
        raise CountedBefore
    return count, line, current


def _amount(
    tx: UnitOfWork, line: CountLine, amounts: Sequence[tuple[str, int]]
) -> tuple[int, list[list[int]]]:
    """Return thousandths of the base unit, and what was entered, or raise ValidationFailed."""
    if not amounts:
        raise ValidationFailed({"quantity": message("Enter what is there, 0 if there is none.")})
    named = {"item": line.item_id, "named": [unit_id for unit_id, _ in amounts]}
    units = {unit.public_id: unit for unit in tx.session.execute(_UNITS, named)}
    total, entered = 0, []
    for unit_id, quantity in amounts:
        if (unit := units.get(unit_id)) is None:
            raise NotFound
        if quantity < 0:
            raise ValidationFailed({"quantity": message("What is there is not below zero.")})
        total += arithmetic.to_base(quantity, arithmetic.Factor(unit.num, unit.den))
        entered.append([unit.id, quantity])
    if total > arithmetic.LARGEST:
        arithmetic.checked(total)
    return total, entered


def _refuse_unseen(tx: UnitOfWork, current: CountEntry | None, seen: int | None) -> None:
    """Nobody writes over a figure of somebody else without having seen it."""
    if current is None or current.id == seen or current.counted_by_id == tx.actor.person_id:
        return
    who = tx.session.scalar(select(Person.name).where(Person.id == current.counted_by_id))
    raise EnteredMeanwhile(current, who or "")


def _books(tx: UnitOfWork, line: Any) -> tuple[int, int, int]:
    """Return what the books say, its value, and the last movement, under the balance's lock."""
    pair = (line.item_id, line.Point.id)
    with tx.acting_for("inventory", reason=BOOKS) as own:
        held = balances.hold(own, [pair], {line.Point.id: line.Point}, limited=False)[pair]
        last = own.session.scalar(_LAST_MOVEMENT) or 0
        return held.quantity, held.value, last


def _replace(tx: UnitOfWork, current: CountEntry | None) -> None:
    if current is not None:
        current.current = False
        tx.session.flush()


def _touched(tx: UnitOfWork, count: Count, line: CountLine) -> None:
    line.missed_by_id = line.missed_at = None
    after = rules.next_state(count.status, "enter")
    if count.status != after:
        count.status, count.started_at = after, tx.now
    tx.session.flush()


def _last_at(tx: UnitOfWork, count: Count, point: Point) -> int:
    """Return the position of the last line of a place: what is found there stands behind it."""
    asked = select(func.max(CountLine.position)).where(CountLine.count_id == count.id)
    there = tx.session.scalar(asked.where(CountLine.point_id == point.id))
    return int(there or tx.session.scalar(asked) or 0)
