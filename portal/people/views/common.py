"""What the pages about people share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, url_for

from portal.messages import message

blueprint = Blueprint("people", __name__, url_prefix="/people")
PEOPLE = message("People")
DEPARTMENTS = message("Departments")
FRESH = 600  # seconds since the password was given, for what gives access


def person_crumbs(person: Any, *more: Any) -> tuple[Any, ...]:
    """Return the way to a page about a person."""
    return ((person.name, url_for("people.person", public_id=person.public_id)), *more)


def department_crumbs(department: Any, *more: Any) -> tuple[Any, ...]:
    """Return the way to a page about a department."""
    address = url_for("people.department", public_id=department.public_id)
    return ((department.name, address), *more)
