"""Every way to break the code that counts, found in its syntax tree; a seed draws some of them."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

# Where a route, a model, a query or a constraint may stand.
SOURCES = ("portal", "plugins/inventory/kantor_inventory")
MIGRATIONS = ("migrations/versions", "plugins/inventory/kantor_inventory/migrations")
KINDS = {"Scoped", "Owned", "Confidential", "Global", "CoreOnly", "Follows", "WrittenEverywhere"}
RULES = {"rows", "reached", "real"}


@dataclass(frozen=True)
class Mutant:
    """One break: ``old`` becomes ``new`` at ``start`` of the text of ``file``."""

    kind: str  # policy, scope, visible, constraint
    file: str
    where: str  # the function or class
    told: str
    start: int
    old: str
    new: str

    @property
    def name(self) -> str:
        """What the list of equivalents calls it: the same as long as the code around it stays."""
        return f"{self.kind}: {self.file}: {self.where}: {self.told}"

    @property
    def database(self) -> str:
        """The kind of database on which the broken line is run at all."""
        return "postgresql" if "EXECUTE FUNCTION" in self.old else "sqlite"

    def apply(self, root: Path) -> None:
        """Break the copy of the tree at ``root``."""
        path = root / self.file
        text = path.read_text(encoding="utf-8")
        assert text[self.start :].startswith(self.old), self.name
        path.write_text(
            text[: self.start] + self.new + text[self.start + len(self.old) :], encoding="utf-8"
        )


def every_mutant(root: Path) -> list[Mutant]:
    """Return all mutants of the tree at ``root``, in a fixed order."""
    permissions = declared(root)
    found: list[Mutant] = []
    for folder in SOURCES:
        for path in sorted((root / folder).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if "testing" in name or "/migrations/" in name or "/demo" in name:
                continue
            source = Source(path, name)
            found += policies(source, permissions)
            found += visibles(source, permissions)
            found += scopes(source)
    for folder in MIGRATIONS:
        for path in sorted((root / folder).glob("*.py")):
            found += constraints(Source(path, path.relative_to(root).as_posix()))
    return found


def drawn(mutants: Iterable[Mutant], seed: str, number: int) -> list[Mutant]:
    """Return ``number`` mutants, each kind in turn."""
    chance = random.Random(seed)
    piles: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        piles.setdefault(mutant.kind, []).append(mutant)
    for pile in piles.values():
        chance.shuffle(pile)
    found: list[Mutant] = []
    while len(found) < number and any(piles.values()):
        for kind in sorted(piles):
            if piles[kind] and len(found) < number:
                found.append(piles[kind].pop())
    return found


class Source:
    """One file: its text, its tree, and where each node stands."""

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        self.text = path.read_text(encoding="utf-8")
        self.tree = ast.parse(self.text)
        self._lines = [0]
        for line in self.text.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))
        self._bytes = [line.encode() for line in self.text.splitlines(keepends=True)]

    def span(self, node: ast.AST) -> tuple[int, str]:
        """Return where a node begins, and its text."""
        start = self._offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]
        end = self._offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
        return start, self.text[start:end]

    def _offset(self, line: int, column: int) -> int:
        return self._lines[line - 1] + len(self._bytes[line - 1][:column].decode())

    def constants(self) -> dict[str, str]:
        """Return the text constants of the module, also those of ``A, B = "a", "b"``."""
        found: dict[str, str] = {}
        for node in self.tree.body:
            if isinstance(node, ast.Assign):
                pairs = [(node.targets[0], node.value)]
                if isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = list(zip(node.targets[0].elts, node.value.elts, strict=True))
                for target, value in pairs:
                    if isinstance(target, ast.Name) and isinstance(value, ast.Constant):
                        if isinstance(value.value, str):
                            found[target.id] = value.value
        return found

    def places(self) -> Iterator[tuple[ast.AST, str]]:
        """Yield every node with the name of the function or class it stands in."""

        def walk(node: ast.AST, inside: str) -> Iterator[tuple[ast.AST, str]]:
            for child in ast.iter_child_nodes(node):
                name = inside
                if isinstance(child, ast.FunctionDef | ast.ClassDef):
                    name = f"{inside}.{child.name}" if inside else child.name
                yield child, name
                yield from walk(child, name)

        yield from walk(self.tree, "")


def declared(root: Path) -> list[str]:
    """Return the names of all permissions that core and inventory declare."""
    found = set()
    for name in ("portal/plugin.py", "plugins/inventory/kantor_inventory/permissions.py"):
        for node in ast.walk(ast.parse((root / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Permission":
                found |= {
                    keyword.value.value
                    for keyword in node.keywords
                    if keyword.arg == "name" and isinstance(keyword.value, ast.Constant)
                }
    return sorted(str(name) for name in found)


def policies(source: Source, permissions: list[str]) -> Iterator[Mutant]:
    """Yield each route's policy, replaced by each other permission of the same plugin."""
    known = source.constants()
    for node, where in source.places():
        if not isinstance(node, ast.FunctionDef):
            continue
        for call in node.decorator_list:
            if not (isinstance(call, ast.Call) and getattr(call.func, "id", "") == "policy"):
                continue
            argument = call.args[0]
            asked = _permission(argument, known)
            if asked is None:
                continue
            start, old = source.span(argument)
            # A plugin may ask for its own permissions only; another is refused at the start.
            for other in permissions:
                if other != asked and other.partition(".")[0] == asked.partition(".")[0]:
                    yield Mutant(
                        "policy",
                        source.name,
                        where,
                        f"asks for {other} instead of {asked}",
                        start,
                        old,
                        f'"{other}"',
                    )


