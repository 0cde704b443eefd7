"""The import contracts notice what they forbid, also when it is reached by a detour."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INVENTORY = "plugins/inventory/kantor_inventory"


def verdict(source: Path) -> str:
    """Return what lint-imports says about a copy of the sources."""
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    paths = [str(source), str(source / "plugins" / "inventory")]
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache", "--config", str(ROOT / ".importlinter")],
        cwd=source,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    ).stdout


@pytest.fixture
def source(tmp_path):
    """Return a folder with a copy of all packages."""
    junk = shutil.ignore_patterns("__pycache__", "static", "translations", "*.html")
    for folder in ("portal", INVENTORY):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=junk)
    return tmp_path


def test_the_sources_keep_every_contract(source):
    assert " 0 broken" in verdict(source)


@pytest.mark.parametrize(
    ("file", "line", "broken"),
    [
        ("portal/people/models.py", "import flask", "knows no Flask"),
        ("portal/people/models.py", "from portal import db", "knows no Flask"),
        (f"{INVENTORY}/rules.py", "from portal import web", "knows no Flask"),
        (f"{INVENTORY}/rules.py", "import portal.orm", "Plugins use"),
        ("portal/orm.py", "import kantor_inventory", "Core imports no plugin"),
        ("portal/people/models.py", "from portal.people import views", "Services know no pages"),
    ],
)
def test_a_contract_is_broken_by(source, file, line, broken):
    (source / "portal/people/views.py").touch()
    path = source / file
    path.write_text(path.read_text() + f"\n{line}\n")
    assert any(broken in said and "BROKEN" in said for said in verdict(source).splitlines())
