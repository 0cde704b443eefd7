"""The command ``kantor``: what an administrator does on the machine itself."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import click
from sqlalchemy.engine import make_url

from . import __version__, config
from .config import Config, ConfigError


@dataclass
class Desk:
    """What every command works with: the home folder, the configuration and, once needed, the
    portal.
    """

    home: Path
    announced: bool = False

    @cached_property
    def config(self) -> Config:
        """The configuration; a faulty one ends the command with a line per fault."""
        try:
            return config.load(self.home)
        except ConfigError as error:
            for line in str(error).splitlines():
                click.echo(f"configuration: {line}", err=True)
            raise SystemExit(2) from error

    @cached_property
    def app(self) -> Any:
        """The portal; which database it has is the first line of standard error."""
        from .app import create_app

        app = create_app(self.config)
        self.announce(app)
        return app

    def announce(self, app: Any) -> None:
        """Say on standard error which database this is and whether it is real."""
        url = make_url(self.config.database_url).render_as_string(hide_password=True)
        click.echo(f"{url} ({kind_of(app)})", err=True)


def kind_of(app: Any) -> str:
    """Return real, demo or test, or ``empty`` for a database without the portal's tables."""
    from sqlalchemy.exc import DBAPIError

    from .db import db
    from .migrate import is_empty

    with app.app_context():
        try:
            if is_empty(db.engine):
                return "empty"
        except DBAPIError:
            return "not reachable"
    return str(app.extensions["kantor_facts"]["kind"])


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kantor")
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    help="Folder with kantor.toml, key, files and database.",
)
@click.pass_context
def main(context: click.Context, home: Path | None) -> None:
    """Kantor, the portal of the back office."""
    context.obj = Desk(home or config.default_home())


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--threads", default=8, show_default=True)
@click.option("--with-worker", is_flag=True, help="Run the worker as a child of this process.")
@click.pass_obj
def serve(desk: Desk, host: str, port: int, threads: int, with_worker: bool) -> None:
    """Serve the portal with waitress; production uses gunicorn behind nginx."""
    from .commands.serving import serve_portal

    serve_portal(desk, host=host, port=port, threads=threads, with_worker=with_worker)


@main.command()
@click.option("--child", is_flag=True, hidden=True, help="End when standard input closes.")
@click.pass_obj
def worker(desk: Desk, child: bool) -> None:
    """Run background work: jobs, events, what recurs."""
    from .commands.serving import end_with_parent
    from .jobs.worker import run

    if child:
        end_with_parent()
    run(desk.app)


@main.group(name="config")
def config_group() -> None:
    """Look at the configuration."""


@config_group.command(name="check")
@click.pass_obj
def config_check(desk: Desk) -> None:
    """Say whether the configuration can be used."""
    click.echo(f"{desk.config.home}: the configuration is sound")


@config_group.command(name="show")
@click.pass_obj
def config_show(desk: Desk) -> None:
    """Print every value in force; secrets stay hidden."""
    for name, value in desk.config.model_dump(mode="json").items():
        click.echo(f"{name} = {value}")


@main.command()
@click.pass_obj
def doctor(desk: Desk) -> None:
    """Look for everything that is wrong and say what to do; exit 1 when something severe is."""
    from .commands.doctor import examine

    found = examine(desk.app)
    for problem in found:
        mark = "problem" if problem.severe else "note"
        click.echo(f"{mark}: {problem.title}\n    {problem.remedy}")
    if any(problem.severe for problem in found):
        sys.exit(1)
    click.echo("Everything is in order.")


def _add_groups() -> None:
    from .commands import audit, backup, database, demo, init, mail, people, plugins

    for command in (
        init.init,
        demo.demo,
        database.db,
        people.person,
        people.account,
        people.role,
        plugins.plugin,
        audit.audit,
        mail.mail,
        backup.backup,
        backup.restore,
    ):
        main.add_command(command)


_add_groups()

if __name__ == "__main__":
    main()
