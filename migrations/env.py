"""Runs any lineage: everything or nothing, on SQLite as on PostgreSQL."""

from alembic import context
from sqlalchemy import inspect

from portal.finding.following import drop_following
from portal.guard import LIMITED, WRITE
from portal.orm import Instant
from portal.reach import EVERYTHING
from portal.trigrams import mend_search

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
    if type_ == "index" and reflected and name.endswith(("_trgm", "_gin")):
        return False  # made by hand, for PostgreSQL only
    return type_ != "table" or is_ours(name, reflected)


def render_item(kind, thing, autogen_context):
    """Write our own type as what it is in the database: migrations outlive modules."""
    if kind == "type" and isinstance(thing, Instant):
        return "sa.DateTime(timezone=True)"
    return False


def goes_somewhere():
    """Return whether migrations will run; a comparison with the models goes nowhere."""
    try:
        wanted = context.get_revision_argument()
    except KeyError:
        return False
    return wanted != context.get_context().get_current_revision()


def keep_searchable(*, ctx, **step):
    if on_sqlite:
        mend_search(ctx.connection)


def refuse_foreign_tables(touched):
    allowed = (f"{slug}_", here["version_table"])
    foreign = sorted(name for name in touched if not name.startswith(allowed))
    if foreign and slug != "core":
        raise RuntimeError(f"migration makes or drops tables of others: {', '.join(foreign)}")


def refuse_broken_references(connection):
    if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise RuntimeError(f"migration leaves a broken reference: {tuple(broken)}")


with engine.connect().execution_options(**{WRITE: True, LIMITED: EVERYTHING}) as connection:
    if on_sqlite:
        # Rebuilding a table drops it, and a drop cascades. Inside a transaction nobody listens.
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
                render_item=render_item,
                render_as_batch=True,
                transactional_ddl=True,
                on_version_apply=keep_searchable,
                compare_type=True,
            )
            before = set(inspect(connection).get_table_names())
            if moves := goes_somewhere():
                # No table can be rebuilt that a trigger names.
                drop_following(connection, "" if slug == "core" else slug)
            with context.begin_transaction():
                context.run_migrations()
            refuse_foreign_tables(before ^ set(inspect(connection).get_table_names()))
            if on_sqlite:
                refuse_broken_references(connection)
            if "installed_plugin" in before and moves:
                here["note"](connection, context.get_context().get_current_heads())
            if here["after"] is not None:
                here["after"](connection)
    finally:
        if on_sqlite:
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")
