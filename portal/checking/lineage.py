"""A plugin's tables: made, compared with its models, filled, taken back and purged."""

from __future__ import annotations

import re
from collections.abc import Iterator

from portal import migrate
from portal.db import db
from portal.gate import Portal
from portal.plugin import Plugin
from portal.plugins.purging import purge
from portal.testing_schema import schema

from .findings import Finding, finding
from .sources import Sources


def findings(app: Portal, sources: Sources, plugin: Plugin, kind: str) -> Iterator[Finding]:
    """Take the tables up, compare them with the models, take them down, and purge them."""
    registry, engine = app.extensions["kantor"], db.engine
    own = registry.loaded.pop(plugin.slug)
    migrate.upgrade(registry)
    registry.loaded[plugin.slug] = own
    before = schema(engine)
    if migrate.upgrade(registry):
        reason = registry.failures[-1].reason
        yield finding(
            "migration-fails", _place(sources, reason), f"its migrations fail on {kind}: {reason}"
        )
        return
    for said in migrate.differences(registry):
        yield finding(
            "migration-differs",
            _place(sources, said),
            f"its migrations and its models differ on {kind}: {said}",
        )
    if plugin.models is not None:
        yield from _down(app, sources, plugin, kind, before)
        migrate.upgrade(registry)
    purge(plugin.slug)
    for line in sorted(schema(engine) ^ before):
        yield finding(
            "migration-stays",
            _place(sources, line),
            f"purging does not bring the schema back on {kind}: {line[:200]}",
        )
    migrate.upgrade(registry)


def _down(
    app: Portal, sources: Sources, plugin: Plugin, kind: str, before: set[str]
) -> Iterator[Finding]:
    engine = db.engine
    try:
        migrate.downgrade(engine, plugin)
    except Exception as error:
        said = f"{type(error).__name__}: {str(error)[:200]}"
        yield finding(
            "migration-stays", _place(sources, said), f"downgrade() fails on {kind}: {said}"
        )
        return
    left = schema(engine) - before
    for line in sorted(line for line in left if "alembic_version_" not in line):
        yield finding(
            "migration-stays",
            _place(sources, line),
            f"downgrade() leaves something behind on {kind}: {line[:200]}",
        )
    for line in sorted(before - schema(engine)):
        yield finding(
            "migration-stays",
            _place(sources, line),
            f"downgrade() takes away what is not its own on {kind}: {line[:200]}",
        )


def _place(sources: Sources, said: str) -> str:
    """Return the last migration that names a table of which something is said, else the last."""
    found = [m for m in sources.modules if m.is_migration and m.path.name != "__init__.py"]
    named = set(re.findall(rf"\b{re.escape(sources.slug)}_\w+", said))
    about = [m for m in found if any(re.search(rf"\b{name}\b", m.text) for name in named)]
    places = sorted(module.place for module in about or found)
    return places[-1] if places else f"{sources.package.replace('.', '/')}/migrations"
