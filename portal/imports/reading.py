"""From an uploaded file to a grid: what kind of file it is decides who reads it."""

from __future__ import annotations

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from typing import BinaryIO

from portal.messages import message

from .csv_text import read_csv
from .grid import MAX_ROWS, Grid, UnreadableFile
from .workbook import read_old_workbook, read_workbook

MAX_BYTES = 25 * 1024 * 1024

_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_NO_TABLE = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x1f\x8b",
    b"7z\xbc\xaf",
    b"Rar!",
    b"{\\rtf",
)


def read_table(source: BinaryIO, *, max_rows: int = MAX_ROWS, sheet: str = "") -> Grid:
    """Return the grid of a CSV, XLSX, ODS or XLS file by its content, or raise UnreadableFile.

    ``sheet`` names the sheet of a workbook to read.
    """
    if source.seek(0, 2) > MAX_BYTES:
        raise UnreadableFile(message("The file is larger than 25 MB. Split it into parts."))
    source.seek(0)
    head = source.read(4096)
    if head.startswith(_ZIP):
        return read_workbook(source, max_rows=max_rows, sheet=sheet)
    if head.startswith(_OLD_EXCEL):
        return read_old_workbook(source, max_rows=max_rows, sheet=sheet)
    if head.removeprefix(BOM_UTF8).lstrip().startswith(b"<"):
        raise UnreadableFile(
            message("This is a web page, not a list. Open it in a spreadsheet and save it as XLSX.")
        )
    if head.startswith(_NO_TABLE) or _is_binary(head):
        raise UnreadableFile(
            message("This file is not a list. Choose a CSV, XLSX, ODS or XLS file.")
        )
    return read_csv(source, max_rows=max_rows)


def _is_binary(head: bytes) -> bool:
    """Text has no zeros but by accident; in UTF-16 either byte of a letter may be one."""
    if head.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return head.decode("utf-16", "ignore").count("\0") > 3
    return min(head[0::2].count(0), head[1::2].count(0)) > 3
