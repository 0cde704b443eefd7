"""The columns of a list as typed fields of a file: numbers, decimals, dates, instants, text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portal.messages import Message, gettext, translate
from portal.numbers import QUANTITY_DIGITS, minor_digits

if TYPE_CHECKING:
    from .declaration import Column

_KINDS = {
    "number": "whole",
    "quantity": "decimal",
    "money": "decimal",
    "share": "whole",
    "datetime": "instant",
    "date": "date",
}
Get = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a file; ``get`` gives a row's value, ``stored`` the same before it is worded."""

    key: str
    title: str
    kind: str  # whole, decimal, date, instant, text
    get: Get
    stored: Get
    digits: int = 0


def fields(
    columns: Sequence[Column], at: Mapping[str, int], language: str, currency: str
) -> list[Field]:
    """Return the fields of ``columns``; an amount in a currency of its own brings that along."""
    found: list[Field] = []
    for column in columns:
        title = translate(column.title, language)
        if column.kind == "money":
            found += _money(column, at, title, currency)
            continue
        get = _at(at[column.key])
        kind = _KINDS.get(column.kind, "text")
        if column.kind == "quantity":
            found.append(Field(column.key, title, kind, _decimal(get, QUANTITY_DIGITS), get, -1))
        elif kind == "text" or column.labels:
            found.append(Field(column.key, title, "text", _text(get, column, language), get))
        else:
            found.append(Field(column.key, title, kind, get, get))
    return found


def decimal(value: int, digits: int) -> str:
    """Return an integer of smallest units as an exact decimal number: ``-1500, 3`` is ``-1.5``."""
    whole, rest = divmod(abs(value), 10**digits)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole}.{rest:0{digits}d}".rstrip("0") if rest else f"{sign}{whole}"


def _money(column: Column, at: Mapping[str, int], title: str, currency: str) -> list[Field]:
    get = _at(at[column.key])
    if column.currency is None:
        digits = minor_digits(currency)
        named = f"{title} ({currency})"
        return [Field(column.key, named, "decimal", _decimal(get, digits), get, digits)]
    code = _at(at[column.currency])

    def amount(row: Any) -> str | None:
        value = get(row)
        return None if value is None else decimal(value, minor_digits(code(row) or currency))

    def coded(row: Any) -> str | None:
        return None if get(row) is None else code(row) or currency

    beside = gettext("Currency of {column}").format(column=title)
    return [
        Field(column.key, title, "decimal", amount, get, 2),
        Field(f"{column.key}_currency", beside, "text", coded, coded),
    ]


def _at(place: int) -> Get:
    return lambda row: row[place]


def _decimal(get: Get, digits: int) -> Get:
    return lambda row: None if (value := get(row)) is None else decimal(value, digits)


def _text(get: Get, column: Column, language: str) -> Get:
    words = {value: translate(label, language) for value, label in column.labels.items()}

    def text(row: Any) -> str | None:
        value = get(row)
        if type(value) is str:
            return words.get(value, value) if words else value
        if value is None:
            return None
        return words.get(value) or _words(value, language)

    return text


def _words(value: Any, language: str) -> str:
    if value is True or value is False:
        return gettext("Yes") if value else gettext("No")
    return translate(value, language) if isinstance(value, Message) else str(value)
