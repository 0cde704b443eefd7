"""The grid of where plugins are on, as a form."""

from __future__ import annotations

from portal.ui.forms import Form, HiddenField
from portal.ui.submitting import NamesField


class ActivationForm(Form):
    """The boxes that are ticked, and a mark of the state they were made from."""

    seen = HiddenField(default="")
    on = NamesField()
