"""PostgreSQL: one exported snapshot for pg_dump and for our own hashes; pg_restore in one
transaction. Both work wherever the network reaches the server.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Composable, Identifier
from sqlalchemy import URL

from portal.jobs.huey_engine import SCHEMA as QUEUE

from .archive import CHUNK
from .errors import BackupError, NotEmpty, NotRestored
from .manifest import Table
from .programs import major, program

# The snapshot stays open while pg_dump works, and how values are written decides their hash.
OPTIONS = (
    "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c lock_timeout=30000"
    " -c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres -c bytea_output=hex"
    " -c extra_float_digits=1 -c client_encoding=UTF8"
)
SCRATCH = "kantor_scratch"  # the schema of copies that nobody needs to keep, such as tests make
LOCK_PATIENCE = "60s"  # pg_dump waits so long for a migration
TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
 AND NOT EXISTS (SELECT 1 FROM pg_depend d
  WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
"""
KEYS = """
SELECT a.attname, a.attcollation <> 0 FROM pg_index i
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
WHERE i.indrelid = %s::regclass AND i.indisprimary
ORDER BY array_position(i.indkey::int2[], a.attnum)
"""
ANYTHING = """
SELECT CASE c.relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view '
  WHEN 'S' THEN 'sequence ' WHEN 'f' THEN 'foreign table ' ELSE 'table ' END || c.oid::regclass
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
 AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
 AND NOT EXISTS (SELECT 1 FROM pg_depend d
  WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')
UNION ALL SELECT 'function ' || p.oid::regprocedure
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
 AND NOT EXISTS (SELECT 1 FROM pg_depend d
  WHERE d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e')
"""
EXTENSIONS = "SELECT extname FROM pg_extension"


