"""Holiday lists: the dates that calendars share, and their import from what is published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from portal.audit.changes import put
from portal.errors import Conflict, ValidationFailed
from portal.messages import Message, message
from portal.reach import visible
from portal.settings.services import facts
from portal.work import UnitOfWork
from portal.worktime import published
from portal.worktime.models import Holiday, HolidayList, WorkCalendar
from portal.worktime.rules import Windows, written

from .calendars import EDIT, NOT_LISTED, VIEW, refuse_taken_name
from .reckoning import as_stored, windows_of


@dataclass(frozen=True, kw_only=True)
class SaveList:
    """A holiday list as it shall be; without a country its dates are written by hand."""

    name: str
    country: str = ""
    region: str = ""
    version: int | None = None


@dataclass(frozen=True, kw_only=True)
class SaveHoliday:
    """A date of a list; no windows (empty) closes the office, None lets it be worked as usual."""

    on: date
    name: str
    windows: Windows | None = ()


@dataclass(frozen=True, kw_only=True)
class ImportYear:
    """A year whose published holidays shall be added, if wanted with days of joint leave."""

    year: int
    joint: bool = False


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What an import did: how many dates it added, and how many were there already."""

    added: int
    known: int


@dataclass(frozen=True, kw_only=True)
class ListSize:
    """How many dates a list has, from which year to which."""

    dates: int
    first: date
    last: date


def holiday_lists(tx: UnitOfWork) -> Sequence[HolidayList]:
    """Return all holiday lists by name."""
    rows = visible(select(HolidayList), VIEW, tx.actor)
    return tx.session.scalars(rows.order_by(HolidayList.name_key, HolidayList.id)).all()


def sizes(tx: UnitOfWork) -> dict[int, ListSize]:
    """Return how much is in each list that has dates, by the id of the list."""
    counted = select(
        Holiday.list_id,
        func.count().label("dates"),
        func.min(Holiday.on).label("first"),
        func.max(Holiday.on).label("last"),
    ).group_by(Holiday.list_id)
    return {
        row.list_id: ListSize(dates=row.dates, first=row.first, last=row.last)
        for row in tx.session.execute(counted)
    }


def kept_by(tx: UnitOfWork, row: HolidayList) -> Sequence[WorkCalendar]:
    """Return the calendars that keep the holidays of a list."""
    rows = select(WorkCalendar).where(WorkCalendar.holiday_list_id == row.id)
    return tx.session.scalars(rows.order_by(WorkCalendar.name_key, WorkCalendar.id)).all()


def find_list(tx: UnitOfWork, public_id: str, permission: str = VIEW, *, lock: bool = False) -> Any:
    """Return the holiday list in reach of ``permission``, or raise NotFound."""
    rows = visible(select(HolidayList), permission, tx.actor)
    return tx.one(rows, public_id=public_id, lock=lock)


def dates_of(tx: UnitOfWork, row: HolidayList, year: int) -> Sequence[Holiday]:
    """Return the dates of a list in a year, in order."""
    kept = select(Holiday).where(
        Holiday.list_id == row.id,
        Holiday.on >= date(year, 1, 1),
        Holiday.on <= date(year, 12, 31),
    )
    return tx.session.scalars(kept.order_by(Holiday.on)).all()


def add_list(tx: UnitOfWork, command: SaveList) -> HolidayList:
    """Make a holiday list; raise ValidationFailed for a taken name or an unknown region."""
    row = HolidayList(**_values(tx, command, None))
    tx.session.add(row)
    tx.audit("core.holiday_list_added", row)
    return row


def change_list(tx: UnitOfWork, public_id: str, command: SaveList) -> HolidayList:
    """Change a holiday list; raise EditConflict for an old version, ValidationFailed for what does
    not fit. The dates in it stay.
    """
    row: HolidayList = find_list(tx, public_id, EDIT)
    tx.expect_version(row, command.version, **list_as_form(row))
    if changed := put(row, **_values(tx, command, row)):
        tx.audit("core.holiday_list_changed", row, changed=changed)
    return row


def remove_list(tx: UnitOfWork, public_id: str, *, version: int | None) -> None:
    """Remove a list with its dates; raise Conflict while a calendar keeps them."""
    row: HolidayList = find_list(tx, public_id, EDIT, lock=True)
    tx.expect_version(row, version, **list_as_form(row))
    if keeping := kept_by(tx, row):
        name = keeping[0].name
        text = message("{calendar} keeps these holidays. Change that first.", calendar=name)
        raise Conflict(text)
    tx.audit("core.holiday_list_removed", row)
    tx.session.delete(row)


def list_as_form(row: HolidayList) -> dict[str, Any]:
    """Return a holiday list as the fields of its form hold it."""
    return {"name": row.name, "country": row.country or None, "region": row.region}


