"""What the worker adds up every night: the months for the overview, and how often to count what.

Months begin at midnight of the organisation. A movement belongs to the month in which it was
posted; an issue that was taken back later was never used, in whatever month that was.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, func, or_, select, update
from sqlalchemy.orm import aliased

from portal.api import Membership, Place, UnitOfWork

from ..counting.models import Count, CountEntry, CountLine
from ..models import Balance, Item, Movement, Point
from ..services import many
from . import rules
from .models import Alert, MonthSum, MostUsed

MONTHS = 25  # this one, and twice twelve before it
YEAR = timedelta(days=365)
TOP = 20  # of each place
USED = ("issue", "usage")
SOURCE = aliased(Point, name="sum_source")
ROOM = aliased(Place, name="sum_room")
WRONG = aliased(Movement, name="sum_wrong")  # what a reversal takes back

MOST_PARTS = 100  # of one piece: each may be a statement

Part = tuple[str, date, int]  # kind, month, point
Change = tuple[Any, Sequence[int], dict[str, Any]]  # model, ids, values
Key = tuple[str, date, int, int | None, int | None]  # kind, month, point, category, department


@dataclass
class Found:
    """What a look at the whole ledger found, before any of it is written."""

    as_of: datetime
    sums: dict[Key, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    top: list[dict[str, Any]] = field(default_factory=list)
    classes: dict[str, list[int]] = field(default_factory=dict)  # only of items that change
    due: dict[datetime | None, list[int]] = field(default_factory=dict)  # only balances that change

    def add(self, key: Key, lines: int, value: int) -> None:
        """Add so many lines, and what they are worth, to a month."""
        kept = self.sums[key]
        kept[0] += lines
        kept[1] += value


def look(tx: UnitOfWork, days: dict[str, int], *, tolerance: int = 0) -> Found:
    """Add everything up; ``days`` are how often each class is counted.

    The books were right if what was counted differs by no more than ``tolerance`` percent.
    """
    found = Found(as_of=tx.now)
    begins = _Months(tx)
    _stock(tx, begins, found)
    _usage(tx, begins, found)
    _low(tx, begins, found)
    _counted(tx, begins, found, tolerance)
    used = _used_in_a_year(tx)
    found.top = list(_top(used))
    _classes(tx, used, found)
    _due(tx, days, found)
    return found


def keep(tx: UnitOfWork, found: Found) -> None:
    """Replace what was kept by what was found, all at once."""
    for write in pieces(found):
        write(tx)
    finish(tx, found)


def pieces(found: Found) -> Iterator[Callable[[UnitOfWork], None]]:
    """Yield what writes some of what was found, about as many rows as one statement takes.

    Each is right without the others, so that nobody waits until all are written.
    """
    sums: defaultdict[Part, list[dict[str, Any]]] = defaultdict(list)
    for (kind, month, point_id, category_id, department_id), (lines, value) in sorted(
        found.sums.items(), key=lambda pair: (pair[0][:3], str(pair[0]))
    ):
        if lines or value:
            row = {"kind": kind, "month": month, "point_id": point_id, "as_of": found.as_of}
            row |= {"category_id": category_id, "department_id": department_id}
            sums[kind, month, point_id].append(row | {"lines": lines, "value": value})
    for parts in _together(sums.items(), lambda part: len(part[1])):
        yield partial(_put_sums, parts=parts)
    changes: list[Change] = [
        (model, some, values)
        for model, name, rows in ((Item, "abc", found.classes), (Balance, "due_at", found.due))
        for value, ids in rows.items()
        for some in many.in_pieces(ids)
        for values in ({name: value},)
    ]
    for put in _together(changes, lambda change: len(change[1])):
        yield partial(_put, changes=put)


def finish(tx: UnitOfWork, found: Found) -> None:
    """Write what is short, and forget the sums of what is no more."""
    kept = {key[:3] for key, figures in found.sums.items() if any(figures)}
    part = (MonthSum.kind, MonthSum.month, MonthSum.point_id)
    there = {tuple(row) for row in tx.session.execute(select(*part).distinct())}
    _forget(tx, sorted(there - kept))
    tx.session.execute(delete(MostUsed))
    tx.append(MostUsed, found.top)


def _together(parts: Iterable[Any], size: Callable[[Any], int]) -> Iterator[list[Any]]:
    """Yield parts that together are about as many rows as one statement takes."""
    some: list[Any] = []
    for part in parts:
        if some and (len(some) == MOST_PARTS or sum(map(size, (*some, part))) > many.AT_ONCE):
            yield some
            some = []
        some.append(part)
    if some:
        yield some


def _put_sums(tx: UnitOfWork, *, parts: list[tuple[Part, list[dict[str, Any]]]]) -> None:
    _forget(tx, [part for part, _ in parts])
    tx.append(MonthSum, [row for _, rows in parts for row in rows])


def _forget(tx: UnitOfWork, parts: Iterable[Any]) -> None:
    points: defaultdict[Any, list[int]] = defaultdict(list)
    for kind, month, point_id in parts:
        points[kind, month].append(point_id)
    for (kind, month), some in points.items():
        gone = delete(MonthSum).where(MonthSum.kind == kind, MonthSum.month == month)
        tx.session.execute(gone.where(MonthSum.point_id.in_(some)))


def _put(tx: UnitOfWork, *, changes: list[Change]) -> None:
    for model, ids, values in changes:
        change = update(model).where(model.id.in_(ids)).values(values)
        tx.session.execute(change, execution_options={"synchronize_session": False})


class _Months:
    """The months there are, when each begins, and which one an instant lies in."""

    def __init__(self, tx: UnitOfWork) -> None:
        self.days = rules.months(tx.today, MONTHS)
        self.starts = [datetime.combine(day, time(), tx.zone) for day in self.days]

    def number(self, column: Any) -> ColumnElement[int]:
        """Return the number of the month in which an instant lies."""
        last = len(self.starts) - 1
        return case(*((column >= self.starts[n], n) for n in range(last, 0, -1)), else_=0)

    def ends(self) -> Iterator[tuple[date, datetime | None]]:
        """Yield each month with the instant at which it ended; None for this one."""
        yield from zip(self.days, [*self.starts[1:], None], strict=True)


def _stock(tx: UnitOfWork, begins: _Months, found: Found) -> None:
    """Find what the stock of each place and category was worth at the end of each month."""
    now = select(Balance.point_id, Item.category_id, func.sum(Balance.value))
    now = now.join(Item, Item.id == Balance.item_id).where(~Balance.outside)
    worth: Counter[Any] = Counter()
    for point_id, category_id, value in tx.session.execute(
        now.group_by(Balance.point_id, Item.category_id)
    ):
        worth[point_id, category_id] += int(value)
    changes: defaultdict[Any, Counter[Any]] = defaultdict(Counter)
    month = begins.number(Movement.posted_at)
    for end, sign in ((Movement.to_point_id, 1), (Movement.from_point_id, -1)):
        moved = (
            select(end, Item.category_id, month, func.sum(Movement.value))
            .join(Item, Item.id == Movement.item_id)
            .join(Point, Point.id == end)
            .where(Movement.posted_at >= begins.starts[0], Point.place_id.is_not(None))
            .group_by(end, Item.category_id, month)
        )
        for point_id, category_id, number, value in tx.session.execute(moved):
            changes[number][point_id, category_id] += sign * int(value)
    for number in range(MONTHS - 1, -1, -1):
        for (point_id, category_id), value in worth.items():
            if value > 0:
                found.add(("stock", begins.days[number], point_id, category_id, None), 0, value)
        worth.subtract(changes[number])


def _usage(tx: UnitOfWork, begins: _Months, found: Found) -> None:
    """Find what each department used, from issues and counts, less what was taken back."""
    homes = _homes(tx)
    for column, sign, which, at in _uses():
        month = begins.number(at)
        whom = (Movement.for_department_id, ROOM.department_id, Movement.for_person_id)
        moved = (
            select(column, Item.category_id, month, *whom)
            .add_columns(func.count(), func.sum(Movement.value))
            .join(Item, Item.id == Movement.item_id)
            .join(SOURCE, SOURCE.id == Movement.from_point_id)
            .outerjoin(ROOM, ROOM.id == Movement.for_place_id)
            .where(which, at >= begins.starts[0])
            .group_by(column, Item.category_id, month, *whom)
        )
        for point, category, number, department, room, person, lines, value in tx.session.execute(
            moved
        ):
            for_whom = department or room or homes.get(person)
            key: Key = ("usage", begins.days[number], point, category, for_whom)
            found.add(key, sign * lines, sign * int(value))


def _uses() -> Iterable[tuple[Any, int, ColumnElement[bool], Any]]:
    """Return where things were used up, and where that was taken back; and when it was used."""
    used_at = select(WRONG.posted_at).where(WRONG.id == Movement.reverses_id).scalar_subquery()
    back = and_(Movement.type == "reversal", SOURCE.kind == "consumption")
    return (
        (Movement.from_point_id, 1, Movement.type.in_(USED), Movement.posted_at),
        (Movement.to_point_id, -1, back, used_at),
    )


def _homes(tx: UnitOfWork) -> dict[int | None, int]:
    """Return the department that each person belongs to today, or last belonged to."""
    rows = tx.session.execute(
        select(Membership.person_id, Membership.department_id).order_by(
            Membership.from_on, Membership.id
        )
    )
    return {row.person_id: row.department_id for row in rows}


def _low(tx: UnitOfWork, begins: _Months, found: Found) -> None:
    """Find how many alerts of too little were open at the end of each month."""
    for month, end in begins.ends():
        at = end or tx.now
        was_open = (
            select(Alert.point_id, func.count())
            .where(
                Alert.kind == "low",
                Alert.opened_at < at,
                or_(Alert.closed_at.is_(None), Alert.closed_at >= at),
            )
            .group_by(Alert.point_id)
        )
        for point_id, count in tx.session.execute(was_open):
            found.add(("low", month, point_id, None, None), count, 0)


def _counted(tx: UnitOfWork, begins: _Months, found: Found, tolerance: int) -> None:
    """Find how many lines of posted counts the books had right, by the month of posting."""
    month = begins.number(Count.closed_at)
    off = func.abs(CountEntry.counted - CountEntry.book) * 100
    exact = func.sum(case((off <= CountEntry.book * tolerance, 1), else_=0))
    lines = (
        select(CountLine.point_id, month, func.count(), exact)
        .join(CountLine, CountLine.id == CountEntry.line_id)
        .join(Count, Count.id == CountEntry.count_id)
        .where(
            CountEntry.current,
            CountEntry.round == 1,
            Count.status == "posted",
            Count.closed_at >= begins.starts[0],
        )
        .group_by(CountLine.point_id, month)
    )
    for point_id, number, counted, right in tx.session.execute(lines):
        key: Key = ("counted", begins.days[number], point_id, None, None)
        found.add(key, counted, int(right))


Used = dict[tuple[int, int], list[int]]  # (item, point): quantity and value of a year


def _used_in_a_year(tx: UnitOfWork) -> Used:
    used: Used = defaultdict(lambda: [0, 0])
    for column, sign, which, at in _uses():
        moved = (
            select(Movement.item_id, column)
            .add_columns(func.sum(Movement.quantity), func.sum(Movement.value))
            .join(SOURCE, SOURCE.id == Movement.from_point_id)
            .where(which, at >= tx.now - YEAR)
            .group_by(Movement.item_id, column)
        )
        for item_id, point_id, quantity, value in tx.session.execute(moved):
            kept = used[item_id, point_id]
            kept[0] += sign * int(quantity)
            kept[1] += sign * int(value)
    return used


def _top(used: Used) -> Iterator[dict[str, Any]]:
    """Yield what cost each place most."""
    by_point = defaultdict(list)
    for (item_id, point_id), (quantity, value) in used.items():
        if value > 0:
            by_point[point_id].append((value, -item_id, quantity))
    for point_id in sorted(by_point):
        for value, item_id, quantity in sorted(by_point[point_id], reverse=True)[:TOP]:
            row = {"item_id": -item_id, "point_id": point_id}
            yield row | {"quantity": quantity, "value": value}


def _classes(tx: UnitOfWork, used: Used, found: Found) -> None:
    """Find the class of every item that is kept in stock, and which of them change."""
    rows = tx.session.execute(select(Item.id, Item.abc, Item.mode)).all()
    values = {row.id: 0 for row in rows if row.mode != "non_stock"}
    for (item_id, _point_id), (_quantity, value) in used.items():
        if item_id in values:
            values[item_id] += value
    wanted = rules.classes(values)
    for row in rows:
        if row.id in wanted and wanted[row.id] != row.abc:
            found.classes.setdefault(wanted[row.id], []).append(row.id)


def _due(tx: UnitOfWork, days: dict[str, int], found: Found) -> None:
    """Find when everything that lies or should lie somewhere is to be counted again."""
    changed = {item_id: name for name, ids in found.classes.items() for item_id in ids}
    counts = and_(
        Item.mode != "non_stock",
        or_(
            Balance.quantity > 0,
            and_(Balance.minimum.is_not(None), Item.status != "discontinued"),
        ),
    )
    rows = tx.session.execute(
        select(Balance.id, Balance.item_id, Balance.counted_at, Balance.due_at, Item.abc)
        .add_columns(counts.label("counts"))
        .join(Item, Item.id == Balance.item_id)
        .where(~Balance.outside, or_(counts, Balance.due_at.is_not(None)))
    )
    for row in rows:
        every = days[changed.get(row.item_id) or row.abc or rules.REST]
        at = rules.due_at(row.counted_at, every, known=row.due_at, now=tx.now)
        wanted = at if row.counts else None
        if wanted != row.due_at:
            found.due.setdefault(wanted, []).append(row.id)
