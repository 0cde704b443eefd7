"""What the menus over a list send."""

from __future__ import annotations

from portal.messages import message
from portal.ui.forms import (
    ChoiceField,
    Form,
    HiddenField,
    RadioField,
    TextField,
    longest,
    optional,
    required,
)
from portal.ui.submitting import NamesField, VersionField

from .rules import HEIGHTS


class FromList(Form):
    """Where a list was shown, and what it was asked."""

    place = HiddenField()
    query = HiddenField()


class ColumnsForm(FromList):
    """The columns in their order, those shown, and which button was pressed."""

    order = NamesField()
    shown = NamesField()
    act = HiddenField()  # keep, reset, or up:<key> and down:<key>


class OpeningForm(FromList):
    view = HiddenField()


class ViewForm(FromList):
    """A name for what is shown, and who may use it."""

    name = TextField(message("Name of the view"), [required(), longest(60)])
    audience = RadioField(
        message("Who uses it"),
        choices=[
            ("me", message("Only me")),
            ("role", message("A role")),
            ("everybody", message("Everybody who may see the list")),
        ],
        default="me",
    )
    role = ChoiceField(message("Role"), [optional()], blank=message("Choose a role"))
    version = VersionField()


class HeightForm(FromList):
    height = ChoiceField(checks=[required()], choices=[(name, name) for name in HEIGHTS])
