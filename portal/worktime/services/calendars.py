"""Calendars: the week, which one is the usual, their own exceptional days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from portal.audit.changes import put
from portal.errors import Conflict, ValidationFailed
from portal.messages import Message, message
from portal.orm import sort_key
from portal.reach import visible
from portal.work import UnitOfWork
from portal.worktime.models import Holiday, HolidayList, WorkCalendar, WorkDay, WorksBy
from portal.worktime.rules import Windows, written

from .reckoning import as_stored, week_of, windows_of

VIEW, EDIT = "core.calendar.view", "core.calendar.edit"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
AHEAD = timedelta(days=366)  # how far the page of a calendar looks
NOT_LISTED = message("Choose one of the list.")
TAKEN = message("There is already one of this name.")


@dataclass(frozen=True, kw_only=True)
class SaveCalendar:
    """A calendar as it shall be; the holiday list by public id, an empty zone is the portal's."""

    name: str
    week: tuple[Windows, ...]
    time_zone: str = ""
    holiday_list: str = ""
    usual: bool = False
    version: int | None = None


@dataclass(frozen=True, kw_only=True)
class SaveDay:
    """A date on which a calendar is otherwise; without windows nobody works."""

    on: date
    name: str = ""
    windows: Windows = ()


def calendars(tx: UnitOfWork) -> Sequence[WorkCalendar]:
    """Return all calendars with their holiday lists, the usual one first."""
    rows = visible(select(WorkCalendar), VIEW, tx.actor).options(
        joinedload(WorkCalendar.holiday_list)
    )
    order = WorkCalendar.usual.desc(), WorkCalendar.name_key, WorkCalendar.id
    return tx.session.scalars(rows.order_by(*order)).all()


def find_calendar(
    tx: UnitOfWork, public_id: str, permission: str = VIEW, *, lock: bool = False
) -> Any:
    """Return the calendar in reach of ``permission``, or raise NotFound."""
    rows = visible(select(WorkCalendar), permission, tx.actor)
    rows = rows.options(joinedload(WorkCalendar.holiday_list))
    return tx.one(rows, public_id=public_id, lock=lock)


def usual_calendar(tx: UnitOfWork) -> WorkCalendar | None:
    """Return the calendar of everybody who has no other, None while there is none."""
    rows = visible(select(WorkCalendar), VIEW, tx.actor).where(WorkCalendar.usual)
    found: WorkCalendar | None = tx.session.scalars(rows).one_or_none()
    return found


def add_calendar(tx: UnitOfWork, command: SaveCalendar) -> WorkCalendar:
    """Make a calendar; raise ValidationFailed for a taken name or a week without hours."""
    values = _values(tx, command, None)
    said = _make_room(tx, None) if command.usual else {}
    row = WorkCalendar(**values, usual=command.usual)
    tx.session.add(row)
    tx.audit("core.calendar_added", row, week=[written(day) for day in command.week], **said)
    return row


def change_calendar(tx: UnitOfWork, public_id: str, command: SaveCalendar) -> WorkCalendar:
    """Change a calendar; raise EditConflict for an old version, ValidationFailed for bad values.

    One that becomes the usual takes that from the other in the same transaction.
    """
    row: WorkCalendar = find_calendar(tx, public_id, EDIT)
    tx.expect_version(row, command.version, **as_form(row))
    values = _values(tx, command, row)
    said = _make_room(tx, row.id) if command.usual and not row.usual else {}
    before = [written(day) for day in week_of(row)]
    changed = put(row, **values, usual=command.usual)
    if "week" in changed:
        changed["week"] = [before, [written(day) for day in command.week]]
    if changed:
        tx.audit("core.calendar_changed", row, changed=changed, **said)
    return row


def remove_calendar(tx: UnitOfWork, public_id: str, *, version: int | None) -> None:
    """Remove a calendar; raise Conflict while it is the usual one or somebody works by it."""
    row: WorkCalendar = find_calendar(tx, public_id, EDIT, lock=True)
    tx.expect_version(row, version, **as_form(row))
    if row.usual:
        raise Conflict(message("This is the usual calendar. Make another one the usual first."))
    used = select(WorksBy.id).where(WorksBy.calendar_id == row.id)
    if tx.session.scalars(used.limit(1)).first() is not None:
        text = message("Somebody works by this calendar. Give them another one first.")
        raise Conflict(text)
    tx.audit("core.calendar_removed", row)
    tx.session.delete(row)


def as_form(row: WorkCalendar) -> dict[str, Any]:
    """Return a calendar as the fields of its form hold it."""
    return {
        "name": row.name,
        **dict(zip(DAYS, week_of(row), strict=True)),
        "time_zone": row.time_zone,
        "holiday_list": row.holiday_list.public_id if row.holiday_list else None,
        "usual": row.usual,
    }


def _values(tx: UnitOfWork, command: SaveCalendar, row: WorkCalendar | None) -> dict[str, Any]:
    wrong: dict[str, Message | str] = {}
    chosen = None
    if command.holiday_list:
        known = select(HolidayList.id).where(HolidayList.public_id == command.holiday_list)
        chosen = tx.session.scalars(known).one_or_none()
        if chosen is None:
            wrong["holiday_list"] = NOT_LISTED
    if not any(command.week):
        text = message("Nobody could work by this. Write the hours of one day at least.")
        wrong["monday"] = text
    wrong |= refuse_taken_name(tx, WorkCalendar, command.name, row)
    if wrong:
        raise ValidationFailed(wrong)
    return {
        "name": command.name,
        "week": [as_stored(day) for day in command.week],
        "time_zone": command.time_zone or None,
        "holiday_list_id": chosen,
    }


