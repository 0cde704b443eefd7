"""The forms of the import road."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.messages import Message, message
from portal.numbers import DateOrder, NumberFormat
from portal.ui.forms import (
    ChoiceField,
    FileField,
    Form,
    HiddenField,
    RadioField,
    optional,
    required,
)

from .grid import Grid, column_letters, shown
from .matching import (
    guess_columns,
    has_two_meanings,
    needs_date_order,
    needs_number_format,
    suggest_date_order,
    suggest_number_format,
)
from .rules import Import
from .services import Choices

NUMBER_FORMATS = (
    (NumberFormat.COMMA, message("1.234,5 with a decimal comma")),
    (NumberFormat.POINT, message("1,234.5 with a decimal point")),
)
GROUPED = (
    ("no", message("reported as a problem, to be mended")),
    ("yes", message("one thousand")),
)
DATE_ORDERS = (
    (DateOrder.DAY_FIRST, message("24/8/2026, day first")),
    (DateOrder.MONTH_FIRST, message("8/24/2026, month first")),
)


class FileForm(Form):
    """Which file to import."""

    file = FileField(message("File"), description=message("CSV, XLSX, ODS or XLS, at most 25 MB."))


class ColumnsForm(Form):
    """Which column is what, and how the file is written; made for one import and one file."""

    declared: Import
    grid: Grid

    @classmethod
    def made(cls, declared: Import, grid: Grid, given: Any) -> ColumnsForm:
        """Return the form for ``grid``: with what was ``given``, else with what can be guessed."""
        made = type("ColumnsForm", (cls,), _fields(declared, grid))
        columns = guess_columns(grid.header, declared.fields)
        first: dict[str, Any] = {f"c_{key}": column for key, column in columns.items()}
        first["number_format"] = suggest_number_format(grid, declared.fields, columns)
        first["date_order"] = suggest_date_order(grid, declared.fields, columns)
        first["sheet"] = grid.sheet
        form: ColumnsForm = made(given if set(given) - {"sheet"} else None, data=first)
        form.declared, form.grid = declared, grid
        return form

    def choices(self) -> Choices:
        """Return what was chosen; what cannot be right is left out."""
        chosen = {one.key: self._fields[f"c_{one.key}"].data for one in self.declared.fields}
        columns = {
            key: column
            for key, column in chosen.items()
            if column is not None and 0 <= column < len(self.grid.header)
        }
        return Choices(
            columns=columns,
            number_format=self._said("number_format"),
            date_order=self._said("date_order"),
            grouped=self._said("grouped") == "yes",
            sheet=self.grid.sheet,
        )

    def plain(self) -> dict[str, str]:
        """Return the choices as the fields of an address or of a hidden form."""
        values = {name: field.data for name, field in self._fields.items()}
        return {name: str(value) for name, value in values.items() if value is not None}

    def validate(self, extra_validators: Any = None) -> bool:
        """Return whether the choices can be used, with an error beside each field that hinders."""
        valid = bool(super().validate(extra_validators))
        problems = _contradictions(self.declared, self.choices())
        self.add_errors(problems)
        return valid and not problems

    def _said(self, name: str) -> Any:
        field = self._fields.get(name)
        return field.data if field is not None else None


def _fields(declared: Import, grid: Grid) -> dict[str, Any]:
    columns = [(index, _title(grid, index)) for index in range(len(grid.header))]
    fields: dict[str, Any] = {"sheet": HiddenField()} if grid.other_sheets else {}
    for one in declared.fields:
        blank = message("Choose a column") if one.required else message("Not in this file")
        fields[f"c_{one.key}"] = ChoiceField(
            one.title,
            [required() if one.required else optional()],
            choices=columns,
            coerce=int,
            blank=blank,
            description=one.help or "",
        )
    every = {one.key: 0 for one in declared.fields}
    if needs_number_format(declared.fields, every):
        fields["number_format"] = RadioField(
            message("Numbers are written like"), choices=NUMBER_FORMATS, coerce=NumberFormat
        )
        if has_two_meanings(grid):
            fields["grouped"] = RadioField(
                message("A number like 1.000 or 1,000 is"), choices=GROUPED, default="no"
            )
    if needs_date_order(declared.fields, every):
        fields["date_order"] = RadioField(
            message("Dates are written like"), choices=DATE_ORDERS, coerce=DateOrder
        )
    return fields


def _title(grid: Grid, index: int) -> Message:
    """Name a column by its heading, its letter and the first thing in it."""
    first = next((row.cells[index] for row in grid.rows if row.cells[index] != ""), "")
    sample = shown(first)
    return message(
        "{letter}: {heading} ({sample})",
        letter=column_letters(index),
        heading=grid.header[index] or "–",
        sample=sample if len(sample) <= 24 else sample[:23] + "…",
    )


def _contradictions(declared: Import, choices: Choices) -> Mapping[str, Message]:
    problems: dict[str, Message] = {}
    taken: dict[int, str] = {}
    for key, column in choices.columns.items():
        if column in taken:
            problems[f"c_{key}"] = message(
                "This column is already used for “{field}”.",
                field=declared.field(taken[column]).title,
            )
        taken.setdefault(column, key)
    if needs_number_format(declared.fields, choices.columns) and choices.number_format is None:
        problems["number_format"] = message("Say how numbers are written in this file.")
    return problems
