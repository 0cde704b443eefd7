"""What of a plugin gets into its wheel, and whether an installation would find it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

from portal.runtime import GROUP

from .findings import Finding, finding
from .sources import Sources

IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", "build", "dist", "*.egg-info", ".*")


def entry_point(sources: Sources, plugin: object) -> Iterator[Finding]:
    """Yield that no installed entry point leads to a plugin."""
    named = [e for e in entry_points(group=GROUP) if e.name == sources.slug]
    if not any(entry.load() is plugin for entry in named):
        yield finding(
            "no-entry-point",
            "pyproject.toml",
            "no installed entry point leads to this plugin",
            f'Say in pyproject.toml [project.entry-points."{GROUP}"] {sources.slug} ='
            f' "{sources.package}:plugin" and install it',
        )


def wheel(sources: Sources, home: Path) -> Iterator[Finding]:
    """Build a wheel and look inside: without package-data setuptools silently leaves files out."""
    if sources.project is None:
        return  # Installed from a wheel: what is here is what was in it.
    copied = shutil.copytree(sources.project, home / f"source-{sources.slug}", ignore=IGNORED)
    into = home / f"wheel-{sources.slug}"
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-build-isolation", "--wheel-dir", str(into), str(copied)]
    built = subprocess.run([*pip, *options], capture_output=True, text=True, check=False)
    if built.returncode:
        said = built.stderr.strip()[-400:]
        yield finding(
            "wheel-incomplete", "pyproject.toml", "no wheel can be built", f"pip says: {said}"
        )
        return
    with zipfile.ZipFile(next(into.glob("*.whl"))) as archive:
        inside = set(archive.namelist())
    for path in sorted((copied / sources.folder.relative_to(sources.project)).rglob("*")):
        name = sources.place(sources.folder / path.relative_to(_copy_of(sources, copied)))
        if path.is_file() and name not in inside:
            yield finding("wheel-incomplete", name, "is not in the wheel")


def _copy_of(sources: Sources, copied: Path) -> Path:
    assert sources.project is not None
    return copied / sources.folder.relative_to(sources.project)
