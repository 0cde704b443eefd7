"""The address book: who is in it, adding and changing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from portal.audit.changes import put
from portal.errors import ValidationFailed
from portal.messages import Message, message
from portal.people.models import Department
from portal.reach import visible
from portal.search import matching
from portal.work import UnitOfWork

from . import rules
from .models import Contact, ContactPoint

VIEW, EDIT = "core.contact.view", "core.contact.edit"
KINDS = {"organisation": message("Organisation"), "person": message("Person")}
# The numbers and addresses of the form: field name -> kind.
POINTS = {
    "phone": "phone",
    "phone_2": "phone",
    "fax": "fax",
    "email": "email",
    "web": "web",
    "address": "address",
}
NOT_LISTED = message("Choose one of the list.")
SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class SaveContact:
    """A contact as it shall be; ``works_for`` and ``department`` by public id, empty for none."""

    name: str
    kind: str
    works_for: str = ""
    department: str = ""
    note: str = ""
    phone: str = ""
    phone_2: str = ""
    fax: str = ""
    email: str = ""
    web: str = ""
    address: str = ""
    active: bool = True
    version: int = 0


def listed(_tx: UnitOfWork, *, kind: str = "", active: bool | None = None) -> Select[Any]:
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
    statement = (
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
    wanted = select(Contact.public_id, Contact.name).where(
        Contact.kind == "organisation", Contact.active
    )
    found = matching(tx, visible(wanted, VIEW, tx.actor), words, Contact)
    rows = tx.session.execute(found.order_by(Contact.name_key, Contact.id).limit(SHOWN)).all()
    return [(row.public_id, row.name) for row in rows]


def organisation_name(tx: UnitOfWork, public_id: str) -> str | None:
    """Return the name of an organisation in sight, or None."""
    wanted = select(Contact.name).where(
        Contact.public_id == public_id, Contact.kind == "organisation"
    )
    return tx.session.scalar(visible_names(wanted, tx))


def visible_names(statement: Select[Any], tx: UnitOfWork) -> Select[Any]:
    """Return ``statement`` over contacts limited to those in sight."""
    return visible(statement, VIEW, tx.actor)


def people_of(tx: UnitOfWork, contact: Contact) -> list[Contact]:
    """Return the people known to work for an organisation."""
    wanted = select(Contact).where(Contact.works_for_id == contact.id, Contact.active)
    found = visible(wanted, VIEW, tx.actor).order_by(Contact.name_key, Contact.id).limit(200)
    return list(tx.session.scalars(found))


def own_departments(tx: UnitOfWork) -> list[Department]:
    """Return the departments a contact may be private to for the actor."""
    held = tx.actor.grants.get(EDIT)
    rows = select(Department).where(Department.active)
    if held is None or not held.everything:
        rows = rows.where(Department.id.in_(sorted(held.departments) if held else []))
    return list(tx.session.scalars(rows.order_by(Department.name_key, Department.id)))


def add_contact(tx: UnitOfWork, command: SaveContact) -> Contact:
    """Put somebody into the address book, or raise ValidationFailed."""
    values, points = _values(tx, command, None), _points(command)
    contact = Contact(**values)
    contact.points = [ContactPoint(kind=kind, value=value) for kind, value in points]
    tx.session.add(contact)
    tx.session.flush()
    tx.audit("core.contact_added", contact)
    return contact


def change_contact(tx: UnitOfWork, contact: Contact, command: SaveContact) -> None:
    """Change a contact; raise EditConflict for an old version, ValidationFailed for bad values."""
    tx.expect_version(contact, command.version, name=contact.name, note=contact.note)
    values, points = _values(tx, command, contact), _points(command)
    changed = put(contact, **values, active=command.active)
    before = [(point.kind, point.value) for point in contact.points]
    if before != points:
        contact.points = [ContactPoint(kind=kind, value=value) for kind, value in points]
        changed["points"] = [dict(before), dict(points)]
    tx.session.flush()
    if changed:
        tx.audit("core.contact_changed", contact, **changed)


def _values(tx: UnitOfWork, command: SaveContact, contact: Contact | None) -> dict[str, Any]:
    wrong: dict[str, Message] = {}
    departments = {row.public_id: row.id for row in own_departments(tx)}
    if command.department and command.department not in departments:
        wrong["department"] = NOT_LISTED
    employer_id = None
    if command.works_for:
        wanted = select(Contact.id).where(
            Contact.public_id == command.works_for, Contact.kind == "organisation"
        )
        employer_id = tx.session.scalar(visible_names(wanted, tx))
        if employer_id is None or (contact is not None and employer_id == contact.id):
            wrong["works_for"] = NOT_LISTED
    if command.kind == "organisation" and command.works_for:
        wrong["works_for"] = message("Only a person works for an organisation.")
    if wrong:
        raise ValidationFailed(wrong)
    return {
        "name": command.name,
        "kind": command.kind,
        "works_for_id": employer_id,
        "department_id": departments.get(command.department),
        "note": command.note or "",
    }


def _points(command: SaveContact) -> Sequence[tuple[str, str]]:
    """Return (kind, value) as they are stored, or raise ValidationFailed for every bad one."""
    found, wrong = [], {}
    for name, kind in POINTS.items():
        value = getattr(command, name)
        if not value:
            continue
        try:
            if kind in ("phone", "fax"):
                value = rules.stored_phone(value)
            elif kind == "web":
                value = rules.stored_web(value)
        except ValueError:
            wrong[name] = rules.NO_NUMBER
        except ValidationFailed as refusal:
            wrong |= refusal.fields
        else:
            found.append((kind, value))
    if wrong:
        raise ValidationFailed(wrong)
    return found


def typed_points(contact: Contact) -> dict[str, str]:
    """Return the numbers and addresses of a contact by form field."""
    values: dict[str, str] = {}
    for point in contact.points:
        names = [name for name, kind in POINTS.items() if kind == point.kind and name not in values]
        if names:
            values[names[0]] = point.value
    return values
