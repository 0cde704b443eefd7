"""What the page about sending a view by mail sends."""

from __future__ import annotations

from portal.messages import message
from portal.ui.forms import BooleanField, ChoiceField, Form, RadioField, required
from portal.ui.forms import HiddenField as Hidden

from .due import EVERY
from .mailing import SendView

DAYS = (
    message("Monday"),
    message("Tuesday"),
    message("Wednesday"),
    message("Thursday"),
    message("Friday"),
    message("Saturday"),
    message("Sunday"),
)
RHYTHMS = dict(
    zip(
        EVERY,
        (message("Every day I work"), message("Every week"), message("Every month")),
        strict=True,
    )
)


class MailForm(Form):
    """How often a view is sent, when, and as what."""

    place = Hidden()
    every = RadioField(
        message("How often"), [required()], choices=list(RHYTHMS.items()), default="week"
    )
    weekday = ChoiceField(
        message("On which day of the week"),
        choices=[(str(number), name) for number, name in enumerate(DAYS)],
        default="0",
    )
    day = ChoiceField(
        message("On which day of the month"),
        choices=[(str(number), str(number)) for number in range(1, 32)],
        default="1",
        description=message("A shorter month: on its last day."),
    )
    hour = ChoiceField(
        message("At what time"),
        choices=[(str(hour), f"{hour:02}:00") for hour in range(24)],
        default="7",
        description=message("By the clock of your working hours."),
    )
    format = RadioField(
        message("As a file"), choices=[("xlsx", "Excel"), ("csv", "CSV")], default="xlsx"
    )
    only_some = BooleanField(message("Only when there is something in it"))

    def as_asked(self) -> SendView:
        """Return what was asked for."""
        return SendView(
            every=self.every.data or "week",
            hour=int(self.hour.data or 7),
            weekday=int(self.weekday.data or 0),
            day=int(self.day.data or 1),
            format=self.format.data or "xlsx",
            only_some=bool(self.only_some.data),
        )
