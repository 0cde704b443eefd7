"""The address book: finding, adding and changing contacts with their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased
from sqlalchemy.orm.attributes import flag_modified

from portal.audit.changes import put
from portal.errors import ValidationFailed
from portal.messages import Message, message
from portal.people.models import Department
from portal.reach import visible
from portal.roles.rules import reaches
from portal.search import matching
from portal.work import UnitOfWork

from . import rules
from .models import Contact, ContactPoint

VIEW, EDIT = "core.contact.view", "core.contact.edit"
KINDS = {"organisation": message("Organisation"), "person": message("Person")}
POINTS = {
    "phone": message("Phone"),
    "fax": message("Fax"),
    "email": message("E-mail"),
    "web": message("Web address"),
    "address": message("Address"),
}
NOT_LISTED = message("Choose one of the list.")
SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Point:
    """A number or address as typed; an empty one counts for nothing."""

    kind: str
    value: str = ""
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class SaveContact:
    """A contact as it shall be; ``works_for`` and ``department`` by public id, empty for none."""

    name: str
    kind: str
    works_for: str = ""
    department: str = ""
    note: str = ""
    points: Sequence[Point] = ()
    active: bool = True
    version: int = 0


def listed(_tx: UnitOfWork, *, kind: str = "", active: bool | None = None) -> Any:
    """Return the contacts with whom they work for, their first number and whose they are."""
    employer, owner = aliased(Contact), aliased(Department)
    number = (
        select(ContactPoint.value)
        .where(ContactPoint.contact_id == Contact.id, ContactPoint.kind == "phone")
        .order_by(ContactPoint.id)
        .limit(1)
        .correlate(Contact)
        .scalar_subquery()
    )
    statement: Any = (
        select(
            Contact.id,
            Contact.public_id,
            Contact.name,
            Contact.kind,
            employer.name.label("works_for"),
            number.label("phone"),
            owner.name.label("department"),
        )
        .outerjoin(employer, employer.id == Contact.works_for_id)
        .outerjoin(owner, owner.id == Contact.department_id)
    )
    if kind:
        statement = statement.where(Contact.kind == kind)
    if active is not None:
        statement = statement.where(Contact.active.is_(active))
    return statement


def find_contact(tx: UnitOfWork, public_id: str, permission: str = VIEW) -> Any:
    """Return the contact in reach of ``permission``, or raise NotFound."""
    return tx.one(visible(select(Contact), permission, tx.actor), public_id=public_id)


def organisations(tx: UnitOfWork, words: str) -> list[tuple[str, str]]:
    """Return the first organisations that match, as (public id, name)."""
    wanted: Any = select(Contact.public_id, Contact.name).where(
        Contact.kind == "organisation", Contact.active
    )
    found = matching(tx, visible(wanted, VIEW, tx.actor), words, Contact)
    rows = tx.session.execute(found.order_by(Contact.name_key, Contact.id).limit(SHOWN)).all()
    return [(row.public_id, row.name) for row in rows]


def organisation(tx: UnitOfWork, public_id: str) -> Contact | None:
    """Return an organisation in sight, or None."""
    wanted = select(Contact).where(Contact.public_id == public_id, Contact.kind == "organisation")
    return tx.session.scalars(visible(wanted, VIEW, tx.actor)).one_or_none()


def may_edit(tx: UnitOfWork, contact: Contact) -> bool:
    """Return whether the actor may change a contact."""
    mine = visible(select(Contact.id), EDIT, tx.actor).where(Contact.id == contact.id)
    return tx.session.scalars(mine).one_or_none() is not None


def people_of(tx: UnitOfWork, contact: Contact) -> list[Contact]:
    """Return the people known to work for an organisation."""
    wanted = select(Contact).where(Contact.works_for_id == contact.id, Contact.active)
    found = visible(wanted, VIEW, tx.actor).order_by(Contact.name_key, Contact.id).limit(200)
    return list(tx.session.scalars(found))


def own_departments(tx: UnitOfWork) -> list[Department]:
    """Return the departments a contact may be private to for the actor."""
    rows = select(Department).where(Department.active)
    found = tx.session.scalars(rows.order_by(Department.name_key, Department.id))
    return [row for row in found if reaches(tx.actor, EDIT, row.id)]


def add_contact(tx: UnitOfWork, command: SaveContact) -> Contact:
    """Put somebody into the address book, or raise ValidationFailed."""
    contact = Contact(**_values(tx, command, None))
    contact.points = [ContactPoint(**point) for point in _points(tx, command)]
    tx.session.add(contact)
    tx.session.flush()
    tx.audit("core.contact_added", contact)
    return contact


def change_contact(tx: UnitOfWork, public_id: str, command: SaveContact) -> Contact:
    """Change a contact; raise EditConflict for an old version, ValidationFailed for bad values."""
    contact: Contact = find_contact(tx, public_id, EDIT)
    before = _stored_points(contact)
    tx.expect_version(contact, command.version, **as_form(contact), points=before)
    changed = put(contact, **_values(tx, command, contact), active=command.active)
    after = _points(tx, command)
    if before != after:
        contact.points = [ContactPoint(**point) for point in after]
        changed["points"] = [[_said(point) for point in points] for points in (before, after)]
        flag_modified(contact, "note")  # The version rises although only rows beside it changed.
    tx.session.flush()
    if changed:
        tx.audit("core.contact_changed", contact, changed=changed)
    return contact


def as_form(contact: Contact) -> dict[str, Any]:
    """Return a contact as the fields of its form hold it, but for its numbers."""
    return {
        "kind": contact.kind,
        "name": contact.name,
        "works_for": contact.works_for.public_id if contact.works_for else None,
        "note": contact.note,
        "department": contact.department.public_id if contact.department else "",
        "active": contact.active,
    }


def _values(tx: UnitOfWork, command: SaveContact, contact: Contact | None) -> dict[str, Any]:
    wrong: dict[str, Message | str] = {}
    departments = {row.public_id: row.id for row in own_departments(tx)}
    if command.kind not in KINDS:
        wrong["kind"] = NOT_LISTED
    if command.department and command.department not in departments:
        wrong["department"] = NOT_LISTED
    employer = organisation(tx, command.works_for) if command.works_for else None
    if command.works_for and (employer is None or employer is contact):
        wrong["works_for"] = NOT_LISTED
    elif employer is not None and command.kind == "organisation":
        wrong["works_for"] = message("Only a person works for an organisation.")
    if wrong:
        raise ValidationFailed(wrong)
    return {
        "name": command.name,
        "kind": command.kind,
        "works_for_id": employer.id if employer else None,
        "department_id": departments.get(command.department),
        "note": command.note,
    }


def _points(tx: UnitOfWork, command: SaveContact) -> list[dict[str, str]]:
    """Return the numbers as they are stored, or raise ValidationFailed for every bad one."""
    found: list[dict[str, str]] = []
    wrong: dict[str, Message | str] = {}
    region = rules.region_of(str(tx.zone))
    for number, point in enumerate(command.points):
        if not point.value.strip():
            continue
        if point.kind not in POINTS:
            wrong[f"points-{number}-kind"] = NOT_LISTED
            continue
        try:
            value = rules.stored(point.kind, point.value, region)
        except rules.BadPoint as bad:
            wrong[f"points-{number}-value"] = bad.problem
        else:
            found.append({"kind": point.kind, "value": value, "label": point.label})
    if wrong:
        raise ValidationFailed(wrong)
    return found


def _stored_points(contact: Contact) -> list[dict[str, str]]:
    return [{"kind": p.kind, "value": p.value, "label": p.label} for p in contact.points]


def _said(point: dict[str, str]) -> str:
    return f"{point['value']} ({point['label'] or point['kind']})"
