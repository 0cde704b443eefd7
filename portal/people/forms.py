"""The forms about people and departments, each for one intention."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from portal.auth.forms import time_zones
from portal.messages import message
from portal.people import services
from portal.ui.forms import (
    BooleanField,
    ChoiceField,
    DateField,
    Form,
    Match,
    PickField,
    RadioField,
    TextField,
    email,
    longest,
    matching,
    optional,
    required,
)
from portal.ui.submitting import VersionField
from portal.work import UnitOfWork

from .picking import find, title_of

PHONE = re.compile(r"[0-9A-Za-z+()./#*,;\- ]{2,40}")
LANGUAGES = (("en", "English"), ("id", "Indonesia"))
KIND_NAMES = {
    "member": message("Member"),
    "manager": message("Manager"),
    "standing_deputy": message("Standing deputy"),
}


class PersonForm(Form):
    """What is known of a person."""

    version = VersionField()
    name = TextField(message("Name"), [required(), longest(200)], empty="")
    email = TextField(
        message("Work e-mail"),
        [optional(), longest(254), email()],
        empty="",
        render_kw={"type": "email", "autocapitalize": "none"},
    )
    phone = TextField(
        message("Work phone"),
        [
            optional(),
            longest(40),
            matching(PHONE, message("Write a number, as in 021 555 0123 or 0812-3456-7890.")),
        ],
        empty="",
        render_kw={"type": "tel"},
    )
    language = RadioField(message("Language"), [required()], choices=LANGUAGES, default="en")
    time_zone = ChoiceField(
        message("Time zone"),
        [optional()],
        blank=message("Same as the organisation"),
        description=message("Changes only how times are shown to this person."),
    )
    active_from = DateField(message("First day"), [required()])

    def prepare(self, tx: UnitOfWork) -> PersonForm:
        """Fill in the choices."""
        self.time_zone.choices = [(zone, zone.replace("_", " ")) for zone in time_zones()]
        return self

    def values(self) -> dict[str, Any]:
        """Return the fields that a command takes otherwise than they are."""
        return {"time_zone": self.time_zone.data or ""}


class NewPersonForm(PersonForm):
    """Somebody who begins, with the first department."""

    department = ChoiceField(message("Department"), [optional()])

    def prepare(self, tx: UnitOfWork) -> NewPersonForm:
        super().prepare(tx)
        self.department.choices = services.choices(tx, services.EDIT_PERSON)
        if services.reaches_everywhere(tx, services.EDIT_PERSON):
            self.department.blank = message("None yet")
        elif not self.department.data and self.department.choices:
            self.department.data = self.department.choices[0][0]
        return self

    def values(self) -> dict[str, Any]:
        return super().values() | {"department": self.department.data or ""}


class LeaveForm(Form):
    """The last day of a person; empty while there is none."""

    version = VersionField()
    last_day = DateField(
        message("Last day"),
        [optional()],
        description=message("Leave empty if the person stays."),
    )


class DepartmentForm(Form):
    """A department and where it lies."""

    version = VersionField()
    name = TextField(message("Name"), [required(), longest(200)], empty="")
    parent = ChoiceField(message("Part of"), [optional()])

    def prepare(self, tx: UnitOfWork, itself: Any = None) -> DepartmentForm:
        """Fill in the departments it may lie below; ``itself`` and its present place stay on
        offer.
        """
        offered = services.choices(tx, services.EDIT_DEPARTMENT)
        if itself is not None:
            offered = [one for one in offered if one[0] != itself.public_id]
            above = itself.parent
            if above is not None and above.public_id not in {one[0] for one in offered}:
                offered = [(above.public_id, above.name), *offered]
        self.parent.choices = offered
        everywhere = services.reaches_everywhere(tx, services.EDIT_DEPARTMENT)
        if everywhere or (itself is not None and itself.parent is None):
            self.parent.blank = message("None: it is at the top")
        elif not self.parent.data and offered and itself is None:
            self.parent.data = offered[0][0]
        return self


class MembershipForm(Form):
    """A person joins or leads a department."""

    person = PickField(message("Person"), [required()])
    department = ChoiceField(message("Department"), [required()])
    kind = RadioField(message("As"), [required()], choices=tuple(KIND_NAMES.items()))
    from_on = DateField(message("First day"), [required()])
    last_day = DateField(
        message("Last day"), [optional()], description=message("Leave empty for no end.")
    )
    replace = BooleanField(
        message("Replace whoever leads the department"),
        description=message("That person stays in the department as a member."),
    )

    def prepare(self, tx: UnitOfWork) -> MembershipForm:
        """Fill in the choices and the way to find people."""
        self.department.choices = services.choices(tx, services.EDIT_MEMBERSHIP)
        self.department.blank = message("Choose a department")
        pick_people(self.person, tx)
        return self


class EndMembershipForm(Form):
    last_day = DateField(message("Last day"), [required()])


class AccountForm(Form):
    username = TextField(
        message("User name"),
        [required(), longest(100)],
        empty="",
        description=message("Letters, digits, dots and hyphens, as in sari.wulandari."),
        render_kw={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"},
    )


def pick_people(field: PickField, tx: UnitOfWork) -> None:
    """Let a field find the people who work here."""

    def search(text: str) -> Sequence[Match]:
        return find(tx, text)

    field.search = search
    field.title = lambda public_id: title_of(tx, public_id)


class ViewAsForm(Form):
    """Why somebody wants to see the portal as another person does."""

    reason = TextField(
        message("Reason"),
        [required(), longest(200)],
        description=message("As in: they do not find the order of last week."),
        render_kw={"autocomplete": "off", "data-begin": ""},
    )


class WhyForm(Form):
    """About which right of a person, and which record, somebody asks."""

    permission = ChoiceField(
        message("Which right"), [optional()], blank=message("To see the record")
    )
    record = TextField(
        message("Record"),
        [optional(), longest(500)],
        description=message("The address of its page, as it stands in the browser."),
        render_kw={"autocomplete": "off"},
    )
