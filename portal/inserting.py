"""Putting many rows into a table at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from operator import itemgetter
from typing import Any

from sqlalchemy import JSON, ClauseElement, String, func, insert, select
from sqlalchemy.orm import Session

from .guard import LIMITED, GuardedSession, kernel_execute
from .reach import EVERYTHING


def insert_numbered(
    session: GuardedSession, table: Any, key: Any, rows: list[dict[str, Any]]
) -> list[int]:
    """Insert rows under keys taken beforehand, which is quicker than asking for each; return
    the keys.
    """
    if session.get_bind().dialect.name == "postgresql":
        sequence = select(func.pg_get_serial_sequence(table.name, key.name)).scalar_subquery()
        next_key = func.nextval(sequence)
        series = func.generate_series(1, len(rows)).table_valued("n")
        made = sorted(kernel_execute(session, select(next_key).select_from(series)).scalars())
    else:  # Nobody else writes now, so they are the next ones.
        last = kernel_execute(session, select(func.max(key))).scalar_one() or 0
        made = list(range(last + 1, last + 1 + len(rows)))
    numbered = [row | {key.name: new} for row, new in zip(rows, made, strict=True)]
    if (columns := _plain(table, numbered)) is None:
        kernel_execute(session, insert(table), numbered)
    else:
        _insert(session, table, columns, numbered)
    return made


def _plain(table: Any, rows: Sequence[dict[str, Any]]) -> list[Any] | None:
    """Return the columns the rows give; None where more than their values must be thought of."""
    names = rows[0].keys()
    given = [column for column in table.c if column.name in names]
    left = [column for column in table.c if column.name not in names]
    if (
        len(given) < len(names)
        or any(column.default is not None for column in left)
        or any(isinstance(column.type, JSON) for column in given)
        or any(row.keys() != names for row in rows)
        or any(isinstance(value, ClauseElement) for row in rows for value in row.values())
    ):
        return None
    return given


def _insert(
    session: GuardedSession, table: Any, columns: Sequence[Any], rows: Sequence[dict[str, Any]]
) -> None:
    """Insert plain values: a list for each column on PostgreSQL, a tuple for each row on SQLite."""
    connection = Session.connection(session)
    dialect = connection.dialect
    lists = [_bound(column, dialect, map(itemgetter(column.name), rows)) for column in columns]
    prepare = dialect.identifier_preparer
    into = f"INSERT INTO {prepare.format_table(table)}"
    into += f" ({', '.join(prepare.quote(column.name) for column in columns)})"
    sent: Any
    if dialect.name == "postgresql":
        arrays = ", ".join(f"%s::{_kind(column, dialect)}[]" for column in columns)
        sql, sent = f"{into} SELECT * FROM unnest({arrays})", tuple(lists)  # noqa: S608
    else:
        sql = f"{into} VALUES ({', '.join(repeat('?', len(columns)))})"
        sent = list(zip(*lists, strict=True))
    connection.exec_driver_sql(sql, sent, execution_options={LIMITED: EVERYTHING})


def _bound(column: Any, dialect: Any, values: Any) -> list[Any]:
    """Return values as the driver takes them for a column."""
    bind = column.type.dialect_impl(dialect).bind_processor(dialect)
    return list(values if bind is None else map(bind, values))


def _kind(column: Any, dialect: Any) -> str:
    """Return what the values of a column are; a text is not cut to what its column takes."""
    if isinstance(column.type, String):
        return "text"
    return str(column.type.compile(dialect=dialect))
