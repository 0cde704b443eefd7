"""With what a record is linked."""

from __future__ import annotations

from portal.messages import message
from portal.ui.forms import Form, TextField, longest, required


class LinkForm(Form):
    """The other record, and why."""

    record = TextField(message("Record"), [required(), longest(500)])
    note = TextField(message("What it has to do with it"), [longest(200)])
