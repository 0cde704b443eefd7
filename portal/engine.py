"""How the portal talks to SQLite and PostgreSQL; plugins never see an engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event, make_url

from .guard import WRITE, trip_unguarded_sql

# execution option of a statement whose parameters decide how PostgreSQL should answer it
PLANNED_ANEW = "kantor_planned_anew"
# execution option of a connection: on SQLite it is refused at once while somebody else writes
AT_ONCE = "kantor_at_once"
PREPARED_AFTER = 5  # times that a statement is sent before PostgreSQL keeps it prepared
WAITS = "busy_timeout=5000"
PRAGMAS = (
    WAITS,
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "journal_size_limit=67108864",
    "cache_size=-8192",  # of every connection; what is mapped needs none
    "mmap_size=268435456",
    # The search tables are kept current by triggers, which OFF forbids for FTS5.
    "trusted_schema=ON",
)
POSTGRES_OPTIONS = (
    "-c timezone=UTC -c statement_timeout=15000 -c lock_timeout=3000"
    " -c idle_in_transaction_session_timeout=30000"
    # A unit that read goes on to write: each of its statements must see the newest state.
    " -c default_transaction_isolation=read\\ committed"
    # On disks without heads a row found by an index costs hardly more than the next one.
    " -c random_page_cost=1.1"
)


def database_url(url: str) -> str:
    """Return ``url`` with the driver the portal uses; ``postgresql://`` means psycopg 3."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def engine_options(url: str, *, kept: int = 8) -> dict[str, Any]:
    """Return what Flask-SQLAlchemy passes to create_engine for this database.

    ``kept`` connections stay open when nobody uses them, of at most 16.
    """
    parsed = make_url(url)
    shared: dict[str, Any] = {"query_cache_size": 2000, "hide_parameters": True}
    if parsed.get_backend_name() == "postgresql":
        connect = {"connect_timeout": 2, "options": POSTGRES_OPTIONS}
        return shared | {
            "pool_pre_ping": True,
            "pool_use_lifo": True,  # the connection that has prepared most comes first
            "pool_size": kept,
            "max_overflow": 16 - kept,
            "pool_timeout": 5,
            "connect_args": connect,
        }
    if parsed.database in (None, "", ":memory:"):
        raise ValueError(
            "an in-memory database shares one connection between all units; use a file"
        )
    Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
    return shared


def set_up(engine: Engine) -> None:
    """Make ``engine`` begin the way we say and refuse SQL that went round the guarded session."""
    event.listen(engine, "before_cursor_execute", trip_unguarded_sql)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "do_connect", _connect_patiently)
        event.listen(engine, "before_cursor_execute", _prepare_unless_planned_anew)


def _connect_patiently(_dialect: Any, _record: Any, arguments: Any, parameters: Any) -> Any:
    from .driver import PatientConnection

    return PatientConnection.connect(*arguments, **parameters)


def _prepare_unless_planned_anew(
    _connection: Any, cursor: Any, _sql: str, _parameters: Any, context: Any, _many: bool
) -> None:
    """Keep a statement whose plan depends on its parameters from being planned once for all."""
    anew = context is not None and context.execution_options.get(PLANNED_ANEW)
    cursor.connection.prepare_threshold = None if anew else PREPARED_AFTER


def _prepare_sqlite(dbapi: Any, _record: Any) -> None:
    dbapi.isolation_level = None  # We say BEGIN ourselves; this also makes DDL transactional.
    for pragma in PRAGMAS:
        dbapi.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    options = connection.get_execution_options()
    begin = "BEGIN IMMEDIATE" if options.get(WRITE) else "BEGIN"
    if not options.get(AT_ONCE):
        connection.exec_driver_sql(begin)
        return
    driver = connection.connection.driver_connection
    driver.execute("PRAGMA busy_timeout=0")
    try:
        connection.exec_driver_sql(begin)
    finally:
        driver.execute(f"PRAGMA {WAITS}")
