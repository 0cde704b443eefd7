"""What the address bar asks of a list: filters, search, view and order, each only if declared."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Form, SelectFieldBase

from portal.errors import BadRequest
from portal.messages import gettext, translate
from portal.orm import sort_key
from portal.ui import formats
from portal.ui.fields import PickField

from .declaration import RESERVED, View

SEARCH = "q"
LONGEST_SEARCH = 100
_STEM = re.compile(r"^-?(\w+?)(?:__.*|[\[.:].*)?$")
_CHOICES = (BooleanField, SelectFieldBase)


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
        return f"{path}?{urlencode(pairs)}" if pairs else path

    def filter_arguments(self) -> list[str]:
        """Return every parameter that the filters read."""
        return [name for wanted in self.form or () for name in _arguments(wanted)]

    def chips(self, path: str, language: str) -> list[Chip]:
        """Return one chip per filter in force."""
        return [self._chip(wanted, path, language) for wanted in self.fields]

    def _chip(self, wanted: Any, path: str, language: str) -> Chip:
        shown = field_words(wanted, language)
        return Chip(wanted.label.text, shown, self.url(path, without=_arguments(wanted)))


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
    present = {
        wanted.name
        for wanted in filled
        if not asked.arguments.keys().isdisjoint(_arguments(wanted))
    }
    if not present:
        return
    filled.validate()
    for wanted in filled:
        if wanted.name not in present:
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
    fields = asked.filter_arguments()
    for name in asked.arguments:
        if name in RESERVED or name in fields:
            continue
        stem = _STEM.match(name)
        if stem and stem[1] in names:
            raise BadRequest


def _arguments(wanted: Any) -> tuple[str, ...]:
    """Return the parameters that one filter reads."""
    name = wanted.name
    return (name, f"{name}_q", f"{name}_pick") if isinstance(wanted, PickField) else (name,)


def field_words(wanted: Any, language: str) -> str:
    """Return a filter's value as words."""
    value = wanted.data
    if isinstance(wanted, BooleanField):
        return gettext("Yes")
    if isinstance(wanted, SelectFieldBase):
        chosen = [c for c in wanted.iter_choices() if c.selected and c.value != ""]
        return ", ".join(translate(choice.label, language) for choice in chosen)
    if isinstance(wanted, PickField):
        return str(wanted.shown)
    if isinstance(value, date):
        return formats.day(value, language, "short")
    return " ".join(wanted.raw_data) if wanted.raw_data else str(value)
