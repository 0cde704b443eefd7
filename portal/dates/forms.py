"""What the page about addresses of one's calendar sends."""

from __future__ import annotations

from portal.messages import message
from portal.ui.forms import Form, RadioField, TextField, longest, required


class FeedForm(Form):
    """A name for an address, and how much it shows."""

    name = TextField(
        message("Where is it followed?"),
        [required(), longest(60)],
        description=message("For example: Phone. It tells you later which address is which."),
    )
    whose = RadioField(
        message("What it shows"),
        choices=[
            ("mine", message("Only mine")),
            ("departments", message("My departments")),
            ("all", message("Everything I may see")),
        ],
        default="mine",
    )
