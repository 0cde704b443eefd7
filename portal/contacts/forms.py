"""Forms about contacts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import FieldList, FormField

from portal.messages import Message, message
from portal.ui.forms import (
    AreaField,
    BooleanField,
    ChoiceField,
    Form,
    PickField,
    RadioField,
    TextField,
    longest,
    optional,
    required,
)
from portal.ui.submitting import VersionField
from portal.work import UnitOfWork

from . import rules, services
from .models import Contact

OFFERED = ("phone", "phone", "fax", "email", "web", "address")  # lines of a new contact
SPARE = ("phone", "email")  # lines that a known contact may still get
MOST = 40
POINT = re.compile(r"points-(\d{1,3})-(kind|value)")


class PointForm(Form):
    """One number or address."""

    kind = ChoiceField(message("Kind"), [required()], choices=tuple(services.POINTS.items()))
    value = TextField(message("Number or address"), [longest(rules.LONGEST)], empty="")
    label = TextField(message("What for"), [longest(60)], empty="")


class PointList(FieldList):
    """The lines of numbers; only lines with something wrong count as wrong."""

    errors: Sequence[Any]

    def validate(self, form: Any, extra_validators: Any = ()) -> bool:
        good = super().validate(form, extra_validators)
        self.errors = [error for error in self.errors if error]
        return bool(good)

    def words_of(self, lines: Sequence[Mapping[str, str]]) -> str:
        """Return numbers as one line, for a page that compares two versions."""
        return ", ".join(line["value"] for line in lines if line.get("value"))


class ContactForm(Form):
    """Somebody outside: a person or an organisation."""

    version = VersionField()
    kind = RadioField(
        message("Who it is"),
        [required()],
        choices=list(services.KINDS.items()),
        default="organisation",
    )
    name = TextField(message("Name"), [required(), longest(200)], empty="")
    works_for = PickField(message("Works for"), [optional()])
    points = PointList(
        FormField(PointForm, separator="-"), message("Numbers and addresses"), max_entries=MOST
    )
    note = AreaField(message("Note"), [optional(), longest(2000)], empty="", render_kw={"rows": 3})
    department = ChoiceField(
        message("Who sees it"), [optional()], blank=message("Everybody: the shared address book")
    )
    active = BooleanField(message("In use"), default=True)

    def prepare(self, tx: UnitOfWork, contact: Contact | None) -> ContactForm:
        """Offer what may be chosen by whoever fills the form in."""
        self.department.choices = [
            (row.public_id, row.name) for row in services.own_departments(tx)
        ]
        self.works_for.search = lambda words: services.organisations(tx, words)
        self.works_for.title = lambda public_id: _name(services.organisation(tx, public_id))
        if contact is None:
            del self.active
        return self

    def command_for_contact(self) -> services.SaveContact:
        """Return what was asked for."""
        return self.command(
            services.SaveContact,
            works_for=self.works_for.data or "",
            department=self.department.data or "",
            points=tuple(services.Point(**line) for line in self.points.data),
        )

    def add_errors(self, problems: Mapping[str, Message | str]) -> None:
        """Show what is wrong with a number beside it, everything else as ever."""
        beside = {name: POINT.fullmatch(name) for name in problems}
        for name, found in beside.items():
            if found is not None:
                field = self.points.entries[int(found[1])].form[found[2]]
                field.errors = [*field.errors, problems[name]]
                self.points.errors = [*self.points.errors, {found[2]: [problems[name]]}]
        super().add_errors({n: text for n, text in problems.items() if beside[n] is None})


def _name(contact: Contact | None) -> str | None:
    return contact.name if contact is not None else None


def lines_of(contact: Contact | None) -> list[dict[str, str]]:
    """Return the lines of numbers a form begins with: those there are, and some empty ones."""
    if contact is None:
        return [{"kind": kind} for kind in OFFERED]
    kept = [{"kind": p.kind, "value": p.value, "label": p.label} for p in contact.points]
    return [*kept, *({"kind": kind} for kind in SPARE)]


class ContactFilter(Form):
    """Narrow the address book."""

    kind = ChoiceField(
        message("Who it is"),
        [optional()],
        choices=list(services.KINDS.items()),
        blank=message("Any"),
    )
