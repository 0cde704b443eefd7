"""The list of absences."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Select, case, or_, select

from portal.messages import message
from portal.people.models import Department, Membership, Person
from portal.people.picking import departments_today
from portal.ui.table import Action, Column, Empty, Table, View
from portal.work import UnitOfWork

from . import services
from .forms import AbsenceFilter
from .models import Absence

STATES = {
    "today": message("Away today"),
    "coming": message("Coming"),
    "over": message("Over"),
}


def listed(tx: UnitOfWork, *, department: str = "", state: str = "") -> Select[Any]:
    """Return the absences: of the people of a department today, or those now, to come, or over."""
    today = tx.today
    statement = select(
        Absence.public_id,
        Person.name,
        departments_today(tx).label("departments"),
        Absence.from_on,
        case((Absence.from_noon, "noon"), else_="").label("begins"),
        Absence.last_on,
        case((Absence.until_noon, "noon"), else_="").label("ends"),
    ).outerjoin(Person, Person.id == Absence.person_id)  # SQLite would begin with the people.
    if department:
        statement = statement.where(
            Absence.person_id.in_(
                select(Membership.person_id)
                .join(Department, Department.id == Membership.department_id)
                .where(
                    Department.public_id == department,
                    Membership.from_on <= today,
                    or_(Membership.until_on.is_(None), Membership.until_on > today),
                )
            )
        )
    # None is longer than a year: so the first day alone tells the few that reach until today.
    oldest = today - timedelta(days=services.LONGEST)
    chosen = {
        "today": (Absence.from_on.between(oldest, today), Absence.last_on >= today),
        "coming": (Absence.from_on > today,),
        "over": (Absence.last_on < today,),
    }
    return statement.where(*chosen[state]) if state else statement


ABSENCES = Table(
    "absences",
    services.VIEW,
    listed,
    columns=(
        Column(
            "name",
            message("Person"),
            "person",
            link=("absences.absence", {"public_id": "public_id"}),
            primary=True,
        ),
        Column("departments", message("Department")),
        Column("from_on", message("First day"), "date", sort=(Absence.from_on, Absence.id)),
        Column("begins", message("Begins"), labels={"noon": message("from noon")}),
        Column("last_on", message("Last day"), "date", sort=(Absence.last_on, Absence.id)),
        Column("ends", message("Ends"), labels={"noon": message("until noon")}),
    ),
    default_sort="-from_on",
    filters=AbsenceFilter,
    views=(
        View(key="today", title=STATES["today"], criteria={"state": "today"}, sort="last_on"),
        View(key="coming", title=STATES["coming"], criteria={"state": "coming"}, sort="from_on"),
        View(key="over", title=STATES["over"], criteria={"state": "over"}, sort="-last_on"),
    ),
    empty=Empty(
        title=message("Nobody is away"),
        text=message("Who is away is noted with its days, and never with a reason."),
        actions=(
            Action(
                label=message("I am away"),
                endpoint="absences.new_absence",
                permission=services.EDIT,
            ),
        ),
    ),
)
