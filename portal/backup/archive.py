"""The file of a backup: a plain tar that every tar can read, in which no byte is free.

The headers depend on name and size alone, so a reader knows each byte beforehand: what is not in a
header, in a content with its hash, or a zero, is damage. Names never become paths here.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from .errors import Damaged

BLOCK = 512
CHUNK = 1 << 18
END = bytes(2 * BLOCK)
MANIFEST, SEAL = "manifest.json", "manifest.sha256"
DATABASES = {"sqlite": "database.sqlite3.gz", "postgresql": "database.dump"}
CONFIGURATION = "kantor.toml"
_NAMES = re.compile(
    r"database\.sqlite3\.gz|database\.dump|kantor\.toml|manifest\.json|manifest\.sha256"
    r"|files/([0-9a-f]{2})/\1[0-9a-f]{62}"
)


@dataclass(frozen=True, slots=True)
class Member:
    """One content of an archive: its name, its size in bytes and its SHA-256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where the content of a member lies in the archive."""

    name: str
    size: int
    offset: int


def file_name(sha256: str) -> str:
    """Return the name of a stored file in an archive."""
    return f"files/{sha256[:2]}/{sha256}"


def write(target: BinaryIO, name: str, chunks: Iterable[bytes]) -> Member:
    """Append a member to an archive; its size need not be known beforehand."""
    start = target.tell()
    target.write(bytes(BLOCK))
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        target.write(chunk)
    target.write(bytes(-size % BLOCK))
    end = target.tell()
    target.seek(start)
    target.write(_header(name, size))
    target.seek(end)
    return Member(name, size, digest.hexdigest())


def finish(target: BinaryIO, manifest: bytes) -> str:
    """Append the manifest and its seal, end the archive; return the seal."""
    seal = write(target, MANIFEST, [manifest]).sha256
    write(target, SEAL, [_seal_line(seal)])
    target.write(END)
    return seal


def places(source: BinaryIO) -> list[Place]:
    """Return where everything lies, or raise Damaged for a byte outside of the contents."""
    length = source.seek(0, os.SEEK_END)
    found: list[Place] = []
    position = 0
    while (block := _read(source, position, BLOCK)) != bytes(BLOCK):
        place = _place(block, position)
        position = place.offset + place.size
        padding = -place.size % BLOCK
        if position + padding + len(END) > length:
            raise Damaged(f"it ends inside {place.name},", "some of it is missing")
        if _read(source, position, padding) != bytes(padding):
            raise Damaged(f"the end of {place.name}", "was changed")
        found.append(place)
        position += padding
    if _read(source, position, len(END)) != END:
        raise Damaged("its end", "is missing or was changed")
    if position + len(END) != length:
        raise Damaged("its end", "is followed by something")
    return found


def _place(block: bytes, position: int) -> Place:
    """Return what a header speaks of; any other byte in it than we write is damage."""
    if len(block) < BLOCK:
        raise Damaged(f"it ends at byte {position},", "some of it is missing")
    name = block[:100].rstrip(b"\0").decode("ascii", "backslashreplace")
    if not _NAMES.fullmatch(name):
        raise Damaged(
            f"the header at byte {position}", f"names {name[:80]!r}, which no backup of Kantor has"
        )
    try:
        size = _number(block[124:136])
    except ValueError:
        raise Damaged(f"the header of {name}", "was changed") from None
    if block != _header(name, size):
        raise Damaged(f"the header of {name}", "was changed")
    return Place(name, size, position + BLOCK)


def contents(source: BinaryIO, place: Place) -> Iterator[bytes]:
    """Yield the content of a member in pieces."""
    source.seek(place.offset)
    left = place.size
    while left:
        chunk = source.read(min(CHUNK, left))
        if not chunk:
            raise Damaged(f"it ends inside {place.name},", "some of it is missing")
        left -= len(chunk)
        yield chunk


def sealed_manifest(source: BinaryIO, found: list[Place]) -> tuple[bytes, str]:
    """Return the manifest and its seal, or raise Damaged unless they fit each other."""
    if [place.name for place in found[-2:]] != [MANIFEST, SEAL]:
        raise Damaged(MANIFEST, "is not where it belongs")
    manifest, seal = (b"".join(contents(source, place)) for place in found[-2:])
    expected = hashlib.sha256(manifest).hexdigest()
    if seal != _seal_line(expected):
        raise Damaged(f"{MANIFEST} or {SEAL}", "was changed: they do not fit each other")
    return manifest, expected


def check(source: BinaryIO, place: Place, wanted: Member) -> None:
    """Raise Damaged unless the content of a member is the one that was written."""
    digest = hashlib.sha256()
    for chunk in contents(source, place):
        digest.update(chunk)
    if digest.hexdigest() != wanted.sha256:
        raise Damaged(wanted.name, "was changed")


def _seal_line(seal: str) -> bytes:
    """Return what ``sha256sum --check`` reads."""
    return f"{seal}  {MANIFEST}\n".encode()


def _header(name: str, size: int) -> bytes:
    """Return the header of a file for its owner alone, without a time: POSIX ustar, and beyond
    8 GiB the size as GNU and BSD write it.
    """
    before = name.encode("ascii").ljust(100, b"\0") + b"0000600\0" + b"0000000\0" * 2
    before += b"%011o\0" % size if size < 1 << 33 else b"\x80" + size.to_bytes(11, "big")
    before += b"00000000000\0"
    after = (b"0" + bytes(100) + b"ustar\x0000").ljust(BLOCK - 156, b"\0")
    return before + b"%06o\0 " % sum(before + b" " * 8 + after) + after


def _number(field: bytes) -> int:
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    return int(field[:11], 8)


def _read(source: BinaryIO, position: int, length: int) -> bytes:
    source.seek(position)
    return source.read(length)
