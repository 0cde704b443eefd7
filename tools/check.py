"""Everything that is true of good sources without running the tests.

    python tools/check.py            every step
    python tools/check.py types      one or more of them by name

Each step is a command of its own; a step that fails shows its output, the others go on.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
BIN = Path(PYTHON).parent

STEPS: dict[str, list[str]] = {
    "style": [PYTHON, "-m", "ruff", "check"],
    "format": [PYTHON, "-m", "ruff", "format", "--check"],
    "types": [PYTHON, "-m", "mypy"],
    "imports": [str(BIN / "lint-imports")],
    "rules": [PYTHON, "tools/lint.py"],
    "translations": [PYTHON, "tools/catalogs.py", "--check"],
    "documents": [PYTHON, "tools/docs.py", "--check"],
    "locks": [PYTHON, "tools/lock.py", "--check"],
    "schema": [PYTHON, "tools/schema.py"],
}


def passes(name: str) -> bool:
    """Run one step and say how it went; its output is shown when it failed."""
    started = time.monotonic()
    # No setting of a portal on this machine may change what is found.
    kept = {k: v for k, v in os.environ.items() if not k.startswith("KANTOR_") or "_TEST_" in k}
    finished = subprocess.run(
        STEPS[name],
        cwd=ROOT,
        env=kept,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    word = "FAILED" if finished.returncode else "ok"
    print(f"{name:14}{word:8}{time.monotonic() - started:5.1f} s", flush=True)
    if finished.returncode:
        print(finished.stdout.rstrip(), flush=True)
    return finished.returncode == 0


def main() -> None:
    """Run the steps and leave with 1 if one of them failed."""
    parser = argparse.ArgumentParser(description="Check the sources")
    parser.add_argument("steps", nargs="*", choices=[[], *STEPS], metavar="|".join(STEPS))
    wanted = parser.parse_args().steps or list(STEPS)
    failed = [name for name in wanted if not passes(name)]
    if failed:
        sys.exit(f"{len(failed)} of {len(wanted)} checks failed: {', '.join(failed)}")
    print(f"{len(wanted)} checks passed.")


if __name__ == "__main__":
    main()
