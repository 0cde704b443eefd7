"""Putting many rows into a table at once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, insert, select

from .guard import GuardedSession, kernel_execute


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
    kernel_execute(session, insert(table), numbered)
    return made
