"""One alembic lineage and one version table per plugin, each upgrade in one transaction."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import CheckConstraint, Engine, delete, insert, inspect, select

from .admission import package_folder
from .db import db, unscoped
from .finding.services import follow_all
from .guard import kernel_execute
from .orm import CoreBase, metadata
from .plugin import Plugin
from .plugins.models import InstalledPlugin
from .roles.principals import raise_epoch
from .runtime import Failure, Plugins

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
    engine = db.engine
    upgrade_core(engine)
    failed = []
    for slug, plugin in plugins.loaded.items():
        try:
            _upgrade_plugin(engine, plugin)
        except (Exception, SystemExit) as error:
            failed.append(slug)
            _note(plugins, plugin, "failed", Failure(slug, "migration", error).reason[:2000])
            plugins.fail(slug, "migration", error)
        else:
            _note(plugins, plugin, "ready", "")
    follow_all(engine, plugins, without=failed)
    from .roles.services import sync_roles

    with unscoped(reason="upgrade") as tx:
        sync_roles(tx, [plugin for slug, plugin in plugins.loaded.items() if slug not in failed])
    return failed


def _upgrade_plugin(engine: Engine, plugin: Plugin) -> None:
    from alembic import command

    if plugin.models is None:
        return
    config = lineage(engine, plugin)
    if config.attributes["tables"] and not (package_folder(plugin) / "migrations").is_dir():
        raise FileNotFoundError(f"{plugin.package} has models and no folder migrations/")
    command.upgrade(config, "head")
    if missing := sorted(config.attributes["tables"] - set(inspect(engine).get_table_names())):
        raise RuntimeError(f"the migrations make no table {', '.join(missing)}")


def _note(plugins: Plugins, plugin: Plugin, state: str, reason: str) -> None:
    """Remember what became of a plugin; whoever is signed in meets it with the next request."""
    table = InstalledPlugin.__table__
    row = {
        "slug": plugin.slug,
        "title": plugin.title.msgid if not isinstance(plugin.title, str) else plugin.title,
        "version": plugins.versions.get(plugin.slug, ""),
        "state": state,
        "reason": reason,
    }
    with unscoped(reason="upgrade") as tx:
        mine = table.c.slug == plugin.slug
        before = kernel_execute(tx.session, select(table).where(mine)).mappings().one_or_none()
        if before is not None and row.items() <= dict(before).items():
            return
        kernel_execute(tx.session, delete(table).where(mine))
        kernel_execute(tx.session, insert(table), {**row, "upgraded_at": datetime.now(UTC)})
        if before is None or before["state"] != state:
            raise_epoch(tx.session)


def differences(plugins: Plugins) -> list[str]:
    """Return where the models and the migrated schema differ, CHECKs and indexes included."""
    from alembic import command
    from alembic.util import CommandError

    found = []
    for plugin in (None, *(p for p in plugins.loaded.values() if p.models is not None)):
        config = lineage(db.engine, plugin)
        config.stdout = io.StringIO()  # It says on paper that there is nothing to say.
        slug = plugin.slug if plugin else "core"
        try:
            command.check(config)
        except CommandError as error:
            found.append(f"{slug}: {error}")
        different = _different_checks(db.engine, config.attributes["tables"])
        found += [f"{slug}: {said}" for said in different]
    return found


def _different_checks(engine: Engine, tables: set[str]) -> Iterator[str]:
    """Compare CHECK constraints, which alembic does not: by name, on SQLite also by their words."""
    inspector = inspect(engine)
    for table in sorted(tables & set(inspector.get_table_names())):
        wanted = {
            str(check.name): _words(str(check.sqltext.compile(dialect=engine.dialect)))
            for check in metadata.tables[table].constraints
            if isinstance(check, CheckConstraint)
        }
        there = {
            str(check["name"]): _words(str(check["sqltext"]))
            for check in inspector.get_check_constraints(table)
        }
        for name in sorted(wanted.keys() ^ there.keys()):
            yield f"CHECK {name} is {'missing' if name in wanted else 'no longer wanted'}"
        if engine.dialect.name == "sqlite":  # PostgreSQL keeps them in words of its own.
            for name in sorted(wanted.keys() & there.keys()):
                if wanted[name] != there[name]:
                    yield f"CHECK {name} says {there[name]}, not {wanted[name]}"


def _words(sql: str) -> str:
    return " ".join(sql.split())


def downgrade(engine: Engine, plugin: Plugin) -> None:
    """Take a plugin's lineage back to nothing."""
    from alembic import command

    command.downgrade(lineage(engine, plugin), "base")


def is_empty(engine: Engine) -> bool:
    """Return whether the database has no tables of the portal yet."""
    return not inspect(engine).has_table("alembic_version")


def installed(tx: Any) -> dict[str, Any]:
    """Return slug -> what the last upgrade made of each plugin."""
    table = InstalledPlugin.__table__
    return {row.slug: row for row in kernel_execute(tx.session, select(table)).all()}
