"""Restoring a backup into an empty place: everything or nothing."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO, cast

from sqlalchemy import make_url

from portal import __version__, config, migrate
from portal.config import Config
from portal.engine import database_url
from portal.files.store import Store
from portal.plugin import Plugin

from .archive import CONFIGURATION
from .errors import Damaged, NotEmpty, NotRestored
from .making import Say
from .manifest import Manifest, Table
from .reading import Opened

IN_MEMORY = 1 << 20  # a larger file waits on the disk until it is stored


def restore(
    archive: Opened, here: Config, plugins: Mapping[str, Plugin], *, new_key: bool, say: Say
) -> list[str]:
    """Restore an archive; return what the administrator should know, in sentences.

    ``new_key`` says that there is no key here yet. No archive holds one: everybody signs in again.

    Raises BackupError or OSError; then nothing of it is left here. What is newer than this program,
    what is damaged and a place that is not empty are refused before anything is written.
    """
    manifest = archive.manifest
    require_known(manifest, plugins)
    target, store = _target(manifest, here), Store(here.files_url)
    _require_empty(target, store, manifest.database["written_by"].rpartition(" ")[2])
    archive.check(say)
    with ExitStack() as cleaning:
        told = _write_home(archive, here, new_key, cleaning)
        _restore_files(archive, store, cleaning, say)
        say("Restoring the database")
        target.restore(archive.contents(manifest.database_member), cleaning)
        say("Comparing the tables")
        _require_equal(manifest.tables, target.hashes())
        target.finish()
        cleaning.pop_all()
    if manifest.lost:
        told.append(f"{len(manifest.lost):,} files were lost before the backup and are not here.")
    gone = sorted(manifest.heads.keys() - plugins.keys() - {"core"})
    told += [
        f"The plugin {slug} {manifest.plugins.get(slug, '')} is not installed here; its tables were"
        " restored and wait for it."
        for slug in gone
    ]
    return told


def require_known(manifest: Manifest, plugins: Mapping[str, Plugin]) -> None:
    """Raise NotRestored for an archive of a newer portal or plugin than is installed."""
    if _numbers(manifest.kantor) > _numbers(__version__):
        raise NotRestored(
            f"This archive is of Kantor {manifest.kantor}, which is newer than this program"
            f" ({__version__}). Install that version or a newer one."
        )
    for slug, head in manifest.heads.items():
        if (slug == "core" or slug in plugins) and head not in _revisions(plugins.get(slug)):
            what = "Kantor" if slug == "core" else f"the plugin {slug}"
            version = manifest.kantor if slug == "core" else manifest.plugins.get(slug, "")
            raise NotRestored(
                f"This archive is of a newer version of {what} ({version}) than is installed here:"
                f" its migration {head} is not known. Install that version or a newer one."
            )


def is_behind(manifest: Manifest, plugins: Mapping[str, Plugin]) -> bool:
    """Return whether migrations have to follow before the portal starts."""
    newest = {
        slug: _script(plugin).get_current_head()
        for slug, plugin in ((None, None), *plugins.items())
        if plugin is None or plugin.models is not None
    }
    return any(manifest.heads.get(slug or "core") != head for slug, head in newest.items())


def _script(plugin: Plugin | None) -> Any:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(migrate.lineage(cast(Any, None), plugin))


def _revisions(plugin: Plugin | None) -> set[str]:
    if plugin is not None and plugin.models is None:
        return set()
    return {script.revision for script in _script(plugin).walk_revisions()}


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"\d{1,9}(\.\d{1,9})*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def _target(manifest: Manifest, here: Config) -> Any:
    from . import postgresql, sqlite

    url, kind = make_url(database_url(here.database_url)), manifest.database["kind"]
    if url.get_backend_name() != kind:
        raise NotRestored(
            f"This archive is of a database on {_SPOKEN[kind]} and is restored into one only;"
            f" database_url names {_SPOKEN.get(url.get_backend_name(), 'another')}."
        )
    return sqlite.Target(url) if kind == "sqlite" else postgresql.Target(url)


_SPOKEN = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def _require_empty(target: Any, store: Store, written_by: str) -> None:
    """Raise NotEmpty with everything that is in the way."""
    left: list[tuple[str, str]] = []
    try:
        target.require_ready(written_by)
    except NotEmpty as refused:
        left += refused.left
    always = datetime.now(UTC) + timedelta(days=36500)
    if count := sum(1 for _ in store.stored_before(always)):
        folder = store.url.removeprefix("file://")
        left.append((f"{folder} holds files already ({count:,})", f"remove the folder {folder}"))
    if left:
        raise NotEmpty(*left)


def _write_home(archive: Opened, here: Config, new_key: bool, cleaning: ExitStack) -> list[str]:
    """Write the configuration and a new key where there are none; return what was done."""
    told = []
    here.home.mkdir(parents=True, exist_ok=True)
    file, key = here.home / "kantor.toml", here.home / "secret.key"
    if file.exists():
        told.append(f"{file} was here already and stays; what the archive says was left aside.")
    else:
        cleaning.callback(file.unlink, missing_ok=True)
        file.touch(0o600)
        file.write_bytes(b"".join(archive.contents(CONFIGURATION)))
    if new_key:
        cleaning.callback(key.unlink, missing_ok=True)
        config.make_key(here.home)
    return told


def _restore_files(archive: Opened, store: Store, cleaning: ExitStack, say: Say) -> None:
    files = archive.manifest.files
    for number, member in enumerate(files, 1):
        say(f"Restoring file {number:,} of {len(files):,}")
        sha256 = member.name.rpartition("/")[2]
        cleaning.callback(store.remove, sha256)
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as held:
            for chunk in archive.contents(member.name):
                held.write(chunk)
            stored = store.put(cast(BinaryIO, held), limit=member.size)
        if stored.sha256 != sha256:
            store.remove(stored.sha256)
            raise Damaged(member.name, "is not what its name says")


def _require_equal(wanted: Mapping[str, Table], found: Mapping[str, Table]) -> None:
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            raise NotRestored(
                f"The restored table {name} is not the one that was written"
                f" ({_rows(wanted, name)} then, {_rows(found, name)} now); nothing was kept."
            )


def _rows(tables: Mapping[str, Table], name: str) -> str:
    return f"{tables[name].rows:,} rows" if name in tables else "no table"
