"""Finding pg_dump and pg_restore: on the PATH and where PostgreSQL's packages put them."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import BackupError

PLACES = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/*/bin")
INSTALL = "Install PostgreSQL's client programs (on Debian: apt install postgresql-client)."


@dataclass(frozen=True, order=True)
class Program:
    """A program of PostgreSQL, and which version of it."""

    major: int
    version: str
    path: str


def program(name: str, *, at_least: int) -> Program:
    """Return the oldest ``pg_dump`` or ``pg_restore`` that is new enough, or raise BackupError.

    The oldest, because what a newer one writes is not always understood by an older server.
    """
    found = sorted({made for path in _paths(name) if (made := _asked(path))})
    for candidate in found:
        if candidate.major >= at_least:
            return candidate
    there = f"there is {found[-1].version} only" if found else "there is none"
    raise BackupError(
        f"{name} {at_least} or newer is needed and {there} on this machine. {INSTALL}"
    )


def major(version: str) -> int:
    """Return the first number in a version, such as 15 of ``15.8 (Debian ...)``."""
    found = re.search(r"\d+", version)
    return int(found[0]) if found else 0


def _paths(name: str) -> Iterator[Path]:
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        if folder and (path := Path(folder) / name).is_file():
            yield path
    for pattern in PLACES:
        yield from Path("/").glob(f"{pattern}/{name}")


def _asked(path: Path) -> Program | None:
    """Return what a program says of itself, None when it does not run."""
    try:
        said = subprocess.run(
            [str(path), "--version"], capture_output=True, text=True, check=False, timeout=20
        )
    except (OSError, subprocess.SubprocessError):
        return None
    # "pg_dump (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)"
    version = said.stdout.partition(") ")[2].split(" ")[0].strip()
    return Program(major(version), version, str(path)) if version else None
