"""The index of trigrams that a list is searched with, made in migrations and kept by SQLite."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, column, select, table

_MADE = re.compile(  # how _creation() begins on SQLite
    r"CREATE VIRTUAL TABLE (?P<fts>\w+) USING fts5\((?P<columns>[\w, ]+),"
    r" content='(?P<name>\w+)', content_rowid='(?P<key>\w+)'"
)


def search_table(table_name: str) -> str:
    """Return the name of the search table of ``table_name``."""
    return f"{table_name}_fts"


class Operations(Protocol):
    """What a migration's ``op`` offers, as far as it is needed here."""

    def execute(self, sqltext: str) -> Any: ...
    def get_bind(self) -> Any: ...


def create_search(
    op: Operations, table_name: str, columns: Sequence[str], *, key: str = "id"
) -> None:
    """Make the index that ``matching`` uses over ``columns`` of a table, in a migration.

    SQLite keeps it current by triggers. What a rebuild of the table (``batch_alter_table``) loses
    of them is made again behind the migration; before a searched column goes, drop the search.
    """
    for statement in _creation(op.get_bind().dialect.name, table_name, list(columns), key):
        op.execute(statement)


def drop_search(op: Operations, table_name: str, columns: Sequence[str]) -> None:
    """Remove what ``create_search`` made."""
    if op.get_bind().dialect.name == "postgresql":
        for name in columns:
            op.execute(f"DROP INDEX IF EXISTS {_trigram_index(table_name, name)}")
        return
    for event in ("insert", "update", "delete"):
        op.execute(f"DROP TRIGGER {search_table(table_name)}_{event}")
    op.execute(f"DROP TABLE {search_table(table_name)}")


def mend_search(connection: Connection) -> None:
    """Make again what rebuilds of searched tables have lost: SQLite drops triggers with a table."""
    schema = table("sqlite_master", column("name"), column("type"), column("sql"))
    triggers = set(connection.scalars(select(schema.c.name).where(schema.c.type == "trigger")))
    for (sql,) in connection.execute(select(schema.c.sql).where(schema.c.sql.is_not(None))).all():
        if (made := _MADE.match(sql)) and f"{made['fts']}_insert" not in triggers:
            columns = made["columns"].split(", ")
            for statement in _creation("sqlite", made["name"], columns, made["key"])[1:]:
                connection.exec_driver_sql(statement)


def _trigram_index(table_name: str, name: str) -> str:
    return f"ix_{table_name}_{name}_trgm"


def _creation(dialect: str, name: str, columns: list[str], key: str) -> list[str]:
    if dialect == "postgresql":
        indexes = [
            f"CREATE INDEX {_trigram_index(name, c)} ON {name} USING gin ({c} gin_trgm_ops)"
            for c in columns
        ]
        available = "SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'"
        made = "".join(f"{statement}; " for statement in indexes)
        # Without the extension searching is slow, as `kantor doctor` says, and works all the same.
        made = f"CREATE EXTENSION IF NOT EXISTS pg_trgm; {made}"
        return [f"DO $$ BEGIN IF EXISTS ({available}) THEN {made}END IF; END $$"]
    fts, listed = search_table(name), ", ".join(columns)
    old, new = (", ".join(f"{row}.{c}" for c in columns) for row in ("old", "new"))
    options = f"content='{name}', content_rowid='{key}', tokenize='trigram', columnsize=0"
    update = f"AFTER UPDATE OF {key}, {listed} ON {name}"
    changed = " OR ".join(f"old.{c} IS NOT new.{c}" for c in columns)
    # The text stays in the table itself; a changed row must be taken out with the words it had.
    gone = f"INSERT INTO {fts} ({fts}, rowid, {listed}) VALUES ('delete', old.{key}, {old});"  # noqa: S608
    come = f"INSERT INTO {fts} (rowid, {listed}) VALUES (new.{key}, {new});"  # noqa: S608
    return [
        f"CREATE VIRTUAL TABLE {fts} USING fts5({listed}, {options})",
        f"CREATE TRIGGER {fts}_insert AFTER INSERT ON {name} BEGIN {come} END",
        f"CREATE TRIGGER {fts}_delete AFTER DELETE ON {name} BEGIN {gone} END",
        f"CREATE TRIGGER {fts}_update {update} WHEN {changed} BEGIN {gone} {come} END",
        f"INSERT INTO {fts} ({fts}) VALUES ('rebuild')",  # noqa: S608
    ]
