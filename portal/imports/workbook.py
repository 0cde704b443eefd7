"""XLSX, ODS and XLS, opened with distrust: the archive's directory, then a limited child."""

from __future__ import annotations

import json
import os
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from portal.messages import Message, message

from .grid import (
    MAX_ROWS,
    Cell,
    Grid,
    ImportProblem,
    Merged,
    UnreadableFile,
    build_grid,
    column_index,
)

MAX_ENTRIES = 1_000
MAX_DIRECTORY = 1 << 20
MAX_UNPACKED = 50 * 1024 * 1024
MAX_RATIO = 100
SMALL = 100 * 1024  # an entry this small may be packed as tightly as it likes
MAX_ANSWER = 50 * 1024 * 1024
WALL_SECONDS = 30
_PACKINGS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_SECRET = 0x1 | 0x40  # a part with a password, of the old kind or the new
LONGEST_SHEET = 255  # letters of its name

# What an XLSX has, and what an ODS has; inside an XLSX with a password is no zip at all.
_WORKBOOKS = ({"[Content_Types].xml", "xl/workbook.xml"}, {"mimetype", "content.xml"})
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_CHILD = Path(__file__).with_name("workbook_child.py")
_END, _LOCATOR, _END_64 = b"PK\x05\x06", b"PK\x06\x07", b"PK\x06\x06"
# What zipfile raises for a zip that is broken, or of a kind that no spreadsheet writes.
_BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
)
_turns = threading.BoundedSemaphore(2)  # children at once for one process

_DAMAGED = message("The workbook is damaged. Open it in a spreadsheet and save it again as XLSX.")
_NO_WORKBOOK = message("This is not a workbook with a list. Save the list as XLSX, ODS or CSV.")
_TOO_LARGE = message(
    "The workbook is too large when unpacked. Save only the list itself as XLSX or CSV."
)
_UNSAFE = message(
    "The workbook contains parts that a list does not need. Save only the list as XLSX or CSV."
)
_PROTECTED = message("The workbook is protected by a password. Save it without one.")
_NO_RESULT = message(
    "This cell has a formula without a result. Open the file in a spreadsheet, save it "
    "there and send it again."
)
_FAILED = message("The formula in this cell ends in an error. Correct it, or write the value.")


def read_workbook(source: BinaryIO, *, max_rows: int = MAX_ROWS, sheet: str = "") -> Grid:
    """Return the grid of a visible sheet, the first with cells unless one is named.

    Raises UnreadableFile.
    """
    check_archive(source)
    return _read(source, max_rows, sheet)


def read_old_workbook(source: BinaryIO, *, max_rows: int = MAX_ROWS, sheet: str = "") -> Grid:
    """Return the grid of a sheet of an XLS file, or raise UnreadableFile."""
    if _holds(source, _ENCRYPTED):
        raise UnreadableFile(_PROTECTED)
    return _read(source, max_rows, sheet)


def _holds(source: BinaryIO, wanted: bytes) -> bool:
    """Return whether a file holds some bytes, without reading all of it at once."""
    source.seek(0)
    before = b""
    while chunk := source.read(1 << 16):
        if wanted in before + chunk:
            return True
        before = chunk[-len(wanted) :]
    return False


def _read(source: BinaryIO, max_rows: int, sheet: str) -> Grid:
    with _turns, tempfile.TemporaryFile() as copy:
        source.seek(0)
        shutil.copyfileobj(source, copy)
        copy.seek(0)
        with _Child(copy, sheet.replace("\0", "")[:LONGEST_SHEET]) as answers:
            return _grid(answers, max_rows)


def check_archive(source: BinaryIO) -> None:
    """Raise UnreadableFile unless the directory of the zip promises a harmless workbook."""
    if _directory_size(source) > MAX_DIRECTORY:
        raise UnreadableFile(_UNSAFE)
    source.seek(0)
    try:
        with zipfile.ZipFile(source) as archive:
            entries = archive.infolist()
            if reason := _objection(entries):
                raise UnreadableFile(reason)
            if any(_starts_like_zip(archive, entry) for entry in entries):
                raise UnreadableFile(_UNSAFE)
    except _BROKEN_ZIP as error:
        raise UnreadableFile(_DAMAGED) from error


def _objection(entries: list[zipfile.ZipInfo]) -> Message | None:
    names = {entry.filename for entry in entries}
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if any(entry.flag_bits & _SECRET for entry in entries):
        return _PROTECTED
    if not any(parts <= names for parts in _WORKBOOKS):
        return _NO_WORKBOOK
    if len(entries) > MAX_ENTRIES or len(names) < len(entries):
        return _UNSAFE
    if any(entry.compress_type not in _PACKINGS for entry in entries):
        return _UNSAFE
    if any(stat.S_ISLNK(entry.external_attr >> 16) for entry in entries):
        return _UNSAFE
    if unpacked > MAX_UNPACKED or _too_tight(unpacked, packed):
        return _TOO_LARGE
    if any(_too_tight(entry.file_size, entry.compress_size) for entry in entries):
        return _TOO_LARGE
    return None


