"""Making a backup: a snapshot, the files it names, and a manifest, in one archive or none."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import make_url

from portal import __version__
from portal.config import Config
from portal.engine import database_url
from portal.errors import NotFound
from portal.files.store import Store

from . import archive
from .archive import CHUNK, CONFIGURATION, Member
from .configuration import as_toml
from .errors import BackupError
from .manifest import Manifest, Table

Say = Callable[[str], None]
WORKPLACE = ".kantor-backup-"
OLD = 24 * 3600.0  # seconds after which the workplace of a killed backup is cleared away


@dataclass(frozen=True)
class Made:
    """A backup that lies under its final name."""

    path: Path
    manifest: Manifest
    seal: str
    size: int


def make(config: Config, path: Path, *, say: Say) -> Made:
    """Write a backup to ``path``, which must not exist; people go on working meanwhile.

    Raises BackupError or OSError; then nothing lies under ``path``.
    """
    _require_free(path)
    _clear_away(path.parent)
    with tempfile.TemporaryDirectory(prefix=WORKPLACE, dir=path.parent) as folder:
        unfinished = Path(folder) / "archive.tar"
        with os.fdopen(_for_owner(unfinished), "wb") as target:
            say("Taking a snapshot of the database")
            made_at = datetime.now(UTC).isoformat(timespec="seconds")
            with _snapshot(config, Path(folder)) as snapshot:
                manifest = _write(target, snapshot, config, made_at, say)
            seal = archive.finish(target, manifest.as_bytes())
            target.flush()
            os.fsync(target.fileno())
        size = unfinished.stat().st_size
        _require_free(path)
        unfinished.rename(path)
    _to_disk(path.parent)
    return Made(path, manifest, seal, size)


def _require_free(path: Path) -> None:
    if path.exists():
        raise BackupError(f"{path} is there already and was not touched. Choose another name.")
    if not path.parent.is_dir():
        raise BackupError(f"There is no folder {path.parent}.")


def _clear_away(folder: Path) -> None:
    """Remove what backups that were killed a day ago or more have left in the folder."""
    for left in folder.glob(f"{WORKPLACE}*"):
        if time.time() - left.stat().st_mtime > OLD:
            shutil.rmtree(left, ignore_errors=True)


def _for_owner(file: Path) -> int:
    return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _snapshot(config: Config, folder: Path) -> AbstractContextManager[Any]:
    from . import postgresql, sqlite

    url = make_url(database_url(config.database_url))
    if url.get_backend_name() == "sqlite":
        return sqlite.snapshot(url, folder)
    return postgresql.snapshot(url, folder)


def _write(target: BinaryIO, snapshot: Any, config: Config, made_at: str, say: Say) -> Manifest:
    """Write everything but the manifest, and return that."""
    names = snapshot.tables()
    if "alembic_version" not in names or "portal_info" not in names:
        raise BackupError(f"There is no portal in the database {snapshot.name}.")
    tables: dict[str, Table] = {}
    for number, name in enumerate(names, 1):
        say(f"Reading table {number} of {len(names)}: {name}")
        tables[name] = snapshot.hashed(name)
    facts = dict(snapshot.rows("SELECT key, value FROM portal_info"))
    members = [archive.write(target, CONFIGURATION, [as_toml(config)])]
    database = archive.DATABASES[snapshot.kind]
    members.append(archive.write(target, database, _told(snapshot.contents(), say)))
    files, lost = _write_files(target, snapshot, Store(config.files_url), say)
    return Manifest(
        kantor=__version__,
        made_at=made_at,
        kind=facts.get("kind", "real"),
        organisation=facts.get("organisation", ""),
        database={
            "kind": snapshot.kind,
            "name": snapshot.name,
            "server": snapshot.server,
            "written_by": snapshot.writer,
        },
        heads=_heads(snapshot, names),
        plugins=dict(snapshot.rows("SELECT slug, version FROM installed_plugin ORDER BY slug")),
        tables=tables,
        members=[*members, *files],
        lost=lost,
    )


def _told(chunks: Iterator[bytes], say: Say) -> Iterator[bytes]:
    written = 0
    for chunk in chunks:
        yield chunk
        written += len(chunk)
        say(f"Writing the database: {written // 1_000_000:,} MB")


def _heads(snapshot: Any, names: list[str]) -> dict[str, str]:
    """Return lineage -> the migration it has come to."""
    found = {}
    for name in names:
        if name.startswith("alembic_version"):
            rows = snapshot.rows(f'SELECT version_num FROM "{name}"')  # noqa: S608
            slug = name.removeprefix("alembic_version").removeprefix("_") or "core"
            if rows:
                found[slug] = str(rows[0][0])
    return found


def _write_files(
    target: BinaryIO, snapshot: Any, store: Store, say: Say
) -> tuple[list[Member], list[str]]:
    """Write every file that the snapshot names; return them, and the hashes of those that were
    gone or damaged before.
    """
    wanted = snapshot.rows("SELECT sha256, size FROM stored_file ORDER BY sha256")
    members, lost = [], []
    for number, (sha256, size) in enumerate(wanted, 1):
        say(f"Writing file {number:,} of {len(wanted):,}")
        before = target.tell()
        try:
            with store.open(sha256) as source:
                member = archive.write(target, archive.file_name(sha256), _pieces(source))
        except NotFound:
            member = None
        if member is not None and member.sha256 == sha256 and member.size == size:
            members.append(member)
            continue
        target.seek(before)
        target.truncate()
        lost.append(sha256)
    return members, lost


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    while chunk := source.read(CHUNK):
        yield chunk


def _to_disk(folder: Path) -> None:
    """Make the new name survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
