"""CSV as offices have it: any common encoding, separator and line end, read in little memory."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import BinaryIO

from portal.messages import message

from .grid import MAX_ROWS, Grid, UnreadableFile, build_grid

DELIMITERS = (",", ";", "\t", "|")
_NOTHING = " \r\n" + "".join(DELIMITERS)
CHUNK = 1 << 16
LONGEST_LINE = 1_000_000
SAMPLE_LINES = 200
SAMPLE_LETTERS = 1_000_000
SAMPLE_ROWS = 50

_SEPARATOR_HINT = re.compile(r'"?sep=(.?)"?\s*', re.IGNORECASE)
# Two or more bytes that only make sense together, as UTF-8.
_UTF8_LETTER = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)


def read_csv(source: BinaryIO, *, max_rows: int = MAX_ROWS) -> Grid:
    """Return the grid of a CSV file, or raise UnreadableFile."""
    encoding = detect_encoding(source)
    delimiter, skip = detect_delimiter(source, encoding)
    with _text(source, encoding) as text:
        lines = _lines(text)
        if skip:
            next(lines)
        return build_grid(
            _records(lines, delimiter),
            max_rows=max_rows,
            encoding=encoding.removesuffix("-sig"),
            delimiter=delimiter,
        )


def detect_encoding(source: BinaryIO) -> str:
    """Return the encoding in which the whole file can be read, or raise UnreadableFile."""
    source.seek(0)
    head = source.read(4096)
    candidates = _candidates(head)
    for encoding in candidates:
        broken_at = _first_broken(source, encoding)
        if broken_at is None:
            return encoding
        if encoding == "utf-8" and _has_utf8_letters(source):
            # Some letters are UTF-8 and one is not: another encoding would garble the others.
            raise UnreadableFile(
                message(
                    "Line {line} holds a letter that cannot be read. Save the file again as UTF-8.",
                    line=broken_at,
                )
            )
    raise UnreadableFile(
        message("The letters of this file cannot be read. Save it again as UTF-8 or XLSX.")
    )


def _candidates(head: bytes) -> tuple[str, ...]:
    if head.startswith(codecs.BOM_UTF8):
        return ("utf-8-sig",)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16",)
    half = len(head) // 2
    if half and head[1::2].count(0) * 2 > half:
        return ("utf-16-le",)
    if half and head[0::2].count(0) * 2 > half:
        return ("utf-16-be",)
    return ("utf-8", "cp1252")


def _first_broken(source: BinaryIO, encoding: str) -> int | None:
    """Return the line at which decoding fails, or None; never holds more than a chunk."""
    source.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line = 1
    while True:
        chunk = source.read(CHUNK)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            before = bytes(error.object[: error.start])
            return line + max(before.count(b"\n"), before.count(b"\r"))
        if not chunk:
            return None
        line += max(text.count("\n"), text.count("\r"))


def _has_utf8_letters(source: BinaryIO) -> bool:
    source.seek(0)
    while chunk := source.read(CHUNK):
        if _UTF8_LETTER.search(chunk):
            return True
    return False


def detect_delimiter(source: BinaryIO, encoding: str) -> tuple[str, bool]:
    """Return the separator, and whether the first line only names it (``sep=;``)."""
    with _text(source, encoding) as text:
        sample = list(_sample(_lines(text)))
    hint = _SEPARATOR_HINT.fullmatch(sample[0]) if sample else None
    if hint is not None:
        if hint[1] and not hint[1].isalnum() and hint[1] not in '"\r\0':
            return hint[1], True
        del sample[0]  # It names none.
    fitting = max(DELIMITERS, key=lambda d: (*_fit(sample, d), sum(s.count(d) for s in sample)))
    return fitting, hint is not None


def _sample(lines: Iterator[str]) -> Iterator[str]:
    """Yield the first lines, not many and not much."""
    letters = 0
    for line in islice(lines, SAMPLE_LINES):
        yield line
        letters += len(line)
        if letters > SAMPLE_LETTERS:
            return


def _fit(sample: list[str], delimiter: str) -> tuple[bool, float, int]:
    """Say how well a separator cuts the sample into equally wide rows."""
    widths: list[int] = []
    try:
        for row in csv.reader(sample, delimiter=delimiter):
            if any(cell.strip(_NOTHING) for cell in row):
                widths.append(len(row))
            if len(widths) == SAMPLE_ROWS:
                break
    except csv.Error:
        if not widths:
            return (False, 0.0, 0)
    if not widths:
        return (False, 0.0, 0)
    width, times = Counter(widths).most_common(1)[0]
    return (width > 1, times / len(widths), width)


@contextmanager
def _text(source: BinaryIO, encoding: str) -> Iterator[io.TextIOWrapper]:
    source.seek(0)
    text = io.TextIOWrapper(source, encoding=encoding, newline="")
    try:
        yield text
    finally:
        text.detach()  # The source stays open for whoever gave it.


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Yield lines with their ends (LF, CRLF or CR), none of them longer than the limit."""
    number = 0
    while line := text.readline(LONGEST_LINE):
        number += 1
        if len(line) >= LONGEST_LINE:
            raise UnreadableFile(
                message("Line {line} is too long for a list. Is this a CSV file?", line=number)
            )
        yield line


def _records(lines: Iterator[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    # The number counts records as a spreadsheet does: a quoted line break does not begin a row.
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            yield number, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "field larger" in str(error):
                raise UnreadableFile(
                    message("A cell in row {row} is too long for a list.", row=number)
                ) from None
            raise UnreadableFile(
                message(
                    "The quotation marks in row {row} do not match. "
                    "Each one inside a text must be doubled.",
                    row=number,
                )
            ) from None
