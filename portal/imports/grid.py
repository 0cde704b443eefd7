"""A file's cells as rows under a heading, each with the name it has in a spreadsheet."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import chain, islice

from portal.errors import ValidationFailed
from portal.messages import LANGUAGES, Message, message

Cell = str | int | float | bool | date | datetime | time | timedelta

MAX_ROWS = 10_000
MAX_COLUMNS = 100
MAX_BYTES = 28 * 1024 * 1024  # of all cells in memory
MAX_EMPTY = 100_000  # rows
LOOK_AHEAD = 20  # rows in which the heading is looked for
# Letters without a shape, as pages and chats leave them in what is copied: nobody means them.
UNSEEN = re.compile("[\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
WHAT_IS_WRONG = message("What is wrong")  # heads the column that a file of wrong rows has more


class UnreadableFile(ValidationFailed):
    """The file as a whole cannot be read; the sentence says why and what to do."""

    def __init__(self, text: Message) -> None:
        super().__init__({"file": text})
        self.message = text


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportProblem:
    """One thing wrong in a file, with the cell it is in (``C14``), or no cell for a whole row."""

    row: int
    message: Message
    cell: str = ""
    column: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class GridRow:
    """A row that is not empty, with its number in the file and as many cells as the heading."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A table as read: headings, rows, what is wrong with its shape, and how it was understood."""

    header: tuple[str, ...]
    header_row: int
    rows: tuple[GridRow, ...]
    problems: tuple[ImportProblem, ...] = ()
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    other_sheets: tuple[str, ...] = ()
    formulas: int = 0


@dataclass(frozen=True, slots=True)
class Merged:
    """A range of cells shown as one; rows and columns are counted from 0."""

    top: int
    left: int
    bottom: int
    right: int


def cell_name(column: int, row: int) -> str:
    """Return the spreadsheet name of a cell: column 2 of row 14 is ``C14``."""
    return f"{column_letters(column)}{row}"


