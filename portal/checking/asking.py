"""Asking a plugin everything without importing it here: a process of its own, with a time limit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from . import asked_of_files
from .findings import Finding, finding, in_order
from .loading import in_place
from .sources import Sources

LONGEST = 1_800  # seconds


def asked(
    sources: Sources,
    *,
    quick: bool = False,
    say: Callable[[str], None] = lambda _line: None,
    kinds: Iterable[str] = (),
    parts: Iterable[str] = (),
    limit: float = LONGEST,
) -> list[Finding]:
    """Return everything found about a plugin; ``quick`` reads its files alone.

    ``kinds`` and ``parts`` are those of ``running.asked_alive``, all unless said.
    """
    say("reading its files")
    found = asked_of_files(sources)
    if not quick:
        alive = in_a_process(sources, kinds=kinds, parts=parts, limit=limit)
        found = in_order(in_place(found, alive))
    return found


def in_a_process(
    sources: Sources, *, kinds: Iterable[str], parts: Iterable[str], limit: float
) -> list[Finding]:
    """Return what a process that imports the plugin finds, or why there is no answer."""
    told = {
        "slug": sources.slug,
        "package": sources.package,
        "folder": str(sources.folder),
        "project": str(sources.project) if sources.project else None,
        "attribute": sources.attribute,
        "kinds": list(kinds),
        "parts": list(parts),
    }
    where = f"{sources.package.replace('.', '/')}/__init__.py"
    with tempfile.TemporaryDirectory(prefix="kantor-check-") as scratch:
        answer = Path(scratch) / "found.json"
        command = [sys.executable, "-m", f"{__package__}.child", json.dumps(told), str(answer)]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=_environment(sources),
            start_new_session=True,
        )
        try:
            code = process.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            _end(process)
            what = f"it was not done after {limit:.0f} seconds"
            return [finding("check-ended", where, what)]
        except BaseException:
            _end(process)
            raise
        if code or not answer.is_file():
            what = f"the process that asked it ended with {code} and without an answer"
            return [finding("check-ended", where, what)]
        return [Finding(**one) for one in json.loads(answer.read_text(encoding="utf-8"))]


def _environment(sources: Sources) -> dict[str, str]:
    """Return the environment without what it says of a portal on this machine."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("KANTOR_") or "_TEST_" in k}
    paths = [str(sources.root), *(path for path in sys.path if path)]
    return kept | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and those it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
