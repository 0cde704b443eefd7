"""The first rows of a file as the portal understands them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from portal.messages import current_language, gettext
from portal.ui import formats

from . import services
from .grid import Grid, shown
from .rules import Checked, Import, ImportField, Kind, Verdict
from .services import Choices

ROWS = 20
CHANGES = 50


def preview_rows(
    grid: Grid, declared: Import, choices: Choices, currency: str
) -> tuple[list[tuple[Any, str]], list[list[Any]]]:
    """Return heads and cells of a small table: the row's number, then each value as understood."""
    first = replace(grid, rows=grid.rows[:ROWS], problems=())
    meaning = services.read(first, declared, choices, currency)
    used = [one for one in declared.fields if one.key in choices.columns]
    wrong = {(p.row, p.column, p.cell): p.message for p in meaning.problems}
    heads: list[tuple[Any, str]] = [(gettext("Row"), "text")]
    heads += [(one.title, "number" if one.kind in _NUMERIC else "text") for one in used]
    rows = []
    for row in meaning.rows:
        cells: list[Any] = [str(row.number)]
        for one in used:
            problem = row.problem(one.key, one.title)
            said = wrong.get((row.number, problem.column, problem.cell))
            raw = shown(row.cells[choices.columns[one.key]])
            cells.append((raw or "–", None, said, "bad") if said else _value(one, row, currency))
        rows.append(cells)
    return heads, rows


def changed_rows(checked: Checked, declared: Import, currency: str) -> list[list[Any]]:
    """Return the first changes: row, what it is about, the field, its value before and after."""
    rows: list[list[Any]] = []
    for row in checked.rows:
        if row.verdict is Verdict.CHANGED and row.known is not None:
            for key, after in row.changes.items():
                one = declared.field(key)
                values = [_said(one, value, currency) for value in (row.before[key], after)]
                rows.append([str(row.number), row.known.label, one.title, *values])
        if len(rows) >= CHANGES:
            break
    return rows[:CHANGES]


_NUMERIC = {Kind.QUANTITY, Kind.MONEY, Kind.INTEGER}


def _value(one: ImportField, row: Any, currency: str) -> str:
    return _said(one, row.get(one.key), currency)


def _said(one: ImportField, value: Any, currency: str) -> str:
    language = current_language.get()
    if value is None:
        return ""
    if one.parse is None:
        match one.kind:
            case Kind.QUANTITY:
                return formats.quantity(value, language)
            case Kind.MONEY:
                return formats.money(value, currency, language)
            case Kind.INTEGER:
                return formats.number(value, language)
            case Kind.BOOLEAN:
                return gettext("Yes") if value else gettext("No")
    return formats.day(value, language) if isinstance(value, date) else str(value)