def refuse_taken_name(
    tx: UnitOfWork, model: Any, name: str, itself: Any | None
) -> dict[str, Message | str]:
    """Return what is wrong with a name, also to be asked if the database refuses the row."""
    besides = itself.id if itself is not None else None

    def taken(tx: UnitOfWork) -> dict[str, Message | str]:
        same = tx.session.scalars(select(model.id).where(model.name_key == sort_key(name)))
        return {"name": TAKEN} if any(found != besides for found in same) else {}

    tx.if_refused(taken)
    return taken(tx)


def _make_room(tx: UnitOfWork, becomes: int | None) -> dict[str, str]:
    """Take from the usual calendar that it is so, and return what the audit says of that.

    Who does the same at once waits here; who has the other one open in a form meets a conflict.
    """
    order = select(WorkCalendar.id).order_by(WorkCalendar.id)
    tx.session.scalars(order.with_for_update()).all()
    # Statements of their own: after the wait they see which one is the usual now.
    usual = WorkCalendar.usual, WorkCalendar.id != (becomes or 0)
    other = select(WorkCalendar.name).where(*usual)
    name = tx.session.scalars(other).first()
    change = update(WorkCalendar).where(*usual)
    tx.session.execute(change.values(usual=False, version=WorkCalendar.version + 1))

    def refused(tx: UnitOfWork) -> dict[str, Message | str]:
        if (first := tx.session.scalars(other).first()) is None:
            return {}
        text = message("Somebody has made {name} the usual one just now.", name=first)
        return {"usual": text}

    tx.if_refused(refused)
    return {} if name is None else {"instead_of": name}


# --- exceptional days


def days_of(tx: UnitOfWork, row: WorkCalendar) -> Sequence[WorkDay]:
    """Return the exceptional days of a calendar, those to come first, then the last ones."""
    own = select(WorkDay).where(WorkDay.calendar_id == row.id).order_by(WorkDay.on)
    found = tx.session.scalars(own).all()
    coming = [day for day in found if day.on >= tx.today]
    return [*coming, *reversed([day for day in found if day.on < tx.today][-12:])]


def coming_holidays(tx: UnitOfWork, row: WorkCalendar) -> Sequence[Holiday]:
    """Return the dates of the calendar's holiday list within the next twelve months."""
    if row.holiday_list_id is None:
        return ()
    kept = select(Holiday).where(
        Holiday.list_id == row.holiday_list_id,
        Holiday.on >= tx.today,
        Holiday.on < tx.today + AHEAD,
    )
    return tx.session.scalars(kept.order_by(Holiday.on)).all()


def find_day(tx: UnitOfWork, public_id: str, permission: str = EDIT) -> Any:
    """Return an exceptional day in reach of ``permission``, or raise NotFound."""
    return tx.one(visible(select(WorkDay), permission, tx.actor), public_id=public_id)


def calendar_of_day(tx: UnitOfWork, day: WorkDay) -> WorkCalendar:
    """Return the calendar that an exceptional day belongs to."""
    found: WorkCalendar = tx.one(select(WorkCalendar), id=day.calendar_id)
    return found


def add_day(tx: UnitOfWork, public_id: str, command: SaveDay) -> WorkDay:
    """Note an exceptional day of a calendar; raise ValidationFailed if the date has one."""
    row: WorkCalendar = find_calendar(tx, public_id, EDIT)
    _refuse_taken_date(tx, row.id, command.on, None)
    day = WorkDay(calendar_id=row.id, **_day_values(command))
    tx.session.add(day)
    tx.audit("core.work_day_added", row, **_said(command))
    return day


def change_day(tx: UnitOfWork, public_id: str, command: SaveDay) -> WorkDay:
    """Change an exceptional day; raise ValidationFailed if its new date has another."""
    day: WorkDay = find_day(tx, public_id)
    _refuse_taken_date(tx, day.calendar_id, command.on, day)
    before = _said(SaveDay(on=day.on, name=day.name, windows=windows_of(day.windows)))
    if put(day, **_day_values(command)):
        after = _said(command)
        changed = {name: [before[name], after[name]] for name in after}
        changed = {name: pair for name, pair in changed.items() if pair[0] != pair[1]}
        row = calendar_of_day(tx, day)
        tx.audit("core.work_day_changed", row, date=before["on"], changed=changed)
    return day


def remove_day(tx: UnitOfWork, public_id: str) -> WorkCalendar:
    """Let a date be as the week and the holidays say; return the calendar."""
    day: WorkDay = find_day(tx, public_id)
    row = calendar_of_day(tx, day)
    tx.audit("core.work_day_removed", row, on=day.on.isoformat(), name=day.name)
    tx.session.delete(day)
    return row


def _day_values(command: SaveDay) -> dict[str, Any]:
    return {"on": command.on, "name": command.name, "windows": as_stored(command.windows)}


def _said(command: SaveDay) -> dict[str, str]:
    return {
        "on": command.on.isoformat(),
        "name": command.name,
        "hours": written(command.windows),
    }


def _refuse_taken_date(tx: UnitOfWork, calendar_id: int, on: date, itself: WorkDay | None) -> None:
    besides = itself.id if itself is not None else None

    def taken(tx: UnitOfWork) -> dict[str, Message | str]:
        same = select(WorkDay.id).where(WorkDay.calendar_id == calendar_id, WorkDay.on == on)
        found = tx.session.scalars(same).one_or_none()
        if found is None or found == besides:
            return {}
        return {"on": message("This date is in the list already.")}

    if wrong := taken(tx):
        raise ValidationFailed(wrong)
    tx.if_refused(taken)
