"""Forms about working hours and holidays."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from portal.auth.forms import time_zones
from portal.messages import Message, message
from portal.numbers import Unreadable
from portal.people.forms import pick_people
from portal.people.services import choices
from portal.ui.forms import (
    BooleanField,
    ChoiceField,
    DateField,
    Form,
    PickField,
    RadioField,
    StrictField,
    TextField,
    WholeField,
    longest,
    optional,
    required,
)
from portal.ui.submitting import VersionField
from portal.work import UnitOfWork

from . import published, services
from .models import Holiday, HolidayList, WorkCalendar
from .rules import BadWindows, Windows, read_windows
from .words import hours, typed

WRONG = {
    "shape": message("Write it like 09:00-12:30, 13:00-17:00."),
    "order": message("Each time has to end after it begins, by 24:00 at the latest."),
    "overlap": message("Two of these times overlap."),
}
LONGEST = 200  # characters of a day
CLOSED, HOURS, WORKED = "closed", "hours", "worked"


class WindowsField(StrictField):
    """The hours of one day; nothing typed is a free day."""

    def read(self, text: str) -> Windows:
        if len(text) > LONGEST:
            raise Unreadable(WRONG["shape"])
        try:
            return read_windows(text)
        except BadWindows as bad:
            raise Unreadable(WRONG[bad.reason]) from None

    def show(self, value: Windows) -> str:
        return typed(value)

    def words_of(self, value: Windows | None) -> str:
        """Return hours in words, for a page that compares two versions."""
        return hours(value or ())


def _day(label: Message) -> WindowsField:
    return WindowsField(label, [optional()])


class CalendarForm(Form):
    """A week and the holidays it keeps."""

    version = VersionField()
    name = TextField(message("Name"), [required(), longest(200)], empty="")
    monday = _day(message("Monday"))
    tuesday = _day(message("Tuesday"))
    wednesday = _day(message("Wednesday"))
    thursday = _day(message("Thursday"))
    friday = _day(message("Friday"))
    saturday = _day(message("Saturday"))
    sunday = _day(message("Sunday"))
    holiday_list = ChoiceField(
        message("Holidays"), [optional()], blank=message("None: it is worked on every date")
    )
    time_zone = ChoiceField(
        message("Time zone"),
        [optional()],
        blank=message("Same as the organisation"),
        description=message("For an office that lies elsewhere."),
    )
    usual = BooleanField(
        message("The usual calendar"),
        description=message("Everybody works by it whose department has no other."),
    )

    def prepare(self, tx: UnitOfWork) -> CalendarForm:
        """Offer the holiday lists and the time zones."""
        lists = select(HolidayList).order_by(HolidayList.name_key, HolidayList.id)
        self.holiday_list.choices = [(row.public_id, row.name) for row in tx.session.scalars(lists)]
        self.time_zone.choices = [(zone, zone.replace("_", " ")) for zone in time_zones()]
        return self

    @property
    def days(self) -> list[WindowsField]:
        """The fields of the week from Monday on."""
        return [self[name] for name in services.DAYS]

    def command_for_calendar(self) -> services.SaveCalendar:
        """Return what was asked for."""
        return self.command(
            services.SaveCalendar,
            week=tuple(field.data or () for field in self.days),
            holiday_list=self.holiday_list.data or "",
            time_zone=self.time_zone.data or "",
        )


class DayForm(Form):
    """A date on which it is otherwise."""

    on = DateField(message("Date"), [required()])
    name = TextField(
        message("What it is"),
        [optional(), longest(200)],
        empty="",
        description=message("As in: stocktaking, company outing."),
    )
    kind = RadioField(
        message("On this day"),
        [required()],
        choices=[(CLOSED, message("Nobody works")), (HOURS, message("Only these hours"))],
        default=CLOSED,
    )
    hours = WindowsField(
        message("Hours"), [optional()], description=message("As in 08:00-12:00, 13:00-15:00.")
    )

    def validate(self, extra_validators: Any = None) -> bool:
        if self.kind.data != HOURS:  # The field is not in view then.
            self.hours.process_errors = []
        good = super().validate(extra_validators)
        if self.kind.data == HOURS and not self.hours.data and not self.hours.errors:
            self.hours.errors = [message("Write the hours, or choose that nobody works.")]
            return False
        return bool(good)

    @property
    def windows(self) -> Windows:
        """The hours that are worked on the date."""
        return (self.hours.data or ()) if self.kind.data == HOURS else ()

    def command_for_day(self) -> services.SaveDay:
        """Return what was asked for."""
        return self.command(services.SaveDay, windows=self.windows)


def kept_day(row: Any) -> dict[str, Any]:
    """Return an exceptional day as the fields of its form hold it."""
    windows = services.windows_of(row.windows)
    kind = HOURS if windows else CLOSED
    return {"on": row.on, "name": row.name, "kind": kind, "hours": windows or None}


class HolidayForm(DayForm):
    """A date of a holiday list; it may also be worked as usual, whatever is published."""

    name = TextField(message("Name"), [required(), longest(200)], empty="")
    kind = RadioField(
        message("On this day"),
        [required()],
        choices=[
            (CLOSED, message("Nobody works")),
            (HOURS, message("Half a day: only these hours")),
            (WORKED, message("Worked as usual")),
        ],
        default=CLOSED,
    )

    def command_for_holiday(self) -> services.SaveHoliday:
        """Return what was asked for."""
        windows = None if self.kind.data == WORKED else self.windows
        return self.command(services.SaveHoliday, windows=windows)


def kept_holiday(row: Holiday) -> dict[str, Any]:
    """Return a date of a holiday list as the fields of its form hold it."""
    if row.windows is None:
        return {"on": row.on, "name": row.name, "kind": WORKED}
    return kept_day(row)


class ListForm(Form):
    """A holiday list, and whose holidays are in it."""

    version = VersionField()
    name = TextField(message("Name"), [required(), longest(200)], empty="")
    country = ChoiceField(
        message("Country"),
        [optional()],
        blank=message("None: the dates are written by hand"),
        description=message("Its public holidays can be imported, a year at a time."),
    )
    region = TextField(
        message("Region"),
        [optional(), longest(12)],
        empty="",
        description=message("Only where regions have their own, as in BY for Bavaria."),
    )

    def prepare(self, tx: UnitOfWork) -> ListForm:
        """Offer the countries, by their names in the reader's language."""
        self.country.choices = list(published.countries(tx.language))
        return self

    def command_for_list(self) -> services.SaveList:
        """Return what was asked for."""
        return self.command(services.SaveList, country=self.country.data or "")


