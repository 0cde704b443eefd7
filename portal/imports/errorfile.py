"""The wrong rows of a list as a list of their own: corrected there, it is sent again as it is."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from operator import itemgetter
from typing import Any

from flask import Response

from portal.messages import translate
from portal.numbers import NumberFormat, has_two_meanings, number_as_text
from portal.ui import xlsx
from portal.ui.export import BOM, FORMATS, inert

from .grid import WHAT_IS_WRONG, Cell, Grid, ImportProblem
from .rules import Checked


def error_file(
    grid: Grid, checked: Checked, wanted: str, language: str, number_format: NumberFormat | None
) -> Response:
    """Return the wrong rows under the headings of their file, with what is wrong in each."""
    heads = [*grid.header, translate(WHAT_IS_WRONG, language)]
    rows = list(_rows(grid, checked.problems, language))
    content = (
        b"".join(_as_xlsx(heads, rows)) if wanted == "xlsx" else _as_csv(heads, rows, number_format)
    )
    answer = Response(content, content_type=FORMATS[wanted])
    answer.headers.set("Content-Disposition", "attachment", filename=f"wrong-rows.{wanted}")
    return answer


def _rows(
    grid: Grid, problems: Sequence[ImportProblem], language: str
) -> Iterator[tuple[Cell, ...]]:
    said: dict[int, list[str]] = {}
    for problem in problems:
        text = translate(problem.message, language)
        said.setdefault(problem.row, []).append(
            f"{problem.column}: {text}" if problem.column else text
        )
    for row in grid.rows:
        if row.number in said:
            yield (*row.cells, " | ".join(said[row.number]))


def _as_csv(
    heads: Sequence[str], rows: Iterable[Sequence[Cell]], number_format: NumberFormat | None
) -> bytes:
    text = io.StringIO()
    text.write(BOM)
    writer = csv.writer(text)
    writer.writerow([inert(head) for head in heads])
    writer.writerows([inert(_text(cell, number_format)) for cell in row] for row in rows)
    return text.getvalue().encode()


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


def _as_xlsx(heads: Sequence[str], rows: Sequence[Any]) -> Iterator[bytes]:
    columns = [xlsx.Column(head, "mixed", 0, itemgetter(index)) for index, head in enumerate(heads)]
    return xlsx.workbook("wrong rows", columns, [rows], UTC)
