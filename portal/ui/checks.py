"""What a form field may hold, each refusal a sentence in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from wtforms.validators import Optional, StopValidation, ValidationError

from portal.messages import Message, message

Check = Callable[[Any, Any], None]
_EMAIL = re.compile(r"[^@\s]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_EMPTY: tuple[Any, ...] = (None, "", [], ())


class Refusal(ValidationError):
    """A check that failed; carries the message untranslated, it is spoken on the page."""

    def __init__(self, text: Message | str) -> None:
        super().__init__(text)


class _Required:
    field_flags = {"required": True}

    def __init__(self, text: Message | None) -> None:
        self.text = text or message("Fill this in.")

    def __call__(self, form: Any, field: Any) -> None:
        if field.errors:  # What could not be read is not missing; say that one thing.
            raise StopValidation
        if field.data is False or any(field.data is one or field.data == one for one in _EMPTY):
            raise StopValidation(self.text)


def required(text: Message | None = None) -> Check:
    """Return a check: something has to be entered; 0 is something, blanks are not."""
    return _Required(text)


def optional() -> Check:
    """Return a check that ends the checks of an empty field, and marks its label as optional."""
    check: Check = Optional()
    return check


class _Length:
    def __init__(self, low: int, high: int | None) -> None:
        self.low, self.high = low, high
        self.field_flags = ({"maxlength": high} if high else {}) | (
            {"minlength": low} if low else {}
        )

    def __call__(self, form: Any, field: Any) -> None:
        length = len(field.data or "")
        if self.high is not None and length > self.high:
            raise Refusal(message("Write at most {count} characters.", count=self.high))
        if length < self.low:
            raise Refusal(message("Write at least {count} characters.", count=self.low))


def longest(characters: int) -> Check:
    """Return a check: at most so many characters; the browser is told too."""
    return _Length(0, characters)


def shortest(characters: int) -> Check:
    """Return a check: at least so many characters; the browser is told too."""
    return _Length(characters, None)


def email() -> Check:
    """Return a check: looks like an e-mail address."""
    return matching(_EMAIL, message("Write an e-mail address, as in name@example.org."))


def matching(pattern: str | re.Pattern[str], text: Message) -> Check:
    """Return a check: the whole entry fits ``pattern``, else ``text`` is said."""
    compiled = re.compile(pattern)

    def check(form: Any, field: Any) -> None:
        if field.data and not compiled.fullmatch(field.data):
            raise Refusal(text)

    return check


def same_as(other: str, text: Message) -> Check:
    """Return a check: the same was entered in the field ``other`` (a password typed twice)."""

    def check(form: Any, field: Any) -> None:
        if field.data != form[other].data:
            raise Refusal(text)

    return check


def not_before(other: str, text: Message) -> Check:
    """Return a check: this date is not earlier than the one in the field ``other``."""

    def check(form: Any, field: Any) -> None:
        earlier = form[other].data
        if field.data and earlier and field.data < earlier:
            raise Refusal(text)

    return check
