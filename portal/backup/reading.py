"""Looking at an archive without restoring it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from . import archive
from .archive import Place
from .manifest import Manifest, parsed, require_same_members


@dataclass(frozen=True)
class Opened:
    """An archive whose frame and manifest are sound; its contents may still be damaged."""

    source: BinaryIO
    manifest: Manifest
    seal: str
    places: dict[str, Place]

    def contents(self, name: str) -> Iterator[bytes]:
        """Yield the content of a member in pieces."""
        return archive.contents(self.source, self.places[name])

    def check(self, say: Callable[[str], None]) -> None:
        """Raise Damaged unless every content is the one that was written."""
        for number, member in enumerate(self.manifest.members, 1):
            say(f"Checking {number:,} of {len(self.manifest.members):,}")
            archive.check(self.source, self.places[member.name], member)


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """Yield an archive, or raise Damaged, or NotRestored for a format this program cannot read."""
    with path.open("rb") as source:
        places = archive.places(source)
        text, seal = archive.sealed_manifest(source, places)
        manifest = parsed(text)
        require_same_members(manifest, places)
        yield Opened(source, manifest, seal, {place.name: place for place in places})
