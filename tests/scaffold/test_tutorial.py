"""The commands of the tutorial, as they stand on the page, give a department its own plugin."""

from __future__ import annotations

import os
import re
import site
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/plugin-authors/tutorial.md"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def commands() -> list[str]:
    """Return the commands of the page in their order."""
    blocks = FENCE.findall(PAGE.read_text())
    return [line for kind, block in blocks if not kind for line in block.splitlines()]


@pytest.fixture
def machine(tmp_path):
    """Return the environment of a machine on which the portal is installed, and nothing else."""
    folder = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    known = [f"import site; site.addsitedir({path!r})" for path in site.getsitepackages()]
    (packages / "kantor.pth").write_text("\n".join([str(ROOT), *known]))
    python = folder / "bin" / "python"
    for name, module in (("kantor", "portal.cli"), ("pytest", "pytest"), ("pip", "pip")):
        call = f'exec "{python}" -m {module} "$@"\n'
        if name == "kantor":
            call = f'exec "{python}" -c "from portal.cli import main; main()" "$@"\n'
        script = folder / "bin" / name
        script.write_text(f"#!/bin/sh\n{call}")
        script.chmod(0o755)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KANTOR_")}
    kept.pop("PYTHONPATH", None)
    return kept | {
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "KANTOR_HOME": str(tmp_path / "home"),
        "KANTOR_SECRET_KEY": "a key for the machine of a test, long enough",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def test_the_commands_of_the_page_make_a_plugin_that_keeps_its_promises(machine, tmp_path):
    (tmp_path / "home").mkdir()
    here, said = tmp_path, {}
    for line in commands():
        if line.startswith("cd "):
            here /= line.removeprefix("cd ")
            continue
        ran = subprocess.run(
            line, shell=True, cwd=here, env=machine, capture_output=True, text=True, check=False
        )
        said[line] = ran.stdout + ran.stderr
        assert ran.returncode == 0, f"{line}\n{said[line][-4000:]}"
    assert "vehicles is on" in said["kantor plugin enable vehicles"]
    assert " passed" in said["pytest"]
    assert "clean" in said["kantor plugin check ."]


def test_the_page_names_the_commands_it_is_tested_with():
    assert commands()[0].startswith("kantor plugin new vehicles")
    assert len(commands()) >= 6
