"""What the pages and files of counts read. The books stand in ``result`` and nowhere else."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Numeric,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from portal.api import Department, Person, Place, UnitOfWork, visible

from ...models import Balance, Item, ItemUnit, Movement, Point, Unit
from ...services.lists import by_number
from .. import rules
from ..models import COUNTING, Count, CountEntry, CountLine

PAGE = 200
LARGEST_WORTH = 9 * 10**18
LATELY = 12  # posted counts whose accuracy is drawn
COUNTER, MISSED_BY = aliased(Person, name="counter"), aliased(Person, name="missed_by")
EARLIER: Any = aliased(CountEntry, name="earlier")
DECIDED_BY = aliased(Person, name="decided_by")
STATES = {
    "open": COUNTING,
    "review": ("submitted",),
    "posted": ("posted",),
    "cancelled": ("cancelled",),
}


def in_force() -> Any:
    """Return the condition that an entry is the figure that counts for its line."""
    return and_(
        CountEntry.line_id == CountLine.id,
        CountEntry.round == CountLine.round,
        CountEntry.current,
    )


# That a person counted a line in a round before: in this one somebody else does.
COUNTED_BEFORE = (
    select(EARLIER.id)
    .where(
        EARLIER.line_id == CountLine.id,
        EARLIER.round < CountLine.round,
        EARLIER.counted_by_id == bindparam("person"),
    )
    .correlate(CountLine)
    .exists()
)


def counts(tx: Any, *, state: str | None = None, department: str | None = None) -> Select[Any]:
    """Return the counts with how far each one is."""
    lines = (
        select(func.count(CountLine.id))
        .where(CountLine.count_id == Count.id)
        .correlate(Count)
        .scalar_subquery()
    )
    counted = (
        select(func.count(CountLine.id))
        .join(CountEntry, in_force())
        .where(CountLine.count_id == Count.id)
        .correlate(Count)
        .scalar_subquery()
    )
    statement: Any = (
        select(
            Count.id,
            Count.public_id,
            Count.number,
            Count.title,
            Count.status,
            Count.due_on,
            Count.planned_at,
            Count.closed_at,
            Department.name.label("department"),
            Person.name.label("assigned_to"),
            lines.label("lines"),
            counted.label("counted"),
            case((Count.lines_counted > 0, Count.lines_right * 100 // Count.lines_counted)).label(
                "accuracy"
            ),
        )
        .outerjoin(Department, Department.id == Count.department_id)
        .outerjoin(Person, Person.id == Count.assigned_to_id)
    )
    if state is not None:
        statement = statement.where(Count.status.in_(STATES[state]))
    if department is not None:
        chosen = select(Department.id).where(Department.public_id == department)
        return statement.where(Count.department_id == chosen.scalar_subquery())
    return statement if state is not None else by_number(statement, Count)


SHEET = (
    CountLine.id,
    CountLine.public_id,
    CountLine.position,
    CountLine.found,
    CountLine.round,
    CountLine.item_id,
    CountLine.point_id,
    CountLine.missed_at,
    Item.name.label("name"),
    Item.sku.label("sku"),
    Item.base_unit_id,
    Unit.name.label("unit"),
    Place.name.label("place"),
    Place.code.label("place_code"),
    CountEntry.id.label("entry"),
    CountEntry.counted,
    CountEntry.entered,
    CountEntry.counted_at,
    CountEntry.counted_by_id,
    COUNTER.name.label("counted_by"),
    MISSED_BY.name.label("missed_by"),
)


def _joined(statement: Select[Any]) -> Select[Any]:
    return (
        statement.join(Item, Item.id == CountLine.item_id)
        .join(Unit, Unit.id == Item.base_unit_id)
        .join(Point, Point.id == CountLine.point_id)
        .join(Place, Place.id == Point.place_id)
        .outerjoin(CountEntry, in_force())
        .outerjoin(COUNTER, COUNTER.id == CountEntry.counted_by_id)
        .outerjoin(MISSED_BY, MISSED_BY.id == CountLine.missed_by_id)
    )


LINE: Any = (
    _joined(select(*SHEET))
    .add_columns(Count.public_id.label("of_count"), Count.status)
    .join(Count, Count.id == CountLine.count_id)
    .where(CountLine.public_id == bindparam("line"))
)
UNITS: Any = (
    select(ItemUnit, Unit.name)
    .join(Unit, Unit.id == ItemUnit.unit_id)
    .where(ItemUnit.item_id.in_(bindparam("items", expanding=True)), ItemUnit.active)
    .order_by(ItemUnit.id)
)


def sheet(tx: Any, *, count: str) -> Select[Any]:
    """Return the lines of a count with what was counted, and nothing of what the books say."""
    of_count = select(Count.id).where(Count.public_id == count).scalar_subquery()
    return _joined(select(*SHEET)).where(CountLine.count_id == of_count)


def result(tx: Any, *, count: str) -> Select[Any]:
    """Return the lines of a count beside the books, for who reviews it and once it is posted."""
    of_count = select(Count.id).where(Count.public_id == count).scalar_subquery()
    difference = CountEntry.counted - CountEntry.book - CountLine.included
    # A decimal on PostgreSQL, so that no figure is too large to be multiplied.
    exact = cast(CountEntry.book_value, Numeric) * difference / func.nullif(CountEntry.book, 0)
    possible = func.abs(exact) < literal(LARGEST_WORTH)
    into = Movement.to_point_id == CountLine.point_id
    booked = (
        select(case((into, Movement.value), else_=-Movement.value))
        .where(Movement.id == CountLine.movement_id)
        .scalar_subquery()
    )
    return (
        _joined(select(*SHEET))
        .add_columns(
            (CountEntry.book + CountLine.included).label("book"),
            difference.label("difference"),
            case(
                (CountEntry.book <= 0, booked), (possible, cast(func.round(exact), BigInteger))
            ).label("worth"),
            CountLine.decision,
            CountLine.reason,
            DECIDED_BY.name.label("decided_by"),
        )
        .outerjoin(DECIDED_BY, DECIDED_BY.id == CountLine.decided_by_id)
        .where(CountLine.count_id == of_count)
    )


def lines_of(
    tx: UnitOfWork, count: Count, *, show: str = "", after: int = 0, most: int = PAGE
) -> list[Any]:
    """Return lines of a sheet in walking order, from behind the line with the id ``after``."""
    statement = sheet(tx, count=count.public_id)
    if count.status == "recount":
        statement = statement.where(CountLine.round == count.round)
    if show == "open":
        statement = statement.where(CountEntry.id.is_(None))
    elif show == "missed":
        statement = statement.where(CountLine.missed_at.is_not(None))
    if after:
        here = select(CountLine.position).where(CountLine.id == after).scalar_subquery()
        statement = statement.where(
            or_(CountLine.position > here, and_(CountLine.position == here, CountLine.id > after))
        )
    statement = statement.order_by(CountLine.position, CountLine.id).limit(most)
    return list(tx.session.execute(visible(statement, rules.ENTER, tx.actor)))


def line_of(tx: UnitOfWork, public_id: str) -> Any:
    """Return one line of a sheet, or None."""
    statement = visible(LINE, rules.ENTER, tx.actor)
    return tx.session.execute(statement, {"line": public_id}).one_or_none()


def counted_before(tx: UnitOfWork, count: Count, lines: Collection[Any]) -> set[int]:
    """Return which of these lines, by id, one counted before, so that somebody else counts them."""
    if count.status != "recount" or not lines:
        return set()
    asked = select(CountLine.id).where(CountLine.id.in_([line.id for line in lines]))
    person = {"person": tx.actor.person_id}
    return set(tx.session.scalars(asked.where(COUNTED_BEFORE), person))


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far the present round of a count is."""

    lines: int
    counted: int
    missed: int

    @property
    def missing(self) -> int:
        return self.lines - self.counted


