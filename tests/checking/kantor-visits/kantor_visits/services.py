"""What can be done with visits. Knows the unit of work, not Flask."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from portal.api import Department, NotFound, Person, message, visible

from .models import Visit

VIEW, EDIT = "visits.visit.view", "visits.visit.edit"


@dataclass(frozen=True, kw_only=True)
class WriteVisit:
    """A visit as the form says it."""

    department_id: int
    guest: str
    note: str
    people: int
    arrived_on: date


def visits(tx):
    """Return the visits one may see, with the host of each."""
    found = select(
        Visit.public_id, Visit.guest, Visit.note, Visit.people, Visit.arrived_on,
        Person.name.label("host"),
    )  # fmt: skip
    return visible(found.outerjoin(Visit.host), VIEW, tx.actor)


def visit(tx, public_id, permission=VIEW):
    """Return a visit, or raise NotFound."""
    return tx.one(visible(select(Visit), permission, tx.actor), public_id=public_id)


def departments(tx):
    """Return the departments whose book one may write in."""
    held = tx.actor.grants.get(EDIT)
    found = select(Department.id, Department.name).order_by(Department.name, Department.id)
    if held is None:
        raise NotFound(message("There is no book to write in."))
    if not held.everything:
        found = found.where(Department.id.in_(sorted(held.departments)))
    return tx.session.execute(found).all()


def write(tx, public_id, command):
    """Write a visit down, or change it."""
    row = visit(tx, public_id, EDIT) if public_id else Visit()
    row.department_id, row.guest, row.note = command.department_id, command.guest, command.note
    row.people, row.arrived_on = command.people, command.arrived_on
    tx.session.add(row)
    tx.audit("visits.visit_saved", row, guest=command.guest)
    return row
