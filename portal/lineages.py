"""How far the migrations of a plugin lead, read from its files without running them.

Alembic would run each of them, and is too heavy for a process that only serves.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Lineage:
    """The revision that the tables of a plugin must have come to, and all that its code knows."""

    head: str = ""
    known: frozenset[str] = frozenset()

    def fits(self, revision: str) -> bool:
        """Return whether tables at ``revision`` are those that the code was written for."""
        return revision == self.head

    def knows(self, revision: str) -> bool:
        """Return whether the code can bring tables at ``revision`` to its own; nothing is known."""
        return set(filter(None, revision.split(","))) <= self.known


def read_lineage(folder: Path) -> Lineage:
    """Return what the migrations in a folder lead to; a file that cannot be read leads nowhere."""
    before: dict[str, set[str]] = {}
    for path in sorted(folder.glob("*.py")):
        try:
            said, _, _ = path.read_text(encoding="utf-8").partition("\ndef ")
            names = dict(_names(ast.parse(said)))
        except (SyntaxError, ValueError, OSError):
            continue
        if isinstance(revision := names.get("revision"), str):
            down = names.get("down_revision") or ()
            before[revision] = {down} if isinstance(down, str) else set(down)
    behind = set().union(*before.values())
    return Lineage(joined(before.keys() - behind), frozenset(before))


def joined(revisions: Iterable[str]) -> str:
    """Return the newest revisions of a lineage as one text; there is more than one by mistake."""
    return ",".join(sorted(revisions))


def _names(tree: ast.Module) -> Iterator[tuple[str, Any]]:
    """Yield the names that a migration gives to plain values, with those values."""
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            targets: list[ast.expr] = [node.target]
        elif isinstance(node, ast.Assign):
            targets = node.targets
        else:
            continue
        assert node.value is not None
        for target in targets:
            yield from _given(target, node.value)


def _given(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, Any]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, its in zip(target.elts, value.elts, strict=False):
            yield from _given(one, its)
    elif isinstance(target, ast.Name) and "revision" in target.id:
        yield target.id, ast.literal_eval(value)