def progress(tx: UnitOfWork, count: Count) -> Progress:
    """Return how many lines there are, have a figure, and were looked for in vain."""
    statement: Any = (
        select(
            func.count(CountLine.id),
            func.count(CountEntry.id),
            func.count(case((CountEntry.id.is_(None), CountLine.missed_at))),
        )
        .outerjoin(CountEntry, in_force())
        .where(CountLine.count_id == count.id)
    )
    if count.status == "recount":
        statement = statement.where(CountLine.round == count.round)
    lines, counted, missed = tx.session.execute(statement).one()
    return Progress(lines=lines, counted=counted, missed=missed)


def line_for(tx: UnitOfWork, count: Count, item_id: int) -> str | None:
    """Return the line of an item, one that wants a figure first; None where it is not listed."""
    statement: Any = (
        select(CountLine.public_id)
        .outerjoin(CountEntry, in_force())
        .where(CountLine.count_id == count.id, CountLine.item_id == item_id)
        .order_by(CountEntry.id.is_not(None), CountLine.position, CountLine.id)
        .limit(1)
    )
    found: str | None = tx.session.scalar(statement)
    return found


def units_of(tx: UnitOfWork, items: Collection[int]) -> dict[int, list[Any]]:
    """Return (item unit, name) of the units each item comes in, the smallest first."""
    found: dict[int, list[Any]] = {}
    for unit, name in tx.session.execute(UNITS, {"items": sorted(set(items))}):
        found.setdefault(unit.item_id, []).append((unit, name, ()))
    for units in found.values():
        units.sort(key=lambda row: row[0].num / row[0].den)
    return found


