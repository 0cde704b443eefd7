"""Where contents lie: under the name of their SHA-256, in a folder or a bucket by fsspec."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, BinaryIO

from portal.errors import NotFound, ValidationFailed
from portal.messages import message

CHUNK = 1 << 16
MAX_BYTES = 25 * 1024 * 1024  # unless the configuration says otherwise
_SHA256 = frozenset("0123456789abcdef")


class TooLarge(ValidationFailed):
    """The file is larger than the portal takes."""


@dataclass(frozen=True, slots=True)
class Content:
    """What was stored: its name in the store and its size in bytes."""

    sha256: str
    size: int


class Store:
    """Contents by their hash; equal ones are one. No name a person chose ever becomes a path."""

    def __init__(self, url: str, *, largest: int = MAX_BYTES) -> None:
        self.url, self.largest = url, largest

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        from fsspec.core import url_to_fs

        filesystem, root = url_to_fs(self.url)
        return filesystem, str(root).rstrip("/")

    def put(self, source: BinaryIO, *, limit: int | None = None) -> Content:
        """Store all that ``source`` holds and return what it is, or raise TooLarge for more bytes
        than ``limit``, or than the largest file this portal takes.
        """
        limit = self.largest if limit is None else limit
        filesystem, root = self._opened
        filesystem.makedirs(f"{root}/incoming", exist_ok=True)
        incoming = f"{root}/incoming/{secrets.token_hex(16)}"
        digest, size = hashlib.sha256(), 0
        try:
            source.seek(0)
            with filesystem.open(incoming, "wb") as target:
                while chunk := source.read(CHUNK):
                    size += len(chunk)
                    if size > limit:
                        raise TooLarge({"file": _too_large(limit)})
                    digest.update(chunk)
                    target.write(chunk)
                _to_disk(target)
            content = Content(digest.hexdigest(), size)
            path = self._path(content.sha256)
            filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
            # Moved over an equal one too: its age shows that somebody needs it again.
            filesystem.mv(incoming, path)
        except BaseException:
            if filesystem.exists(incoming):
                filesystem.rm(incoming)
            raise
        return content

    def open(self, sha256: str) -> BinaryIO:
        """Return the content for reading, or raise NotFound."""
        filesystem, _ = self._opened
        try:
            opened: BinaryIO = filesystem.open(self._path(sha256), "rb")
        except FileNotFoundError:
            raise NotFound(message("This file is no longer there.")) from None
        return opened

    def remove(self, sha256: str) -> None:
        """Remove a content; one that is not there is no error."""
        filesystem, _ = self._opened
        try:
            filesystem.rm(self._path(sha256))
        except FileNotFoundError:
            return

    def stored_before(self, moment: datetime) -> Iterator[str]:
        """Yield the contents that nobody has stored again since ``moment``."""
        filesystem, root = self._opened
        if not filesystem.exists(root):
            return
        for path, about in filesystem.find(root, detail=True).items():
            name = path.rpartition("/")[2]
            if len(name) == 64 and set(name) <= _SHA256 and _changed(about) < moment:
                yield name

    def _path(self, sha256: str) -> str:
        if len(sha256) != 64 or not set(sha256) <= _SHA256:
            raise NotFound
        return f"{self._opened[1]}/{sha256[:2]}/{sha256}"


def _too_large(limit: int) -> Any:
    return message("The file is larger than {limit} MB.", limit=limit // (1024 * 1024))


def _to_disk(target: Any) -> None:
    """Make a local file survive a power cut; a bucket does so by itself."""
    target.flush()
    try:
        os.fsync(target.fileno())
    except (AttributeError, OSError):
        return


def _changed(about: dict[str, Any]) -> datetime:
    found = about.get("mtime") or about.get("LastModified") or about.get("last_modified")
    if isinstance(found, datetime):
        return found
    return datetime.fromtimestamp(found, UTC) if found else datetime.now(UTC)
