"""One alembic lineage and one version table per plugin, each upgrade in one transaction."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, inspect, select, text

from .db import db, unscoped
from .engine import WRITE
from .guard import LIMITED, kernel_execute
from .orm import CoreBase, metadata
from .plugin import Plugin
from .plugins.models import InstalledPlugin
from .reach import EVERYTHING
from .runtime import Plugins, package_folder

log = logging.getLogger("kantor.migrate")


def _core_folder() -> Path:
    inside = Path(__file__).parent / "migrations"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "migrations"


def lineage(engine: Engine, plugin: Plugin | None = None) -> Any:
    """Return the alembic configuration of core, or of one plugin."""
    from alembic.config import Config

    slug, base = ("core", CoreBase) if plugin is None else (plugin.slug, plugin.models)
    versions = (
        _core_folder() / "versions" if plugin is None else package_folder(plugin) / "migrations"
    )
    config = Config()
    config.set_main_option("script_location", str(_core_folder()))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(versions))
    config.attributes.update(
        engine=engine,
        slug=slug,
        metadata=metadata,
        tables={mapper.class_.__tablename__ for mapper in base.registry.mappers} if base else set(),
        version_table=version_table(slug),
    )
    return config


def version_table(slug: str) -> str:
    """Return the name of the table that says how far a lineage has come."""
    return "alembic_version" if slug == "core" else f"alembic_version_{slug}"


def upgrade_core(engine: Engine) -> None:
    """Bring the portal's own tables up to date."""
    from alembic import command

    command.upgrade(lineage(engine), "head")


def upgrade(plugins: Plugins) -> list[str]:
    """Bring every lineage up to date, core first; return the slugs of the plugins that failed.

    A failing plugin leaves nothing behind, is noted as failed and never active; the others go on.
    """
    from alembic import command

    engine = db.engine
    upgrade_core(engine)
    failed = []
    for slug, plugin in plugins.loaded.items():
        try:
            if plugin.models is not None:
                command.upgrade(lineage(engine, plugin), "head")
        except Exception as error:
            plugins.fail(slug, "migration", error)
            failed.append(slug)
            _note(plugins, plugin, "failed", f"{type(error).__name__}: {error}"[:2000])
        else:
            _note(plugins, plugin, "ready", "")
    from .roles.services import sync_roles

    with unscoped(reason="upgrade") as tx:
        sync_roles(tx, [plugin for slug, plugin in plugins.loaded.items() if slug not in failed])
    return failed


def _note(plugins: Plugins, plugin: Plugin, state: str, reason: str) -> None:
    table = InstalledPlugin.__table__
    with unscoped(reason="upgrade") as tx:
        kernel_execute(tx.session, delete(table).where(table.c.slug == plugin.slug))
        row = {
            "slug": plugin.slug,
            "title": plugin.title.msgid if not isinstance(plugin.title, str) else plugin.title,
            "version": plugins.versions.get(plugin.slug, ""),
            "state": state,
            "reason": reason,
            "upgraded_at": datetime.now(UTC),
        }
        kernel_execute(tx.session, insert(table), row)


def differences(plugins: Plugins) -> list[str]:
    """Return where the models and the migrated schema differ, CHECKs and indexes included."""
    from alembic import command
    from alembic.util import CommandError

    found = []
    for plugin in (None, *(p for p in plugins.loaded.values() if p.models is not None)):
        try:
            command.check(lineage(db.engine, plugin))
        except CommandError as error:
            found.append(f"{plugin.slug if plugin else 'core'}: {error}")
    return found


def downgrade(engine: Engine, plugin: Plugin) -> None:
    """Take a plugin's lineage back to nothing."""
    from alembic import command

    command.downgrade(lineage(engine, plugin), "base")


def _driver(connection: Connection) -> Any:
    """Return SQLite's own connection: a PRAGMA about foreign keys counts only outside a transaction."""
    return connection.connection.driver_connection


def drop_tables(engine: Engine, slug: str) -> list[str]:
    """Drop ``<slug>_*`` and the version table by name, also when the plugin's package is gone."""
    with engine.connect().execution_options(**{WRITE: True, LIMITED: EVERYTHING}) as connection:
        on_sqlite = engine.dialect.name == "sqlite"
        if on_sqlite:
            _driver(connection).execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                names = [
                    name
                    for name in inspect(connection).get_table_names()
                    if name.startswith(f"{slug}_") or name == version_table(slug)
                ]
                if on_sqlite:  # A search table brings shadow tables of its own, which go with it.
                    virtual = (
                        connection.execute(
                            text("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL%'")
                        )
                        .scalars()
                        .all()
                    )
                    shadows = {
                        n for n in names for v in virtual if n != v and n.startswith(f"{v}_")
                    }
                    names = [name for name in names if name not in shadows]
                for name in names:
                    cascade = "" if on_sqlite else " CASCADE"
                    connection.execute(text(f'DROP TABLE "{name}"{cascade}'))
                if not on_sqlite:
                    _drop_functions(connection, slug)
        finally:
            if on_sqlite:
                _driver(connection).execute("PRAGMA foreign_keys=ON")
    return names


def _drop_functions(connection: Any, slug: str) -> None:
    """Drop the trigger functions of a plugin, which PostgreSQL keeps apart from their tables."""
    found = (
        connection.execute(
            text(
                "SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
                " WHERE n.nspname = current_schema() AND p.proname LIKE :prefix"
            ),
            {"prefix": f"{slug}\\_%"},
        )
        .scalars()
        .all()
    )
    for name in found:
        connection.execute(text(f"DROP FUNCTION {name} CASCADE"))


def is_empty(engine: Engine) -> bool:
    """Return whether the database has no tables of the portal yet."""
    return not inspect(engine).has_table("alembic_version")


def installed(tx: Any) -> dict[str, Any]:
    """Return slug -> what the last upgrade made of each plugin."""
    table = InstalledPlugin.__table__
    return {row.slug: row for row in kernel_execute(tx.session, select(table)).all()}
