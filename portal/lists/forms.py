"""What the menus over a list send."""

from __future__ import annotations

from portal.ui.forms import ChoiceField, Form, HiddenField, required
from portal.ui.submitting import NamesField

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


class HeightForm(FromList):
    height = ChoiceField(checks=[required()], choices=[(name, name) for name in HEIGHTS])
