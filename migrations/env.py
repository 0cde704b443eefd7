"""Runs any lineage: everything or nothing, on SQLite as on PostgreSQL."""

from alembic import context

from portal.engine import WRITE
from portal.guard import LIMITED
from portal.reach import EVERYTHING

here = context.config.attributes
slug, tables, engine = here["slug"], here["tables"], here["engine"]
on_sqlite = engine.dialect.name == "sqlite"


def is_ours(name, reflected):
    if "_fts" in name:  # search tables and their shadows are made by hand
        return False
    return name in tables or (reflected and slug != "core" and name.startswith(f"{slug}_"))


def include_name(name, type_, parents):
    return type_ != "table" or is_ours(name, True)


def include_object(thing, name, type_, reflected, compare_to):
    if type_ == "index" and reflected and name.endswith("_trgm"):
        return False  # made by hand, for PostgreSQL only
    return type_ != "table" or is_ours(name, reflected)


with engine.connect().execution_options(**{WRITE: True, LIMITED: EVERYTHING}) as connection:
    if on_sqlite:  # Rebuilding a table drops it, and a drop cascades; SQLite ignores this inside a transaction.
        connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
    try:
        with connection.begin():
            if not on_sqlite:
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7061)")
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            context.configure(
                connection=connection,
                target_metadata=here["metadata"],
                version_table=here["version_table"],
                include_name=include_name,
                include_object=include_object,
                render_as_batch=True,
                transactional_ddl=True,
                compare_type=True,
            )
            with context.begin_transaction():
                context.run_migrations()
            if on_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
                raise RuntimeError(f"migration leaves a broken reference: {tuple(broken)}")
    finally:
        if on_sqlite:
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")
