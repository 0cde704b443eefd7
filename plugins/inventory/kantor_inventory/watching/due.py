"""What is to be counted, and where: what is due, what ran out, and what is about to be ordered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, and_, case, func, literal, or_, select, tuple_

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
    found: dict[str, DueAt] = {}
    never = func.sum(case((Balance.counted_at.is_(None), 1), else_=0))
    due = _of_places(
        select(*PLACE, Item.abc)
        .add_columns(func.count(), never)
        .select_from(Balance)
        .join(Item, Item.id == Balance.item_id)
        .where(_due(tx), permits(Balance, VIEW, tx.actor)),
        Item.abc,
    )
    wanted = _of_places(
        select(*PLACE, Alert.grade)
        .add_columns(func.count(), literal(0))
        .select_from(Alert)
        .join(Balance, _same(Alert))
        .where(_uncounted(tx), permits(Alert, VIEW, tx.actor)),
        Alert.grade,
    )
    names: dict[Any, str] = {"A": "a", "B": "b", 0: "out", 1: "low"}
    order = {}
    for row in (*tx.session.execute(due), *tx.session.execute(wanted)):
        public_id, name, walk, place_id, department_id, what, count, new = row
        order[public_id] = (walk, place_id)
        if public_id not in found:
            may = department_id is not None and planning.reaches(tx, PLAN, department_id)
            found[public_id] = DueAt(place=public_id, name=name, plannable=may)
        kept = found[public_id]
        key = names.get(what, "c")
        found[public_id] = replace(
            kept, **{key: getattr(kept, key) + count}, never=kept.never + new
        )
    return sorted(found.values(), key=lambda at: order[at.place])


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
    # Looked up once: row by row, SQLite would look into every count in reach each time.
    taken = select(CountLine.item_id, CountLine.point_id).where(CountLine.open)
    return tuple_(Balance.item_id, Balance.point_id).not_in(taken)


def _due(tx: UnitOfWork) -> Any:
    """Return the condition of having waited long enough, and not been counted since."""
    since = or_(Balance.counted_at.is_(None), Balance.counted_at < Balance.due_at)
    return and_(Balance.due_at.is_not(None), Balance.due_at <= tx.now, since, _free())


def _uncounted(tx: UnitOfWork) -> Any:
    """Return the condition of having too little, not counted since, and not due anyway."""
    since = or_(Balance.counted_at.is_(None), Balance.counted_at < Alert.opened_at)
    waits = or_(Balance.due_at.is_(None), Balance.due_at > tx.now)
    return and_(Alert.closed_at.is_(None), Alert.kind == "low", since, waits, _free())


def _of_places(statement: Any, what: Any) -> Select[Any]:
    grouped: Select[Any] = (
        statement.join(Point, Point.id == Balance.point_id)
        .join(Place, Place.id == Point.place_id)
        .group_by(*PLACE, what)
    )
    return grouped
