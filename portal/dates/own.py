"""What the portal itself has in the calendar: who is away, days off, standing in, what is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from portal.absences.models import Absence
from portal.absences.services import LONGEST
from portal.absences.words import Days
from portal.approvals.work import APPROVALS
from portal.delegation.models import Delegation
from portal.messages import message
from portal.mywork.gathering import clock_of
from portal.mywork.gathering import gather as gather_work
from portal.mywork.rules import Whose, WorkItem
from portal.mywork.services import ask_for
from portal.orm import people_in
from portal.people.models import Person
from portal.reach import visible
from portal.work import UnitOfWork
from portal.worktime.models import Holiday, WorkCalendar, WorkDay
from portal.worktime.rules import Calendar
from portal.worktime.services import as_reckoned, calendar_row_of, windows_of
from portal.worktime.words import hours

from .rules import DateAsk, Dated, Dates

AWAY, CALENDAR, DEPUTY = "core.absence.view", "core.calendar.view", "core.delegation.view"
CLOSED = message("Nobody works")
OTHER_HOURS = message("Other working hours")
_rows: WeakKeyDictionary[Any, WorkCalendar | None] = WeakKeyDictionary()


def own_calendar(tx: UnitOfWork) -> Calendar:
    """Return when the actor works."""
    return as_reckoned(tx, _own_row(tx))


def _own_row(tx: UnitOfWork) -> WorkCalendar | None:
    """Return the calendar the actor works by; a page that only reads asks once."""
    if tx.writing:
        return calendar_row_of(tx, tx.actor.person_id)
    if tx.session not in _rows:
        _rows[tx.session] = calendar_row_of(tx, tx.actor.person_id)
    return _rows[tx.session]


def absences(tx: UnitOfWork, ask: DateAsk) -> Sequence[Dated]:
    """Return who is away; never why."""
    me = tx.actor.person_id
    # None is longer than a year: so the first day alone tells the few that reach into these days.
    oldest = ask.from_on - timedelta(days=LONGEST)
    rows: Any = (
        select(Absence, Person.name)
        .join(Person, Person.id == Absence.person_id)
        .where(Absence.from_on.between(oldest, ask.last_on), Absence.last_on >= ask.from_on)
    )
    if ask.mine:
        rows = rows.where(Absence.person_id == me)
    elif ask.departments is not None:
        here = Absence.person_id.in_(people_in(ask.departments, tx.actor))
        rows = rows.where(or_(here, Absence.person_id == me))
    ordered = visible(rows, AWAY, tx.actor).order_by(Absence.from_on, Absence.id)
    return [
        Dated(
            key=row.public_id,
            title=message("You are away")
            if row.person_id == me
            else message("{name} is away", name=name),
            on=row.from_on,
            last_on=row.last_on,
            endpoint="absences.absence",
            values={"public_id": row.public_id},
            meta=Days(row.away),  # type: ignore[arg-type]
            person_id=row.person_id,
        )
        for row, name in tx.session.execute(ordered.limit(ask.limit))
    ]


def days_off(tx: UnitOfWork, ask: DateAsk) -> Sequence[Dated]:
    """Return the holidays and the exceptional days of the actor's own calendar."""
    row = _own_row(tx)
    if row is None:
        return ()
    values = {"public_id": row.public_id}
    found = {}
    if row.holiday_list_id is not None:
        kept = select(Holiday).where(
            Holiday.list_id == row.holiday_list_id,
            Holiday.on >= ask.from_on,
            Holiday.on < ask.until_on,
            Holiday.windows.is_not(None),
        )
        for day in tx.session.scalars(visible(kept, CALENDAR, tx.actor)):
            found[day.on] = (day, day.name)
    own = select(WorkDay).where(
        WorkDay.calendar_id == row.id, WorkDay.on >= ask.from_on, WorkDay.on < ask.until_on
    )
    for other in tx.session.scalars(visible(own, CALENDAR, tx.actor)):
        found[other.on] = (other, other.name or OTHER_HOURS)
    return [
        Dated(
            key=on.isoformat(),
            title=title,
            on=on,
            endpoint="worktime.calendar",
            values=values,
            meta=hours(windows_of(day.windows)) or CLOSED,
        )
        for on, (day, title) in sorted(found.items())
    ]


