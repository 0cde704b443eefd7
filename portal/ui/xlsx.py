"""Writes a workbook of one sheet as a stream; nothing but the chunk in hand is in memory.

Text is always an inline string, so that none becomes a formula; numbers and dates stay themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import IO, Any, cast
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

LONGEST_TEXT = 32_767  # what a cell may hold
_FIRST_DAY = date(1899, 12, 30).toordinal()
_OLDEST = date(1900, 3, 1)  # Before it, spreadsheets count a day that never was.

# Indexes into cellXfs of _STYLES.
_TEXT, _HEAD, _DATE, _INSTANT, _MONEY, _WHOLE, _PLAIN = 1, 2, 3, 4, 5, 6, 0
_WIDTHS = {"text": 28, "instant": 18, "date": 12}

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPES = (
    f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType='
    '"application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
    '<Override PartName="/xl/styles.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>'
)
_RELATIONS = (
    f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>"
)
_BOOK_RELATIONS = (
    f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
)
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}"><numFmts count="2">'
    '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="7"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    + "".join(
        f'<xf numFmtId="{number}" fontId="{font}" fillId="0" borderId="0" xfId="0"'
        ' applyNumberFormat="1" applyFont="1"/>'
        for number, font in ((49, 0), (49, 1), (164, 0), (165, 0), (4, 0), (3, 0))
    )
    + '</cellXfs><cellStyles count="1">'
    '<cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)
_SHEET_START = (
    f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    "</sheetView></sheetViews>"
)
# What XML forbids or changes on the way, and what Excel reads as an escape of its own.
_ODD = re.compile(
    "[&<>\r]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)"
)
_KEPT = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;", "_": "_x005F_"}
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\]")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the sheet; ``digits`` are those of an amount, -1 for a quantity."""

    title: str
    kind: str  # whole, decimal, date, instant, text, mixed
    digits: int
    get: Callable[[Any], Any]


class _Pipe:
    """A file that only takes bytes and gives them away again."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, part: bytes) -> int:
        self._parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        """Nothing waits anywhere."""

    def drain(self) -> bytes:
        """Return what has come in since the last time."""
        content = b"".join(self._parts)
        self._parts.clear()
        return content


def workbook(
    title: str, columns: Sequence[Column], chunks: Iterable[Sequence[Any]], zone: tzinfo
) -> Iterator[bytes]:
    """Yield the bytes of a workbook with one sheet ``title``; ``chunks`` are lists of rows."""
    pipe = _Pipe()
    with ZipFile(cast(IO[bytes], pipe), "w", ZIP_DEFLATED, compresslevel=1) as book:
        name = escape(_NOT_IN_A_NAME.sub(" ", title)[:31], {'"': "&quot;"})
        for path, content in (
            ("[Content_Types].xml", _TYPES),
            ("_rels/.rels", _RELATIONS),
            ("xl/workbook.xml", _workbook(name)),
            ("xl/_rels/workbook.xml.rels", _BOOK_RELATIONS),
            ("xl/styles.xml", _STYLES),
        ):
            book.writestr(path, content)
        with book.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(_head(columns).encode())
            cells = [(_letters(i), _encoder(column, zone)) for i, column in enumerate(columns)]
            number = 1
            for rows in chunks:
                sheet.write("".join(_rows(rows, cells, number)).encode())
                number += len(rows)
                yield pipe.drain()
            sheet.write(b"</sheetData></worksheet>")
    yield pipe.drain()


def _workbook(name: str) -> str:
    return (
        f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        f'<sheet name="{name}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )


def _head(columns: Sequence[Column]) -> str:
    widths = "".join(
        f'<col min="{i}" max="{i}" width="{_WIDTHS.get(c.kind, 14)}" customWidth="1"/>'
        for i, c in enumerate(columns, 1)
    )
    titles = "".join(
        f'<c r="{_letters(i)}1" s="{_HEAD}" t="inlineStr"><is><t>{_escaped(c.title)}</t></is></c>'
        for i, c in enumerate(columns)
    )
    return f'{_SHEET_START}<cols>{widths}</cols><sheetData><row r="1">{titles}</row>'


def _rows(
    rows: Sequence[Any], cells: Sequence[tuple[str, Callable[[Any], str]]], number: int
) -> Iterator[str]:
    for row in rows:
        number += 1
        yield f'<row r="{number}">'
        for letters, encode in cells:
            if content := encode(row):
                yield f'<c r="{letters}{number}"{content}</c>'
        yield "</row>"


def _encoder(column: Column, zone: tzinfo) -> Callable[[Any], str]:
    """Return the function that gives a row's cell after its reference, or nothing."""
    get = column.get
    if column.kind in ("whole", "decimal"):
        style = _style(column)
        return lambda row: "" if (value := get(row)) is None else f"{style}><v>{value}</v>"
    if column.kind == "date":
        return lambda row: "" if (day := get(row)) is None else _dated(day)
    if column.kind == "instant":
        return lambda row: "" if (at := get(row)) is None else _timed(at.astimezone(zone))
    if column.kind == "mixed":
        return lambda row: _mixed(get(row))
    return lambda row: _text(value) if (value := get(row)) else ""


def _mixed(value: Any) -> str:
    """Return a cell of whatever kind the value is."""
    if isinstance(value, bool):
        return f' t="b"><v>{value:d}</v>'
    if isinstance(value, (int, float)):
        return f"><v>{value!r}</v>"
    if isinstance(value, datetime):
        return _timed(value)
    if isinstance(value, date):
        return _dated(value)
    return _text(str(value)) if value not in (None, "") else ""


def _style(column: Column) -> str:
    if column.kind == "whole":
        return f' s="{_WHOLE}"'
    if column.digits < 0:
        return ""
    return f' s="{_MONEY if column.digits else _WHOLE}"'


def _text(text: str) -> str:
    return f' s="{_TEXT}" t="inlineStr"><is><t xml:space="preserve">{_escaped(text)}</t></is>'


def _dated(day: date) -> str:
    if day < _OLDEST:
        return _text(day.isoformat())
    return f' s="{_DATE}"><v>{day.toordinal() - _FIRST_DAY}</v>'


def _timed(at: datetime) -> str:
    if at.date() < _OLDEST:
        return _text(f"{at:%Y-%m-%d %H:%M}")
    seconds = at.hour * 3600 + at.minute * 60 + at.second
    return f' s="{_INSTANT}"><v>{at.toordinal() - _FIRST_DAY + seconds / 86400:.8f}</v>'


def _escaped(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        text = text[: LONGEST_TEXT - 1] + "…"
    return _ODD.sub(lambda odd: _KEPT.get(odd[0], ""), text) if _ODD.search(text) else text


def _letters(index: int) -> str:
    """Return a column's letters: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
