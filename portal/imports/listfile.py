"""What an import says of itself beforehand: its columns, and an empty list to fill."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from flask import Response

from portal.messages import gettext, translate
from portal.ui.export import BOM, FORMATS, inert

from .rules import Import

NAMES_SHOWN = 4


def empty_list(declared: Import, language: str) -> Response:
    """Return a list with nothing but the headings that the import knows best."""
    heads = [translate(one.title, language) for one in declared.fields]
    return _download([heads], f"{declared.slug}.csv")


def known_columns(declared: Import) -> list[tuple[Any, ...]]:
    """Return what the first page says of each column: title, some other names, whether needed."""
    rows: list[tuple[Any, ...]] = []
    for one in declared.fields:
        needed = gettext("Yes") if one.required else gettext("No")
        rows.append((one.title, ", ".join(one.aliases[:NAMES_SHOWN]), needed))
    return rows


def _download(rows: Iterable[Sequence[str]], name: str) -> Response:
    text = io.StringIO()
    text.write(BOM)
    csv.writer(text).writerows([inert(cell) for cell in row] for row in rows)
    answer = Response(text.getvalue())
    answer.headers["Content-Type"] = FORMATS["csv"]
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
