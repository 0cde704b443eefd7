"""SQLite: the snapshot is a copy that SQLite itself writes while people go on; restoring is a file
moved into its place.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from .archive import CHUNK
from .errors import BackupError, NotEmpty, NotRestored
from .manifest import Table

PATIENCE = 30.0  # seconds to wait for somebody else's lock
ROWS = 1000  # hashed at once; another number gives other hashes
GZIP = zlib.MAX_WBITS | 16


class Snapshot:
    """The database as it was at one moment, in a file of its own."""

    kind = "sqlite"
    writer = f"SQLite {sqlite3.sqlite_version}"

    def __init__(self, file: Path, name: str) -> None:
        self.file, self.name = file, name
        self.server = sqlite3.sqlite_version
        self._connection = sqlite3.connect(file)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return what the snapshot answers."""
        return self._connection.execute(sql).fetchall()

    def tables(self) -> list[str]:
        """Return the names of all tables."""
        return _tables(self._connection)

    def hashed(self, table: str) -> Table:
        """Count and hash the rows of a table."""
        return _hashed(self._connection, table)

    def contents(self) -> Iterator[bytes]:
        """Yield the copy, compressed."""
        return _compressed(self.file)

    def close(self) -> None:
        """Let go of the copy."""
        self._connection.close()


@contextmanager
def snapshot(url: URL, folder: Path) -> Iterator[Snapshot]:
    """Yield a snapshot of a live database, copied into ``folder``, or raise BackupError."""
    source = Path(str(url.database))
    if not source.is_file():
        raise BackupError(f"There is no database {source}.")
    copy = folder / "database.sqlite3"
    try:
        with closing(
            sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", PATIENCE, uri=True)
        ) as live:
            live.execute("VACUUM INTO ?", (str(copy),))
        with closing(Snapshot(copy, source.name)) as made:
            yield made
    except sqlite3.Error as error:
        raise BackupError(f"SQLite could not copy {source}: {error}.") from error


class Target:
    """The file that a restored database will be."""

    def __init__(self, url: URL) -> None:
        self.file = Path(str(url.database))
        self._new = self.file.with_name(f"{self.file.name}.restoring")

    def require_ready(self, _written_by: str) -> None:
        """Raise NotRestored unless there is no database here, or one without tables."""
        if not self.file.exists() or not self.file.stat().st_size:
            return
        try:
            with closing(sqlite3.connect(self.file, PATIENCE)) as there:
                empty = not there.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        except sqlite3.Error as error:
            raise NotRestored(f"{self.file} is no empty database: {error}.") from error
        if not empty:
            held = f"{self.file} holds something already"
            raise NotEmpty((held, f"remove the file {self.file}"))

    def restore(self, chunks: Iterator[bytes], cleaning: ExitStack) -> None:
        """Write the database beside its place."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        cleaning.callback(self._new.unlink, missing_ok=True)
        self._new.unlink(missing_ok=True)
        self._new.touch(0o600)
        with self._new.open("wb") as target:
            for chunk in _uncompressed(chunks):
                target.write(chunk)

    def hashes(self) -> dict[str, Table]:
        """Return what the restored tables hash to."""
        try:
            with closing(sqlite3.connect(self._new)) as there:
                return {name: _hashed(there, name) for name in _tables(there)}
        except sqlite3.Error as error:
            raise NotRestored(f"SQLite cannot read the restored database: {error}.") from error

    def finish(self) -> None:
        """Put the database into its place."""
        for suffix in ("", "-wal", "-shm"):  # An old journal would be played into the new file.
            self.file.with_name(f"{self.file.name}{suffix}").unlink(missing_ok=True)
        self._new.replace(self.file)


def _tables(connection: sqlite3.Connection) -> list[str]:
    """Return all tables that hold rows; a virtual one holds its own in tables beside it."""
    found = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0 ORDER BY name"
    )
    return [name for (name,) in found]


def _hashed(connection: sqlite3.Connection, table: str) -> Table:
    about = connection.execute(f"PRAGMA table_info({_quoted(table)})").fetchall()
    names = [column[1] for column in about]
    keys = [column[1] for column in sorted(about, key=lambda c: c[5]) if column[5]] or names
    order = ", ".join(map(_quoted, keys))
    digest, count = hashlib.sha256(ascii(names).encode()), 0
    cursor = connection.cursor()
    connection.text_factory = bytes  # As it is stored, whatever it may mean.
    try:
        cursor.execute(f"SELECT * FROM {_quoted(table)} ORDER BY {order}")  # noqa: S608
        while rows := cursor.fetchmany(ROWS):
            # As Python writes them in ASCII, which no version of it does otherwise.
            digest.update(ascii(rows).encode("ascii"))
            count += len(rows)
    finally:
        connection.text_factory = str
    return Table(count, digest.hexdigest())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _compressed(file: Path) -> Iterator[bytes]:
    packed = zlib.compressobj(1, zlib.DEFLATED, GZIP)
    with file.open("rb") as source:
        while chunk := source.read(CHUNK):
            yield packed.compress(chunk)
    yield packed.flush()


def _uncompressed(chunks: Iterator[bytes]) -> Iterator[bytes]:
    opened = zlib.decompressobj(GZIP)
    try:
        for chunk in chunks:
            yield opened.decompress(chunk)
        yield opened.flush()
    except zlib.error as error:
        raise NotRestored(f"The database in the archive cannot be unpacked: {error}.") from error
