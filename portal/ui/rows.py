"""The body of a list as markup: the one part of a page that repeats hundreds of times.

A template would escape every value by itself; here all of them are escaped in one go and put
between tags that were made once a page, which takes a tenth of the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

_NUMERIC = frozenset({"number", "quantity", "money", "share"})
_DATED = frozenset({"date", "datetime"})
_DRAWN = frozenset({"pill", "share"})
# Stands between values while they are escaped together; no text a person enters holds it.
_BETWEEN = "\x00"
Cell = Sequence[Any]  # (text, href, meta, tone)


@dataclass(frozen=True, slots=True)
class PlainColumn:
    """A column of a small table written in a template."""

    title: Any
    kind: str = "text"
    primary: bool = False
    export: bool = True
    sort_url: None = None
    sorted: None = None

    @property
    def align(self) -> str:
        return "end" if self.kind in _NUMERIC else "start"


def as_columns(heads: Iterable[Any]) -> list[PlainColumn]:
    """Return columns from titles or (title, kind) pairs; the first names the row."""
    pairs = [head if isinstance(head, tuple) else (head,) for head in heads]
    return [
        PlainColumn(pair[0], pair[1] if len(pair) > 1 else "text", primary=number == 0)
        for number, pair in enumerate(pairs)
    ]


def as_cells(rows: Iterable[Iterable[Any]]) -> list[list[Cell]]:
    """Return rows of (text, href, meta, tone) from plain values or shorter tuples."""
    return [[_cell(value) for value in row] for row in rows]


def body(
    columns: Sequence[Any],
    rows: Iterable[Iterable[Cell]],
    ids: Sequence[str] = (),
    form: str = "",
    buttons: Sequence[Sequence[Any]] = (),
    row_form: str = "",
) -> Markup:
    """Return the rows of a table; a column has title, kind, align and primary.

    With ``ids`` each row begins with a box to tick, which belongs to the form of that id. With
    ``buttons`` (label, url and post of each) it ends with them; those that post belong to
    ``row_form``.
    """
    openings = [_opening(column) for column in columns]
    shapes = [column.kind if column.kind in _DRAWN else "tx" for column in columns]
    pieces: list[str] = []
    boxes = _boxes(ids, form)
    named = next((i for i, column in enumerate(columns) if column.primary), 0)
    for number, row in enumerate(_escaped(rows, len(openings))):
        pieces.append('<tr role="row">')
        if boxes:
            pieces.append(f'{boxes[number]}{row[named][0]}"></label></td>')
        for opening, shape, (text, href, meta, tone) in zip(openings, shapes, row, strict=False):
            if shape == "share" and text:
                shown = _share(text, tone)
            else:
                shown = f'<span class="{shape} {tone}">{text}</span>' if tone and text else text
            if href:
                shown = f'<a href="{href}">{shown}</a>'
            small = f"<small>{meta}</small>" if meta else ""
            pieces.append(f"{opening}{shown}{small}</td>")
        if buttons:
            pieces.append(_acts(buttons[number], row[named][0], row_form))
        pieces.append("</tr>\n")
    return Markup("".join(pieces))  # noqa: S704 - every value in it went through escape()


def _share(text: str, tone: str) -> str:
    """Return a part of a hundred with a small bar, full where it is more than all of it."""
    digits = "".join(sign for sign in text if sign.isdecimal())
    width = 0 if text.startswith("\u2212") else min(int(digits or 0), 100)
    return (
        f'<span class="meter-w"><svg class="meter {tone}" aria-hidden="true">'
        f'<rect width="{width}%" height="6" rx="3"/></svg><span class="num">{text}</span></span>'
    )


def _boxes(ids: Sequence[str], form: str) -> list[str]:
    """Return the cells with the boxes, each up to the name of its row."""
    before = '<td role="cell" class="sel"><label><input class="ck" type="checkbox" name="id"'
    after = f'" form="{escape(form)}" aria-label="'
    return [f'{before} value="{escape(one)}{after}' for one in ids]


def _acts(buttons: Sequence[Any], named: str, form: str) -> str:
    """Return the last cell of a row; ``named`` is its name, safe to print."""
    shown = []
    for one in buttons:
        label = escape(one.label)
        said = f'class="b s" aria-label="{label}: {named}"'
        url = escape(one.url)
        shown.append(
            f'<button {said} form="{escape(form)}" formaction="{url}">{label}</button>'
            if one.post
            else f'<a {said} href="{url}">{label}</a>'
        )
    return f'<td role="cell" class="do">{"".join(shown)}</td>'


def _escaped(rows: Iterable[Iterable[Cell]], width: int) -> Sequence[Sequence[Sequence[str]]]:
    """Return the rows with every value safe to print."""
    lines = [list(row) for row in rows]
    flat = [value for line in lines for cell in line for value in cell]
    texts = ["" if value is None else value for value in flat]
    even = len(flat) == len(lines) * width * 4
    if even and set(map(type, texts)) <= {str}:
        safe = str(escape(_BETWEEN.join(texts))).split(_BETWEEN)
        if len(safe) == len(flat):
            cells = list(zip(*[iter(safe)] * 4, strict=True))
            return [cells[start : start + width] for start in range(0, len(cells), width)]
    return [[[_safe(value) for value in cell] for cell in line] for line in lines]


def _safe(value: Any) -> str:
    return "" if value is None else str(escape(value))


def _opening(column: Any) -> str:
    """Return the opening tag of a column's cells; on a phone the label stands before the value.

    What is in no file is a thing to do, which says itself what it is.
    """
    if not getattr(column, "export", True):
        return '<td role="cell" class="to">'
    wanted = (
        ("pri", column.primary),
        ("num", column.align == "end"),
        ("st", column.kind == "pill"),
        ("at", column.kind in _DATED),
    )
    classes = " ".join(name for name, applies in wanted if applies)
    marked = f' class="{classes}"' if classes else ""
    return f'<td role="cell"{marked} data-l="{escape(column.title)}">'


def _cell(value: Any) -> Cell:
    given = value if isinstance(value, tuple) else (value,)
    return (*given, None, None, None)[:4]
