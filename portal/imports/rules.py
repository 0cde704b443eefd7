"""What an import declares, and how cells become values: strictly, all problems at once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from portal import numbers
from portal.messages import Message, message
from portal.numbers import DateOrder, NumberFormat, Unreadable

from .grid import Cell, Grid, GridRow, ImportProblem, cell_name, shown

if TYPE_CHECKING:
    from portal.work import UnitOfWork

_NAME = re.compile(r"[a-z][a-z0-9]*\.[a-z][a-z_]*")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
# Exports put an apostrophe before text that a spreadsheet would run; reading takes it off again.
_DEFUSED = re.compile(
    "'(?:[\t\r]|[\\s\\x00-\\x20\\x7f-\\xa0\\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*"
    "[=+@\uff1d\uff0b\uff20\uff0d\u2212-])"
)


class Kind(StrEnum):
    """How the cells of a field are read."""

    TEXT = "text"
    CODE = "code"  # text that is damaged if it looks like 3.01E+13
    QUANTITY = "quantity"  # int thousandths
    MONEY = "money"  # int minor units
    INTEGER = "integer"
    DATE = "date"
    BOOLEAN = "boolean"


class Verdict(StrEnum):
    """What a row without problems will do."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, kw_only=True)
class ImportField:
    """One column an import understands; ``aliases`` are other headings for it, in any language.

    ``required`` fields must have a column and a value in every row. ``parse`` gets the trimmed text
    instead of the ``kind``'s own reader and raises Unreadable. ``unique`` values may appear once.
    """

    key: str
    title: Message
    aliases: tuple[str, ...] = ()
    required: bool = False
    kind: Kind | str = Kind.TEXT
    unique: bool = False
    minimum: int | None = None
    max_length: int = 200
    multiline: bool = False
    help: Message | None = None
    parse: Callable[[str], Any] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", Kind(self.kind))


@dataclass(frozen=True, kw_only=True)
class ReadingOptions:
    """What the person said about the file; asked once, never guessed."""

    number_format: NumberFormat | None = None
    date_order: DateOrder | None = None
    currency: str = "IDR"
    grouped: bool = False  # 1.000 is a thousand in this file


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the fields of a file stand: its headings, and field key -> column."""

    header: tuple[str, ...]
    columns: Mapping[str, int]


@dataclass(eq=False, slots=True)
class ImportRow:
    """One row as understood: ``values`` holds only what could be read, ``resolved`` is for check().

    What check() puts into ``resolved`` (ids it looked up) is there again when run() gets the row.
    """

    number: int
    values: dict[str, Any]
    cells: tuple[Cell, ...]
    layout: Layout
    resolved: dict[str, Any] = field(default_factory=dict)
    verdict: Verdict | None = None

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a field, or ``default`` if it is empty or could not be read."""
        return self.values.get(key, default)

    def problem(self, key: str, text: Message) -> ImportProblem:
        """Return a problem with this row's cell of the field ``key``."""
        column = self.layout.columns.get(key)
        if column is None:
            return ImportProblem(row=self.number, message=text)
        return ImportProblem(
            row=self.number,
            column=self.layout.header[column],
            cell=cell_name(column, self.number),
            value=shown(self.cells[column]),
            message=text,
        )


@dataclass(frozen=True, kw_only=True)
class ImportFindings:
    """What check() found: all problems, and by row number what each good row will do."""

    problems: tuple[ImportProblem, ...] = ()
    verdicts: Mapping[int, Verdict | str] = field(default_factory=dict)


