"""By which calendar a person or a department works today."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, exists, or_, select

from portal.people.models import LEADERS_FIRST, Department, Membership, Person
from portal.work import UnitOfWork
from portal.worktime.models import Holiday, Stored, WorkCalendar, WorkDay, WorksBy
from portal.worktime.rules import Calendar, Windows, shared

ASSUMED_DAY: Windows = ((8 * 60, 12 * 60), (13 * 60, 17 * 60))
# Whether any calendar goes by another clock than the organisation's.
SEVERAL_CLOCKS = exists().where(WorkCalendar.__table__.c.time_zone.is_not(None))
ASSUMED: tuple[Windows, ...] = (ASSUMED_DAY,) * 5 + ((), ())  # while nobody has said otherwise


def calendar_of(
    tx: UnitOfWork, *, person_id: int | None = None, department_id: int | None = None
) -> Calendar:
    """Return when a person, a department or (asked for neither) the organisation works.

    A person works by a calendar of their own, else by that of the department they lead or belong to
    today; a department by its own, else by that of the nearest department above it, else by the
    usual one. While no calendar is the usual one, Monday to Friday from 8 to 12 and from 13 to 17
    is assumed. It takes at most five statements. Raises ValueError if asked for both.
    """
    if person_id is not None and department_id is not None:
        raise ValueError("ask for a person or for a department, not for both")
    return as_reckoned(tx, _chosen(tx, person_id, department_id))


def calendar_row_of(tx: UnitOfWork, person_id: int | None) -> WorkCalendar | None:
    """Return the row of the calendar a person works by today, None where hours are assumed."""
    return _chosen(tx, person_id, None)


def as_reckoned(tx: UnitOfWork, row: WorkCalendar | None) -> Calendar:
    """Return a calendar with its exceptional days as the rules reckon with it; None: as assumed.

    Half a holiday is worked only as far as the week says that the day is worked at all.
    """
    if row is None:
        return Calendar(zone=tx.zone, week=ASSUMED)
    week = week_of(row)
    days: dict[date, Windows] = {}
    if row.holiday_list_id is not None:
        kept = select(Holiday.on, Holiday.windows).where(Holiday.list_id == row.holiday_list_id)
        for on, windows in tx.session.execute(kept):
            if windows is not None:
                days[on] = shared(windows_of(windows), week[on.weekday()])
    own = select(WorkDay.on, WorkDay.windows).where(WorkDay.calendar_id == row.id)
    days |= {on: windows_of(windows) for on, windows in tx.session.execute(own)}
    return Calendar(
        zone=ZoneInfo(row.time_zone) if row.time_zone else tx.zone, week=week, days=days
    )


def week_of(row: WorkCalendar | None) -> tuple[Windows, ...]:
    """Return the week of a calendar from Monday on; of None, the one that is assumed."""
    return ASSUMED if row is None else tuple(windows_of(day) for day in row.week)


def windows_of(stored: Sequence[Sequence[int]]) -> Windows:
    """Return the windows of a day as the rules want them."""
    return tuple((begins, ends) for begins, ends in stored)


def as_stored(windows: Windows) -> Stored:
    """Return the windows of a day as a row keeps them."""
    return [[begins, ends] for begins, ends in windows]


def _chosen(
    tx: UnitOfWork, person_id: int | None, department_id: int | None
) -> WorkCalendar | None:
    if person_id is not None:
        return _rows_of(tx, [person_id])[person_id]
    chosen = _of_department(tx, department_id) if department_id is not None else None
    which = WorkCalendar.usual if chosen is None else WorkCalendar.id == chosen
    return tx.session.scalars(select(WorkCalendar).where(which)).one_or_none()


def _of_department(tx: UnitOfWork, department_id: int | None) -> int | None:
    """Return the id of the calendar of a department or of the nearest one above that has one."""
    return _upwards(_tree(tx), department_id)


def _tree(tx: UnitOfWork) -> dict[int, tuple[int | None, int | None]]:
    """Return department -> (the one above, its own calendar)."""
    rows = tx.session.execute(
        select(Department.id, Department.parent_id, WorksBy.calendar_id).outerjoin(
            WorksBy, WorksBy.department_id == Department.id
        )
    )
    return {row.id: (row.parent_id, row.calendar_id) for row in rows}


def _upwards(
    tree: Mapping[int, tuple[int | None, int | None]], department_id: int | None
) -> int | None:
    while department_id is not None:
        department_id, calendar_id = tree.get(department_id, (None, None))
        if calendar_id is not None:
            return int(calendar_id)
    return None


def calendars_of(tx: UnitOfWork, person_ids: Iterable[int]) -> Mapping[int, Calendar]:
    """Return person id -> by which calendar each works today, as ``calendar_of`` says of one.

    It takes three statements, and two for each calendar that is in use among them.
    """
    rows = _rows_of(tx, person_ids)
    known = {row.id: as_reckoned(tx, row) for row in rows.values() if row is not None}
    assumed = as_reckoned(tx, None)
    return {who: assumed if row is None else known[row.id] for who, row in rows.items()}


def zones_of(tx: UnitOfWork, person_ids: Iterable[int]) -> Mapping[int, ZoneInfo]:
    """Return person id -> by which clock each works today; without SEVERAL_CLOCKS it is one."""
    return {
        who: ZoneInfo(row.time_zone) if row is not None and row.time_zone else tx.zone
        for who, row in _rows_of(tx, person_ids).items()
    }


def _rows_of(tx: UnitOfWork, person_ids: Iterable[int]) -> dict[int, WorkCalendar | None]:
    """Return person id -> the calendar each works by today, None where hours are assumed."""
    wanted = sorted(set(person_ids))
    if not wanted:
        return {}
    own: dict[int, int] = {}
    here: dict[int, int] = {}
    for row in tx.session.execute(_uses(tx, wanted)):
        if row.calendar_id is not None:
            own[row.id] = row.calendar_id
        elif row.department_id is not None:
            here.setdefault(row.id, row.department_id)
    tree = _tree(tx) if here else {}
    chosen = {who: own.get(who) or _upwards(tree, here.get(who)) for who in wanted}
    in_use = {calendar_id for calendar_id in chosen.values() if calendar_id is not None}
    rows = select(WorkCalendar).where(or_(WorkCalendar.usual, WorkCalendar.id.in_(in_use)))
    known = {calendar.id: calendar for calendar in tx.session.scalars(rows).all()}
    usual = next((calendar for calendar in known.values() if calendar.usual), None)
    return {
        person_id: usual if (calendar_id := chosen[person_id]) is None else known[calendar_id]
        for person_id in wanted
    }


def _uses(tx: UnitOfWork, person_ids: Sequence[int]) -> Any:
    """Return the statement of each person's own calendar and of where they belong today, those
    places first by whose calendar somebody works.
    """
    today = and_(
        Membership.person_id == Person.id,
        Membership.from_on <= tx.today,
        or_(Membership.until_on.is_(None), Membership.until_on > tx.today),
    )
    return (
        select(Person.id, WorksBy.calendar_id, Membership.department_id)
        .outerjoin(WorksBy, WorksBy.person_id == Person.id)
        .outerjoin(Membership, today)
        .where(Person.id.in_(person_ids))
        .order_by(LEADERS_FIRST, Person.name_key, Membership.id)
    )
