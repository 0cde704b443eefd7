"""A list over the address book, as a plugin would declare one, for the tests beside this file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import aliased
from wtforms import BooleanField

from portal.contacts.models import Contact
from portal.db import new_session, unscoped
from portal.guard import kernel_execute
from portal.messages import message
from portal.orm import new_public_id, sort_key
from portal.people.models import Department
from portal.reach import Held, Principal
from portal.ui.checks import optional
from portal.ui.fields import ChoiceField, TextField, WholeField
from portal.ui.forms import Form
from portal.ui.table import Column, Empty, Table, View
from portal.work import UnitOfWork

EVERYWHERE = Held(everything=True)
VIEW, NOTE = "core.contact.view", "core.contact.edit"


class Filters(Form):
    kind = ChoiceField(
        "Kind", [optional()], blank="Any", choices=[("person", "Person"), ("organisation", "Other")]
    )
    version = WholeField("Version", [optional()])
    words = TextField("Words")
    active = BooleanField("Active")


def rows(tx, *, kind=None, version=None, words=None, active=None, department=None):
    boss = aliased(Contact)
    statement = (
        select(
            Contact.public_id,
            Contact.name,
            Contact.kind,
            Contact.version.label("amount"),
            Contact.active,
            Department.name.label("department"),
            boss.name.label("works_for"),
            Contact.note,
        )
        .outerjoin(Department, Department.id == Contact.department_id)
        .outerjoin(boss, boss.id == Contact.works_for_id)
    )
    if kind is not None:
        statement = statement.where(Contact.kind == kind)
    if version is not None:
        statement = statement.where(Contact.version == version)
    if words is not None:
        statement = statement.where(Contact.note == words)
    if active is not None:
        statement = statement.where(Contact.active)
    if department is not None:
        statement = statement.where(Contact.department_id == department)
    return statement


def columns(**changed: Any) -> tuple[Column, ...]:
    name = {
        "sort": (Contact.name_key, Contact.id),
        "link": ("contacts.contact", {"public_id": "public_id"}),
        "primary": True,
    }
    return (
        Column("name", message("Name"), **(name | changed)),
        Column(
            "kind",
            message("Kind"),
            kind="pill",
            labels={"person": message("Person"), "organisation": message("Organisation")},
            tone={"person": "info"},
        ),
        Column("amount", message("Amount"), kind="quantity"),
        Column("active", message("Active")),
        Column("department", message("Department")),
        Column("works_for", message("Works for")),
        Column("note", message("Note"), permission=NOTE),
        Column("public_id", message("Id"), sort=(Contact.public_id,), shown=False),
    )


def make(**changed: Any) -> Table:
    declared: dict[str, Any] = {
        "columns": columns(link=None),
        "default_sort": "name",
        "filters": Filters,
        "search": Contact,
        "views": (View(key="people", title=message("People"), criteria={"kind": "person"}),),
        "empty": Empty(title=message("No contacts yet")),
    }
    return Table("test.contacts", VIEW, changed.pop("rows", rows), **(declared | changed))


def somebody(**held: Held) -> Principal:
    """Return a person who sees contacts everywhere or as ``view`` says, notes as ``note`` says."""
    grants = {VIEW: held.get("view", EVERYWHERE)}
    if "note" in held:
        grants[NOTE] = held["note"]
    return Principal(person_id=1, name="Somebody", grants=grants)


@contextmanager
def asking(app: Any, query: str = "", who: Principal | None = None) -> Iterator[UnitOfWork]:
    """Yield the unit of a request for a list."""
    with app.test_request_context(f"/list{query}"):
        who = who or somebody()
        with new_session() as session:
            session.act_as(who)
            yield UnitOfWork(session, who, False)
            session.rollback()


def page(app: Any, table: Table, query: str = "", who: Principal | None = None) -> Any:
    with asking(app, query, who) as tx:
        return table.page(tx)


def names(found: Any) -> list[str]:
    return [row[0].text for row in found.rows]


def follow(url: str) -> str:
    return url.removeprefix("/list")


def add(app: Any, *contacts: dict[str, Any]) -> None:
    """Put contacts into the database."""
    made = []
    for given in contacts:
        row = {"kind": "person", "note": "", "active": True, "version": 1, "department_id": None}
        row |= {"public_id": new_public_id(), "works_for_id": None, **given}
        row["name_key"] = sort_key(row["name"])
        made.append(row)
    with app.app_context(), unscoped(reason="test data") as tx:
        kernel_execute(tx.session, insert(Contact.__table__), made)


def exported(app: Any, table: Table, wanted: str, query: str = "", who: Any = None) -> bytes:
    separator = "&" if query else "?"
    with asking(app, f"{query}{separator}format={wanted}", who) as tx:
        answer = table.respond(tx, "no-template.html")
        content = b"".join(answer.response)
        answer.close()
        return content