def _too_tight(unpacked: int, packed: int) -> bool:
    return unpacked > SMALL and unpacked > MAX_RATIO * packed


def _starts_like_zip(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    if entry.is_dir():
        return False
    with archive.open(entry) as part:
        return part.read(4) == b"PK\x03\x04"


def _directory_size(source: BinaryIO) -> int:
    """Return the size the zip claims for its directory: zipfile would read all of it at once."""
    size = source.seek(0, os.SEEK_END)
    start = max(0, size - 65_557)
    source.seek(start)
    tail = source.read()
    sizes: list[int] = []
    at = tail.find(_END)
    while at >= 0:
        # Readers disagree on which of several end records counts, so the largest one does.
        if at + 22 <= len(tail):
            sizes.append(struct.unpack_from("<L", tail, at + 12)[0] % 0xFFFFFFFF)
            sizes += _sizes_64(source, tail, at, start)
        at = tail.find(_END, at + 1)
    if not sizes:
        raise UnreadableFile(_DAMAGED)
    return max(sizes)


def _sizes_64(source: BinaryIO, tail: bytes, at: int, start: int) -> Iterator[int]:
    """Yield the directory's size from the 64-bit record that may stand before an end record."""
    if at < 20 or tail[at - 20 : at - 16] != _LOCATOR:
        return
    claimed: int = struct.unpack_from("<Q", tail, at - 12)[0]
    for offset in (claimed, start + at - 76):
        if 0 <= offset < start + at:
            source.seek(offset)
            record = source.read(56)
            if len(record) == 56 and record.startswith(_END_64):
                yield struct.unpack_from("<Q", record, 40)[0]


class _Child:
    """The reader at work on an open file; on leaving, nothing of it is left running."""

    def __init__(self, copy: BinaryIO, sheet: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(_CHILD), sheet],
            stdin=copy,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={k: v for k, v in os.environ.items() if k in {"SYSTEMROOT", "PATH"}},
        )
        self._timer = threading.Timer(WALL_SECONDS, self._process.kill)

    def __enter__(self) -> Iterator[Any]:
        self._timer.start()
        return self._answers()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._process.kill()
        self._process.stdout.close()  # type: ignore[union-attr]
        self._process.wait()

    def _answers(self) -> Iterator[Any]:
        """Yield what the child says; raise UnreadableFile if it gives up, dies or says too much."""
        said = 0
        for line in self._process.stdout:  # type: ignore[union-attr]
            said += len(line)
            if not line.endswith(b"\n"):
                break
            answer = json.loads(line)
            if answer == "end":
                return
            if answer == "password":
                raise UnreadableFile(_PROTECTED)
            if said > MAX_ANSWER or answer == "memory":
                raise UnreadableFile(_TOO_LARGE)
            yield answer
        # Killed by a limit: the promises of the directory were false.
        raise UnreadableFile(_TOO_LARGE if self._process.wait() < 0 else _DAMAGED)


def _grid(answers: Iterator[Any], max_rows: int) -> Grid:
    about = next(answers)
    grid = build_grid(
        ((number, [_cell(value) for value in cells]) for number, cells in answers),
        max_rows=max_rows,
        merged=[Merged(*first, *last) for first, last in about.get("merged", ())],
        sheet=about["sheet"],
        other_sheets=tuple(about["others"]),
    )
    problems = [
        *_cell_problems(grid, about.get("missing", ()), _NO_RESULT),
        *_cell_problems(grid, about.get("failed", ()), _FAILED),
    ]
    return replace(grid, problems=(*grid.problems, *problems), formulas=about.get("formulas", 0))


def _cell_problems(grid: Grid, cells: Iterable[str], text: Message) -> Iterator[ImportProblem]:
    """Yield a problem for each named cell that belongs to a row of the list."""
    numbers = {row.number for row in grid.rows}
    for cell in cells:
        letters = cell.rstrip("0123456789")
        column, row = column_index(letters), int(cell[len(letters) :] or 0)
        if row in numbers and column < len(grid.header):
            yield ImportProblem(row=row, cell=cell, column=grid.header[column], message=text)


_TYPED: dict[str, Callable[[str], Cell]] = {
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
    "seconds": lambda text: timedelta(seconds=float(text)),
}


def _cell(value: Any) -> Cell:
    """Return a cell from its JSON form; dates and times travel as ``{type: text}``."""
    if isinstance(value, dict):
        ((kind, text),) = value.items()
        return _TYPED[kind](text)
    return "" if value is None else value
