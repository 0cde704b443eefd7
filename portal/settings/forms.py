"""What the organisation decides about itself."""

from __future__ import annotations

from portal.auth.forms import time_zones
from portal.messages import message
from portal.ui.forms import ChoiceField, Form, HiddenField, TextField, longest, matching, required

THREE_LETTERS = message("Write the three letters of the currency, as in IDR.")


class PortalForm(Form):
    """Name, zone, currency and language of the portal."""

    seen = HiddenField()
    organisation = TextField(message("Name of the organisation"), [required(), longest(120)])
    time_zone = ChoiceField(
        message("Time zone"),
        [required()],
        choices=[(zone, zone.replace("_", " ")) for zone in time_zones()],
        description=message("What counts as today, and when a day begins."),
    )
    currency = TextField(
        message("Currency"),
        [required(), matching(r"[A-Z]{3}", THREE_LETTERS)],
        filters=[lambda text: text.upper() if text else text],
        description=message("Amounts that are stored already are not converted."),
    )
    language = ChoiceField(
        message("Language of visitors who have not chosen one"),
        [required()],
        choices=[("en", "English"), ("id", "Indonesia")],
    )
    workload = ChoiceField(
        message("How much time each person's work takes"),
        [required()],
        choices=[
            ("shown", message("Whoever leads them sees it")),
            ("hidden", message("Nobody but they themselves sees it")),
        ],
        description=message("How many things somebody has to do is seen in any case."),
    )
    second_step = ChoiceField(
        message("Who needs a second step when signing in"),
        [required()],
        choices=[
            ("nobody", message("Nobody; everybody may have one")),
            ("administrators", message("Whoever may give any role")),
            ("everybody", message("Everybody")),
        ],
        description=message(
            "A code from an app on their phone. Who has none is led to setting it up and can do"
            " nothing else before."
        ),
    )
