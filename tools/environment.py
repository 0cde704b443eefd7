"""Make or mend `.venv`: every package of the lock, by hash, and the distributions of this checkout.

    python3 tools/environment.py           what the portal needs
    python3 tools/environment.py --test    the test tools as well

Uses uv when it is on the PATH and pip otherwise. A digest of everything it reads is kept in the
environment, so that a second run does nothing. Started by whatever python3 is there, therefore
without any package and without syntax newer than Python 3.8.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "kantor-environment.json"
LOCKS = {"run": ROOT / "requirements.lock", "test": ROOT / "requirements-test.lock"}
OLDEST = (3, 11)


def distributions() -> list[Path]:
    """Return the folders of this checkout that are installed as packages, core first."""
    projects = (path for part in ("plugins", "examples") for path in ROOT.glob(f"{part}/*/*.toml"))
    return [ROOT, *sorted(path.parent for path in projects if path.name == "pyproject.toml")]


def digest(lock: Path) -> str:
    """Return a digest of what an environment is made from."""
    summary = hashlib.sha256()
    projects = [folder / "pyproject.toml" for folder in distributions()]
    for source in [lock, ROOT / "setup.py", *projects]:
        summary.update(str(source.relative_to(ROOT)).encode() + b"\0" + source.read_bytes())
    return summary.hexdigest()


def stamped() -> dict[str, str]:
    """Return the digest of each lock this environment was made from, nothing for a new one."""
    try:
        stamp: dict[str, str] = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    # An environment that was copied or moved still points at its old place.
    return stamp if PYTHON.exists() and stamp.pop("root", "") == str(ROOT) else {}


def suitable_python() -> str:
    """Return a Python that is new enough, this one first; leave with advice if there is none."""
    if sys.version_info >= OLDEST:
        return sys.executable
    probe = f"import sys; raise SystemExit(sys.version_info < {OLDEST})"
    for minor in (13, 12, 11, 14):
        other = shutil.which(f"python3.{minor}")
        if other and subprocess.run([other, "-c", probe], check=False).returncode == 0:
            return other
    here = sys.version.split()[0]
    return sys.exit(f"Kantor needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {here}.")


def run(*command: object) -> None:
    """Run a command; leave with what it printed if it fails."""
    finished = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if finished.returncode:
        shown = " ".join(str(part) for part in command)
        sys.exit(f"{finished.stdout}\n{shown}\nended with status {finished.returncode}.")


def create(python: str, uv: str | None) -> None:
    """Make an empty environment with that Python."""
    if uv:
        run(uv, "venv", "--quiet", "--clear", "--python", python, VENV)
        return
    try:
        run(python, "-m", "venv", "--clear", VENV)
    except SystemExit as failure:
        sys.exit(f"{failure}\nOn Debian and Ubuntu `apt install python3-venv` helps; so does uv.")


def install(lock: Path, uv: str | None) -> None:
    """Install the lock by hash, then what this checkout holds, editable, from disk alone."""
    if uv:
        pip: list[object] = [uv, "pip", "install", "--quiet", "--python", PYTHON]
    else:
        pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(*pip, "--require-hashes", "--requirement", lock)
    editable = [part for folder in distributions() for part in ("--editable", folder)]
    run(*pip, "--no-deps", "--no-build-isolation", *editable)


def main() -> None:
    """Bring `.venv` up to date and say what was done."""
    parser = argparse.ArgumentParser(description="Make or mend .venv")
    parser.add_argument("--test", action="store_true", help="the test tools as well")
    wanted = "test" if parser.parse_args().test else "run"
    have = stamped()
    # The test lock holds all of the other one: an environment for tests stays one for tests.
    level = "test" if "test" in have else wanted
    now = digest(LOCKS[level])
    if have.get(level) == now:
        return
    started = time.monotonic()
    uv = shutil.which("uv")
    print(f"Setting up .venv with {'uv' if uv else 'pip'} ...", flush=True)
    if not have:
        create(suitable_python(), uv)
    install(LOCKS[level], uv)
    STAMP.write_text(json.dumps({"root": str(ROOT), level: now}))
    print(f"Environment ready in {time.monotonic() - started:.0f} s.", flush=True)


if __name__ == "__main__":
    main()
