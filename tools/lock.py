"""Write the two lock files from what the distributions of this checkout declare.

    python tools/lock.py            resolve anew, keeping locked versions that still fit
    python tools/lock.py --upgrade  take the newest versions that fit
    python tools/lock.py --check    compare declarations and locks, without the network

`requirements.lock` is what the portal runs with, `requirements-test.lock` the same and the test
tools. Both carry the hash of every file for every platform.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
RUN, TEST = ROOT / "requirements.lock", ROOT / "requirements-test.lock"
# What installs the rest: an environment made by uv has neither.
INSTALLERS = ["pip", "setuptools>=77"]


def declared(extra: str | None = None) -> list[str]:
    """Return the third-party requirements of core and of every plugin and example here."""
    found = set(INSTALLERS)
    plugins = [
        path for part in ("plugins", "examples") for path in ROOT.glob(f"{part}/*/pyproject.toml")
    ]
    for path in [ROOT / "pyproject.toml", *plugins]:
        project = tomllib.loads(path.read_text())["project"]
        found.update(project.get("dependencies", []))
        if extra:
            found.update(project.get("optional-dependencies", {}).get(extra, []))
    return sorted(text for text in found if not Requirement(text).name.startswith("kantor"))


def uv_in(folder: Path) -> str:
    """Return uv from the PATH, else one installed into the folder: only it locks every platform."""
    found = shutil.which("uv")
    if found is None:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), "uv"]
        subprocess.run(pip, check=True)
        found = str(folder / "bin" / "uv")
    return found


def compile_lock(
    requirements: list[str], lock: Path, constraint: Path | None, upgrade: bool
) -> None:
    """Resolve the requirements into the lock file."""
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "requirements.in"
        lines = [*requirements, *([f"-c {constraint}"] if constraint else [])]
        source.write_text("\n".join(lines) + "\n")
        command = [uv_in(Path(name)), "pip", "compile", "--universal", "--python-version", "3.11"]
        command += ["--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url"]
        command += ["--quiet", "--output-file", str(lock), str(source)]
        subprocess.run([*command, *(["--upgrade"] if upgrade else [])], cwd=ROOT, check=True)
    header = "# Made by `make lock` from every pyproject.toml here. Do not edit.\n"
    lock.write_text(header + lock.read_text())


def locked(lock: Path) -> dict[str, Version]:
    """Return name and version of everything in a lock file."""
    lines = (
        line for line in lock.read_text().splitlines() if "==" in line[:80] and line[0].isalnum()
    )
    pairs = (line.split(";")[0].rstrip("\\ ").split("==") for line in lines)
    return {
        canonicalize_name(name.split("[")[0]): Version(version.strip()) for name, version in pairs
    }


def problems(requirements: list[str], lock: Path) -> list[str]:
    """Return a sentence for every declared requirement that the lock does not meet."""
    versions = locked(lock)
    found = []
    for text in requirements:
        requirement = Requirement(text)
        version = versions.get(canonicalize_name(requirement.name))
        if version is None:
            found.append(f"{lock.name}: {requirement.name} is declared and not locked")
        elif not requirement.specifier.contains(version, prereleases=True):
            found.append(f"{lock.name}: {requirement.name} {version} is locked, {text} declared")
    return found


def main() -> None:
    """Write or check both locks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--upgrade", action="store_true")
    options = parser.parse_args()
    run, test = declared(), declared("test")
    if options.check:
        found = [*problems(run, RUN), *problems(test, TEST)]
        apart = {k: v for k, v in locked(RUN).items() if locked(TEST).get(k) != v}
        found += [f"{name} is not the same in both locks" for name in apart]
        sys.exit("\n".join([*found, "Run `make lock`."]) if found else 0)
    compile_lock(run, RUN, None, options.upgrade)
    compile_lock(test, TEST, RUN, options.upgrade)
    print(f"{len(locked(RUN))} packages to run, {len(locked(TEST))} to test.")


if __name__ == "__main__":
    main()
