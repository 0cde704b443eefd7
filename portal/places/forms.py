"""Forms about places."""

from __future__ import annotations

from sqlalchemy import select

from portal.messages import message
from portal.people.models import Department
from portal.ui.forms import (
    BooleanField,
    ChoiceField,
    Form,
    ManyField,
    RadioField,
    TextField,
    WholeField,
    longest,
    matching,
    optional,
    required,
)
from portal.ui.submitting import VersionField
from portal.work import UnitOfWork

from . import services
from .models import Place


class PlaceForm(Form):
    """A site, a room or a shelf."""

    version = VersionField()
    name = TextField(message("Name"), [required(), longest(200)], empty="")
    code = TextField(
        message("Code"),
        [
            required(),
            longest(20),
            matching(r"[A-Za-z0-9._/-]+", message("Use letters, digits, dots and dashes only.")),
        ],
        empty="",
        description=message("Short, as on its label: MS-B2"),
    )
    kind = RadioField(
        message("What it is"), [required()], choices=list(services.KINDS.items()), default="room"
    )
    parent = ChoiceField(
        message("Inside"), [optional()], blank=message("Nothing: it stands by itself")
    )
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

    def prepare(self, tx: UnitOfWork, place: Place | None) -> PlaceForm:
        """Offer what may be chosen by whoever fills the form in."""
        parents = services.possible_parents(tx, place)
        if place is not None and place.parent is not None and place.parent not in parents:
            parents = [place.parent, *parents]  # It may stay where it is.
        self.parent.choices = [(row.public_id, f"{row.name} ({row.code})") for row in parents]
        own = services.own_departments(tx)
        self.department.choices = [(row.public_id, row.name) for row in own]
        if not services.may_be_common(tx):
            self.department.blank = None
        every = select(Department).where(Department.active).order_by(Department.name_key)
        self.serves.choices = [(row.public_id, row.name) for row in tx.session.scalars(every)]
        if place is None:
            del self.active
        return self

    def command_for_place(self) -> services.SavePlace:
        """Return what was asked for; an empty walking order is 0."""
        return self.command(
            services.SavePlace,
            parent=self.parent.data or "",
            department=self.department.data or "",
            walk_order=self.walk_order.data or 0,
            serves=tuple(self.serves.data or ()),
        )


class PlaceFilter(Form):
    """Narrow the list of places."""

    kind = ChoiceField(
        message("What it is"),
        [optional()],
        choices=list(services.KINDS.items()),
        blank=message("Any"),
    )
