"""What the tests of calendars begin with."""

from __future__ import annotations

from functools import partial

from portal.errors import PortalError
from portal.testing import together, working_as
from portal.worktime import services
from portal.worktime.rules import read_windows
from portal.worktime.services import SaveCalendar, SaveList, add_calendar, add_list

OFFICE = "08:00-12:00, 13:00-17:00"


def week(weekdays=OFFICE, saturday="", sunday=""):
    days = (*([weekdays] * 5), saturday, sunday)
    return tuple(read_windows(day) for day in days)


def make_calendar(tx, name, hours=OFFICE, **more):
    return add_calendar(tx, SaveCalendar(name=name, week=week(hours), **more))


def make_list(tx, name="Holidays", country="ID", region=""):
    return add_list(tx, SaveList(name=name, country=country, region=region))


def changed(row, **more):
    """Return a calendar as a command, otherwise as ``more`` says."""
    kept = services.as_form(row)
    days = tuple(kept.pop(day) for day in services.DAYS)
    kept = {name: value or "" for name, value in kept.items()} | {"usual": row.usual}
    return SaveCalendar(**(kept | {"week": days, "version": row.version} | more))


def at_once(app, who, *acts):
    """Run each act(tx) together with the others; return what became of each."""

    def run(act):
        with working_as(app, who) as tx:
            return act(tx)

    came = together(*(partial(run, act) for act in acts))
    return [type(one).__name__ if isinstance(one, PortalError) else one for one in came]
