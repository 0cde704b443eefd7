"""Rows put into a database by the driver's own bulk road, and what all of them agree on."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, text

DEPARTMENTS = 12
PLACES = 60
SUPPLIERS = 40
START = datetime(2026, 1, 5, 8, tzinfo=UTC)
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
PAIRS = [low + high for high in ALPHABET for low in ALPHABET]
AT_ONCE = 50_000  # rows of one COPY, so that no statement takes longer than the portal lets it
ON_SQLITE = (
    "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql > ''"
)
OF_WORDS = "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%USING fts5%'"
ON_POSTGRESQL = (
    "SELECT 'INDEX', indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index"
    " JOIN pg_class ON pg_class.oid = indexrelid"
    " WHERE relnamespace = 'public'::regnamespace AND NOT indisunique"
)
Rows = Iterable[dict[str, Any]]


def public_id(number: int) -> str:
    """Return twelve signs that look random, differ for every number and never change."""
    mixed, signs = number * 0x5851F42D4C957F2D % 2**59, ""
    for _ in range(6):
        mixed, rest = divmod(mixed, len(PAIRS))
        signs += PAIRS[rest]
    return signs


@contextmanager
def indexed_afterwards(connection: Connection) -> Iterator[None]:
    """Have indexes made after the rows are in, which is several times faster than meanwhile.

    On SQLite also the triggers, and the indexes of words that they keep.
    """
    run = connection.exec_driver_sql
    sqlite = connection.dialect.name == "sqlite"
    kept = run(ON_SQLITE if sqlite else ON_POSTGRESQL).all()
    if sqlite:
        run("PRAGMA cache_size = -1000000")
    for kind, name, _ in kept:
        run(f'DROP {kind} "{name}"')
    yield
    for _, _, made in kept:
        run(made)
    if sqlite:
        for table in run(OF_WORDS).scalars():
            run(f'INSERT INTO "{table}" ("{table}") VALUES (\'rebuild\')')


def load(connection: Connection, table: str, rows: Rows) -> None:
    """Put rows, all of the same shape, into ``table`` by the driver's fastest road."""
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return
    names = ", ".join(f'"{name}"' for name in first)
    values = (tuple(row.values()) for row in itertools.chain([first], rows))
    driver = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(first))
        plain = (tuple(_KEPT[type(v)](v) if type(v) in _KEPT else v for v in row) for row in values)
        driver.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', plain)
        return
    with driver.cursor() as cursor:
        while some := list(itertools.islice(values, AT_ONCE)):
            with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                for row in some:
                    copy.write_row(row)
    if "id" in first:
        connection.execute(text(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))"))


@lru_cache(maxsize=100_000)
def _instant(value: datetime) -> str:
    return value.strftime("%Y-%m-%d %H:%M:%S.%f")


_KEPT: dict[type, Callable[[Any], str]] = {datetime: _instant, date: date.isoformat}  # by SQLite
