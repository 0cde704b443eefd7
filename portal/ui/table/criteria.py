"""What the address bar asks of a list: filters, search, view and order, each only if declared."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateField,
    Form,
    RadioField,
    SelectField,
    SelectMultipleField,
)

from portal.errors import BadRequest
from portal.messages import Message, translate
from portal.orm import sort_key
from portal.ui import formats

from .declaration import RESERVED, View

SEARCH = "q"
LONGEST_SEARCH = 100
_STEM = re.compile(r"^-?(\w+?)(?:__.*|[\[.:].*)?$")
_CHOICES = (BooleanField, RadioField, SelectField, SelectMultipleField)


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter in force and the URL without it."""

    label: Any
    value: str
    url: str


@dataclass
class Asked:
    """One request's wishes; ``free`` means that a value is not one of a few choices."""

    arguments: MultiDict[str, str]
    criteria: dict[str, Any] = field(default_factory=dict)
    free: bool = False
    form: Form | None = None
    fields: list[Any] = field(default_factory=list)  # the form's fields that narrow the list
    view: View | None = None
    search: str = ""

    def url(self, path: str, /, *, without: Collection[str] = (), **changed: str | None) -> str:
        """Return the list's URL with some parameters changed, from page one on."""
        gone = {"after", "before", "format", *without, *changed}
        pairs = [(k, v) for k, v in self.arguments.items(multi=True) if k not in gone and v]
        pairs += [(k, v) for k, v in changed.items() if v]
        return f"{path}?{_encode(pairs)}" if pairs else path

    def chips(self, path: str, language: str) -> list[Chip]:
        """Return one chip per filter in force."""
        return [self._chip(wanted, path, language) for wanted in self.fields]

    def _chip(self, wanted: Any, path: str, language: str) -> Chip:
        shown = field_words(wanted, language)
        return Chip(wanted.label.text, shown, self.url(path, without=(wanted.name,)))


def ask(
    arguments: MultiDict[str, str],
    *,
    form: type[Form] | None,
    hidden: Collection[str],
    views: Iterable[View],
    searchable: bool,
    given: Mapping[str, Any],
    tx: Any,
) -> Asked:
    """Read the wishes; raise BadRequest for an unknown view. Wrong values stay in the form."""
    asked = Asked(arguments, free=bool(given))
    if key := arguments.get("view"):
        asked.view = next((v for v in views if v.key == key), None)
        if asked.view is None:
            raise BadRequest
        asked.criteria.update(asked.view.criteria)
    if form is not None:
        _read_form(asked, form, hidden, tx)
    if searchable:
        asked.search = sort_key(arguments.get(SEARCH, "")[:LONGEST_SEARCH]).strip()
    asked.criteria.update(given)
    return asked


def _read_form(asked: Asked, form: type[Form], hidden: Collection[str], tx: Any) -> None:
    asked.form = filled = form(asked.arguments)
    for name in hidden:
        if name in filled:
            del filled[name]
    if prepare := getattr(filled, "prepare", None):
        prepare(tx)
    if not any(wanted.name in asked.arguments for wanted in filled):
        return
    filled.validate()
    for wanted in filled:
        if wanted.name not in asked.arguments:
            wanted.errors = ()  # Nobody asked, so nothing is wrong.
            continue
        value = wanted.data
        if wanted.errors or value is None or value is False or value == "" or value == []:
            continue
        asked.free = asked.free or not isinstance(wanted, _CHOICES)
        asked.fields.append(wanted)
        asked.criteria[wanted.name] = tuple(value) if isinstance(value, list) else value


def refuse_undeclared(asked: Asked, names: Collection[str]) -> None:
    """Raise BadRequest for a parameter that names a column which is no filter of this list."""
    fields = set() if asked.form is None else {wanted.name for wanted in asked.form}
    for name in asked.arguments:
        if name in RESERVED or name in fields:
            continue
        stem = _STEM.match(name)
        if stem and stem[1] in names:
            raise BadRequest


def field_words(wanted: Any, language: str) -> str:
    """Return a filter's value as words."""
    value = wanted.data
    if isinstance(wanted, BooleanField):
        return ""
    if isinstance(wanted, SelectField | SelectMultipleField | RadioField):
        chosen = {str(v) for v in value} if isinstance(value, list) else {str(value)}
        options = (choice for choice in wanted.iter_choices())
        words = [_words(c[1], language) for c in options if str(c[0]) in chosen]
        return ", ".join(words)
    if isinstance(wanted, DateField):
        return formats.day(value, language, "short")
    return " ".join(wanted.raw_data) if wanted.raw_data else str(value)


def _words(label: Any, language: str) -> str:
    return translate(label, language) if isinstance(label, Message) else str(label)


def _encode(pairs: list[tuple[str, str]]) -> str:
    from urllib.parse import urlencode

    return urlencode(pairs)
