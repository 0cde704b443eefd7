"""Taking the tables of a plugin back to those of an earlier version, while the rest goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, column, func, inspect, select, table, update

from portal import migrate
from portal.db import db, looking, unscoped
from portal.guard import LIMITED, kernel_execute
from portal.migrate import NotTakenBack, OnlyTried
from portal.plugin import Plugin
from portal.reach import EVERYTHING
from portal.roles.principals import raise_epoch
from portal.runtime import Plugins
from portal.settings.services import remembered

from .fitting import noted
from .models import InstalledPlugin

installed = InstalledPlugin.__table__


@dataclass(frozen=True, kw_only=True)
class Step:
    """The way back: where the tables are, where they shall be, and whose they are then."""

    plugin: Plugin
    here: str
    to: str
    version: str  # empty when no version is known whose tables were there


def step_back(plugins: Plugins, slug: str, wanted: str = "") -> Step:
    """Return the way back to a version or a revision; without one, to the version before.

    Raises NotTakenBack for a plugin or an aim that is unknown.
    """
    plugin = plugins.loaded.get(slug)
    if plugin is None:
        raise NotTakenBack(
            f"no plugin {slug!r} is loaded; the version that made the tables must be installed to"
            " take them back"
        )
    here = migrate.revision_of(db.engine, slug)
    if not here:
        raise NotTakenBack(f"{slug} has no tables here")
    made = _made(slug)
    if not plugins.lineages[slug].knows(here):
        raise NotTakenBack(
            f"the tables of {slug} are at {here}, which version {plugins.versions[slug]} does not"
            f" know: install version {made.get(here) or 'that made them'} again to take them back"
        )
    behind = _behind(db.engine, plugin, here)
    if wanted:
        to = {version: revision for revision, version in made.items()}.get(wanted, wanted)
    else:
        to = next((one for one in behind if one in made), "")
    if to in behind:
        return Step(plugin=plugin, here=here, to=to, version=made.get(to, ""))
    ways = ", ".join(f"{one} (version {made[one]})" if one in made else one for one in behind)
    aims = f"--to takes one of: {ways}" if behind else "there is nothing before it"
    if to == here:
        raise NotTakenBack(f"the tables of {slug} are at {here} already; {aims}")
    said = f"{wanted} is no version or revision before it" if wanted else "say how far"
    raise NotTakenBack(f"the tables of {slug} are at {here}; {said}; {aims}")


def what_is_lost(step: Step) -> list[str]:
    """Return what would go away, in lines: the way back is tried, and not kept.

    Raises NotTakenBack if it fails.
    """
    found: list[tuple[str, str]] = []

    def compare(before: dict[str, set[str]], after: dict[str, set[str]]) -> None:
        found.extend(_gone(before, after))
        raise OnlyTried

    with suppress(OnlyTried):
        _go(step, compare)
    with db.engine.connect().execution_options(**{LIMITED: EVERYTHING}) as connection:
        return [_counted(connection, name, missing) for name, missing in found]


def go_back(plugins: Plugins, step: Step) -> list[str]:
    """Take the tables back and leave the plugin at rest; return what went away, in lines.

    A way back that fails changes nothing, and raises NotTakenBack.
    """
    slug, lost = step.plugin.slug, list[str]()
    with unscoped(reason="upgrade") as tx:
        state = noted(tx)[slug].state
        migrate.put_to_rest(tx, slug)

    def compare(before: dict[str, set[str]], after: dict[str, set[str]]) -> None:
        lost.extend(_said(*one) for one in _gone(before, after))

    try:
        _go(step, compare)
    except NotTakenBack:
        with unscoped(reason="upgrade") as tx:
            again = update(installed).where(installed.c.slug == slug).values(state=state)
            kernel_execute(tx.session, again)
            raise_epoch(tx.session)
        raise
    with unscoped(reason="upgrade", realm="core") as tx:
        versions = {"before": plugins.versions[slug], "version": step.version or step.to}
        tx.audit("core.plugin_taken_back", slug=slug, **versions, done=lost)
    return lost


def _go(step: Step, compare: Any) -> None:
    """Take the tables back; ``compare`` sees those before and after while it can be undone."""
    slug = step.plugin.slug
    with db.engine.connect().execution_options(**{LIMITED: EVERYTHING}) as connection:
        before = _columns(connection, slug)

    def after(connection: Connection) -> None:
        compare(before, _columns(connection, slug))

    version = step.version or step.to
    migrate.take_back(step.plugin, step.to, version=version, after=after)


def _made(slug: str) -> dict[str, str]:
    """Return revision -> the version whose tables were there, the one of now included."""
    with looking(reason="upgrade", realm="core") as tx:
        known = remembered(tx, migrate.made_key(slug)) or {}
        row = noted(tx).get(slug)
    made = {revision: version for version, revision in known.items()}
    return made if row is None else {row.revision: row.version} | made


def _behind(engine: Engine, plugin: Plugin, here: str) -> list[str]:
    """Return the revisions before one, the newest first."""
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(migrate.lineage(engine, plugin))
    return [one.revision for one in script.iterate_revisions(here, "base") if one.revision != here]


def _columns(connection: Connection, slug: str) -> dict[str, set[str]]:
    """Return the columns of a plugin's tables; what searches use is made anew by itself."""
    inspector = inspect(connection)
    own = [name for name in inspector.get_table_names() if name.startswith(f"{slug}_")]
    names = [name for name in own if "_fts" not in name]
    return {name: {one["name"] for one in inspector.get_columns(name)} for name in names}


def _gone(before: dict[str, set[str]], after: dict[str, set[str]]) -> Iterator[tuple[str, str]]:
    """Yield (table, column) of what is no longer there; no column for a whole table."""
    for name, columns in sorted(before.items()):
        if name not in after:
            yield name, ""
        else:
            yield from ((name, gone) for gone in sorted(columns - after[name]))


def _said(name: str, missing: str) -> str:
    return f"column {missing} of table {name}" if missing else f"table {name}"


def _counted(connection: Connection, name: str, missing: str) -> str:
    """Say what goes away and in how many rows something is written there."""
    rows = func.count(column(missing)) if missing else func.count()
    count = connection.execute(select(rows).select_from(table(name))).scalar_one()
    return (
        f"{_said(name, missing)}, filled in {count:,} rows"
        if missing
        else (f"{_said(name, missing)}, {count:,} rows")
    )
