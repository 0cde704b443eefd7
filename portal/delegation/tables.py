"""The list of who stands in for whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Select, case, or_, select
from sqlalchemy.orm import aliased

from portal.messages import message
from portal.people.models import Department, Membership, Person
from portal.ui.table import Action, Column, Empty, Table, View
from portal.work import UnitOfWork

from . import services
from .forms import DeputyFilter
from .models import Delegation

STATES = {
    "today": message("Today"),
    "coming": message("Coming"),
    "over": message("Over"),
}
Deputy = aliased(Person)


def listed(tx: UnitOfWork, *, department: str = "", state: str = "") -> Select[Any]:
    """Return the delegations: of the people of a department today, or those now, to come, or
    over.
    """
    today = tx.today
    statement = (
        select(
            Delegation.public_id,
            Person.name,
            Deputy.name.label("deputy"),
            Delegation.from_on,
            Delegation.last_on,
            case((Delegation.only_when_absent, "away"), else_="always").label("when"),
            Delegation.revoked_at,
        )
        # SQLite would begin with the people.
        .outerjoin(Person, Person.id == Delegation.principal_id)
        .outerjoin(Deputy, Deputy.id == Delegation.deputy_id)
    )
    if department:
        statement = statement.where(
            Delegation.principal_id.in_(
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
    valid = Delegation.revoked_at.is_(None)
    chosen = {
        "today": (Delegation.from_on.between(oldest, today), Delegation.last_on >= today, valid),
        "coming": (Delegation.from_on > today, valid),
        "over": (or_(Delegation.last_on < today, Delegation.revoked_at.is_not(None)),),
    }
    return statement.where(*chosen[state]) if state else statement


DEPUTIES = Table(
    "deputies",
    services.VIEW,
    listed,
    columns=(
        Column(
            "name",
            message("For whom"),
            "person",
            link=("delegation.deputy", {"public_id": "public_id"}),
            primary=True,
        ),
        Column("deputy", message("Deputy"), "person"),
        Column("from_on", message("First day"), "date", sort=(Delegation.from_on, Delegation.id)),
        Column(
            "last_on",
            message("Last day"),
            "date",
            sort=(Delegation.last_on, Delegation.id),
        ),
        Column(
            "when",
            message("When"),
            labels={"away": message("Only while away"), "always": message("The whole time")},
        ),
        Column("revoked_at", message("Ended early"), "datetime"),
    ),
    default_sort="-from_on",
    filters=DeputyFilter,
    views=(
        View(key="today", title=STATES["today"], criteria={"state": "today"}, sort="last_on"),
        View(key="coming", title=STATES["coming"], criteria={"state": "coming"}, sort="from_on"),
        View(key="over", title=STATES["over"], criteria={"state": "over"}, sort="-last_on"),
    ),
    empty=Empty(
        title=message("Nobody stands in for anybody"),
        text=message("A deputy decides for somebody who is away; both names stand beside it."),
        actions=(
            Action(
                label=message("Name a deputy"),
                endpoint="delegation.new_deputy",
                permission=services.EDIT,
            ),
        ),
    ),
)
