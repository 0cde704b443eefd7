"""What happened to a count, newest first: planned, counted, sent in, ended."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from portal.api import Person, UnitOfWork, message
from portal.plugin import Told

from .models import Count
from .services import reading

# What is told here with more in it than the audit knows.
BETTER_TOLD = (
    "inventory.count_cancelled",
    "inventory.count_entered",
    "inventory.count_planned",
    "inventory.count_posted",
    "inventory.count_submitted",
)


def of_count(tx: UnitOfWork, count: Count, most: int, before: datetime | None = None) -> list[Told]:
    """Return what happened to a count, newest first; only from before an instant if given."""
    ids = {count.planned_by_id, count.submitted_by_id, count.closed_by_id} - {None}
    found = tx.session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
    names = {person.id: person.name for person in found}
    posted = count.status == "posted"
    ending = message("posted it") if posted else message("cancelled it")
    planned = message("planned this count")
    acts = (
        (count.planned_by_id, "calendar", planned, count.planned_at, count.note),
        (count.submitted_by_id, "send", message("sent it in"), count.submitted_at, ""),
        (count.closed_by_id, "check" if posted else "ban", ending, count.closed_at, count.reason),
    )
    told = [
        Told(person=names.get(who, ""), icon=icon, text=text, at=at, note=note)
        for who, icon, text, at, note in acts
        if at is not None
    ]
    told += [
        Told(
            person=one.name,
            icon="list-check",
            text=message(
                "counted, {figures} figures in round {round}", figures=one.figures, round=one.round
            ),
            at=one.last,
        )
        for one in reading.who_counted(tx, count)
    ]
    told = [one for one in told if before is None or one.at < before]
    return sorted(told, key=lambda one: one.at, reverse=True)[:most]