class Progress(Protocol):
    def __call__(self, done: int, total: int) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Import:
    """A list that can be imported from a file.

    ``check(tx, rows)`` runs in a reading unit, looks up in batches what rows refer to, and returns
    ImportFindings; rows with unreadable cells are among ``rows``. When nothing is wrong,
    ``run(tx, rows, progress)`` gets the new and changed rows in one writing unit; it must ask for
    keys again and raise Conflict when somebody was faster. ``done`` is the endpoint of the list.
    """

    name: str
    title: Message
    permission: str
    fields: tuple[ImportField, ...]
    check: Callable[[UnitOfWork, Sequence[ImportRow]], ImportFindings]
    run: Callable[[UnitOfWork, Sequence[ImportRow], Progress], None]
    done: str
    about: Message | None = None

    def __post_init__(self) -> None:
        if problems := list(self._problems()):
            raise ValueError(f"import {self.name!r}: " + "; ".join(problems))

    def _problems(self) -> Iterator[str]:
        if not _NAME.fullmatch(self.name):
            yield "the name must be <slug>.<what>"
        keys = [f.key for f in self.fields]
        if len(set(keys)) < len(keys):
            yield "declares a field twice"
        if not any(f.required for f in self.fields):
            yield "needs a required field"

    @property
    def slug(self) -> str:
        """The name as it stands in an address: ``items`` of ``inventory.items``."""
        return self.name.partition(".")[2].replace("_", "-")

    def field(self, key: str) -> ImportField:
        """Return the field declared as ``key``."""
        return next(f for f in self.fields if f.key == key)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """All rows of a grid as understood, and everything that could not be."""

    rows: tuple[ImportRow, ...]
    problems: tuple[ImportProblem, ...]


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The result of checking a whole file: counts for the summary and every problem, in order."""

    rows: tuple[ImportRow, ...]
    problems: tuple[ImportProblem, ...]
    new: int
    changed: int
    same: int
    wrong: int


def understand(
    grid: Grid,
    fields: Sequence[ImportField],
    columns: Mapping[str, int],
    options: ReadingOptions,
) -> Reading:
    """Return every row of ``grid`` as values of ``fields``; ``columns`` says which is where."""
    used = [f for f in fields if f.key in columns]
    problems = list(grid.problems)
    problems += _missing_columns(grid, fields, columns)
    layout = Layout(grid.header, columns)
    rows = []
    for grid_row in grid.rows:
        row, wrong = _understand_row(grid_row, used, layout, options)
        rows.append(row)
        problems += wrong
    for one in used:
        if one.unique:
            problems += repeated(rows, one.key)
    return Reading(rows=tuple(rows), problems=tuple(problems))


def conclude(reading: Reading, findings: ImportFindings) -> Checked:
    """Put the problems of reading and checking together and count what would happen."""
    # What cannot be read is said once: the plugin sees such a cell as an empty one.
    unread = {problem.cell for problem in reading.problems if problem.cell}
    found = {problem for problem in findings.problems if problem.cell not in unread}
    problems = sorted({*reading.problems, *found}, key=_place)
    wrong = {problem.row for problem in problems}
    counts = dict.fromkeys(Verdict, 0)
    for row in reading.rows:
        if row.number not in wrong and row.number in findings.verdicts:
            row.verdict = Verdict(findings.verdicts[row.number])
            counts[row.verdict] += 1
    return Checked(
        rows=reading.rows,
        problems=tuple(problems),
        new=counts[Verdict.NEW],
        changed=counts[Verdict.CHANGED],
        same=counts[Verdict.SAME],
        wrong=len(wrong),
    )


def repeated(rows: Iterable[ImportRow], *keys: str) -> Iterator[ImportProblem]:
    """Yield a problem for each row whose ``keys`` stand further up already, in whatever case."""
    first: dict[tuple[Any, ...], int] = {}
    for row in rows:
        values = tuple(_comparable(row.get(key)) for key in keys)
        if None in values:
            continue
        earlier = first.setdefault(values, row.number)
        if earlier != row.number:
            yield row.problem(
                keys[0],
                message("“{value}” is already in row {row}.", value=row.get(keys[0]), row=earlier),
            )


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
    """Return text as it is stored: composed letters, plain spaces, no blanks around it."""
    text = unicodedata.normalize("NFC", text).replace("\u00a0", " ").replace("\ufeff", "")
    if multiline:
        return "\n".join(line.rstrip() for line in text.splitlines()).strip()
    return " ".join(text.split())


def _understand_row(
    grid_row: GridRow, used: Sequence[ImportField], layout: Layout, options: ReadingOptions
) -> tuple[ImportRow, list[ImportProblem]]:
    row = ImportRow(number=grid_row.number, values={}, cells=grid_row.cells, layout=layout)
    problems = []
    for one in used:
        cell = grid_row.cells[layout.columns[one.key]]
        if _is_blank(cell):
            if one.required:
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
        if one.required and one.key not in columns:
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


def _comparable(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _place(problem: ImportProblem) -> tuple[int, int, str, str]:
    return (problem.row, len(problem.cell), problem.cell, problem.message.msgid)
