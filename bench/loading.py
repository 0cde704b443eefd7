"""Rows put into a database by the driver's own bulk road, and what all of them agree on."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, text

DEPARTMENTS = 12
PLACES = 60
SUPPLIERS = 40
START = datetime(2026, 1, 5, 8, tzinfo=UTC)
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
AT_ONCE = 50_000  # rows of one COPY, so that no statement takes longer than the portal lets it
Rows = Iterable[dict[str, Any]]


def public_id(number: int) -> str:
    """Return twelve signs that look random, differ for every number and never change."""
    mixed, signs = number * 0x5851F42D4C957F2D % 2**59, ""
    for _ in range(12):
        mixed, rest = divmod(mixed, len(ALPHABET))
        signs += ALPHABET[rest]
    return signs


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
        plain = (tuple(map(_for_sqlite, row)) for row in values)
        driver.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', plain)
        return
    with driver.cursor() as cursor:
        while some := list(itertools.islice(values, AT_ONCE)):
            with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                for row in some:
                    copy.write_row(row)
    if "id" in first:
        connection.execute(text(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))"))


def _for_sqlite(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    return value.isoformat() if isinstance(value, date) else value
