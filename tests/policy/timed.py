"""Calendars, who works by them, and holidays, for the world of the policy tests."""

from __future__ import annotations

from datetime import date
from typing import Any

from portal.worktime.models import Holiday, HolidayList, WorkCalendar, WorkDay, WorksBy

WEEK = [[[480, 960]]] * 5 + [[], []]


def add_calendars(tx: Any, world: Any) -> None:
    """Add a calendar that somebody works by, one nobody does, and a list with a date."""
    worked, spare = WorkCalendar(name="Worked", week=WEEK), WorkCalendar(name="Spare", week=WEEK)
    kept = HolidayList(name="Kept by none", country="ID")
    tx.session.add_all([worked, spare, kept])
    tx.session.flush()
    by = {"department": "same", "person": "colleague_same"}
    tx.session.add(
        WorksBy(calendar_id=worked.id, department_id=world.departments[by["department"]])
    )
    tx.session.add(WorksBy(calendar_id=worked.id, person_id=world.common[by["person"]]))
    day = WorkDay(calendar_id=spare.id, on=date(2030, 3, 1), name="Stocktaking", windows=[])
    holiday = Holiday(list_id=kept.id, on=date(2030, 1, 1), name="New year", windows=[])
    tx.session.add_all([day, holiday])
    tx.session.flush()
    department = world.department_ids["same"]
    facts = {"version": worked.version, "name": worked.name, "department": department}
    world.put("worked_calendar", "any", id=worked.public_id, **facts)
    for kind, row in (("work_calendar", spare), ("holiday_list", kept)):
        world.put(kind, "any", id=row.public_id, version=row.version, name=row.name)
    world.put("work_day", "any", id=day.public_id)
    world.put("holiday", "any", id=holiday.public_id)