def column_letters(column: int) -> str:
    """Return ``A`` for column 0, ``Z`` for 25, ``AA`` for 26."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_index(letters: str) -> int:
    """Return the column that ``column_letters`` names so."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def shown(cell: Cell) -> str:
    """Return a cell as short text for a list of problems."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    text = f"{cell:.15g}" if isinstance(cell, float) else str(cell)
    return text if len(text) <= 40 else text[:39] + "…"


def build_grid(
    records: Iterable[tuple[int, Sequence[Cell]]],
    *,
    max_rows: int = MAX_ROWS,
    merged: Sequence[Merged] = (),
    encoding: str = "",
    delimiter: str = "",
    sheet: str = "",
    other_sheets: tuple[str, ...] = (),
) -> Grid:
    """Return the grid of numbered records, or raise UnreadableFile; empty rows and columns go.

    A heading may stand in two rows when ``merged`` says that cells of the upper one span others.
    """
    filled = _weighed(_trimmed(records))
    first = list(islice(filled, LOOK_AHEAD))
    if not first:
        raise UnreadableFile(message("The file is empty. Choose a file with a heading and rows."))
    header_row, header, left = _split_header(first, merged)
    rows = _limited(chain(left, filled), max_rows)
    if not rows:
        raise UnreadableFile(message("The file has a heading but no rows under it."))
    width = _width(header, rows)
    return Grid(
        header=tuple(str(shown(c)).strip() for c in _padded(header, width)),
        header_row=header_row,
        rows=tuple(GridRow(number, _padded(cells, width)) for number, cells in rows),
        problems=tuple(_beyond(rows, width)),
        encoding=encoding,
        delimiter=delimiter,
        sheet=sheet,
        other_sheets=other_sheets,
    )


def _trimmed(
    records: Iterable[tuple[int, Sequence[Cell]]],
) -> Iterator[tuple[int, Sequence[Cell]]]:
    for number, cells in records:
        end = len(cells)
        while end and _is_empty(cells[end - 1]):
            end -= 1
        if end > MAX_COLUMNS:
            raise UnreadableFile(
                message(
                    "Row {row} has more than {limit} columns. Remove what is not part of the list.",
                    row=number,
                    limit=MAX_COLUMNS,
                )
            )
        yield number, cells[:end]


def _weighed(
    records: Iterable[tuple[int, Sequence[Cell]]],
) -> Iterator[tuple[int, Sequence[Cell]]]:
    """Yield the rows that are not empty, as long as all of them have room in memory."""
    weight = empty = 0
    for number, cells in records:
        if not cells:
            empty += 1
            if empty > MAX_EMPTY:
                raise UnreadableFile(
                    message("The file has too many empty rows. Copy only the list into a new file.")
                )
            continue
        # Short text and small numbers are shared by all who hold them.
        weight += 8 * len(cells) + sum(
            sys.getsizeof(cell) for cell in cells if not isinstance(cell, str) or len(cell) > 1
        )
        if weight > MAX_BYTES:
            raise UnreadableFile(
                message(
                    "The list holds too much. Leave out columns that are not imported, "
                    "or split it and import the parts one by one."
                )
            )
        yield number, cells


def _is_empty(cell: Cell) -> bool:
    return isinstance(cell, str) and not cell.strip("\ufeff\u200b \t\r\n\u00a0")


Records = list[tuple[int, Sequence[Cell]]]


def _split_header(first: Records, merged: Sequence[Merged]) -> tuple[int, Sequence[Cell], Records]:
    """A title above the list is skipped: the heading is the first row at least half as full."""
    filled = [sum(not _is_empty(cell) for cell in cells) for _, cells in first]
    index = next(i for i, count in enumerate(filled) if count * 2 >= max(filled))
    number, cells = first[index]
    left = first[index + 1 :]
    groups = [m for m in merged if m.top == m.bottom == number - 1 and m.right > m.left]
    if groups and left and left[0][0] == number + 1 and _is_lower_half(left[0][1], groups):
        return number + 1, _joined(cells, left[0][1], groups), left[1:]
    return number, cells, left


def _is_lower_half(cells: Sequence[Cell], groups: Sequence[Merged]) -> bool:
    """The second row of a heading has text under each group and nothing anywhere else."""
    spanned = {column for m in groups for column in range(m.left, m.right + 1)}
    filled = {column for column, cell in enumerate(cells) if not _is_empty(cell)}
    return filled == spanned and all(isinstance(cells[column], str) for column in filled)


def _joined(upper: Sequence[Cell], lower: Sequence[Cell], groups: Sequence[Merged]) -> list[Cell]:
    """Return one heading for both rows; what stands below alone does where it is the only one."""
    width = max(len(upper), len(lower))
    top, joined = _padded(upper, width), list(_padded(lower, width))
    said = [str(cell).casefold() for cell in (*upper, *lower)]
    for m in groups:
        for column in range(m.left, m.right + 1):
            if said.count(str(lower[column]).casefold()) > 1:
                joined[column] = f"{top[m.left]} {lower[column]}"
    return [top[column] if _is_empty(cell) else cell for column, cell in enumerate(joined)]


def _limited(records: Iterable[tuple[int, Sequence[Cell]]], max_rows: int) -> Records:
    rows = list(islice(records, max_rows + 1))
    if len(rows) > max_rows:
        raise UnreadableFile(
            message(
                "The file has more than {limit} rows. Split it and import the parts one by one.",
                limit=max_rows,
            )
        )
    return rows


def _width(header: Sequence[Cell], rows: Records) -> int:
    """A column without a heading counts when most rows fill it; otherwise its cells are strays."""
    width = len(header)
    widest = max(len(cells) for _, cells in rows)
    for column in range(widest - 1, width - 1, -1):
        used = sum(len(cells) > column and not _is_empty(cells[column]) for _, cells in rows)
        if used * 2 > len(rows):
            return column + 1
    return width


def _padded(cells: Sequence[Cell], width: int) -> tuple[Cell, ...]:
    return (*cells[:width], *[""] * (width - len(cells)))


def _beyond(rows: Records, width: int) -> Iterator[ImportProblem]:
    for number, cells in rows:
        for column in range(width, len(cells)):
            if not _is_empty(cells[column]):
                yield ImportProblem(
                    row=number,
                    cell=cell_name(column, number),
                    value=shown(cells[column]),
                    message=message(
                        "There is no heading above this cell. "
                        "Is there a separator too many in this row?"
                    ),
                )


def without_remarks(grid: Grid) -> Grid:
    """Return a grid without the column that an error file adds, so that it can be sent again."""
    names = {WHAT_IS_WRONG.in_language(language).casefold() for language in LANGUAGES}
    last = len(grid.header) - 1
    if last < 1 or grid.header[last].casefold() not in names:
        return grid
    rows = tuple(replace(row, cells=row.cells[:last]) for row in grid.rows)
    kept = tuple(row for row in rows if any(cell != "" for cell in row.cells))
    return replace(grid, header=grid.header[:last], rows=kept)