class ImportForm(Form):
    """A year whose published holidays shall be added."""

    year = WholeField(message("Year"), [required()], minimum=2000, maximum=2100)
    joint = BooleanField(
        message("With joint leave (cuti bersama)"),
        description=message("Days that the government adds to a holiday; each office decides."),
    )

    def prepare(self, country: str) -> ImportForm:
        """Offer joint leave where it is published."""
        if country not in published.JOINT:
            del self.joint
        return self

    def command_for_import(self) -> services.ImportYear:
        """Return what was asked for."""
        return self.command(services.ImportYear)


class WorkByForm(Form):
    """A department or a person that shall work by a calendar."""

    department = ChoiceField(message("Department"), [optional()], blank=message("None"))
    person = PickField(
        message("Person"),
        [optional()],
        description=message("For somebody whose hours differ from those of the department."),
    )

    def prepare(self, tx: UnitOfWork) -> WorkByForm:
        """Fill in the departments and the way to find people."""
        self.department.choices = choices(tx)
        pick_people(self.person, tx)
        return self

    def command_for_use(self) -> services.WorkBy:
        """Return what was asked for."""
        return self.command(
            services.WorkBy,
            department=self.department.data or "",
            person=self.person.data or "",
        )


def fresh(usual: WorkCalendar | None, name: str) -> dict[str, Any]:
    """Return what a new calendar begins with: the usual week, or the one that is assumed."""
    week = dict(zip(services.DAYS, services.week_of(usual), strict=True))
    if usual is None:
        return week | {"usual": True, "name": name}
    kept = usual.holiday_list
    return week | {"holiday_list": kept.public_id if kept else None}
