"""What the tests of calendars begin with."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy.exc import OperationalError

from portal.errors import PortalError
from portal.retries import is_busy
from portal.testing import working_as
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
    """Run each act(tx) in a thread of its own, together; return what became of each."""
    start = Barrier(len(acts))

    def run(act):
        start.wait()
        for _ in range(5):  # As the portal does when the database is busy.
            try:
                with working_as(app, who) as tx:
                    said = act(tx)
            except OperationalError as error:
                if not is_busy(error):
                    raise
            except PortalError as refused:
                return type(refused).__name__
            else:
                return said
        return "busy"

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))
