"""What the organisation decides about itself."""

from __future__ import annotations

from zoneinfo import available_timezones

from portal.messages import message
from portal.ui.forms import ChoiceField, Form, HiddenField, TextField, longest, matching, required


class PortalForm(Form):
    """Name, zone, currency and language of the portal."""

    seen = HiddenField()
    organisation = TextField(message("Name of the organisation"), [required(), longest(120)])
    time_zone = ChoiceField(
        message("Time zone"),
        [required()],
        choices=[(name, name) for name in sorted(available_timezones()) if "/" in name],
        description=message("What counts as today, and when a day begins."),
    )
    currency = TextField(
        message("Currency"),
        [
            required(),
            matching(r"[A-Z]{3}", message("Write the three letters of the currency, as in IDR.")),
        ],
    )
    language = ChoiceField(
        message("Language of visitors who have not chosen one"),
        [required()],
        choices=[("en", "English"), ("id", "Indonesia")],
    )
