"""``kantor backup`` and ``kantor restore``: one archive of everything, and getting it back."""

from __future__ import annotations

import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

LOST = 3  # exit code of a backup that is good, of a portal that had lost files
# After these nothing half done is left either; a lost terminal is one of them.
ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--keep", type=click.IntRange(1), help="Keep only so many in the folder PATH.")
@click.option("--verify", is_flag=True, help="Check the archive PATH and write nothing.")
@click.option("--note", is_flag=True, help="With --verify: let this portal know that it is whole.")
@click.pass_obj
def backup(desk: Any, path: Path, keep: int | None, verify: bool, note: bool) -> None:
    """Write everything the portal knows into one archive, while people go on working.

    PATH is the new archive, or a folder in which it gets a name with the time. Exit code 0: it is
    good. 1: there is none. 3: it is good, but files of the portal had been lost before.
    """
    with _plainly() as say:
        if note and not verify:
            raise click.UsageError("--note goes with --verify")
        if verify:
            seal = _verify(path, say)
            if note:
                _note(desk.app, lambda tx: _known_whole(tx, path.name, seal))
        elif keep and not path.is_dir():
            raise click.UsageError("--keep needs a folder as PATH")
        else:
            _backup(desk, path, keep, say)


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--upgrade", is_flag=True, help="Bring the tables of an older archive up to date.")
@click.pass_obj
def restore(desk: Any, path: Path, upgrade: bool) -> None:
    """Restore the archive PATH into an empty database and an empty folder of files.

    Everything is checked before, and compared afterwards; when something is wrong, nothing is kept.
    """
    with _plainly() as say:
        _restore(desk, path, upgrade, say)


def _backup(desk: Any, path: Path, keep: int | None, say: Any) -> None:
    from portal.backup import keeping, making

    app = desk.app
    folder = path if path.is_dir() else None
    final = path / keeping.name_at(datetime.now(UTC)) if folder else path
    run = secrets.token_hex(8)
    _note(app, lambda tx: keeping.note_begin(tx, run))
    good = None
    try:
        made = making.make(desk.config, final.absolute(), say=say)
        good = {
            "made_at": made.manifest.made_at,
            "archive": made.path.name,
            "seal": made.seal,
            "lost": len(made.manifest.lost),
        }
    finally:
        _note(app, lambda tx: keeping.note_end(tx, run, good))
    say("")
    click.echo(f"{made.path} ({made.size:,} bytes)")
    _describe(made.manifest, made.seal)
    if made.manifest.lost:
        _tell_lost(made.manifest.lost)
        sys.exit(LOST)  # And nothing is dropped: an older archive may still have them.
    if folder and keep:
        for name in keeping.drop_old(folder, keep):
            click.echo(f"{name} removed")


def _note(app: Any, note: Any) -> None:
    """Let the database know; a backup is no worse when that fails, as on a full disk."""
    from sqlalchemy.exc import DBAPIError

    from portal import migrate
    from portal.db import db, unscoped

    try:
        with app.app_context():
            if not migrate.is_empty(db.engine):
                with unscoped(reason="backup", realm="core") as tx:
                    note(tx)
    except DBAPIError as error:
        click.echo(f"note: the database could not be told of it: {error.orig}".strip(), err=True)


def _known_whole(tx: Any, archive: str, seal: str) -> None:
    from portal.backup import keeping

    keeping.note_verified(tx, archive=archive, seal=seal)


def _verify(path: Path, say: Any) -> str:
    """Read an archive, say what it is, and return its seal."""
    from portal.backup.reading import opened

    with opened(path) as archive:
        archive.check(say)
    say("")
    click.echo(f"{path} is whole, byte for byte.")
    _describe(archive.manifest, archive.seal)
    if archive.manifest.lost:
        _tell_lost(archive.manifest.lost)
    return archive.seal


def _describe(manifest: Any, seal: str) -> None:
    rows = sum(table.rows for table in manifest.tables.values())
    database = manifest.database
    click.echo(
        f"{manifest.organisation} ({manifest.kind}), {manifest.made_at}, Kantor {manifest.kantor},"
        f" {database['kind']} {database['server']}"
    )
    click.echo(f"{len(manifest.tables)} tables, {rows:,} rows, {len(manifest.files):,} files")
    click.echo(f"seal {seal}")


def _tell_lost(lost: Any) -> None:
    click.echo(f"{len(lost):,} files had been lost or damaged before, and are not in it:", err=True)
    for sha256 in lost[:20]:
        click.echo(f"    {sha256}", err=True)


def _restore(desk: Any, path: Path, upgrade: bool, say: Any) -> None:
    from portal.app import create_app
    from portal.backup import restoring
    from portal.backup.reading import opened

    here, new_key = _configuration(desk.home)
    plugins = create_app(here).extensions["kantor"].loaded
    with opened(path) as archive:
        told = restoring.restore(archive, here, plugins, new_key=new_key, say=say)
    say("")
    app = desk.app
    manifest = archive.manifest
    if restoring.is_behind(manifest, plugins):
        if upgrade:
            _upgrade(app)
        else:
            told.append("Its tables are those of an older version: run `kantor db upgrade`.")
    if new_key:
        told.append("The key is a new one: everybody signs in again.")
    click.echo(f"Restored as it was at {manifest.made_at}; every table and file compared.")
    _describe(manifest, archive.seal)
    for sentence in told:
        click.echo(sentence)
    click.echo("Now run `kantor doctor` and `kantor audit verify`, then start the portal.")


def _configuration(home: Path) -> tuple[Any, bool]:
    """Return the configuration of a home that may have no key yet, and whether it lacks one."""
    from portal import config

    try:
        return config.load(home), False
    except config.ConfigError:
        pass
    try:
        return config.load(home, secret_key=secrets.token_urlsafe(48)), True
    except config.ConfigError as error:
        raise click.ClickException(str(error)) from error


def _upgrade(app: Any) -> None:
    from portal import migrate

    with app.app_context():
        for slug in migrate.upgrade(app.extensions["kantor"]):
            click.echo(f"{slug}: its migration failed; it is set aside", err=True)
    click.echo("The tables are up to date.")


@contextmanager
def _plainly() -> Iterator[Any]:
    """Yield how progress is said on a terminal; end the command with a sentence, no traceback."""
    from portal.backup.errors import BackupError

    before = {number: signal.signal(number, _stop) for number in ENDING}
    try:
        yield _say
    except (BackupError, OSError) as error:
        _say("")
        raise click.ClickException(_sentence(error)) from error
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}. Nothing half done was left."
    return str(error)


def _say(what: str) -> None:
    """Write over the line before, on a terminal only."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{what[:78]}")
        sys.stderr.flush()


def _stop(number: int, _frame: Any) -> None:
    raise SystemExit(128 + number)
