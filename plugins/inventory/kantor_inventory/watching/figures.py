"""What the overview shows: sums that were made at night, narrowed to whoever reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, case, cast, func, literal, or_, select

from portal.api import Department, Place, UnitOfWork, permits

from ..counting import blind
from ..models import Balance, Category, Item, Point, Unit
from ..services.lists import cost_in_reach
from . import rules
from .models import MonthSum, MostUsed
from .services import MOST, VIEW

YEAR = timedelta(days=365)
SHOWN = 12  # months of the stock's value
OTHERS = 11  # that many names are drawn, the rest comes to one


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What somebody has narrowed the overview to; public ids."""

    place: str | None = None
    department: str | None = None
    months: int = 3


@dataclass(frozen=True, kw_only=True)
class Month:
    """What one month came to, of one kind; without ``value`` where costs are out of reach."""

    month: date
    lines: int
    value: int


@dataclass(frozen=True, kw_only=True)
class Months:
    """The months of each kind, oldest first, and when they were added up."""

    kinds: dict[str, list[Month]]
    as_of: datetime | None


def months(tx: UnitOfWork, chosen: Chosen) -> Months:
    """Return the last twelve months: the stock's value, alerts, and how right the books were.

    Places of which something is being counted are left out of the first two for who counts.
    """
    days = rules.months(tx.today, SHOWN)
    statement = (
        select(MonthSum.kind, MonthSum.month)
        .add_columns(_sum(MonthSum.lines), _sum(MonthSum.value), _sum(_cost(tx)))
        .add_columns(func.max(MonthSum.as_of))
        .where(MonthSum.kind.in_(("stock", "low", "counted")), MonthSum.month >= days[0])
        .where(*_told(tx))
        .group_by(MonthSum.kind, MonthSum.month)
        .order_by(MonthSum.month)
    )
    kinds: dict[str, list[Month]] = {"stock": [], "low": [], "counted": []}
    as_of = None
    for kind, month, lines, value, cost, made in tx.session.execute(_mine(tx, statement, chosen)):
        told = cost if kind == "stock" else value
        kinds[kind].append(Month(month=month, lines=lines, value=told))
        as_of = made
    return Months(kinds=kinds, as_of=as_of)


