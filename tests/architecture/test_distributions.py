"""What is installed is what lies in the checkout: a wheel leaves nothing out and adds nothing."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = [
    ".",
    *(str(path.parent.relative_to(ROOT)) for path in ROOT.glob("plugins/*/pyproject.toml")),
]


def tracked(folder: Path) -> list[str]:
    listing = subprocess.run(
        ["git", "ls-files"], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    return [name for name in listing if (folder / name).is_file()]


def wheel_of(folder: Path, scratch: Path) -> set[str]:
    """Build a wheel from the tracked files alone; return the names in it."""
    source = scratch / "source"
    for name in tracked(folder):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / name, source / name)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-build-isolation", "--wheel-dir", str(scratch), str(source)]
    built = subprocess.run([*pip, *options], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = scratch.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_wheel_holds_exactly_the_files_of_its_package(folder, tmp_path):
    base = ROOT / folder
    if folder == ".":
        places = {"portal/": "portal/", "migrations/": "portal/migrations/"}
    else:
        places = {f"kantor_{base.name}/": f"kantor_{base.name}/"}
    expected = {
        inside + name.removeprefix(outside)
        for name in tracked(base)
        for outside, inside in places.items()
        if name.startswith(outside)
    }
    assert wheel_of(base, tmp_path) == expected


@pytest.mark.parametrize("folder", FOLDERS[1:])
def test_a_plugin_is_found_by_its_entry_point(folder):
    slug = Path(folder).name
    text = (ROOT / folder / "pyproject.toml").read_text()
    assert f'[project.entry-points."kantor.plugins"]\n{slug} = "kantor_{slug}:plugin"' in text
