"""The list of people."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, case, or_, select

from portal.messages import message
from portal.people import services
from portal.people.models import Department, Membership, Person
from portal.ui.forms import ChoiceField, Form, optional
from portal.ui.table import Action, Column, Empty, Table, View
from portal.work import UnitOfWork

from .picking import departments_today

STATES = {
    "here": message("Works here"),
    "coming": message("Begins later"),
    "left": message("Left"),
}
TONES = {"here": "ok", "coming": "info", "left": "mute"}


class PeopleFilter(Form):
    """Narrow the people to a department."""

    department = ChoiceField(message("Department"), [optional()], blank=message("Any"))

    def prepare(self, tx: UnitOfWork) -> None:
        self.department.choices = [
            (row.public_id, "\u2003" * depth + row.name)
            for row, depth in services.in_tree_order(tx)
        ]


def people(tx: UnitOfWork, *, department: str = "", state: str = "") -> Select[Any]:
    """Return the people: of one department today, or here, coming, or gone."""
    today = tx.today
    stands = case(
        (Person.active_from > today, "coming"),
        (Person.active_until <= today, "left"),
        else_="here",
    )
    statement = select(
        Person.public_id,
        Person.name,
        departments_today(tx).label("departments"),
        Person.email,
        Person.phone,
        stands.label("state"),
        Person.active_from,
    )
    if department:
        statement = statement.where(
            Person.id.in_(
                select(Membership.person_id)
                .join(Department, Department.id == Membership.department_id)
                .where(
                    Department.public_id == department,
                    Membership.from_on <= today,
                    or_(Membership.until_on.is_(None), Membership.until_on > today),
                )
            )
        )
    # Plain conditions, which an index answers; the words above are for reading only.
    chosen = {
        "here": and_(
            Person.active_from <= today,
            or_(Person.active_until.is_(None), Person.active_until > today),
        ),
        "coming": Person.active_from > today,
        "left": Person.active_until <= today,
    }
    return statement.where(chosen[state]) if state else statement


PEOPLE = Table(
    "people",
    "core.person.view",
    people,
    columns=(
        Column(
            "name",
            message("Name"),
            "person",
            sort=(Person.name_key, Person.id),
            link=("people.person", {"public_id": "public_id"}),
            primary=True,
        ),
        Column("departments", message("Department")),
        Column("state", message("State"), "pill", labels=STATES, tone=TONES),
        Column("email", message("Work e-mail")),
        Column("phone", message("Work phone")),
        Column("active_from", message("First day"), "date", shown=False),
    ),
    default_sort="name",
    search=Person,
    filters=PeopleFilter,
    views=(
        View(key="here", title=STATES["here"], criteria={"state": "here"}),
        View(key="coming", title=STATES["coming"], criteria={"state": "coming"}),
        View(key="left", title=STATES["left"], criteria={"state": "left"}),
    ),
    empty=Empty(
        title=message("Nobody works here yet"),
        text=message("Add the people of your organisation, with or without an account."),
        actions=(
            Action(
                label=message("Add a person"),
                endpoint="people.new_person",
                permission="core.person.edit",
                icon="user-plus",
            ),
        ),
    ),
)
