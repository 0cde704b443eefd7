"""Forms about places."""

from __future__ import annotations

from portal.messages import message
from portal.ui.forms import (
    BooleanField,
    ChoiceField,
    Form,
    HiddenField,
    ManyField,
    RadioField,
    TextField,
    WholeField,
    longest,
    matching,
    optional,
    required,
)
from portal.work import UnitOfWork

from . import services
from .models import Place


class PlaceForm(Form):
    """A site, a room or a shelf."""

    version = HiddenField()
    name = TextField(message("Name"), [required(), longest(200)])
    code = TextField(
        message("Code"),
        [
            required(),
            longest(20),
            matching(r"[A-Za-z0-9._/-]+", message("Use letters, digits, dots and dashes only.")),
        ],
        description=message("Short, as on its label: MS-B2"),
    )
    kind = RadioField(
        message("What it is"), [required()], choices=list(services.KINDS.items()), default="room"
    )
    parent = ChoiceField(message("Lies in"), [optional()], blank=message("Nothing above it"))
    department = ChoiceField(
        message("Belongs to"), [optional()], blank=message("The whole organisation")
    )
    serves = ManyField(
        message("Also serves"),
        [optional()],
        description=message("These departments see what is kept here, and may ask for it."),
    )
    walk_order = WholeField(
        message("Walking order"),
        [optional()],
        maximum=1_000_000,
        description=message("Counting goes from the lowest number to the highest."),
    )
    active = BooleanField(message("In use"), default=True)

    def offer(self, tx: UnitOfWork, place: Place | None) -> None:
        """Offer what may be chosen by whoever fills the form in."""
        from sqlalchemy import select

        from portal.people.models import Department

        self.parent.choices = [
            (row.public_id, f"{row.name} ({row.code})")
            for row in services.possible_parents(tx, place)
        ]
        own = services.own_departments(tx)
        self.department.choices = [(row.public_id, row.name) for row in own]
        if not services.may_be_common(tx):
            self.department.blank = None
        every = select(Department).where(Department.active).order_by(Department.name_key)
        self.serves.choices = [(row.public_id, row.name) for row in tx.session.scalars(every)]

    def command_for_place(self) -> services.SavePlace:
        """Return what was asked for; an empty walking order is 0."""
        return self.command(
            services.SavePlace,
            version=int(self.version.data) if (self.version.data or "").isdigit() else 0,
            parent=self.parent.data or "",
            department=self.department.data or "",
            walk_order=self.walk_order.data or 0,
        )


class PlaceFilter(Form):
    """Narrow the list of places."""

    kind = ChoiceField(
        message("What it is"),
        [optional()],
        choices=list(services.KINDS.items()),
        blank=message("Any"),
    )
