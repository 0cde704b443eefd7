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
from .memory import Remembered
from .rules import Import, Mode
from .services import Choices
from .updating import Wanted, needed

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
MODES = (
    (Mode.ADD, message("Add what is new. What is there already stays as it is")),
    (Mode.BOTH, message("Add what is new and update what is there")),
    (Mode.UPDATE, message("Only update what is there")),
)


class FileForm(Form):
    """Which file to import."""

    file = FileField(message("File"), description=message("CSV, XLSX, ODS or XLS, at most 25 MB."))


class ColumnsForm(Form):
    """Which column is what, and how the file is written; made for one import and one file."""

    declared: Import
    grid: Grid

    @classmethod
    def made(
        cls, declared: Import, grid: Grid, given: Any, remembered: Remembered | None = None
    ) -> ColumnsForm:
        """Return the form for ``grid``: as ``given``, else as remembered, else as guessed."""
        given = given if set(given) - {"sheet"} else None
        made = type("ColumnsForm", (cls,), _fields(declared, grid, _wanted(declared, given or {})))
        form: ColumnsForm = made(given, data=_first(declared, grid, remembered))
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
            wanted=self.wanted(),
        )

    def wanted(self) -> Wanted:
        """Return what is to be done, and by which field rows are recognised."""
        by = [one.key for one in self.declared.matches]
        if not by:
            return Wanted()
        mode, field = self._said("mode"), self._said("by")
        return Wanted(
            Mode(mode) if mode in set(Mode) else Mode.ADD, field if field in by else by[0]
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


def _wanted(declared: Import, given: Mapping[str, Any]) -> Wanted:
    """Return what a person wants, before there is a form: it decides which columns are needed."""
    by = [one.key for one in declared.matches]
    mode = given.get("mode")
    field = given.get("by", "")
    known = mode in set(Mode) and bool(by)
    return Wanted(
        Mode(str(mode)) if known else Mode.ADD, field if field in by else (by[0] if by else "")
    )


def _first(declared: Import, grid: Grid, remembered: Remembered | None) -> dict[str, Any]:
    """Return what stands in the form at first; what the file itself proves comes last."""
    columns = guess_columns(grid.header, declared.fields)
    first: dict[str, Any] = {f"c_{key}": column for key, column in columns.items()}
    if remembered is not None:
        first = {
            name: int(value) if name.startswith("c_") and value.isdigit() else value
            for name, value in remembered.chosen.items()
        }
        columns = {n[2:]: v for n, v in first.items() if n.startswith("c_") and isinstance(v, int)}
        columns = {key: column for key, column in columns.items() if column < len(grid.header)}
    proven = {
        "number_format": suggest_number_format(grid, declared.fields, columns),
        "date_order": suggest_date_order(grid, declared.fields, columns),
    }
    first |= {name: value for name, value in proven.items() if value is not None}
    return first | {"sheet": grid.sheet}


def _fields(declared: Import, grid: Grid, wanted: Wanted) -> dict[str, Any]:
    columns = [(index, _title(grid, index)) for index in range(len(grid.header))]
    must = {one.key for one in declared.fields if one.required}
    if declared.known is not None:
        must = set(needed(declared, wanted))
    fields: dict[str, Any] = {"sheet": HiddenField()} if grid.other_sheets else {}
    for one in declared.fields:
        blank = message("Choose a column") if one.key in must else message("Not in this file")
        fields[f"c_{one.key}"] = ChoiceField(
            one.title,
            [required() if one.key in must else optional()],
            choices=columns,
            coerce=int,
            blank=blank,
            description=one.help or "",
        )
    if declared.matches:
        fields |= _ways(declared)
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


def _ways(declared: Import) -> dict[str, Any]:
    """Return the fields that say what happens to rows that are there already."""
    by = [(one.key, one.title) for one in declared.matches]
    return {
        "mode": RadioField(
            message("What to do"),
            choices=MODES,
            coerce=Mode,
            default=Mode.ADD,
            description=message("An empty cell never deletes anything: the value stays as it is."),
        ),
        "by": ChoiceField(
            message("Rows are recognised by"), [required()], choices=by, default=by[0][0]
        ),
    }


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
