"""The process in which a plugin is imported and asked: it may wait, end or print what it likes."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

from . import loading
from .findings import Finding
from .sources import Sources


def main(arguments: list[str]) -> None:
    """Ask the plugin that the first argument describes, and write what was found to the second."""
    asked, answer = json.loads(arguments[0]), Path(arguments[1])
    warnings.simplefilter("ignore")
    sources = Sources(
        slug=asked["slug"],
        package=asked["package"],
        folder=Path(asked["folder"]),
        project=Path(asked["project"]) if asked["project"] else None,
        attribute=asked["attribute"],
    )
    found = found_by(sources, say=_say, kinds=tuple(asked["kinds"]), parts=tuple(asked["parts"]))
    answer.write_text(json.dumps([one.as_dict() for one in found]), encoding="utf-8")


def found_by(
    sources: Sources, *, say: Any, kinds: tuple[str, ...] = (), parts: tuple[str, ...] = ()
) -> list[Finding]:
    """Import a plugin and ask everything of it; one that cannot be imported is a finding."""
    say("importing it")
    try:
        plugin = loading.imported(sources)
    except loading.NotImported as error:
        return error.found
    from . import running

    parts = parts or running.PARTS
    found = running.asked_alive(
        sources, plugin, beside=running.required(plugin), kinds=kinds, parts=parts, say=say
    )
    if "apart" in parts:
        found += running.beside_the_installed(sources, plugin, say)
    return found


def _say(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
