"""A plugin's migrations, one by one, with rows in its tables: back, and forward again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from portal import migrate
from portal.db import db
from portal.guard import LIMITED, WRITE
from portal.orm import metadata
from portal.reach import EVERYTHING
from portal.testing_schema import rows

from .findings import Finding, finding
from .loading import place_of
from .seeding import Scene
from .sources import Sources

GIVE_A_VALUE = "Give new columns a server_default, or fill them before they are made NOT NULL"
COLUMN = re.compile(r"NOT NULL constraint failed: \w+\.(\w+)|column \"(\w+)\" of relation")
TABLE = re.compile(r"\bof relation \"(\w+)\"|\bfor relation \"(\w+)\"|failed: (\w+)\.\w+")


@dataclass
class Lineage:
    """The revisions of a plugin on one database, and the rows in its tables."""

    made: Scene
    engine: Engine
    kind: str

    @property
    def config(self) -> Any:
        """What alembic is told, anew for each step."""
        return migrate.lineage(self.engine, self.made.plugin)

    def revisions(self) -> list[Any]:
        """Return every revision, the newest first."""
        return list(ScriptDirectory.from_config(self.config).walk_revisions())

    def filled(self) -> dict[str, int]:
        """Return how many rows each table of the plugin has."""
        with self._connected() as connection:
            own = [n for n in inspect(connection).get_table_names() if self._is_own(n)]
            return {
                name: int(connection.scalar(text(f'SELECT count(*) FROM "{name}"')) or 0)
                for name in own
            }

    def columns(self) -> dict[str, set[str]]:
        """Return the columns of each table of the plugin."""
        with self._connected() as connection:
            look = inspect(connection)
            own = [name for name in look.get_table_names() if self._is_own(name)]
            return {name: {column["name"] for column in look.get_columns(name)} for name in own}

    def foreign(self) -> dict[str, list[Any]]:
        """Return the rows of every table that is not the plugin's."""
        every = set(inspect(self.engine).get_table_names())
        own = frozenset(name for name in every if name.startswith(f"{self.made.plugin.slug}_"))
        versions = {n for n in every if n.startswith("alembic_version")} | {"installed_plugin"}
        return rows(self.engine, but=own | versions)

    def varied(self) -> set[tuple[str, str]]:
        """Return the tables and columns in which not every row says the same."""
        with self._connected() as connection:
            return {
                (table, column)
                for table, names in self.columns().items()
                for column in names
                if self._differ(connection, table, column)
            }

    def _differ(self, connection: Any, table: str, column: str) -> bool:
        counted = text(f'SELECT count(DISTINCT CAST("{column}" AS TEXT)) FROM "{table}"')
        return int(connection.scalar(counted) or 0) > 1

    def empty(self, table: str) -> bool:
        """Take the rows of a table away, and those that point at them; tell whether that went."""
        gone = [table]
        for other in metadata.sorted_tables:
            if self._is_own(other.name) and other.name not in gone:
                if any(key.column.table.name in gone for key in other.foreign_keys):
                    gone.append(other.name)
        try:
            with self._connected() as connection:
                there = set(inspect(connection).get_table_names())
                if self.kind == "postgresql":
                    connection.execute(text("SET LOCAL session_replication_role = replica"))
                kept = self._unhindered(connection, gone)
                for name in reversed([name for name in gone if name in there]):
                    connection.execute(text(f'DELETE FROM "{name}"'))
                for trigger in kept:
                    connection.execute(text(trigger))
                connection.commit()
        except SQLAlchemyError:
            return False
        return True

    def _unhindered(self, connection: Any, tables: list[str]) -> list[str]:
        """Take the triggers of tables away, where they cannot be silenced; return how each is made.

        A ledger refuses to lose rows, and only rows that were drawn for the check go here.
        """
        if self.kind != "sqlite":
            return []
        asked = text("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
        found = [row for row in connection.execute(asked) if row.tbl_name in tables]
        for row in found:
            connection.execute(text(f'DROP TRIGGER "{row.name}"'))
        return [row.sql for row in found]

    def _is_own(self, name: str) -> bool:
        return name.startswith(f"{self.made.plugin.slug}_") and "_fts" not in name

    def _connected(self) -> Any:
        return self.engine.connect().execution_options(**{WRITE: True, LIMITED: EVERYTHING})


def findings(sources: Sources, made: Scene, kind: str) -> Iterator[Finding]:
    """Take the tables back revision by revision, each once forward again, with rows in them.

    The tables are gone at the end.
    """
    if made.plugin.models is None:
        return
    with made.app.app_context():
        here = Lineage(made, db.engine, kind)
        for revision in here.revisions():
            found = list(_of_a_revision(sources, here, revision))
            yield from found
            if found:
                return


def _of_a_revision(sources: Sources, here: Lineage, revision: Any) -> Iterator[Finding]:
    place = sources.place(Path(revision.path))
    before = revision.down_revision or "base"
    strangers = here.foreign()
    if failed := _back(here, before):
        said = (
            f"going back from {revision.revision} fails on {here.kind} with rows: {_told(failed)}"
        )
        yield finding("migration-stays", _line(sources, failed) or place, said)
        return
    if touched := _changed(strangers, here.foreign()):
        said = f"going back from {revision.revision} changes rows of {touched} on {here.kind}"
        yield finding("foreign-table", place, said)
        return
    if before == "base":
        yield from _first(here, revision, place)
        return
    kept, varied = here.filled(), here.varied()
    try:
        command.upgrade(here.config, revision.revision)
    except Exception as error:
        said = f"{revision.revision} fails on {here.kind} when there are rows: {_told(error)}"
        yield finding("migration-fails", _line(sources, error) or place, said, GIVE_A_VALUE)
        return
    after = here.filled()
    if lost := sorted(name for name, number in kept.items() if after.get(name, number) < number):
        said = f"{revision.revision} loses rows of {', '.join(lost)} on {here.kind}"
        yield finding("migration-fails", place, said, "Carry them over")
    elif gone := sorted(
        varied & {(t, c) for t, names in here.columns().items() for c in names} - here.varied()
    ):
        table, column = gone[0]
        said = f"{revision.revision} loses what stood in {table}.{column} on {here.kind}"
        yield finding("migration-fails", place, said, "Carry it over")
    if touched := _changed(strangers, here.foreign()):
        said = f"{revision.revision} changes rows of {touched} on {here.kind}"
        yield finding("foreign-table", place, said)
    if failed := _back(here, before):
        once = f"{revision.revision} fails on {here.kind} once it came with rows"
        said = f"going back from {once}: {_told(failed)}"
        yield finding("migration-stays", _line(sources, failed) or place, said)


def _first(here: Lineage, revision: Any, place: str) -> Iterator[Finding]:
    """Make the tables once more: rows of others may not change by it. They are gone at the end."""
    strangers = here.foreign()
    try:
        command.upgrade(here.config, revision.revision)
    except SQLAlchemyError:
        return  # What was left behind stands in its way, and is said elsewhere.
    if touched := _changed(strangers, here.foreign()):
        said = f"{revision.revision} changes rows of {touched} on {here.kind}"
        yield finding("foreign-table", place, said)
    command.downgrade(here.config, "base")


def _changed(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> str:
    """Return the tables whose rows are not what they were."""
    return ", ".join(sorted(n for n in before if n in after and before[n] != after[n]))


def _back(here: Lineage, revision: str) -> Exception | None:
    """Go back to a revision; return why that fails. Rows that the older one cannot keep go."""
    for _ in range(len(here.made.models) + 1):
        columns = here.columns()
        try:
            command.downgrade(here.config, revision)
        except IntegrityError as error:
            table = _too_new(str(error.orig), columns)
            if not table or not here.empty(table):
                return error
        except Exception as error:
            return error
        else:
            return None
    return None  # Not reached: each turn empties a table, and there are no more.


def _too_new(said: str, columns: dict[str, set[str]]) -> str:
    """Return the table with rows that the older revision has no room for, or nothing.

    A CHECK that had fewer words, or a column that was never NULL: nobody can mend that. A column
    that comes back NOT NULL without a value is no such case.
    """
    table = next((next(filter(None, found)) for found in TABLE.findall(said)), "")
    table = table.removeprefix("_alembic_tmp_")
    if named := COLUMN.search(said):
        column = named[1] or named[2]
        return table if column in columns.get(table, ()) else ""
    if "check constraint" in said.lower():
        return table or _of_check(said, columns)
    return ""


def _of_check(said: str, columns: dict[str, set[str]]) -> str:
    """Return the table whose name the name of a constraint begins with."""
    named = [name for name in columns if f"ck_{name}_" in said]
    return max(named, key=len, default="")


def _line(sources: Sources, error: BaseException) -> str:
    """Return the line of the migration in which an error arose."""
    place = place_of(sources, error)
    return place if "/migrations/" in place else ""


def _told(error: BaseException) -> str:
    first = str(getattr(error, "orig", None) or error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {first[0][:200]}"
