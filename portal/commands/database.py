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

    with desk.app.app_context():
        failed = migrate.upgrade(desk.app.extensions["kantor"])
    for slug in failed:
        click.echo(
            f"{slug}: its migration failed; it is set aside, nothing of it was changed", err=True
        )
    click.echo("The tables are up to date.")
    sys.exit(1 if failed else 0)


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
