"""What the pages about people share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, url_for

from portal.messages import message
from portal.plugin import Panel
from portal.work import UnitOfWork

blueprint = Blueprint("people", __name__, url_prefix="/people")
PEOPLE = message("People")
DEPARTMENTS = message("Departments")
FRESH = 600  # seconds since the password was given, to open a page that gives access
SENT = 3600  # and to send it: nobody shall lose what they typed


def person_crumbs(person: Any, *more: Any) -> tuple[Any, ...]:
    """Return the way to a page about a person."""
    return ((person.name, url_for("people.person", public_id=person.public_id)), *more)


def department_crumbs(department: Any, *more: Any) -> tuple[Any, ...]:
    """Return the way to a page about a department."""
    address = url_for("people.department", public_id=department.public_id)
    return ((department.name, address), *more)


def panels(tx: UnitOfWork, subject: Any) -> list[Panel]:
    """Return what plugins add to the page about ``subject``, in their order."""
    found = current_app.extensions["kantor"].collect("panels", tx, subject=subject, slot="page")
    return sorted((panel for _, panel in found), key=lambda panel: panel.order)
