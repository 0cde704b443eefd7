"""The wrong rows of a list as a list of their own: corrected there, it is sent again as it is."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from operator import itemgetter
from typing import Any

from flask import Response

from portal.messages import translate
from portal.numbers import NumberFormat, has_two_meanings, number_as_text
from portal.ui import xlsx
from portal.ui.export import BOM, FORMATS, inert

from .grid import WHAT_IS_WRONG, Cell, Grid, ImportProblem
from .rules import Checked

PIECE = 64_000  # letters that are sent at once


def error_file(
    grid: Grid, checked: Checked, wanted: str, language: str, number_format: NumberFormat | None
) -> Response:
    """Return the wrong rows under the headings of their file, with what is wrong in each."""
    heads = [*grid.header, translate(WHAT_IS_WRONG, language)]
    rows = _rows(grid, checked.problems, language)
    content = _as_xlsx(heads, rows) if wanted == "xlsx" else _as_csv(heads, rows, number_format)
    answer = Response(content, content_type=FORMATS[wanted])
    answer.headers.set("Content-Disposition", "attachment", filename=f"wrong-rows.{wanted}")
    return answer


def _rows(
    grid: Grid, problems: Sequence[ImportProblem], language: str
) -> Iterator[tuple[Cell, ...]]:
    of_row: dict[int, list[ImportProblem]] = {}
    for problem in problems:
        of_row.setdefault(problem.row, []).append(problem)
    for row in grid.rows:
        if found := of_row.get(row.number):
            yield (*row.cells, " | ".join(_said(problem, language) for problem in found))


def _said(problem: ImportProblem, language: str) -> str:
    text = translate(problem.message, language)
    return f"{problem.column}: {text}" if problem.column else text


def _as_csv(
    heads: Sequence[str], rows: Iterable[Sequence[Cell]], number_format: NumberFormat | None
) -> Iterator[bytes]:
    text = io.StringIO()
    text.write(BOM)
    writer = csv.writer(text)
    writer.writerow([inert(head) for head in heads])
    for row in rows:
        writer.writerow([inert(_text(cell, number_format)) for cell in row])
        if text.tell() > PIECE:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _text(cell: Cell, number_format: NumberFormat | None) -> str:
    """Return a cell as text that is read again as what it was."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, (int, float)):
        text = number_as_text(cell)
        text = f"{text}0" if has_two_meanings(text) else text
        return text.replace(".", ",") if number_format is NumberFormat.COMMA else text
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _as_xlsx(heads: Sequence[str], rows: Iterable[Any]) -> Iterator[bytes]:
    columns = [xlsx.Column(head, "mixed", 0, itemgetter(index)) for index, head in enumerate(heads)]
    return xlsx.workbook("wrong rows", columns, _pieces(rows), UTC)


def _pieces(rows: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(rows)
    while some := list(islice(left, 500)):
        yield some
