"""Static files under names that change with their content: browsers may keep them for a year."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from whitenoise import WhiteNoise

CORE_FOLDER = Path(__file__).parents[1] / "static"
_HASHED = re.compile(r"\.[0-9a-f]{12}\.[a-z0-9]+$")
_VERSIONED = re.compile(r"/vendor/[a-z-]+-\d+(\.\d+)+/")
_HIDDEN = frozenset({"MANIFEST", "README.md", "outline.json"})
_COMPRESSED = (".gz", ".br")


class NoSuchAsset(LookupError):
    """A static file that a template names and nobody ships."""


class Assets:
    """The static folders of core and plugins; a file has its plain name and one with its hash."""

    def __init__(self, root: str = "/static/") -> None:
        self.root = root
        self._files: dict[str, Path] = {}
        self._urls: dict[str, str] = {}

    def add_folder(self, folder: Path, prefix: str = "") -> None:
        """Offer every file below ``folder`` as ``<prefix>/<path>``; hidden files stay hidden."""
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if (
                path.is_dir()
                or path.name in _HIDDEN
                or path.suffix in _COMPRESSED
                or "/." in f"/{name}"
            ):
                continue
            self._files[f"{prefix}/{name}" if prefix else name] = path

    def url(self, name: str) -> str:
        """Return the address of a static file, with its content hash in it. Raises NoSuchAsset."""
        found = self._urls.get(name)
        if found is None:
            path = self._files.get(name)
            if path is None:
                raise NoSuchAsset(f"no static file {name!r}")
            found = self._urls[name] = self.root + _hashed_name(name, path)
        return found

    def file_at(self, address: str) -> Path | None:
        """Return the file that is served at an address of this portal; None when there is none."""
        name = address.partition("?")[0].removeprefix(self.root)
        known = self._files.get(name)
        return known or next((self._files[n] for n, u in self._urls.items() if u == address), None)

    def serve(self, application: Callable[..., Any]) -> WhiteNoise:
        """Return ``application`` behind a server of these files, as ``.gz`` where one lies."""
        server = WhiteNoise(
            application,
            max_age=3600,
            allow_all_origins=False,
            immutable_file_test=_never_changes,
            add_headers_function=_harden,
        )
        for name, path in self._files.items():
            for url in {self.root + name, self.url(name)}:
                server.add_file_to_dictionary(url, str(path))
        return server


def _hashed_name(name: str, path: Path) -> str:
    if _VERSIONED.search(f"/{name}"):
        return name  # The folder carries the version, and the stylesheet can name the fonts in it.
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    stem, dot, ending = name.rpartition(".")
    return f"{stem}.{digest}.{ending}" if dot else name


def _never_changes(_path: str, url: str) -> bool:
    return bool(_HASHED.search(url) or _VERSIONED.search(url))


def _harden(headers: Any, _path: str, _url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
