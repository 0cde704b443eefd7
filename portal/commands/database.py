"""``kantor db``: the tables and their migrations."""

from __future__ import annotations

import sys
from typing import Any

import click


@click.group()
def db() -> None:
    """Keep the tables up to date."""


@db.command()
@click.pass_obj
def upgrade(desk: Any) -> None:
    """Bring the tables of the portal and of every plugin up to date."""
    from portal import migrate

    plugins = desk.app.extensions["kantor"]
    with desk.app.app_context():
        failed = migrate.upgrade(plugins)
        newer = _newer(plugins)
    for slug in failed:
        why = newer.get(slug) or "its migration failed; it is set aside, nothing of it was changed"
        click.echo(f"{slug}: {why}", err=True)
    click.echo("The tables are up to date.")
    sys.exit(1 if failed else 0)


def _newer(plugins: Any) -> dict[str, str]:
    """Return what to do about each plugin whose tables its installed version does not know."""
    from portal.db import looking
    from portal.plugins.fitting import misfits

    with looking(reason="upgrade", realm="core") as tx:
        found = misfits(tx, plugins)
    return {slug: f"{one.says} {one.remedy}" for slug, one in found.items() if one.newer}


@db.command()
@click.option("--plugin", required=True, help="Slug of the plugin.")
@click.option("--to", default="", help="A version or revision; the version before when left out.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def downgrade(desk: Any, plugin: str, to: str, yes: bool) -> None:
    """Take a plugin's tables back to those of an earlier version, which is installed after it.

    The version that made the tables has to be installed still. The plugin rests until the next
    upgrade; the others go on.
    """
    from portal import migrate
    from portal.plugins import going_back

    plugins = desk.app.extensions["kantor"]
    with desk.app.app_context():
        try:
            step = going_back.step_back(plugins, plugin, to)
            if not yes:
                _ask(plugin, step, going_back.what_is_lost(step))
            lost = going_back.go_back(plugins, step)
        except migrate.NotTakenBack as error:
            raise click.ClickException(str(error)) from error
    for line in lost:
        click.echo(f"{line} is gone")
    whose = f"version {step.version}" if step.version else f"the version with revision {step.to}"
    click.echo(
        f"The tables of {plugin} are at {step.to}. It rests: install {whose}, restart the portal"
        " and its worker, then run `kantor db upgrade`."
    )


def _ask(slug: str, step: Any, lost: list[str]) -> None:
    """Say what would be lost, and ask."""
    click.echo(f"{slug}: from {step.here} back to {step.to}. This goes away for good:")
    for line in lost or ["nothing"]:
        click.echo(f"  {line}")
    click.confirm("Is there a backup, and shall it go back?", abort=True)


@db.command()
@click.pass_obj
def check(desk: Any) -> None:
    """Compare the models with the tables; exit 1 when they differ."""
    from portal import migrate

    with desk.app.app_context():
        found = migrate.differences(desk.app.extensions["kantor"])
    for line in found:
        click.echo(line)
    if not found:
        click.echo("Models and tables agree.")
    sys.exit(1 if found else 0)


@db.command()
@click.option("--plugin", help="Slug of the plugin; the portal itself when left out.")
@click.option("-m", "--message", required=True, help="What the migration does.")
@click.pass_obj
def revision(desk: Any, plugin: str | None, message: str) -> None:
    """Write a new migration from the difference between models and tables."""
    from alembic import command

    from portal import migrate
    from portal.db import db as database

    with desk.app.app_context():
        loaded = desk.app.extensions["kantor"].loaded
        if plugin is not None and plugin not in loaded:
            raise click.ClickException(f"no plugin {plugin!r} is loaded")
        lineage = migrate.lineage(database.engine, loaded[plugin] if plugin else None)
        command.revision(lineage, message, autogenerate=True)