def import_year(tx: UnitOfWork, public_id: str, command: ImportYear) -> Imported:
    """Add the published holidays of a year that the list does not have; change none that it has.

    Raises ValidationFailed for a year or a country of which nothing is published.
    """
    row: HolidayList = find_list(tx, public_id, EDIT, lock=True)  # Two imports, one after another.
    if not row.country or command.year not in published.YEARS:
        raise ValidationFailed({"year": message("Nothing is published for this year.")})
    asked = published.Published(
        country=row.country,
        region=row.region,
        language=facts(tx)["language"],
        joint=command.joint,
    )
    try:
        found = published.of_year(asked, command.year)
    except published.UnknownRegion as unknown:
        raise ValidationFailed({"year": _regions(unknown)}) from None
    if not found:
        raise ValidationFailed({"year": message("Nothing is published for this year.")})
    known = {day.on for day in dates_of(tx, row, command.year)}
    missing = {on: name for on, name in found.items() if on not in known}
    for on, name in missing.items():
        tx.session.add(Holiday(list_id=row.id, on=on, name=name[:200], windows=[]))
    if missing:
        tx.audit("core.holidays_imported", row, year=command.year, added=len(missing))
    return Imported(added=len(missing), known=len(found) - len(missing))


def find_holiday(tx: UnitOfWork, public_id: str, permission: str = EDIT) -> Any:
    """Return a date of a list in reach of ``permission``, or raise NotFound."""
    return tx.one(visible(select(Holiday), permission, tx.actor), public_id=public_id)


def list_of(tx: UnitOfWork, day: Holiday) -> HolidayList:
    """Return the list that a date belongs to."""
    found: HolidayList = tx.one(select(HolidayList), id=day.list_id)
    return found


def add_holiday(tx: UnitOfWork, public_id: str, command: SaveHoliday) -> Holiday:
    """Add a date to a list; raise ValidationFailed if it has it already."""
    row: HolidayList = find_list(tx, public_id, EDIT, lock=True)
    _refuse_taken(tx, row.id, command.on, None)
    day = Holiday(list_id=row.id, **_kept(command))
    tx.session.add(day)
    tx.audit("core.holiday_added", row, **_said(command))
    return day


def change_holiday(tx: UnitOfWork, public_id: str, command: SaveHoliday) -> Holiday:
    """Change a date of a list; raise ValidationFailed if its new date is in the list already."""
    day: Holiday = find_holiday(tx, public_id)
    row = find_list(tx, list_of(tx, day).public_id, EDIT, lock=True)
    _refuse_taken(tx, day.list_id, command.on, day)
    windows = None if day.windows is None else windows_of(day.windows)
    before = _said(SaveHoliday(on=day.on, name=day.name, windows=windows))
    if put(day, **_kept(command)):
        after = _said(command)
        changed = {name: [before[name], after[name]] for name in after}
        changed = {name: pair for name, pair in changed.items() if pair[0] != pair[1]}
        tx.audit("core.holiday_changed", row, date=before["on"], changed=changed)
    return day


def remove_holiday(tx: UnitOfWork, public_id: str) -> tuple[HolidayList, int]:
    """Take a date out of its list; return the list and the year. An import brings it back."""
    day: Holiday = find_holiday(tx, public_id)
    row = list_of(tx, day)
    tx.audit("core.holiday_removed", row, on=day.on.isoformat(), name=day.name)
    tx.session.delete(day)
    return row, day.on.year


def _values(tx: UnitOfWork, command: SaveList, row: HolidayList | None) -> dict[str, Any]:
    wrong = refuse_taken_name(tx, HolidayList, command.name, row)
    known = {code for code, _ in published.countries("en")}
    if command.country and command.country not in known:
        wrong["country"] = NOT_LISTED
    elif command.country:
        try:
            published.check_region(command.country, command.region)
        except published.UnknownRegion as unknown:
            wrong["region"] = _regions(unknown)
    elif command.region:
        wrong["region"] = message("Choose the country first.")
    if wrong:
        raise ValidationFailed(wrong)
    return {"name": command.name, "country": command.country, "region": command.region}


def _regions(unknown: published.UnknownRegion) -> Message:
    if not unknown.known:
        return message("This country has the same holidays everywhere. Leave the region empty.")
    return message("Write one of these, or nothing: {regions}.", regions=", ".join(unknown.known))


def _kept(command: SaveHoliday) -> dict[str, Any]:
    windows = None if command.windows is None else as_stored(command.windows)
    return {"on": command.on, "name": command.name, "windows": windows}


def _said(command: SaveHoliday) -> dict[str, str]:
    hours = "as usual" if command.windows is None else written(command.windows)
    return {"on": command.on.isoformat(), "name": command.name, "hours": hours}


def _refuse_taken(tx: UnitOfWork, list_id: int, on: date, itself: Holiday | None) -> None:
    same = select(Holiday.id).where(Holiday.list_id == list_id, Holiday.on == on)
    found = tx.session.scalars(same).one_or_none()
    if found is not None and (itself is None or found != itself.id):
        raise ValidationFailed({"on": message("This date is in the list already.")})