def categories(tx: UnitOfWork, chosen: Chosen) -> list[tuple[str | None, int]]:
    """Return what the stock of each category is worth, the most first."""
    statement = (
        select(Category.name, _sum(_cost(tx)))
        .select_from(MonthSum)
        .outerjoin(Category, Category.id == MonthSum.category_id)
        .where(MonthSum.kind == "stock", MonthSum.month == tx.today.replace(day=1), *_told(tx))
        .group_by(Category.name)
    )
    rows = tx.session.execute(_mine(tx, statement, chosen))
    return sorted(((n, v) for n, v in rows if v > 0), key=lambda pair: (-pair[1], pair[0] or ""))


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a department used in the chosen months, and in as many before them."""

    department: str | None
    lines: tuple[int, int]
    value: tuple[int, int]


def usage(tx: UnitOfWork, chosen: Chosen) -> list[Usage]:
    """Return what each department used in whole months, the most first."""
    days = rules.months(tx.today, 2 * chosen.months + 1)
    lately = MonthSum.month >= days[chosen.months]
    statement = (
        select(Department.name, case((lately, 1), else_=0).label("lately"))
        .add_columns(_sum(MonthSum.lines), _sum(_cost(tx)))
        .select_from(MonthSum)
        .outerjoin(Department, Department.id == MonthSum.department_id)
        .where(MonthSum.kind == "usage", MonthSum.month >= days[0], MonthSum.month < days[-1])
        .group_by(Department.name, "lately")
    )
    if chosen.department is not None:
        statement = statement.where(Department.public_id == chosen.department)
    found: dict[str | None, list[int]] = {}
    for name, is_late, lines, value in tx.session.execute(_mine(tx, statement, chosen)):
        kept = found.setdefault(name, [0, 0, 0, 0])
        kept[1 - is_late] += max(lines, 0)
        kept[3 - is_late] += max(value, 0)
    told = [
        Usage(department=name, lines=(kept[0], kept[1]), value=(kept[2], kept[3]))
        for name, kept in found.items()
    ]
    return sorted(told, key=lambda u: (-u.value[0], -u.lines[0], u.department or ""))


def most_used(tx: UnitOfWork, chosen: Chosen) -> Sequence[Any]:
    """Return the ten items that cost a place most in a year, where one may see costs."""
    statement = (
        select(
            MostUsed.quantity,
            MostUsed.value,
            Item.public_id,
            Item.name,
            Unit.name.label("unit"),
            Place.name.label("place"),
        )
        .join(Item, Item.id == MostUsed.item_id)
        .join(Unit, Unit.id == Item.base_unit_id)
        .join(Point, Point.id == MostUsed.point_id)
        .join(Place, Place.id == Point.place_id)
        .where(cost_in_reach(tx, MostUsed))
        .order_by(MostUsed.value.desc(), MostUsed.id.desc())
        .limit(10)
    )
    return tx.session.execute(_mine(tx, statement, chosen, MostUsed)).all()


def still(tx: UnitOfWork, chosen: Chosen, *, most: int) -> Sequence[Any]:
    """Return what lies somewhere and has not moved for a year, the longest first."""
    statement: Any = (
        select(
            Balance.quantity,
            Balance.moved_at,
            case((cost_in_reach(tx, Balance), Balance.value)).label("value"),
            Item.public_id,
            Item.name,
            Item.sku,
            Unit.name.label("unit"),
            Place.name.label("place"),
        )
        .join(Item, Item.id == Balance.item_id)
        .join(Unit, Unit.id == Item.base_unit_id)
        .join(Point, Point.id == Balance.point_id)
        .join(Place, Place.id == Point.place_id)
        .where(~Balance.outside, Balance.quantity > literal(0, literal_execute=True))
        .where(Balance.moved_at < tx.now - YEAR)
        .where(*blind.open_books(blind.hidden(tx.actor, Balance)))
        .order_by(Balance.moved_at, Balance.id)
        .limit(most)
    )
    return tx.session.execute(_mine(tx, statement, chosen, Balance)).all()


def still_count(tx: UnitOfWork, chosen: Chosen) -> int:
    """Return how much has not moved for a year, up to a thousand."""
    statement: Any = (
        select(Balance.id)
        .where(~Balance.outside, Balance.quantity > literal(0, literal_execute=True))
        .where(Balance.moved_at < tx.now - YEAR)
        .where(*blind.open_books(blind.hidden(tx.actor, Balance)))
        .limit(MOST)
    )
    found = _mine(tx, statement, chosen, Balance).subquery()
    return tx.session.scalar(select(func.count()).select_from(found)) or 0


def _told(tx: UnitOfWork) -> tuple[ColumnElement[bool], ...]:
    """Return what leaves out the sums of places of which something is kept from the actor."""
    points = blind.counted_points(tx.actor)
    if points is None:
        return ()
    return (or_(MonthSum.kind == "counted", MonthSum.point_id.not_in(points)),)


def _sum(column: Any) -> Any:
    return cast(func.coalesce(func.sum(column), 0), BigInteger)


def _cost(tx: UnitOfWork) -> Any:
    """Return the value where one may see costs, else nothing."""
    return case((cost_in_reach(tx, MonthSum), MonthSum.value), else_=0)


def _mine(tx: UnitOfWork, statement: Any, chosen: Chosen, model: Any = MonthSum) -> Select[Any]:
    """Narrow a statement to the chosen place, and to what one may see."""
    if chosen.place is not None:
        there = select(Point.id).join(Place, Place.id == Point.place_id)
        there = there.where(Place.public_id == chosen.place)
        statement = statement.where(model.point_id.in_(there))
    narrowed: Select[Any] = statement.where(permits(model, VIEW, tx.actor))
    return narrowed