class Snapshot:
    """The database as it was at one moment, held open by a transaction that only reads."""

    kind = "postgresql"

    def __init__(self, connection: psycopg.Connection[Any], url: URL) -> None:
        self._connection, self._url = connection, url
        self.name = connection.info.dbname
        self.server = connection.info.parameter_status("server_version") or ""
        self._exported = connection.execute("SELECT pg_export_snapshot()").fetchone()[0]  # type: ignore[index]
        self._program = program("pg_dump", at_least=major(self.server))
        self.writer = f"pg_dump {self._program.version}"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return what the snapshot answers."""
        return self._connection.execute(sql.encode()).fetchall()

    def tables(self) -> list[str]:
        """Return the names of all tables, those outside of ``public`` with their schema."""
        return _tables(self._connection)

    def hashed(self, table: str) -> Table:
        """Count and hash the rows of a table."""
        return _hashed(self._connection, table)

    def contents(self) -> Iterator[bytes]:
        """Yield what pg_dump writes of the same snapshot."""
        options = ["--format=custom", "--compress=1", "--no-owner", "--no-privileges"]
        options += [f"--exclude-schema={name}" for name in (QUEUE, SCRATCH)]
        options.append(f"--lock-wait-timeout={LOCK_PATIENCE}")
        options += [f"--snapshot={self._exported}", "--no-password"]
        command = [self._program.path, *options, f"--dbname={_conninfo(self._url)}"]
        with tempfile.TemporaryFile() as said:
            running = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=said, env=_environment(self._url)
            )
            assert running.stdout is not None
            try:
                while chunk := running.stdout.read(CHUNK):
                    yield chunk
            finally:
                running.stdout.close()
                code = running.wait()
            if code:
                raise BackupError(f"pg_dump failed: {_last_words(said)}")


@contextmanager
def snapshot(url: URL, _folder: Path) -> Iterator[Snapshot]:
    """Yield a snapshot of a live database, or raise BackupError."""
    try:
        with _connected(url) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            yield Snapshot(connection, url)
    except psycopg.Error as error:
        raise BackupError(f"PostgreSQL: {_in_one_line(error)}.") from error


class Target:
    """The empty database that a backup becomes."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._restorer = ""
        self._extensions: set[Any] = set()

    def require_ready(self, written_by: str) -> None:
        """Raise NotRestored unless the database is empty and a fitting pg_restore is here."""
        try:
            with _connected(self._url) as connection:
                name = connection.info.dbname
                there = connection.execute(ANYTHING.encode()).fetchall()
                self._extensions = set(connection.execute(EXTENSIONS.encode()))
        except psycopg.Error as error:
            raise NotRestored(f"PostgreSQL: {_in_one_line(error)}.") from error
        if there:
            held = f"The database {name} holds something already ({there[0][0]})"
            raise NotEmpty((held, f"drop the database {name} and make it anew"))
        self._restorer = program("pg_restore", at_least=major(written_by)).path

    def restore(self, chunks: Iterator[bytes], cleaning: ExitStack) -> None:
        """Have pg_restore make everything in one transaction."""
        cleaning.callback(self._empty)
        options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
        options += ["--no-comments", "--no-password", f"--dbname={_conninfo(self._url)}"]
        with tempfile.TemporaryFile() as said:
            running = subprocess.Popen(
                [self._restorer, *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=_environment(self._url),
            )
            try:
                _feed(running, chunks)
            except BaseException:
                running.kill()
                running.wait()
                raise
            if running.wait():
                raise NotRestored(f"pg_restore failed: {_last_words(said)}")

    def hashes(self) -> dict[str, Table]:
        """Return what the restored tables hash to."""
        try:
            with _connected(self._url) as connection:
                return {name: _hashed(connection, name) for name in _tables(connection)}
        except psycopg.Error as error:
            raise NotRestored(f"PostgreSQL: {_in_one_line(error)}.") from error

    def finish(self) -> None:
        """Have nothing left to do: pg_restore has committed."""

    def _empty(self) -> None:
        """Remove what pg_restore made: the database was empty before."""
        try:
            with _connected(self._url) as connection:
                while found := connection.execute(ANYTHING.encode()).fetchall():
                    connection.execute(f"DROP {found[0][0]} CASCADE".encode())
                for (name,) in set(connection.execute(EXTENSIONS.encode())) - self._extensions:
                    connection.execute(SQL("DROP EXTENSION {}").format(Identifier(name)))
        except psycopg.Error as error:
            raise NotRestored(
                "The restoring failed, and the database could not be emptied again: drop it and"
                f" make a new one. PostgreSQL: {_in_one_line(error)}."
            ) from error


def _connected(url: URL) -> psycopg.Connection[Any]:
    return psycopg.connect(_conninfo(url, password=True), connect_timeout=5, options=OPTIONS)


def _conninfo(url: URL, *, password: bool = False) -> str:
    """Return how libpq is told of a database; the password goes by the environment."""
    given: dict[str, Any] = url.translate_connect_args(username="user", database="dbname")
    given |= {name: value for name, value in url.query.items() if name != "options"}
    if not password:
        given.pop("password", None)
    return make_conninfo(**given)


def _environment(url: URL) -> dict[str, str]:
    given = {"PGPASSWORD": str(url.password)} if url.password else {}
    return os.environ | {"LC_ALL": "C"} | given


def _feed(running: subprocess.Popen[bytes], chunks: Iterator[bytes]) -> None:
    assert running.stdin is not None
    try:
        for chunk in chunks:
            running.stdin.write(chunk)
        running.stdin.close()
    except BrokenPipeError:  # It has ended early and says why.
        return


def _tables(connection: psycopg.Connection[Any]) -> list[str]:
    """Return all tables but those of the queue, which holds nothing that is not a row of ours."""
    found = connection.execute(TABLES.encode()).fetchall()
    return [
        table if schema == "public" else f"{schema}.{table}"
        for schema, table in found
        if schema not in (QUEUE, SCRATCH)
    ]


def _hashed(connection: psycopg.Connection[Any], table: str) -> Table:
    """Hash a table as COPY writes it, in the order of its key."""
    schema, _, name = table.rpartition(".")
    whole = Identifier(schema or "public", name)
    keys = connection.execute(KEYS, [whole.as_string(connection)]).fetchall()
    order: list[Composable] = [
        Identifier(key) + SQL(' COLLATE "C"' if is_text else "") for key, is_text in keys
    ]
    by = SQL(", ").join(order) if order else SQL('t::text COLLATE "C"')
    columns = connection.execute(SQL("SELECT * FROM {} LIMIT 0").format(whole)).description or ()
    digest, lines = hashlib.sha256(ascii([column.name for column in columns]).encode()), 0
    copied = SQL("COPY (SELECT * FROM {} t ORDER BY {}) TO STDOUT")
    with connection.cursor().copy(copied.format(whole, by)) as rows:
        for piece in rows:
            digest.update(piece)
            lines += bytes(piece).count(b"\n")
    return Table(lines, digest.hexdigest())


def _last_words(said: Any) -> str:
    """Return the line in which a program of PostgreSQL says what went wrong."""
    said.seek(0)
    lines = said.read().decode("utf-8", "replace").strip().splitlines()
    telling = [line for line in lines if "error:" in line] or lines or ["it said nothing"]
    return telling[0].rpartition("error: ")[2]


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
