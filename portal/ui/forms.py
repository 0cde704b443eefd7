"""Forms: fields in the reader's language, errors as sentences, and the command they make.

A form binds nothing it does not declare; ``form.command(cls)`` fills a frozen dataclass.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from wtforms import BooleanField, FileField, HiddenField, PasswordField, widgets
from wtforms import Form as WTForm

from portal.messages import Message, message, translate
from portal.ui.checks import (
    Refusal,
    email,
    longest,
    matching,
    not_before,
    optional,
    required,
    same_as,
    shortest,
)  # fmt: skip
from portal.ui.fields import (
    AreaField,
    ChoiceField,
    DateField,
    ManyField,
    Match,
    MoneyField,
    PickField,
    QuantityField,
    RadioField,
    StrictField,
    TextField,
    WholeField,
    number_format,
    plain_number,
)  # fmt: skip

Command = TypeVar("Command")

# What WTForms' own fields say, in our words; our fields speak for themselves.
_WORDS = {
    "This field is required.": message("Fill this in."),
    "Not a valid choice.": message("Choose one of the list."),
    "Not a valid integer value.": message("Write a whole number."),
    "Not a valid date value.": message("Write a date, as in 2026-11-21."),
    "Not a valid time value.": message("Write a time, as in 16:40."),
}


class _Words:
    """Stands where WTForms wants translations."""

    def gettext(self, text: str) -> str:
        return translate(_WORDS.get(text, text))

    def ngettext(self, one: str, many: str, count: int) -> str:
        return one if count == 1 else many


class Form(WTForm):
    """The base of every form."""

    class Meta:
        def get_translations(self, form: Any) -> Any:
            return _Words()

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """Nothing sent is no form: a page that is only shown has what the row says."""
            return formdata or None

    def command(self, cls: type[Command], **more: Any) -> Command:
        """Return a ``cls``, a frozen dataclass, filled from the fields named alike and ``more``.

        Raises TypeError when the dataclass wants what neither has.
        """
        wanted = {item.name for item in dataclasses.fields(cls)}  # type: ignore[arg-type]
        values = {name: field.data for name, field in self._fields.items() if name in wanted}
        return cls(**(values | more))

    def add_errors(self, problems: Mapping[str, Message | str]) -> None:
        """Show what a service found wrong beside the fields it names, the rest above the form."""
        for name, text in problems.items():
            if name in self._fields:
                field = self._fields[name]
                field.errors = [*field.errors, text]
            else:
                self.form_errors.append(text)


_KINDS: tuple[tuple[type, str], ...] = (
    (widgets.HiddenInput, "hidden"),
    (widgets.CheckboxInput, "check"),
    (widgets.ListWidget, "choices"),
    (widgets.PasswordInput, "password"),
)


def field_kind(field: Any) -> str:
    """Return how the macro draws a field: hidden, check, choices, password or line."""
    return next((kind for widget, kind in _KINDS if isinstance(field.widget, widget)), "line")


def is_optional(field: Any) -> bool:
    """Return whether a field may stay empty, so that its label can say so."""
    return bool(getattr(field.flags, "optional", False))


def field_attributes(field: Any, described_by: str) -> dict[str, Any]:
    """Return what ties an input to its error and help."""
    told = described_by.strip()
    attributes: dict[str, Any] = {"aria-describedby": told} if told else {}
    if field.errors:
        attributes["aria-invalid"] = "true"
    return attributes


def first_error(field: Any) -> Message | str:
    """Return the first thing wrong with a field."""
    error: Any = field.errors
    while isinstance(error, (list, tuple, Mapping)):  # A list of forms nests them.
        error = next(iter(error.values() if isinstance(error, Mapping) else error))
    found: Message | str = error
    return found


def fields_with_errors(form: Any) -> Sequence[Any]:
    """Return the fields of a form that have errors, in their order on the page."""
    return [field for field in form if field.errors]


FILTERS: dict[str, Callable[..., Any]] = {
    "field_attributes": field_attributes,
    "field_kind": field_kind,
    "fields_with_errors": fields_with_errors,
    "first_error": first_error,
    "is_optional": is_optional,
}

__all__ = [
    "AreaField",
    "BooleanField",
    "ChoiceField",
    "DateField",
    "FileField",
    "Form",
    "HiddenField",
    "ManyField",
    "Match",
    "MoneyField",
    "PasswordField",
    "PickField",
    "QuantityField",
    "RadioField",
    "Refusal",
    "StrictField",
    "TextField",
    "WholeField",
    "email",
    "longest",
    "matching",
    "not_before",
    "number_format",
    "optional",
    "plain_number",
    "required",
    "same_as",
    "shortest",
]
