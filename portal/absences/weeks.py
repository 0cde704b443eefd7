"""The next four weeks of one's own departments: who is away on which days, drawn in one strip."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from portal.orm import people_in
from portal.people.models import Person
from portal.reach import visible
from portal.work import UnitOfWork

from .models import Absence
from .rules import Away
from .services import VIEW
from .words import Days

LENGTH = 28  # days
MOST = 25  # people; the list below has the others
SATURDAY = 5


@dataclass(frozen=True)
class Part:
    """A piece of the strip: where it begins and how wide it is, in hundredths of the whole."""

    start: float
    width: float


@dataclass(frozen=True)
class Line:
    """One person: their days in words, and each of them as a piece of the strip."""

    name: str
    public_id: str
    days: Sequence[Days]
    parts: Sequence[Part]


@dataclass(frozen=True)
class Weeks:
    """The strip: a line for everybody who is away, the days off, the Mondays with their dates."""

    lines: Sequence[Line]
    more: int
    off: Sequence[Part]
    marks: Sequence[tuple[float, date]]


def weeks_of(tx: UnitOfWork) -> Weeks | None:
    """Return the strip of the actor's own departments, None for who is in none."""
    departments = _own_departments(tx)
    if not departments:
        return None
    first = tx.today
    dates = [first + timedelta(days=number) for number in range(LENGTH)]
    grouped: dict[tuple[str, str], list[Away]] = {}
    for absence, name, public_id in _away(tx, departments, first, dates[-1]):
        grouped.setdefault((name, public_id), []).append(absence.away)
    lines = [
        Line(name, public_id, [Days(away) for away in found], list(parts_of(found, first)))
        for (name, public_id), found in grouped.items()
    ]
    off = [Part(place(2 * n), place(2)) for n, day in enumerate(dates) if day.weekday() >= SATURDAY]
    marks = [(place(2 * n), day) for n, day in enumerate(dates) if day.weekday() == 0]
    return Weeks(lines[:MOST], max(0, len(lines) - MOST), off, marks)


def away_today(tx: UnitOfWork) -> Sequence[tuple[str, str]]:
    """Return name and public id of whom the actor's own departments miss today."""
    departments = _own_departments(tx)
    if not departments:
        return ()
    rows = _away(tx, departments, tx.today, tx.today)
    return list(dict.fromkeys((name, public_id) for _, name, public_id in rows))


def _own_departments(tx: UnitOfWork) -> frozenset[int]:
    actor = tx.actor
    return actor.member_of | actor.managed if actor.holds(VIEW) else frozenset()


def _away(tx: UnitOfWork, departments: frozenset[int], first: date, last: date) -> Iterable[Any]:
    statement: Any = (
        select(Absence, Person.name, Person.public_id)
        .join(Person, Person.id == Absence.person_id)
        .where(
            Absence.person_id.in_(people_in(departments, tx.actor)),
            Absence.last_on >= first,
            Absence.from_on <= last,
        )
    )
    rows = visible(statement, VIEW, tx.actor)
    return tx.session.execute(rows.order_by(Person.name_key, Person.id, Absence.from_on)).all()


def parts_of(absences: Iterable[Away], first: date) -> Iterable[Part]:
    """Yield one piece for each day, or half of one, that lies in the weeks from ``first`` on."""
    start = 2 * first.toordinal()
    for away in absences:
        begins, ends = (half - start for half in away.halves)
        at = max(begins, 0)
        while at < min(ends, 2 * LENGTH):
            after = min(ends, at - at % 2 + 2)
            yield Part(place(at), place(after - at))
            at = after


def place(halves: int) -> float:
    """Return where a half day lies, in hundredths of the strip."""
    return round(50 * halves / LENGTH, 3)
