"""What is to be counted, and where: what is due, what ran out, and what is about to be ordered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select

from portal.api import Department, Place, UnitOfWork, permits

from ..counting.models import Count, CountLine
from ..counting.services import planning
from ..models import Balance, Item, Point
from .models import Alert
from .services import MOST, VIEW

PLAN = "inventory.count.plan"
PLACE = (Place.public_id, Place.name, Place.walk_order, Place.id, Place.department_id)
LINES = 400  # of one planned count: as much as is counted in a day
DAYS = 7  # until a planned count is due


@dataclass(frozen=True, kw_only=True)
class DueAt:
    """How much is to be counted at one place, and why."""

    place: str
    name: str
    plannable: bool
    a: int = 0
    b: int = 0
    c: int = 0
    never: int = 0  # of those
    out: int = 0
    low: int = 0

    @property
    def due(self) -> int:
        """How much is due because its time has come."""
        return self.a + self.b + self.c

    @property
    def all(self) -> int:
        """How many lines a count would have at most."""
        return self.due + self.out + self.low


@dataclass(frozen=True, kw_only=True)
class PlanDue:
    """A count of what is to be counted at a place."""

    place: str


def by_place(tx: UnitOfWork) -> list[DueAt]:
    """Return the places in reach where something is to be counted, in walking order."""
    due: Any = (
        select(
            Balance.point_id,
            _those(Item.abc == "A").label("a"),
            _those(Item.abc == "B").label("b"),
            _those(Balance.counted_at.is_(None)).label("never"),
            func.count().label("all"),
        )
        .join(Item, Item.id == Balance.item_id)
        .where(_due(tx), permits(Balance, VIEW, tx.actor))
        .group_by(Balance.point_id)
    )
    found: dict[int, DueAt] = {}
    order: dict[int, tuple[int, int]] = {}

    def put(row: Any, **counted: Any) -> None:
        order[row.id] = (row.walk_order, row.id)
        at = found.get(row.id) or _at(tx, row)
        found[row.id] = replace(at, **counted)

    for row in tx.session.execute(_of_places(due)):
        put(row, a=row.a, b=row.b, c=row.all - row.a - row.b, never=row.never)
    for row in tx.session.execute(_wanted(tx)):
        if row.out or row.low:
            put(row, out=row.out, low=row.low)
    return [found[place] for place in sorted(found, key=lambda place: order[place])]


def _those(condition: Any) -> Any:
    """Return how many rows of a group meet a condition."""
    return func.sum(case((condition, 1), else_=0))


def _at(tx: UnitOfWork, row: Any) -> DueAt:
    may = row.department_id is not None and planning.reaches(tx, PLAN, row.department_id)
    return DueAt(place=row.public_id, name=row.name, plannable=may)


def how_many(tx: UnitOfWork) -> int:
    """Return how much is due in reach, up to a thousand."""
    some = select(Balance.id).where(_due(tx), permits(Balance, VIEW, tx.actor)).limit(MOST)
    return tx.session.scalar(select(func.count()).select_from(some.subquery())) or 0


def plan(tx: UnitOfWork, command: PlanDue) -> Count | None:
    """Plan a count of what is to be counted at a place, never counted first; None if nothing is.

    Raises NotFound where one may not plan.
    """
    place = tx.one(select(Place), public_id=command.place)
    department = tx.one(select(Department), id=place.department_id)
    planning.require(tx, PLAN, department.id)
    pairs = _pairs(tx, place)
    if not pairs:
        return None
    return planning.plan_count(
        tx,
        planning.PlanCount(
            department=department.public_id,
            places=(place.public_id,),
            only=pairs,
            skip_taken=True,
            due_on=tx.today + timedelta(days=DAYS),
        ),
    )


def _pairs(tx: UnitOfWork, place: Place) -> set[tuple[int, int]]:
    """Return what is to be counted at a place: what was never counted first."""
    here = and_(Point.id == Balance.point_id, Point.place_id == place.id)
    due: Any = (
        select(Balance.item_id, Balance.point_id)
        .join(Point, here)
        .where(_due(tx), permits(Balance, VIEW, tx.actor))
        .order_by(Balance.counted_at.is_not(None), Balance.due_at, Balance.id)
        .limit(LINES)
    )
    alarmed: Any = (
        select(Balance.item_id, Balance.point_id)
        .join(Point, here)
        .join(Alert, _same(Alert))
        .where(_uncounted(tx), permits(Balance, VIEW, tx.actor))
        .order_by(Alert.grade, Alert.opened_at, Alert.id)
        .limit(LINES)
    )
    found = [(row.item_id, row.point_id) for row in tx.session.execute(alarmed)]
    found += [(row.item_id, row.point_id) for row in tx.session.execute(due)]
    return set(list(dict.fromkeys(found))[:LINES])


def _same(model: Any) -> Any:
    return and_(model.item_id == Balance.item_id, model.point_id == Balance.point_id)


def _free() -> Any:
    """Return the condition of being on no sheet that somebody is counting, as far as one sees."""
    taken = select(CountLine.id).where(CountLine.open, _same(CountLine))
    return ~taken.correlate(Balance).exists()


def _due(tx: UnitOfWork) -> Any:
    """Return the condition of having waited long enough, and not been counted since."""
    since = or_(Balance.counted_at.is_(None), Balance.counted_at < Balance.due_at)
    return and_(Balance.due_at.is_not(None), Balance.due_at <= tx.now, since, _free())


def _uncounted(tx: UnitOfWork) -> Any:
    """Return the condition of having too little, not counted since, and not due anyway."""
    since = or_(Balance.counted_at.is_(None), Balance.counted_at < Alert.opened_at)
    waits = or_(Balance.due_at.is_(None), Balance.due_at > tx.now)
    return and_(Alert.closed_at.is_(None), Alert.kind == "low", since, waits, _free())


def _wanted(tx: UnitOfWork) -> Select[Any]:
    """Return each place with what ran out or runs low there.

    Counted place by place, along an index: PostgreSQL expects few, and would sort them all.
    """

    def here(grade: int) -> Any:
        counted: Any = (
            select(func.count())
            .select_from(Alert)
            .join(Balance, _same(Alert))
            .where(Alert.point_id == Point.id, Alert.grade == grade)
            .where(_uncounted(tx), permits(Alert, VIEW, tx.actor))
        )
        return counted.correlate(Point).scalar_subquery()

    named: Select[Any] = select(*PLACE, here(0).label("out"), here(1).label("low"))
    return named.join(Point, Point.place_id == Place.id)


def _of_places(counted: Any) -> Select[Any]:
    """Return what was counted of points with their places, looked up once for each."""
    of = counted.subquery("counted")
    named: Select[Any] = (
        select(*PLACE, *[column for column in of.c if column.name != "point_id"])
        .join(Point, Point.place_id == Place.id)
        .join(of, of.c.point_id == Point.id)
    )
    return named
