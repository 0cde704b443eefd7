"""The forms of signing in and of one's own account."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from portal.messages import message
from portal.ui.forms import (
    BooleanField,
    ChoiceField,
    Form,
    HiddenField,
    PasswordField,
    RadioField,
    TextField,
    longest,
    required,
    same_as,
)

from .codes import LONGEST
from .rules import SHORTEST, SHORTEST_BESIDE

# What a password manager needs to know; browsers shall not "mend" what is typed.
_NAME = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
_OLD = {"autocomplete": "current-password"}
_NEW = {"autocomplete": "new-password"}
_CODE = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
_RECOVERY = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
_HELP = message(
    "{count} characters or more. A few words that do not belong together are best.", count=SHORTEST
)
_AREAS = (
    "Africa",
    "America",
    "Antarctica",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)


class _FirstFocused(Form):
    """A form that one comes to in order to fill it in; with an error, that is read first."""

    def __init__(self, formdata: Any = None, **more: Any) -> None:
        super().__init__(formdata, **more)
        if not formdata:
            first = next(iter(self))
            first.render_kw = {**first.render_kw, "autofocus": True}


class SignInForm(_FirstFocused):
    username = TextField(message("User name"), [required()], render_kw=_NAME)
    password = PasswordField(message("Password"), [required()], render_kw=_OLD)


def _code() -> Any:
    return TextField(
        message("Code"),
        [required(), longest(LONGEST)],
        render_kw=_CODE,
        description=message("The six digits that your app shows now."),
    )


class CodeForm(_FirstFocused):
    """The code of the second step, or one for recovery."""

    code = _code()

    def by_recovery(self) -> Any:
        """Return the form that asks for a recovery code."""
        field = self["code"]
        field.label.text = message("Recovery code")
        field.description = message("One of the codes you kept when you set this up.")
        field.render_kw = {**field.render_kw, "inputmode": "text"} | _RECOVERY
        return self


class AgainForm(CodeForm):
    """The password again, and a code of who has a second step."""

    password = PasswordField(message("Password"), [required()], render_kw=_OLD)
    code = _code()

    def with_either(self) -> AgainForm:
        """Return the form that takes a code of the app or one for recovery."""
        field = self["code"]
        field.description = message("The six digits that your app shows now, or a recovery code.")
        field.render_kw = {**field.render_kw, "inputmode": "text"}
        return self

    def alone(self) -> AgainForm:
        """Return the form without a code."""
        del self["code"]
        return self


class SetUpForm(Form):
    """The first code, which proves that an app has the seed."""

    seed = HiddenField()
    code = _code()


class _NewPassword(Form):
    """What forms with a new password share."""

    def beside_second_step(self) -> Any:
        """Return the form that says how long a password beside a second step has to be."""
        self["password"].description = message(_HELP.msgid, count=SHORTEST_BESIDE)
        return self


class NewPasswordForm(_NewPassword):
    """A new password, typed twice: whoever mistypes it once could not get in again."""

    password = PasswordField(
        message("New password"), [required()], render_kw=_NEW, description=_HELP
    )
    repeat = PasswordField(
        message("New password again"),
        [required(), same_as("password", message("The two passwords differ."))],
        render_kw=_NEW,
    )


class ChangePasswordForm(_NewPassword):
    current = PasswordField(message("Current password"), [required()], render_kw=_OLD)
    password = NewPasswordForm.password
    repeat = NewPasswordForm.repeat


class SignOutForm(Form):
    """Whether the addresses under which one's calendar is followed end too."""

    feeds = BooleanField(message("End the addresses of my calendar too"))


class PreferencesForm(Form):
    """How one likes the portal; what a form does not send stays as it is."""

    language = RadioField(
        message("Language"), [required()], choices=[("en", "English"), ("id", "Indonesia")]
    )
    theme = RadioField(
        message("Colours"),
        [required()],
        choices=[
            ("system", message("Same as the device")),
            ("light", message("Light")),
            ("dark", message("Dark")),
        ],
    )
    side = RadioField(
        message("Menu"),
        [required()],
        choices=[("open", message("With names")), ("narrow", message("Icons only"))],
    )
    keys = RadioField(
        message("Single-key shortcuts"),
        [required()],
        choices=[("on", message("On")), ("off", message("Off"))],
        description=message("Press ? on any page to see them. Ctrl K works either way."),
    )
    time_zone = ChoiceField(message("Time zone"), blank=message("Same as the organisation"))

    def only(self, names: set[str]) -> PreferencesForm:
        """Return the form with no other fields than these."""
        for name in set(self._fields) - names:
            del self[name]
        if "time_zone" in self._fields:
            self.time_zone.choices = [(zone, zone.replace("_", " ")) for zone in time_zones()]
        return self


@lru_cache(maxsize=1)
def time_zones() -> tuple[str, ...]:
    """Return the zones people live in, by name."""
    return tuple(sorted(zone for zone in available_timezones() if zone.partition("/")[0] in _AREAS))
