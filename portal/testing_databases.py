"""Databases for tests: built once by the migrations, put back to that state before every test."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Engine, create_engine, inspect, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from .engine import database_url
from .guard import LIMITED, WRITE
from .reach import EVERYTHING

KEPT = "kantor_scratch"  # the schema in which PostgreSQL keeps the rows to come back to
LOCAL = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"


def postgres_server(*, durable: bool = False) -> str | None:
    """Return the address of a server for test databases, started here if need be, or None.

    One that is started here is ``durable`` if its commits shall be as safe, and as dear, as those
    of an organisation's server.
    """
    return _server(durable)


@lru_cache(maxsize=1)
def _server(durable: bool) -> str | None:
    for url in (os.environ.get("KANTOR_TEST_POSTGRES"), LOCAL):
        if url and _answers(database_url(url)):
            return database_url(url)
    from . import testing_postgres

    return testing_postgres.start(durable=durable) or testing_postgres.start_embedded()


def _answers(url: str) -> bool:
    engine = create_engine(url, connect_args={"connect_timeout": 2})
    try:
        with engine.connect():
            return True
    except SQLAlchemyError:
        return False
    finally:
        engine.dispose()


@lru_cache(maxsize=1)
def offered(*, durable: bool = False) -> list[str]:
    """Return the databases this machine offers; say what is missing, fail if it is required."""
    if postgres_server(durable=durable) is not None:
        return ["sqlite", "postgresql"]
    required = os.environ.get("KANTOR_TEST_REQUIRE", "").split(",")
    if "postgres" in required:
        raise RuntimeError("KANTOR_TEST_REQUIRE names postgres, but no server answers")
    print("\n*** NO POSTGRESQL: these tests run on SQLite only ***\n", file=sys.stderr)
    return ["sqlite"]


@dataclass
class Database:
    """One database of a test session; only ``kantor_test_<random>`` are ever made and dropped."""

    kind: str
    url: str
    file: Path | None = None
    tables: list[str] = field(default_factory=list)
    filled: list[str] = field(default_factory=list)  # those that had rows when it was remembered

    @classmethod
    @contextmanager
    def made(cls, kind: str, folder: Path) -> Iterator[Database]:
        """Yield a new, empty database and drop it afterwards."""
        name = f"kantor_test_{secrets.token_hex(6)}"
        if kind == "sqlite":
            file = folder / f"{name}.db"
            yield cls(kind, f"sqlite:///{file}", file)
            return
        server = postgres_server()
        assert server is not None
        admin = create_engine(server, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(
                text(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'")
            )
            # Nothing in it is to outlive the server: no commit waits for the disk.
            connection.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
        url = make_url(server).set(database=name)
        try:
            yield cls(kind, url.render_as_string(hide_password=False))
        finally:
            with admin.connect() as connection:
                connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
            admin.dispose()

    def remember(self, engine: Engine) -> None:
        """Keep the present state as the one to come back to."""
        if self.file is not None:
            engine.dispose()
            shutil.copyfile(self.file, self.file.with_suffix(".template"))
            return
        with engine.connect().execution_options(**{WRITE: True, LIMITED: EVERYTHING}) as connection:
            self.tables = inspect(connection).get_table_names()
            counts = (f"SELECT '{name}' WHERE EXISTS (TABLE \"{name}\")" for name in self.tables)
            self.filled = list(connection.scalars(text(" UNION ALL ".join(counts))))
            copies = (f'CREATE TABLE {KEPT}."{name}" AS TABLE "{name}"' for name in self.filled)
            anew = (f"DROP SCHEMA IF EXISTS {KEPT} CASCADE", f"CREATE SCHEMA {KEPT}", *copies)
            connection.execute(text(";".join(anew)))
            connection.commit()

    def restore(self, engine: Engine) -> None:
        """Put every row back as it was remembered, triggers or not."""
        if self.file is not None:
            engine.dispose()
            for suffix in ("-wal", "-shm"):
                Path(f"{self.file}{suffix}").unlink(missing_ok=True)
            shutil.copyfile(self.file.with_suffix(".template"), self.file)
            return
        with engine.connect().execution_options(**{WRITE: True, LIMITED: EVERYTHING}) as connection:
            emptied = (f'DELETE FROM "{name}"' for name in self.tables)
            filled = (f'INSERT INTO "{name}" TABLE {KEPT}."{name}"' for name in self.filled)
            told = ("SET LOCAL session_replication_role = replica", *emptied, *filled)
            connection.execute(text(";".join(told)))
            connection.commit()
