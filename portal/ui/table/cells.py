"""From rows of the database to cells of the page: one prepared function per column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any, NamedTuple
from urllib.parse import quote

from flask import url_for
from werkzeug.routing import BuildError

from portal.messages import Message, gettext, translate
from portal.ui import formats

from .declaration import NUMERIC, Column

NO_TONE = "mute"
_MARK, _NUMBER = "__0__", 9_876_543_210  # stand in a URL where a row's own value goes
_Make = Callable[[Any], "Cell"]
_Read = Callable[[Any], Any]


class Cell(NamedTuple):
    """One cell: its text, where it leads, what stands small beside it, its tone."""

    text: str
    href: str | None = None
    meta: str | None = None
    tone: str | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom the cells are written."""

    language: str
    zone: tzinfo
    now: datetime
    currency: str


def cell_maker(column: Column, at: Mapping[str, int], reader: Reader) -> _Make:
    """Return the function that makes this column's cell; ``at`` says where values lie in a row."""
    text = _text_maker(column, at, reader)
    href = link_maker(column.link, at) if column.link else None
    meta = _beside(column, at) if column.meta else None
    tone = _tone_maker(column, at)
    new, kind = tuple.__new__, Cell
    if href is None and meta is None and tone is None:
        return lambda row: new(kind, (text(row), None, None, None))
    nothing: _Read = _nothing
    href, meta, tone = href or nothing, meta or nothing, tone or nothing
    return lambda row: new(kind, (text(row), href(row), meta(row), tone(row)))


def _beside(column: Column, at: Mapping[str, int]) -> _Read:
    """Return the function that makes what stands beside a text; beside no figure stands no unit."""
    assert column.meta is not None
    place, beside = at[column.key], _plain(at[column.meta])
    if column.meta_said:
        said = column.meta_said
        msgid = said.msgid if isinstance(said, Message) else said

        def worded(row: Any) -> str | None:
            value = beside(row)
            return translate(Message(msgid, {"value": value})) if value else None

        return worded
    if column.kind not in NUMERIC:
        return beside
    return lambda row: None if row[place] is None else beside(row)


def link_maker(link: tuple[str, Mapping[str, str]], at: Mapping[str, int]) -> _Read:
    """Return the function that makes a row's URL; the route is looked up once, not once a row."""
    endpoint, arguments = link
    places = [at[name] for name in arguments.values()]
    parts = _pattern(endpoint, list(arguments))
    if len(parts) == 2 and len(places) == 1:
        (before, after), place = parts, places[0]

        def one(row: Any) -> str | None:
            value = row[place]
            return None if value is None else f"{before}{_quoted(str(value))}{after}"

        return one
    order = [places[int(parts[i])] for i in range(1, len(parts), 2)]
    fixed = parts[::2]

    def several(row: Any) -> str | None:
        values = [row[place] for place in order]
        if None in values:
            return None
        written = [_quoted(str(value)) for value in values]
        return "".join(a + b for a, b in zip(fixed, [*written, ""], strict=True))

    return several


def _quoted(value: str) -> str:
    """Return a value as it stands in an address; a public id is one already."""
    return value if value.isascii() and value.isalnum() else quote(value, "")


def _pattern(endpoint: str, names: list[str]) -> list[str]:
    """Return the URL cut where values go; of several, each index stands between its pieces."""
    try:
        marks = [f"{_MARK[:2]}{i}__" for i in range(len(names))]
        values: dict[str, Any] = dict(zip(names, marks, strict=True))
        url = url_for(endpoint, **values)
    except (BuildError, ValueError):  # A route that takes numbers.
        marks = [str(_NUMBER + i) for i in range(len(names))]
        values = {name: int(mark) for name, mark in zip(names, marks, strict=True)}
        url = url_for(endpoint, **values)
    if len(marks) == 1:
        return url.split(marks[0], 1)
    pieces, places = [], sorted((url.index(mark), i) for i, mark in enumerate(marks))
    start = 0
    for found, i in places:
        pieces += [url[start:found], str(i)]
        start = found + len(marks[i])
    return [*pieces, url[start:]]


def _text_maker(column: Column, at: Mapping[str, int], reader: Reader) -> Callable[[Any], str]:
    place, language = at[column.key], reader.language
    if column.labels:
        words = {value: translate(label, language) for value, label in column.labels.items()}
        return lambda row: words.get(row[place]) or _words(row[place])
    if column.kind == "money":
        return _money_maker(column, at, reader)
    write = writers(reader).get(column.kind)
    if write is None:
        return _plain(place)

    absent = translate(column.absent, language)

    def formatted(row: Any) -> str:
        value = row[place]
        return absent if value is None else write(value)

    return formatted


def writers(reader: Reader) -> dict[str, Callable[[Any], str]]:
    """Return how values of each kind are written for ``reader``; text kinds need no writer."""
    language, zone, now = reader.language, reader.zone, reader.now

    def number(value: Any) -> str:
        return formats.number(value, language) if type(value) is int else _words(value)

    def quantity(value: Any) -> str:
        return formats.quantity(value, language) if type(value) is int else _words(value)

    def share(value: Any) -> str:
        return f"{formats.number(value, language)} %" if type(value) is int else _words(value)

    def day(value: date) -> str:
        return formats.day(value, language, "short")

    def instant(value: datetime) -> str:
        return formats.instant(value, language, zone=zone, now=now)

    written: dict[str, Callable[[Any], str]] = {"number": number, "quantity": quantity}
    return written | {"share": share, "date": day, "datetime": instant}


def _money_maker(column: Column, at: Mapping[str, int], reader: Reader) -> Callable[[Any], str]:
    place, language, default = at[column.key], reader.language, reader.currency
    code = at[column.currency] if column.currency else None

    def money(row: Any) -> str:
        value = row[place]
        if value is None:
            return ""
        currency = default if code is None else row[code] or default
        return formats.money(value, currency, language)

    return money


def _tone_maker(column: Column, at: Mapping[str, int]) -> _Read | None:
    tone, place = column.tone, at[column.key]
    if tone is None:
        return (lambda row: NO_TONE) if column.kind == "pill" else None
    if isinstance(tone, str):
        given = at[tone]
        return lambda row: row[given] or NO_TONE
    if isinstance(tone, Mapping):
        tones = tone
        return lambda row: tones.get(row[place], NO_TONE)
    chosen = tone
    return lambda row: chosen(row[place])


def _plain(place: int) -> Callable[[Any], str]:
    def plain(row: Any) -> str:
        value = row[place]
        return value if type(value) is str else _words(value)

    return plain


def _words(value: Any) -> str:
    if value is None:
        return ""
    if value is True or value is False:
        return gettext("Yes") if value else gettext("No")
    return translate(value) if not isinstance(value, str) else value


def _nothing(_row: Any) -> None:
    return None
