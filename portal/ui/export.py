"""Lists as files: CSV, XLSX and JSON, typed, streamed, and read under the same policy as the page.

CSV has a byte order mark and commas, because that is what spreadsheets open without questions.
Numbers stay numbers; text that a spreadsheet would take for a formula gets a leading apostrophe.
Instants stand in the organisation's zone in CSV and XLSX, in UTC in JSON.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from itertools import chain
from typing import TYPE_CHECKING, Any

from flask import Response, current_app

from portal.db import db, new_session
from portal.errors import Conflict
from portal.messages import message
from portal.work import UnitOfWork

from . import xlsx

if TYPE_CHECKING:
    from .table.declaration import Column
    from .table.question import Question
    from .table.typed import Field

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
MOST_ROWS = 1_000_000
FIRST_CHUNK, CHUNK = 200, 2000  # The first is small, so that the answer begins at once.
BOM = "\ufeff"

# What a spreadsheet may take for the start of a formula, also behind blanks and invisible signs.
_RISKY = re.compile(
    "[\t\r]|[\\s\\x00-\\x20\\x7f-\\xa0\\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*"
    "[=+@\uff1d\uff0b\uff20\uff0d\u2212-]"
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

_Rows = Sequence[Any]
_Encode = Callable[[Any], Any]


class TooManyRows(Conflict):
    """The list is longer than an export may be."""

    default = message(
        "This list has more than {most} rows. Filter it and export it in parts.", most="1,000,000"
    )


@dataclass(frozen=True, slots=True)
class Source:
    """A list to be exported: its file's name, its fields, and the question that reads it."""

    name: str
    fields: Sequence[Field]
    question: Question
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class _Figures:
    """What a file of a few rows needs of a source."""

    name: str
    fields: Sequence[Field]
    zone: tzinfo


def response(source: Source, tx: UnitOfWork, wanted: str) -> Response:
    """Return the list as a streamed file; raise TooManyRows if it has over a million rows."""
    if source.question.count_to(tx, MOST_ROWS) > MOST_ROWS:
        raise TooManyRows
    chunks = read(source.question, tx)
    begun = chain([next(chunks, [])], chunks)  # What goes wrong at once is still an error page.
    answer = Response(_WRITERS[wanted](source, begun), content_type=FORMATS[wanted])
    answer.call_on_close(chunks.close)
    filename = f"{source.name.replace('.', '-')}-{tx.today.isoformat()}.{wanted}"
    answer.headers.set("Content-Disposition", "attachment", filename=filename)
    answer.headers["X-Accel-Buffering"] = "no"  # The proxy passes the stream on as it comes.
    return answer


def written(source: Source, tx: UnitOfWork, wanted: str) -> Iterator[bytes]:
    """Yield the list as a file that nobody downloads, as one that is sent by mail."""
    return _WRITERS[wanted](source, read(source.question, tx))


def plain_file(
    tx: UnitOfWork,
    name: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    wanted: str = "csv",
) -> Response:
    """Return the numbers of a page as a file, CSV or XLSX: tuples in the order of ``columns``.

    They are written as a list would write them. For a few hundred rows that are no list.
    """
    from .table.typed import fields

    at = {column.key: place for place, column in enumerate(columns)}
    currency = current_app.extensions["kantor.ui"].currency()
    typed = fields(columns, at, tx.language, currency)
    write = as_xlsx if wanted == "xlsx" else as_csv
    content = write(_Figures(name, typed, tx.zone), [list(rows)])
    answer = Response(b"".join(content), content_type=FORMATS[wanted])
    filename = f"{name}-{tx.today.isoformat()}.{wanted}"
    answer.headers.set("Content-Disposition", "attachment", filename=filename)
    return answer


def read(question: Question, tx: UnitOfWork) -> Generator[_Rows, None, None]:
    """Yield the rows in chunks, each read in a short transaction of an own session of the actor."""
    with new_session() as session:
        session.bind = db.engine  # The request is over before the stream is.
        session.act_as(tx.actor)
        unit = UnitOfWork(session, tx.actor, False, now=tx.now)
        left, here, size = MOST_ROWS, question.start(unit), FIRST_CHUNK
        while left > 0:
            rows = question.rows(unit, here, min(size, left))
            session.rollback()  # Nobody waits for a reader who is still downloading.
            if rows:
                yield rows
            if len(rows) < min(size, left):
                return
            left -= len(rows)
            here, size = question.after(rows[-1]), CHUNK


def inert(text: str) -> str:
    """Return ``text`` without control characters and so that no spreadsheet computes it."""
    if not text.isprintable():
        text = _CONTROL.sub("", text)
    return "'" + text if _RISKY.match(text) else text


def as_csv(source: Source | _Figures, chunks: Iterable[_Rows]) -> Iterator[bytes]:
    """Yield a CSV file."""
    encoders = [_csv_encoder(field, source.zone) for field in source.fields]
    text = io.StringIO()
    text.write(BOM)
    writer = csv.writer(text)
    writer.writerow([inert(field.title) for field in source.fields])
    for rows in chunks:
        writer.writerows([encode(row) for encode in encoders] for row in rows)
        yield _drained(text)
    if text.tell():
        yield _drained(text)


def _drained(text: io.StringIO) -> bytes:
    content = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return content


def _csv_encoder(field: Field, zone: tzinfo) -> _Encode:
    get = field.get
    if field.kind in ("whole", "decimal"):
        return get
    if field.kind == "date":
        return lambda row: None if (day := get(row)) is None else day.isoformat()
    if field.kind == "instant":
        return lambda row: (
            None if (at := get(row)) is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        )
    return lambda row: inert(value) if (value := get(row)) else None


def as_json(source: Source, chunks: Iterable[_Rows]) -> Iterator[bytes]:
    """Yield a JSON array with one object per row, keyed by column."""
    encoders = [_json_encoder(field) for field in source.fields]
    names = [("" if i == 0 else ",") + json.dumps(f.key) + ":" for i, f in enumerate(source.fields)]
    pairs = list(zip(names, encoders, strict=True))
    before = "[\n"
    for rows in chunks:
        if not rows:
            continue
        objects = ["".join([name + encode(row) for name, encode in pairs]) for row in rows]
        yield (before + "{" + "},\n{".join(objects) + "}").encode()
        before = ",\n"
    yield b"[]\n" if before == "[\n" else b"\n]\n"


def _json_encoder(field: Field) -> Callable[[Any], str]:
    get, stored = field.get, field.stored
    if field.kind in ("whole", "decimal"):
        return lambda row: "null" if (value := get(row)) is None else str(value)
    if field.kind == "date":
        return lambda row: "null" if (day := get(row)) is None else f'"{day.isoformat()}"'
    if field.kind == "instant":
        return lambda row: (
            "null" if (at := get(row)) is None else f'"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"'
        )
    dumps = json.JSONEncoder(ensure_ascii=True).encode
    return lambda row: dumps(stored(row))


def as_xlsx(source: Source | _Figures, chunks: Iterable[_Rows]) -> Iterator[bytes]:
    """Yield an XLSX workbook with one sheet."""
    columns = [xlsx.Column(f.title, f.kind, f.digits, f.get) for f in source.fields]
    return xlsx.workbook(source.name, columns, chunks, source.zone)


_WRITERS: dict[str, Callable[[Source, Iterable[_Rows]], Iterator[bytes]]] = {
    "csv": as_csv,
    "xlsx": as_xlsx,
    "json": as_json,
}