def expected(tx: UnitOfWork, count: Count, lines: Collection[Any]) -> dict[int, int]:
    """Return what the books say of each line, for a count that is not blind; else nothing."""
    if count.blind or not lines:
        return {}
    statement: Any = (
        select(Balance.quantity, CountLine.id)
        .join(
            CountLine,
            and_(CountLine.item_id == Balance.item_id, CountLine.point_id == Balance.point_id),
        )
        .where(CountLine.id.in_([line.id for line in lines]))
    )
    rows = tx.session.execute(visible(statement, "inventory.stock.view", tx.actor))
    return {row.id: row.quantity for row in rows}


def review_of(tx: UnitOfWork, count: Count, *, line: int | None = None) -> list[Any]:
    """Return the lines of a count, or one of them, beside the books, in walking order."""
    statement = result(tx, count=count.public_id).add_columns(
        CountLine.version,
        CountLine.included,
        CountEntry.book_value,
        CountEntry.book_seq,
        CountEntry.book.label("book_then"),
    )
    if line is not None:
        statement = statement.where(CountLine.id == line)
    statement = statement.order_by(CountLine.position, CountLine.id)
    return list(tx.session.execute(visible(statement, rules.REVIEW, tx.actor)))


def accuracy_lately(tx: UnitOfWork) -> list[Any]:
    """Return number, day and figures of the last posted counts one may see, the oldest first."""
    statement: Any = (
        select(Count.number, Count.closed_at, Count.lines_right, Count.lines_counted)
        .where(Count.status == "posted", Count.lines_counted > 0)
        .order_by(Count.id.desc())
        .limit(LATELY)
    )
    return list(tx.session.execute(visible(statement, rules.VIEW, tx.actor)))[::-1]


def who_counted(tx: UnitOfWork, count: Count) -> list[Any]:
    """Return who entered how many figures in each round, from when until when."""
    statement: Any = (
        select(
            CountEntry.round,
            COUNTER.name,
            func.count(CountEntry.id).label("figures"),
            func.min(CountEntry.counted_at).label("first"),
            func.max(CountEntry.counted_at).label("last"),
        )
        .outerjoin(COUNTER, COUNTER.id == CountEntry.counted_by_id)
        .where(CountEntry.count_id == count.id, CountEntry.current)
        .group_by(CountEntry.round, COUNTER.name)
        .order_by(func.max(CountEntry.counted_at).desc())
    )
    return list(tx.session.execute(statement))
