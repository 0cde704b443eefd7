"""Compare the migrations with the models, on every kind of database this machine offers.

    python tools/schema.py           say where they differ
    python tools/schema.py --write   accept the triggers as they are now in tools/triggers.txt

A database is built by the migrations of core and of every plugin here. Alembic compares it with
the models; what Alembic does not look at (CHECK constraints, what indexes leave out, rules of
foreign keys) is compared with a second database made from the models, so that both have been
through the same server. Triggers are only in migrations, and rebuilding a table on SQLite loses
them silently: their names are kept in a list.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, inspect, text

from portal import migrate
from portal.db import db
from portal.guard import LIMITED
from portal.orm import MODELS, metadata
from portal.reach import EVERYTHING
from portal.testing import make_app
from portal.testing_databases import Database, offered

ROOT = Path(__file__).resolve().parent.parent
TRIGGERS = ROOT / "tools" / "triggers.txt"
NAMES = {
    "sqlite": "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal",
}


def facts(connection: Connection, tables: set[str]) -> set[str]:
    """Return a line for every rule about ``tables`` that the database enforces."""
    found = set()
    look = inspect(connection)
    for table in sorted(tables & set(look.get_table_names())):
        for check in look.get_check_constraints(table):
            words = " ".join(check["sqltext"].split())
            found.add(f"{table}: CHECK {check['name']}: {words}")
        for key in look.get_foreign_keys(table):
            rules = sorted(f"{name}={rule}" for name, rule in key.get("options", {}).items())
            columns = ", ".join(key["constrained_columns"])
            found.add(f"{table}: FOREIGN KEY ({columns}) {key['referred_table']} {rules}")
        for index in look.get_indexes(table):
            if index["name"] and not index["name"].endswith(("_trgm", "_gin")):
                found.add(f"{table}: INDEX {index['name']} {described(index)}")
    return found


def described(index: Any) -> str:
    """Return what an index covers and what it leaves out."""
    options = index.get("dialect_options", {})
    condition = next((rule for name, rule in options.items() if name.endswith("_where")), "")
    columns = index.get("expressions") or index["column_names"]
    return f"{'UNIQUE ' if index['unique'] else ''}{columns} WHERE {condition}"


def open_to(connection: Connection) -> Connection:
    """Return the connection with leave to look at every table."""
    return connection.execution_options(**{LIMITED: EVERYTHING})


def from_models(kind: str, folder: Path, tables: set[str]) -> set[str]:
    """Return the facts of a database made from the models of ``tables`` alone."""
    with Database.made(kind, folder) as database:
        engine = create_engine(database.url)
        metadata.create_all(engine, [t for t in metadata.sorted_tables if t.name in tables])
        with engine.connect() as connection:
            found = facts(connection, tables)
        engine.dispose()
    return found


def examine(kind: str, folder: Path) -> tuple[list[str], list[str]]:
    """Return what differs on one kind of database, and the triggers it has."""
    with Database.made(kind, folder) as database:
        app = make_app(database.url, folder, None)
        plugins = app.extensions["kantor"]
        # A process that ran other tests knows the models of their plugins as well.
        slugs = {"core", *plugins.loaded}
        tables = {name for name, model in MODELS.items() if model.__slug__ in slugs}
        with app.app_context():
            problems = [f"{f.slug}: {f.stage}: {f.reason}" for f in plugins.failures]
            problems += [f"{slug}: its migration failed" for slug in migrate.upgrade(plugins)]
            problems += migrate.differences(plugins)
            with open_to(db.engine.connect()) as connection:
                migrated = facts(connection, tables)
                rows = connection.execute(text(NAMES[kind])).all()
            db.engine.dispose()
    modelled = from_models(kind, folder, tables)
    problems += [f"only in the models: {line}" for line in sorted(modelled - migrated)]
    problems += [f"only in the migrations: {line}" for line in sorted(migrated - modelled)]
    return problems, sorted(f"{kind} {table} {name}" for table, name in rows)


def all_problems(write: bool) -> Iterator[str]:
    """Yield what is wrong on every kind of database."""
    kept = TRIGGERS.read_text().splitlines() if TRIGGERS.exists() else []
    for kind in offered():
        with tempfile.TemporaryDirectory() as folder:
            problems, triggers = examine(kind, Path(folder))
        yield from (f"{kind}: {problem}" for problem in problems)
        known = [line for line in kept if line.startswith(f"{kind} ")]
        if write:
            kept = sorted({*kept, *triggers} - (set(known) - set(triggers)))
            continue
        yield from (f"trigger lost: {line}" for line in sorted(set(known) - set(triggers)))
        yield from (f"trigger not listed: {line}" for line in sorted(set(triggers) - set(known)))
    if write:
        TRIGGERS.write_text("\n".join(kept) + "\n")


def main() -> None:
    """Print the problems, if any."""
    parser = argparse.ArgumentParser(description="Compare migrations and models")
    parser.add_argument("--write", action="store_true", help="accept the triggers as they are")
    found = list(all_problems(parser.parse_args().write))
    sys.exit("\n".join(found) if found else 0)


if __name__ == "__main__":
    main()
