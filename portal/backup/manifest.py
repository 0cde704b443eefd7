"""What an archive says of itself: which portal, which tables, which files, and their hashes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from .archive import CONFIGURATION, DATABASES, Member, Place
from .errors import Damaged, NotRestored

FORMAT = 1  # raised when an older program could no longer restore what is written


@dataclass(frozen=True, slots=True)
class Table:
    """How many rows a table had, and the hash of all of them in the order of their key."""

    rows: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Everything that can be known of a backup without restoring it."""

    kantor: str  # version of the program that wrote it
    made_at: str  # instant in UTC: everything entered before it is in the snapshot
    kind: str  # real, demo or test
    organisation: str
    database: Mapping[str, str]  # kind, name, version of the server, who wrote the member
    heads: Mapping[str, str]  # lineage -> migration it had come to
    plugins: Mapping[str, str]  # slug -> version
    tables: Mapping[str, Table]
    members: Sequence[Member]
    lost: Sequence[str] = field(default=())  # hashes of files that were gone or damaged already
    format: int = FORMAT

    def as_bytes(self) -> bytes:
        """Return it as the JSON that lies in the archive."""
        return (json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n").encode()

    @property
    def database_member(self) -> str:
        """The name of the member that holds the database."""
        return DATABASES[self.database["kind"]]

    @property
    def files(self) -> list[Member]:
        """The stored files among the members."""
        return [member for member in self.members if member.name.startswith("files/")]


def parsed(text: bytes) -> Manifest:
    """Return the manifest in ``text``; raise NotRestored for a newer format, else Damaged."""
    try:
        found: dict[str, Any] = json.loads(text)
        written = int(found["format"])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        raise Damaged("manifest.json", "cannot be read") from None
    if written > FORMAT:
        raise NotRestored(
            f"This archive was written by Kantor {found.get('kantor')} in format {written};"
            f" this program reads {FORMAT}. Install that version or a newer one."
        )
    try:
        found["tables"] = {name: Table(**table) for name, table in found["tables"].items()}
        found["members"] = [Member(**member) for member in found["members"]]
        manifest = Manifest(**found)
        manifest.database_member  # noqa: B018  # Known kinds only.
        sound = all(isinstance(text, str) for text in _texts(manifest))
        sound = sound and all(type(number) is int for number in _numbers(manifest))
    except (TypeError, KeyError, AttributeError):
        sound = False
    if not sound:
        raise Damaged("manifest.json", "lacks something")
    return manifest


def _texts(manifest: Manifest) -> Iterator[Any]:
    """Yield what must be text, so that nothing fails over it later."""
    yield from (manifest.kantor, manifest.made_at, manifest.kind, manifest.organisation)
    yield from (manifest.database[name] for name in ("name", "server", "written_by"))
    yield from (*manifest.heads.values(), *manifest.plugins.values(), *manifest.lost)
    yield from (member.sha256 for member in manifest.members)
    yield from (table.sha256 for table in manifest.tables.values())


def _numbers(manifest: Manifest) -> Iterator[Any]:
    """Yield what must be a whole number."""
    yield manifest.format
    yield from (table.rows for table in manifest.tables.values())
    yield from (member.size for member in manifest.members)


def require_same_members(manifest: Manifest, places: Sequence[Place]) -> None:
    """Raise Damaged unless the archive holds what its manifest lists, no more and no less."""
    listed = {member.name: member.size for member in manifest.members}
    lying = {place.name: place.size for place in places[:-2]}
    if missing := sorted(listed.keys() - lying.keys()):
        raise Damaged(missing[0], "is missing")
    if extra := sorted(lying.keys() - listed.keys()):
        raise Damaged(extra[0], "does not belong to it")
    if len(lying) != len(places) - 2 or len(listed) != len(manifest.members):
        raise Damaged("one of its members", "is there twice")
    for name, size in listed.items():
        if lying[name] != size:
            raise Damaged(name, "has another length than it had")
    if list(lying) != list(listed):
        raise Damaged("its members", "are in another order than they were")
    for name in (CONFIGURATION, manifest.database_member):
        if name not in listed:
            raise Damaged(name, "is missing")
