"""Sending a form: what the service refuses stands beside the field, a conflict shows both
versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import request
from wtforms import Field, HiddenField

from portal.errors import EditConflict, ValidationFailed
from portal.messages import current_language, gettext, translate
from portal.ui import formats
from portal.ui.fields import LONGEST_WORDS
from portal.ui.forms import Form


class VersionField(HiddenField):
    """The version a form was made from: a whole number, None for what was not there yet.

    What is neither becomes -1, which fits no row.
    """

    def process_formdata(self, valuelist: list[Any]) -> None:
        said = valuelist[0] if valuelist else ""
        number = said.isascii() and said.isdecimal() and len(said) < 10
        self.data = int(said) if number else -1 if said else None


class NamesField(Field):
    """The values of all boxes of one name that are ticked; the service knows which there are."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = [str(value) for value in valuelist]


def typed_words() -> str:
    """Return what was typed into the picker that asks for matches."""
    named = (value for name, value in request.args.items() if name == "q" or name.endswith("_q"))
    return next(named, "")[:LONGEST_WORDS]


class submitted:  # noqa: N801 - read as a word: `with submitted(form), transaction() as tx:`
    """Keep what a service refuses beside the fields of ``form``: the block then ends without error.

    A conflict goes on, with both versions by the labels of the fields.
    """

    def __init__(self, form: Form) -> None:
        self.form = form

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        form = self.form
        if isinstance(error, ValidationFailed):
            form.add_errors(error.fields)
            return True
        if isinstance(error, EditConflict) and error.theirs:
            error.yours = _by_label(form, {f.name: f.data for f in form}, error.theirs)
            error.theirs = _by_label(form, error.theirs, error.theirs)
        return False


def _by_label(form: Form, values: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, str]:
    """Return label -> words of the fields that are wanted, in their order on the page."""
    return {
        str(field.label.text): words(field, values.get(field.name))
        for field in form
        if field.name in wanted
    }


def words(field: Any, value: Any) -> str:
    """Return a value of a field as people read it: the title of a choice, a date, yes or no.

    A field that knows better has a method ``words_of``.
    """
    if (own := getattr(field, "words_of", None)) is not None:
        return str(own(value))
    if value in (None, ""):
        return translate(getattr(field, "blank", None) or "")
    for stored, title in getattr(field, "choices", None) or ():
        if str(stored) == str(value):
            return translate(title).strip()
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, date):
        return formats.day(value, current_language.get())
    if isinstance(value, list | tuple):
        return ", ".join(words(field, one) for one in value)
    title = getattr(field, "title", None)
    return str((title(value) if callable(title) else None) or value)
