"""One alembic lineage and one version table per plugin, each upgrade in one transaction."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Container, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Connection,
    Engine,
    column,
    delete,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy import table as table_named

from .admission import package_folder
from .db import db, unscoped
from .finding.services import follow_all
from .guard import LIMITED, kernel_execute
from .lineages import joined
from .orm import CoreBase, metadata
from .plugin import Plugin
from .plugins.fitting import FAILED, READY, RESTING
from .plugins.models import InstalledPlugin
from .reach import EVERYTHING
from .roles.principals import raise_epoch
from .runtime import Failure, Plugins
from .settings.services import remember, remembered
from .work import UnitOfWork

log = logging.getLogger("kantor.migrate")


def _core_folder() -> Path:
    inside = Path(__file__).parent / "migrations"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "migrations"


def lineage(
    engine: Engine,
    plugin: Plugin | None = None,
    *,
    version: str = "",
    after: Callable[[Connection], None] | None = None,
) -> Any:
    """Return the alembic configuration of core, or of one plugin.

    ``version`` is whose tables a plugin has afterwards, if that is known; ``after`` is called with
    the connection while everything can still be taken back.
    """
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
        note=partial(_note_revision, slug=slug, version=version),
        after=after,
    )
    return config


def _note_revision(
    connection: Connection, revisions: Iterable[str], *, slug: str, version: str
) -> None:
    """Note in the transaction of a migration how far the tables of a plugin have come."""
    values = {"revision": joined(revisions)} | ({"version": version} if version else {})
    table = InstalledPlugin.__table__
    connection.execute(update(table).where(table.c.slug == slug).values(values))


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
            _upgrade_plugin(engine, plugins, plugin)
        except TablesNewer as error:  # What is noted of them stays true.
            failed.append(slug)
            plugins.fail(slug, "migration", error)
        except (Exception, SystemExit) as error:
            failed.append(slug)
            _note(plugins, plugin, FAILED, Failure(slug, "migration", error).reason[:2000])
            plugins.fail(slug, "migration", error)
    done = [plugin for slug, plugin in plugins.loaded.items() if slug not in failed]
    follow_all(engine, plugins, without=failed)
    from .roles.services import sync_roles

    with unscoped(reason="upgrade") as tx:
        sync_roles(tx, done)
    for plugin in done:
        _note(plugins, plugin, READY, "")
    return failed


class TablesNewer(Exception):
    """The tables of a plugin have come further than its installed code knows."""


def _upgrade_plugin(engine: Engine, plugins: Plugins, plugin: Plugin) -> None:
    from alembic import command

    if plugin.models is None:
        return
    config = lineage(engine, plugin, version=plugins.versions[plugin.slug])
    if config.attributes["tables"] and not (package_folder(plugin) / "migrations").is_dir():
        raise FileNotFoundError(f"{plugin.package} has models and no folder migrations/")
    code, here = plugins.lineages[plugin.slug], revision_of(engine, plugin.slug)
    if not code.knows(here):
        raise TablesNewer(f"its tables are at {here}, which is not among its migrations")
    if here and not code.fits(here):
        with unscoped(reason="upgrade") as tx:
            put_to_rest(tx, plugin.slug)
    command.upgrade(config, "head")
    if missing := sorted(config.attributes["tables"] - set(inspect(engine).get_table_names())):
        raise RuntimeError(f"the migrations make no table {', '.join(missing)}")


def revision_of(engine: Engine, slug: str) -> str:
    """Return the revision that the tables of a plugin are at; empty for one without tables."""
    if not inspect(engine).has_table(version_table(slug)):
        return ""
    where = table_named(version_table(slug), column("version_num"))
    with engine.connect().execution_options(**{LIMITED: EVERYTHING}) as connection:
        return joined(connection.execute(select(where.c.version_num)).scalars())


def put_to_rest(tx: UnitOfWork, slug: str) -> None:
    """Keep everybody out of a plugin until the next upgrade, and remember whose tables it has."""
    table = InstalledPlugin.__table__
    mine = select(table).where(table.c.slug == slug)
    row = kernel_execute(tx.session, mine).one_or_none()
    if row is None:
        return
    if row.revision and row.version not in ("", row.revision):
        known = remembered(tx, made_key(slug)) or {}
        if known.get(row.version) != row.revision:
            remember(tx, made_key(slug), known | {row.version: row.revision})
    if row.state == READY:
        rests = update(table).where(table.c.slug == slug).values(state=RESTING)
        kernel_execute(tx.session, rests)
        raise_epoch(tx.session)


def made_key(slug: str) -> str:
    """Return under which name the portal remembers at which revision each version's tables were."""
    return f"made:{slug}"


def _note(plugins: Plugins, plugin: Plugin, state: str, reason: str) -> None:
    """Remember what became of a plugin; whoever is signed in meets it with the next request.

    One that failed keeps the tables of the version before.
    """
    table = InstalledPlugin.__table__
    row = {
        "slug": plugin.slug,
        "title": plugin.title.msgid if not isinstance(plugin.title, str) else plugin.title,
        "version": plugins.versions.get(plugin.slug, ""),
        "revision": revision_of(db.engine, plugin.slug),
        "state": state,
        "reason": reason,
    }
    with unscoped(reason="upgrade") as tx:
        mine = table.c.slug == plugin.slug
        before = kernel_execute(tx.session, select(table).where(mine)).mappings().one_or_none()
        if state == FAILED and before is not None and before["revision"]:
            row["version"] = before["version"]
        if before is not None and row.items() <= dict(before).items():
            return
        kernel_execute(tx.session, delete(table).where(mine))
        kernel_execute(tx.session, insert(table), {**row, "upgraded_at": datetime.now(UTC)})
        if before is None or before["state"] != state or before["revision"] != row["revision"]:
            raise_epoch(tx.session)


def differences(plugins: Plugins, *, without: Container[str] = ()) -> list[str]:
    """Return where the models and the migrated schema differ, CHECKs and indexes included."""
    from alembic import command
    from alembic.util import CommandError

    found = []
    chosen = [plugin for slug, plugin in plugins.loaded.items() if slug not in without]
    for plugin in (None, *(p for p in chosen if p.models is not None)):
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


def downgrade(
    engine: Engine,
    plugin: Plugin,
    to: str = "base",
    *,
    version: str = "",
    after: Callable[[Connection], None] | None = None,
) -> None:
    """Take a plugin's tables back to a revision, or to nothing."""
    from alembic import command

    command.downgrade(lineage(engine, plugin, version=version, after=after), to)


class NotTakenBack(ValueError):
    """Why the tables of a plugin stay as they are."""


class OnlyTried(Exception):
    """Raised when a migration was to be seen and not to be kept."""


def take_back(
    plugin: Plugin, to: str, *, version: str, after: Callable[[Connection], None]
) -> None:
    """Take a plugin's tables back, or raise NotTakenBack and leave them as they are."""
    try:
        downgrade(db.engine, plugin, to, version=version, after=after)
    except OnlyTried:
        raise
    except (Exception, SystemExit) as error:
        why = Failure(plugin.slug, "migration", error).reason
        raise NotTakenBack(f"it failed, and nothing was changed: {why}") from error


def is_empty(engine: Engine) -> bool:
    """Return whether the database has no tables of the portal yet."""
    return not inspect(engine).has_table("alembic_version")
