"""``kantor init``: a new portal in one conversation."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click


def _zone(_context: Any, _parameter: Any, value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise click.BadParameter("is no time zone such as Asia/Jakarta") from error
    return value


# long: every question of the conversation is an option and an argument
@click.command()
@click.option("--organisation", prompt="Name of the organisation")
@click.option("--language", prompt="Language", type=click.Choice(["en", "id"]), default="en")
@click.option("--time-zone", prompt="Time zone", default="Asia/Jakarta", callback=_zone)
@click.option("--currency", prompt="Currency", default="IDR")
@click.option("--base-url", prompt="Address in the browser", default="http://127.0.0.1:8000")
@click.option("--database-url", default="", help="postgresql://...; an SQLite file when left out.")
@click.option("--administrator", prompt="Your name (the first administrator)")
@click.option("--username", prompt="Your user name")
@click.option(
    "--plugins", default="", help="Slugs to switch on everywhere, with commas; all when left out."
)
@click.pass_obj
def init(
    desk: Any,
    organisation: str,
    language: str,
    time_zone: str,
    currency: str,
    base_url: str,
    database_url: str,
    administrator: str,
    username: str,
    plugins: str,
) -> None:
    """Make a new portal: key, configuration, tables, the first administrator with a
    sign-in link.
    """
    from portal import migrate
    from portal.db import db, unscoped

    _prepare_home(desk.home, base_url, database_url)
    app = desk.app
    with app.app_context():
        if not migrate.is_empty(db.engine):
            raise click.ClickException("this database already holds a portal; nothing was changed")
        migrate.upgrade(app.extensions["kantor"])
        with unscoped(reason="init") as tx:
            found(
                tx,
                kind="real",
                organisation=organisation,
                language=language,
                time_zone=time_zone,
                currency=currency,
            )
        app.extensions["kantor_facts"].forget()
        chosen = [slug.strip() for slug in plugins.split(",") if slug.strip()]
        with unscoped(reason="init") as tx:
            switch_on(tx, chosen or app.extensions["kantor"].loaded)
            token = first_administrator(tx, administrator, username, language)
    from .people import _print_link

    click.echo("The portal is ready. Sign in with this link within 24 hours, it works once:")
    _print_link(desk, token)
    click.echo("Then start it with `kantor serve --with-worker`.")


def _prepare_home(home: Path, base_url: str, database_url: str) -> None:
    """Make the folder, the key and a first configuration; what is there already stays."""
    from portal import config

    home.mkdir(parents=True, exist_ok=True)
    config.make_key(home)
    file = home / "kantor.toml"
    if not file.exists():
        lines = [f'base_url = "{base_url}"']
        if database_url:
            lines.append(f'database_url = "{database_url}"')
        file.write_text("\n".join(lines) + "\n")
        file.chmod(0o600)


def found(tx: Any, **facts: str) -> None:
    """Write what this portal is, for good as far as its kind is concerned."""
    from portal.settings.services import write_facts

    write_facts(tx, **facts)
    tx.audit("core.portal_founded", None, **facts)


def switch_on(tx: Any, slugs: Any) -> None:
    """Switch plugins on everywhere."""
    from portal.plugins.models import PluginActivation

    for slug in slugs:
        tx.session.add(PluginActivation(slug=slug, department_id=None))


def first_administrator(tx: Any, name: str, username: str, language: str) -> str:
    """Add the administrator and return the token of the first sign-in link."""
    from portal.auth import services
    from portal.people.models import Person

    from .finding import role_named
    from .people import assign

    row = Person(name=name, language=language, active_from=tx.today)
    tx.session.add(row)
    tx.session.flush()
    assign(tx, row, role_named(tx, "administrator"), department_id=None, may_grant=True)
    made = services.create_account(tx, row.id, username)
    return str(services.make_link(tx, made, "first_sign_in"))