def standing_in(tx: UnitOfWork, ask: DateAsk) -> Sequence[Dated]:
    """Return for whom the actor stands in."""
    rows = select(Delegation).where(
        Delegation.deputy_id == tx.actor.person_id,
        Delegation.revoked_at.is_(None),
        Delegation.last_on >= ask.from_on,
        Delegation.from_on < ask.until_on,
    )
    rows = visible(rows, DEPUTY, tx.actor).options(joinedload(Delegation.principal))
    ordered = rows.order_by(Delegation.from_on, Delegation.id).limit(ask.limit)
    return [
        Dated(
            key=row.public_id,
            title=message("You stand in for {name}", name=row.principal.name),
            on=row.from_on,
            last_on=row.last_on,
            endpoint="delegation.deputy",
            values={"public_id": row.public_id},
            meta=message("While they are away") if row.only_when_absent else "",
            person_id=row.deputy_id,
        )
        for row in tx.session.scalars(ordered)
    ]


def work_due(tx: UnitOfWork, ask: DateAsk) -> Sequence[Dated]:
    """Return what the actor has to do, by when it is due; what has dates of its own is there."""
    runtime = tx.session.runtime
    told = (
        set()
        if runtime is None
        else {kind.name for _, kind in runtime.dates() if tx.actor.holds(kind.permission)}
    )
    return _due(tx, ask, leaving_out=told | {APPROVALS.name})


def decisions_due(tx: UnitOfWork, ask: DateAsk) -> Sequence[Dated]:
    """Return what the actor has to decide, by when it is due."""
    return _due(tx, ask, only=APPROVALS.name)


def _due(
    tx: UnitOfWork, ask: DateAsk, *, only: str = "", leaving_out: set[str] | None = None
) -> list[Dated]:
    clock = clock_of(tx)
    until = clock.end_of(ask.last_on)
    found = gather_work(tx, ask_for(tx, Whose.ME, until=until, limit=ask.limit), only)
    return [
        _dated(clock.day_of(one.item), one.item, one.key, one.kind)
        for one in found.items
        if one.kind.name not in (leaving_out or ())
    ]


def _dated(day: Any, item: WorkItem, key: str, kind: Any) -> Dated:
    """Return an item by when it is due: on a day, or at an instant."""
    when: dict[str, Any] = {"on": day} if item.whole_day else {"at": item.due_at}
    return Dated(
        **when,
        key=key,
        title=item.title,
        endpoint=item.endpoint,
        values=item.values,
        meta=kind.title if not item.meta else item.meta,
        person_id=item.owner_id,
        confidential=kind.confidential,
    )


CORE_DATES = (
    Dates(
        name="core.days_off",
        title=message("Days off"),
        permission=CALENDAR,
        between=days_off,
        icon="calendar-event",
        hue="red",
    ),
    Dates(
        name="core.absences",
        title=message("Who is away"),
        permission=AWAY,
        between=absences,
        icon="user-off",
        hue="violet",
    ),
    Dates(
        name="core.deputies",
        title=message("Standing in"),
        permission=DEPUTY,
        between=standing_in,
        icon="users",
        hue="indigo",
    ),
    Dates(
        name="core.decisions",
        title=message("To decide"),
        permission="core.portal.use",
        between=decisions_due,
        icon="checklist",
        hue="indigo",
    ),
    Dates(
        name="core.work",
        title=message("My work"),
        permission="core.portal.use",
        between=work_due,
        icon="list-check",
        hue="slate",
    ),
)
