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
from portal.messages import Message, gettext, message, translate
from portal.orm import sort_key
from portal.ui import formats
from portal.ui.fields import PickField

from .declaration import RESERVED, View
from .opening import Opened

SEARCH = "q"
LONGEST_SEARCH = 100
_STEM = re.compile(r"^-?(\w+?)(?:__.*|[\[.:].*)?$")
_CHOICES = (BooleanField, SelectFieldBase)
_IS, _SAYS = message("{field} is {value}"), message("{field}: {value}")
_SINCE_OR_UNTIL = message("{field} {value}")

PLAIN = "!$'()*,/:;?@"  # means nothing in the query of an address


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter in force as a sentence, and the URL without it."""

    label: Any
    value: str
    url: str
    text: str


@dataclass
class Asked:
    """One request's wishes; ``free`` means that a value is not one of a few choices."""

    arguments: MultiDict[str, str]
    sent: MultiDict[str, str]  # those of them that stand in the address
    opened: Opened  # the saved view that says the rest
    criteria: dict[str, Any] = field(default_factory=dict)
    free: bool = False
    form: Form | None = None
    fields: list[Any] = field(default_factory=list)  # the form's fields that narrow the list
    view: View | None = None
    search: str = ""

    def url(self, path: str, /, *, without: Collection[str] = (), **changed: str | None) -> str:
        """Return the list's URL with some parameters changed, from page one on."""
        gone, supplied = {"after", "before", "format", *without, *changed}, self.opened.supplied
        pairs = [
            (k, v) for k, v in self.sent.items(multi=True) if k not in gone and (v or k in supplied)
        ]
        pairs += [(k, "") for k in without if k in supplied]  # Sent empty, it is asked no more.
        pairs += [(k, v) for k, v in changed.items() if v]
        return f"{path}?{urlencode(pairs, safe=PLAIN)}" if pairs else path

    def filter_arguments(self) -> list[str]:
        """Return every parameter that the filters read."""
        return [name for wanted in self.form or () for name in arguments_of(wanted)]

    def chips(self, path: str, language: str) -> list[Chip]:
        """Return one chip per filter in force."""
        return [self._chip(wanted, path, language) for wanted in self.fields]

    def _chip(self, wanted: Any, path: str, language: str) -> Chip:
        label, shown = wanted.label.text, field_words(wanted, language)
        said = Message(_sentence(wanted).msgid, {"field": label, "value": shown})
        text = said.in_language(language)
        return Chip(label, shown, self.url(path, without=arguments_of(wanted)), text)


def ask(
    sent: MultiDict[str, str],
    opened: Opened,
    *,
    form: type[Form] | None,
    hidden: Collection[str],
    views: Iterable[View],
    searchable: bool,
    given: Mapping[str, Any],
    tx: Any,
) -> Asked:
    """Read the wishes; raise BadRequest for an unknown view. Wrong values stay in the form."""
    arguments = opened.arguments
    asked = Asked(arguments, sent, opened, free=bool(given))
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
        if not asked.arguments.keys().isdisjoint(arguments_of(wanted))
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


def arguments_of(wanted: Any) -> tuple[str, ...]:
    """Return the parameters that one filter reads."""
    name = wanted.name
    return (name, f"{name}_q", f"{name}_pick") if isinstance(wanted, PickField) else (name,)


def _sentence(wanted: Any) -> Message:
    """Return how a filter is said; one that knows better has a message ``sentence``."""
    own: Message | None = getattr(wanted, "sentence", None)
    if own is not None:
        return own
    if isinstance(wanted.data, date):  # Its name says whether it is the first or the last day.
        return _SINCE_OR_UNTIL
    return _SAYS if isinstance(wanted, BooleanField) else _IS


def field_words(wanted: Any, language: str) -> str:
    """Return a filter's value as words."""
    value = wanted.data
    if isinstance(wanted, BooleanField):
        return gettext("yes")
    if isinstance(wanted, SelectFieldBase):
        chosen = [c for c in wanted.iter_choices() if c.selected and c.value != ""]
        return _listed([translate(choice.label, language) for choice in chosen], language)
    if isinstance(wanted, PickField):
        return str(wanted.shown)
    if isinstance(value, date):
        return formats.day(value, language, "short")
    return " ".join(wanted.raw_data) if wanted.raw_data else str(value)


def _listed(titles: list[str], language: str) -> str:
    """Return several choices as one phrase: the first, and what or how many more."""
    if len(titles) < 2:
        return "".join(titles)
    if len(titles) == 2:
        return translate(message("{one} or {other}", one=titles[0], other=titles[1]), language)
    return translate(
        message("{one} or {count} more", one=titles[0], count=len(titles) - 1), language
    )
