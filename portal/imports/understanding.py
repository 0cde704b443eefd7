"""From cells to values: strictly, field by field, with a problem for whatever has no meaning."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from portal import numbers
from portal.messages import message
from portal.numbers import NumberFormat, Unreadable

from .grid import UNSEEN, Cell, Grid, GridRow, ImportProblem
from .rules import (
    EXPLAINED,
    ImportField,
    ImportRow,
    Kind,
    Layout,
    Reading,
    ReadingOptions,
    not_explained,
    repeated,
)

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
# Exports put an apostrophe before text that a spreadsheet would run; reading takes it off again.
_DEFUSED = re.compile(
    "'(?:[\t\r]|[\\s\\x00-\\x20\\x7f-\\xa0\\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*"
    "[=+@\uff1d\uff0b\uff20\uff0d\u2212-])"
)


def understand(
    grid: Grid,
    fields: Sequence[ImportField],
    columns: Mapping[str, int],
    options: ReadingOptions,
    needed: Collection[str] | None = None,
) -> Reading:
    """Return every row of ``grid`` as values of ``fields``; ``columns`` says which is where.

    A row that is wrong after so many others that it is not explained is not among them.
    ``needed`` are the fields without which no row means anything: the required ones unless said.
    """
    if needed is None:
        needed = {one.key for one in fields if one.required}
    used = [f for f in fields if f.key in columns]
    problems = list(grid.problems)
    problems += _missing_columns(grid, [one for one in fields if one.key in needed], columns)
    layout = Layout(grid.header, columns)
    rows = []
    for grid_row in grid.rows:
        row, wrong = _understand_row(grid_row, used, layout, options, needed)
        if wrong and len(problems) >= EXPLAINED:
            problems.append(not_explained(row.number))
            continue
        rows.append(row)
        problems += wrong
    for one in used:
        if one.unique:
            problems += repeated(rows, one.key)
    return Reading(rows=tuple(rows), problems=tuple(problems))


def read_cell(one: ImportField, cell: Cell, options: ReadingOptions) -> Any:
    """Return the value of a cell that is not empty, or raise Unreadable."""
    if isinstance(cell, str):
        return _from_text(one, cell, options)
    if isinstance(cell, bool):
        return _from_boolean(one, cell)
    if isinstance(cell, (int, float)):
        return _from_number(one, cell, options)
    return _from_date(one, cell)


def clean_text(text: str, *, multiline: bool = False) -> str:
    """Return text as it is stored: composed letters that are seen, plain spaces, none around it."""
    text = UNSEEN.sub("", unicodedata.normalize("NFC", text).replace("\u00a0", " "))
    if multiline:
        return "\n".join(line.rstrip() for line in text.splitlines()).strip()
    return " ".join(text.split())


def _understand_row(
    grid_row: GridRow,
    used: Sequence[ImportField],
    layout: Layout,
    options: ReadingOptions,
    needed: Collection[str],
) -> tuple[ImportRow, list[ImportProblem]]:
    row = ImportRow(number=grid_row.number, values={}, cells=grid_row.cells, layout=layout)
    problems = []
    for one in used:
        cell = grid_row.cells[layout.columns[one.key]]
        if _is_blank(cell):
            if one.key in needed:
                problems.append(row.problem(one.key, message("This cell must not be empty.")))
            continue
        try:
            row.values[one.key] = read_cell(one, cell, options)
        except Unreadable as unreadable:
            problems.append(row.problem(one.key, unreadable.problem))
    return row, problems


def _missing_columns(
    grid: Grid, fields: Sequence[ImportField], columns: Mapping[str, int]
) -> Iterator[ImportProblem]:
    for one in fields:
        if one.key not in columns:
            yield ImportProblem(
                row=grid.header_row,
                message=message("No column was chosen for “{field}”.", field=one.title),
            )


def _is_blank(cell: Cell) -> bool:
    return isinstance(cell, str) and not clean_text(cell)


def _from_text(one: ImportField, cell: str, options: ReadingOptions) -> Any:
    if _CONTROL.search(cell):
        raise Unreadable(message("This cell holds characters that cannot be stored."))
    text = clean_text(cell, multiline=one.multiline)
    if _DEFUSED.match(text):
        text = text[1:]
    if one.parse is not None:
        return one.parse(text)
    said: dict[str, Any] = {"minimum": one.minimum, "grouped": options.grouped}
    match one.kind:
        case Kind.QUANTITY:
            return numbers.parse_quantity(text, _format(options), **said)
        case Kind.INTEGER:
            return numbers.parse_integer(text, _format(options), **said)
        case Kind.MONEY:
            return numbers.parse_money(text, _format(options), options.currency, **said)
        case Kind.DATE:
            return numbers.parse_date(text, options.date_order)
        case Kind.BOOLEAN:
            return numbers.parse_boolean(text)
        case Kind.CODE if numbers.looks_damaged(text):
            raise numbers.damaged(text)
    return _within_length(one, text)


def _from_number(one: ImportField, cell: float, options: ReadingOptions) -> Any:
    if not math.isfinite(cell):
        raise numbers.no_number(numbers.number_as_text(cell))
    if one.parse is not None:
        return one.parse(numbers.number_as_text(cell))
    match one.kind:
        case Kind.QUANTITY:
            return numbers.exact_thousandths(cell, minimum=one.minimum)
        case Kind.INTEGER:
            return numbers.exact_integer(cell, minimum=one.minimum)
        case Kind.MONEY:
            return numbers.exact_money(cell, options.currency, minimum=one.minimum)
        case Kind.DATE:
            raise Unreadable(
                message("This cell holds a number, not a date. Format it as a date and try again.")
            )
        case Kind.BOOLEAN:
            return numbers.parse_boolean(numbers.number_as_text(cell))
    # Spreadsheets keep 15 places of a number; a longer code has already lost its last ones.
    if abs(cell) >= 10**15:
        raise numbers.damaged(numbers.number_as_text(cell))
    return _within_length(one, numbers.number_as_text(cell))


def _from_boolean(one: ImportField, cell: bool) -> Any:
    if one.kind is Kind.BOOLEAN and one.parse is None:
        return cell
    raise Unreadable(message("This cell holds a yes or no, which does not fit here."))


def _from_date(one: ImportField, cell: Cell) -> Any:
    if one.kind is not Kind.DATE or one.parse is not None:
        raise Unreadable(
            message("A spreadsheet has turned this cell into a date. Format it as text.")
        )
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    raise Unreadable(message("This cell holds a time, not a date."))


def _within_length(one: ImportField, text: str) -> str:
    if len(text) > one.max_length:
        raise Unreadable(
            message(
                "This text has {length} characters; {limit} are allowed.",
                length=len(text),
                limit=one.max_length,
            )
        )
    return text


def _format(options: ReadingOptions) -> NumberFormat:
    if options.number_format is None:
        raise Unreadable(message("Say how numbers are written in this file."))
    return options.number_format
