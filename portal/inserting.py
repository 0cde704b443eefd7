"""Putting many rows into a table at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat
from operator import itemgetter
from types import NoneType
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    ClauseElement,
    Enum,
    String,
    TypeDecorator,
    func,
    insert,
    select,
)
from sqlalchemy.orm import Session

from .guard import LIMITED, GuardedSession, kernel_execute
from .reach import EVERYTHING


def insert_numbered(
    session: GuardedSession, table: Any, key: Any, rows: list[dict[str, Any]]
) -> list[int]:
    """Insert rows under keys taken beforehand, which is quicker than asking for each; return
    the keys.
    """
    if not rows:
        return []
    dialect = session.get_bind().dialect
    if dialect.name == "postgresql":
        sequence = select(func.pg_get_serial_sequence(_quoted(table), key.name)).scalar_subquery()
        next_key = func.nextval(sequence)
        series = func.generate_series(1, len(rows)).table_valued("n")
        made = sorted(kernel_execute(session, select(next_key).select_from(series)).scalars())
    else:  # Nobody else writes now, so they are the next ones.
        last = kernel_execute(session, select(func.max(key))).scalar_one() or 0
        made = list(range(last + 1, last + 1 + len(rows)))
    numbered = [row | {key.key: new} for row, new in zip(rows, made, strict=True)]
    lists = _plain(table, numbered, dialect)
    if lists is None:
        kernel_execute(session, insert(table), numbered)
    else:
        _insert(session, table, lists)
    return made


def _quoted(table: Any) -> str:
    """Return the name of a table as PostgreSQL reads it in a value."""
    parts = [part.replace('"', '""') for part in (table.schema, table.name) if part]
    return ".".join(f'"{part}"' for part in parts)


def _plain(table: Any, rows: Sequence[dict[str, Any]], dialect: Any) -> dict[Any, list[Any]] | None:
    """Return by column what the rows give, as the driver takes it.

    None where more than the values must be thought of.
    """
    names = rows[0].keys()
    given = [column for column in table.c if column.key in names]
    left = [column for column in table.c if column.key not in names]
    if (
        len(given) < len(names)
        or any(column.default is not None for column in left)
        or any(isinstance(_kind(column, dialect), (ARRAY, JSON)) for column in given)
        or any(column.type.bind_expression(column) is not None for column in given)
        or any(row.keys() != names for row in rows)
        or any(isinstance(value, ClauseElement) for row in rows for value in row.values())
    ):
        return None
    lists = {c: _bound(c, dialect, map(itemgetter(c.key), rows)) for c in given}
    alike = all(len(set(map(type, values)) - {NoneType}) < 2 for values in lists.values())
    return lists if alike else None  # The driver for PostgreSQL sends no list of mixed values.


def _insert(session: GuardedSession, table: Any, lists: dict[Any, list[Any]]) -> None:
    """Insert plain values: a list for each column on PostgreSQL, a tuple for each row on SQLite."""
    connection = Session.connection(session)
    dialect = connection.dialect
    prepare = dialect.identifier_preparer
    into = f"INSERT INTO {prepare.format_table(table)}"
    into += f" ({', '.join(prepare.quote(column.name) for column in lists)})"
    sent: Any
    if dialect.name == "postgresql":
        arrays = ", ".join(f"%s::{_name(_kind(column, dialect), dialect)}[]" for column in lists)
        sql, sent = f"{into} SELECT * FROM unnest({arrays})", tuple(lists.values())  # noqa: S608
    else:
        sql = f"{into} VALUES ({', '.join(repeat('?', len(lists)))})"
        sent = list(zip(*lists.values(), strict=True))
    connection.exec_driver_sql(sql, sent, execution_options={LIMITED: EVERYTHING})


def _bound(column: Any, dialect: Any, values: Iterable[Any]) -> list[Any]:
    """Return values as the driver takes them for a column."""
    bind = column.type.dialect_impl(dialect).bind_processor(dialect)
    return list(values if bind is None else map(bind, values))


def _kind(column: Any, dialect: Any) -> Any:
    """Return the type of a column as the database has it, whatever is made of it in Python."""
    kind = column.type.dialect_impl(dialect)
    while isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    return kind


def _name(kind: Any, dialect: Any) -> str:
    """Return what the values are called; a text is not cut to what its column takes."""
    if isinstance(kind, String) and not (isinstance(kind, Enum) and kind.native_enum):
        return "text"
    return str(kind.compile(dialect=dialect))