def visibles(source: Source, permissions: list[str]) -> Iterator[Mutant]:
    """Yield each ``visible(statement, permission, actor)`` made the bare statement."""
    known = source.constants()
    count: dict[str, int] = {}
    for node, where in source.places():
        if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "visible"):
            continue
        if len(node.args) != 3:
            continue
        asked = _permission(node.args[1], known)
        noun = asked.rpartition(".")[0] if asked else None
        if noun and sum(name.rpartition(".")[0] == noun for name in permissions) < 2:
            continue
        start, old = source.span(node)
        _, statement = source.span(node.args[0])
        _, spoken = source.span(node.args[1])
        count[where] = count.get(where, 0) + 1
        told = f"visible(..., {spoken}) is bare ({count[where]})"
        yield Mutant("visible", source.name, where, told, start, old, f"({statement})")


def _permission(node: ast.AST, known: dict[str, str]) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return known.get(node.id) if isinstance(node, ast.Name) else None


def scopes(source: Source) -> Iterator[Mutant]:
    """Yield each model under another kind, with fewer columns to follow, without its own rule."""
    if not source.name.endswith("models.py"):
        return
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.ClassDef) or not _is_model(node):
            continue
        for base in node.bases:
            kind = getattr(base, "id", "")
            if kind in KINDS:
                yield from _other_kinds(source, node, base, kind)
        for keyword in node.keywords:
            if keyword.arg == "shared_when_null":
                start, old = source.span(keyword.value)
                told = "a row without department is nobody's"
                yield Mutant("scope", source.name, node.name, told, start, old, "False")
            if keyword.arg == "follows" and isinstance(keyword.value, ast.Tuple):
                yield from _fewer(source, node, keyword.value)
        for rule in node.body:
            if isinstance(rule, ast.FunctionDef) and rule.name in RULES:
                start, old = source.span(rule)
                told = f"has no {rule.name}() of its own"
                new = old.replace(f"def {rule.name}", f"def {rule.name}_that_nobody_asks", 1)
                yield Mutant("scope", source.name, node.name, told, start, old, new)


def _is_model(node: ast.ClassDef) -> bool:
    return any(
        isinstance(line, ast.Assign) and getattr(line.targets[0], "id", "") == "__tablename__"
        for line in node.body
    )


def _other_kinds(source: Source, node: ast.ClassDef, base: ast.AST, kind: str) -> Iterator[Mutant]:
    """Yield changes of the kind that leave the table as it is."""
    body = node.body[1] if isinstance(node.body[0], ast.Expr) else node.body[0]
    start, old = source.span(body)
    if kind not in ("Global", "WrittenEverywhere"):
        yield Mutant(
            "scope",
            source.name,
            node.name,
            f"{kind} becomes Global for reading",
            start,
            old,
            f"reads_freely = True\n    {old}",
        )
        yield Mutant(
            "scope",
            source.name,
            node.name,
            f"{kind} becomes a kind without a limit",
            start,
            old,
            "rows = classmethod(lambda *_: __import__('sqlalchemy').true())\n    " + old,
        )
    else:
        yield Mutant(
            "scope",
            source.name,
            node.name,
            f"{kind} becomes CoreOnly",
            start,
            old,
            "reads_freely = False\n    rows = classmethod(lambda cls, entity, held, who, writing:"
            " __import__('sqlalchemy').literal(held.everything and not writing))\n    " + old,
        )
    if kind == "WrittenEverywhere":
        place, word = source.span(base)
        imported = "__import__('portal.orm').orm.Global"
        told = "WrittenEverywhere becomes Global"
        yield Mutant("scope", source.name, node.name, told, place, word, imported)


def _fewer(source: Source, node: ast.ClassDef, columns: ast.Tuple) -> Iterator[Mutant]:
    if len(columns.elts) < 2:
        return
    start, old = source.span(columns)
    for column in columns.elts:
        _, kept = source.span(column)
        told = f"follows {kept} alone"
        yield Mutant("scope", source.name, node.name, told, start, old, f"({kept},)")


def constraints(source: Source) -> Iterator[Mutant]:
    """Yield each CHECK and each trigger that a migration does not make."""
    for node, where in source.places():
        if where.endswith("downgrade") or not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "attr", "")
        start, old = source.span(node)
        if called == "CheckConstraint":
            name = re.search(r'name=.*?"([^"]+)"', old, re.DOTALL)
            told = f"no CHECK {name[1] if name else old[:40]}"
            yield Mutant("constraint", source.name, where, told, start, old, "*()")
        if called == "execute" and "CREATE TRIGGER" in old:
            name = re.search(r"CREATE TRIGGER ([\w{}.()]+)", old)
            told = f"no trigger {name[1] if name else ''}"
            yield Mutant("constraint", source.name, where, told, start, old, "None")
