"""``kantor plugin``: what is installed, where it is on, whether it keeps its promises."""

from __future__ import annotations

import json
import sys
import tempfile
from itertools import groupby
from pathlib import Path
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
@click.pass_obj
def rest(desk: Any, slug: str) -> None:
    """Keep everybody out of a plugin until the next `kantor db upgrade`; where it is on stays."""
    from portal import migrate
    from portal.plugins.fitting import noted

    with desk.app.app_context(), _unit() as tx:
        if slug not in noted(tx):
            raise click.ClickException(f"there is no plugin {slug!r} here")
        migrate.put_to_rest(tx, slug)
    click.echo(f"{slug} rests until `kantor db upgrade`")


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


@plugin.command()
@click.argument("name")
@click.option("--thing", default="", help="What one of its records is called: vehicle.")
@click.option("--things", default="", help="What several are called: vehicles.")
@click.option("--indonesian", default="", help="What they are called in Indonesian: kendaraan.")
@click.option("--into", type=click.Path(path_type=Path), help="The folder; kantor-NAME without.")
def new(name: str, thing: str, things: str, indonesian: str, into: Path | None) -> None:
    """Write a new plugin out: a list, a page for each record, forms, an import, tests."""
    from portal.scaffold.making import NotMade, make, names

    try:
        folder = into or Path(f"kantor-{name}")
        written = make(folder, names(name, thing, things, indonesian))
    except NotMade as error:
        raise click.ClickException(str(error)) from error
    for file in written:
        click.echo(f"  {folder}/{file}")
    click.echo(
        f"Next:\n  pip install -e {folder}\n  kantor db upgrade\n  kantor plugin enable {name}"
    )


@plugin.command()
@click.argument("path")
@click.option("--quick", is_flag=True, help="Read its files alone; nothing of it is run.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
def check(path: str, quick: bool, as_json: bool) -> None:
    """Ask whether a plugin keeps its promises: a folder, a wheel, or the slug of an installed one.

    It is asked in a process of its own, on databases of its own; no portal is touched. Exit code 1
    when something is found.
    """
    from portal.checking.asking import asked
    from portal.checking.sources import NoPlugin, found_at, installed

    found = []
    with tempfile.TemporaryDirectory(prefix="kantor-check-") as scratch:
        try:
            here = Path(path)
            chosen = found_at(here, Path(scratch)) if here.exists() else [installed(path)]
        except NoPlugin as error:
            raise click.ClickException(str(error)) from error
        for sources in chosen:
            click.echo(f"{sources.slug}: asking", err=True)
            found += asked(sources, quick=quick, say=lambda line: click.echo(f"  {line}", err=True))
    if as_json:
        click.echo(json.dumps([one.as_dict() for one in found], ensure_ascii=False, indent=2))
    else:
        _print_findings(found)
    if found:
        sys.exit(1)


def _print_findings(found: Any) -> None:
    """Print what was found by rule, each with its place and what to do."""
    for rule, those in groupby(found, key=lambda one: one.rule):
        click.echo(f"\n{rule}")
        for one in those:
            click.echo(f"  {one.where}\n    {one.what}.\n    {one.remedy}.")
    number = len(found)
    click.echo("clean" if not found else f"\n{number} {'thing' if number == 1 else 'things'} found")


def _unit() -> Any:
    from portal.db import unscoped

    return unscoped(reason="command line", realm="core")
