"""Forms about contacts."""

from __future__ import annotations

from portal.messages import message
from portal.ui.forms import (
    AreaField,
    BooleanField,
    ChoiceField,
    Form,
    PickField,
    RadioField,
    TextField,
    email,
    longest,
    optional,
    required,
)
from portal.ui.submitting import VersionField
from portal.work import UnitOfWork

from . import services


class ContactForm(Form):
    """Somebody outside: a person or an organisation."""

    version = VersionField()
    kind = RadioField(
        message("Who it is"),
        [required()],
        choices=list(services.KINDS.items()),
        default="organisation",
    )
    name = TextField(message("Name"), [required(), longest(200)])
    works_for = PickField(message("Works for"), [optional()])
    phone = TextField(message("Phone"), [optional(), longest(40)], empty="")
    phone_2 = TextField(message("Another phone"), [optional(), longest(40)], empty="")
    fax = TextField(message("Fax"), [optional(), longest(40)], empty="")
    email = TextField(message("E-mail"), [optional(), longest(254), email()], empty="")
    web = TextField(message("Web address"), [optional(), longest(300)], empty="")
    address = AreaField(message("Address"), [optional(), longest(500)], empty="")
    note = AreaField(message("Note"), [optional(), longest(2000)], empty="")
    department = ChoiceField(
        message("Who sees it"), [optional()], blank=message("Everybody: the shared address book")
    )
    active = BooleanField(message("In use"), default=True)

    def offer(self, tx: UnitOfWork) -> None:
        """Offer what may be chosen by whoever fills the form in."""
        self.department.choices = [
            (row.public_id, row.name) for row in services.own_departments(tx)
        ]
        self.works_for.search = lambda words: services.organisations(tx, words)
        self.works_for.title = lambda public_id: services.organisation_name(tx, public_id)

    def command_for_contact(self) -> services.SaveContact:
        """Return what was asked for."""
        return self.command(
            services.SaveContact,
            version=self.version.data or 0,
            works_for=self.works_for.data or "",
            department=self.department.data or "",
        )


class ContactFilter(Form):
    """Narrow the address book."""

    kind = ChoiceField(
        message("Who it is"),
        [optional()],
        choices=list(services.KINDS.items()),
        blank=message("Any"),
    )
