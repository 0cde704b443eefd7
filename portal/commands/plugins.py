"""``kantor plugin``: what is installed, where it is on, and getting rid of it."""

from __future__ import annotations

from typing import Any

import click


@click.group()
def plugin() -> None:
    """Look after plugins."""


@plugin.command(name="list")
@click.pass_obj
def list_(desk: Any) -> None:
    """Print every plugin with its version and state."""
    registry = desk.app.extensions["kantor"]
    for slug in registry.loaded:
        click.echo(f"{slug} {registry.versions.get(slug, '')} loaded")
    for failure in registry.failures:
        click.echo(f"{failure.slug} set aside at {failure.stage}: {failure.reason}")
    for slug in sorted(registry.disabled):
        click.echo(f"{slug} disabled by configuration")


@plugin.command()
@click.argument("slug")
@click.option("--department", help="Name of the department; everywhere when left out.")
@click.pass_obj
def enable(desk: Any, slug: str, department: str | None) -> None:
    """Switch a plugin on, everywhere or for one department."""
    from portal.plugins import services

    from .finding import department_named

    if slug not in desk.app.extensions["kantor"].loaded:
        raise click.ClickException(f"no plugin {slug!r} is loaded; `kantor plugin list` says why")
    with desk.app.app_context(), _unit() as tx:
        services.switch_on(tx, slug, department_named(tx, department))
    click.echo(f"{slug} is on")


@plugin.command()
@click.argument("slug")
@click.option("--department", help="Name of the department; wherever it is on when left out.")
@click.pass_obj
def disable(desk: Any, slug: str, department: str | None) -> None:
    """Switch a plugin off; its data stays. Works for a plugin that cannot be imported, too."""
    from portal.plugins import services

    from .finding import department_named

    with desk.app.app_context(), _unit() as tx:
        if department is None:
            services.switch_off_all(tx, slug)
        else:
            services.switch_off(tx, slug, department_named(tx, department))
    click.echo(f"{slug} is off")


@plugin.command()
@click.argument("slug")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def purge(desk: Any, slug: str, yes: bool) -> None:
    """Remove everything a plugin has stored, also after its package is gone. The audit stays."""
    from portal.plugins.purging import NotPurged, purge

    if not yes:
        click.confirm(
            f"Remove all tables and files of {slug!r} for good? Make a backup first", abort=True
        )
    with desk.app.app_context():
        try:
            done = purge(slug)
        except NotPurged as error:
            raise click.ClickException(str(error)) from error
    for line in done:
        click.echo(line)


def _unit() -> Any:
    from portal.db import unscoped

    return unscoped(reason="command line", realm="core")
