"""Put distributions where Python finds them, as an installer would, without one."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

BROKEN = Path(__file__).parent / "broken"
METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"


def install(folder: Path, site: Path) -> str:
    """Install the distribution in ``folder`` into ``site``; return its name."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    name, version = project["name"], project["version"]
    package = folder / name.replace("-", "_")
    shutil.copytree(package, site / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA.format(name=name, version=version))
    lines = []
    for group, entries in project.get("entry-points", {}).items():
        lines += [f"[{group}]", *(f"{key} = {value}" for key, value in entries.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return str(name)


def install_the_broken(site: Path) -> list[str]:
    """Install every plugin that is broken on purpose; return the names of the distributions."""
    return [install(folder, site) for folder in sorted(BROKEN.iterdir()) if folder.is_dir()]
