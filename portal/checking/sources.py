"""The files of a plugin, read without importing it: modules with what their names stand for."""

from __future__ import annotations

import ast
import builtins
import zipfile
from collections.abc import Iterator
from configparser import ConfigParser
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from portal.runtime import GROUP

BUILTINS = frozenset({*dir(builtins), "__builtins__"})
Function = ast.FunctionDef | ast.AsyncFunctionDef


class NoPlugin(ValueError):
    """A path or name under which there is no plugin; says why."""


@dataclass
class Module:
    """One Python file; ``dotted`` says what an expression stands for, as far as the file tells."""

    path: Path
    name: str  # kantor_keys.views
    place: str  # kantor_keys/views.py
    text: str
    tree: ast.Module
    names: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the file, walked once."""
        return list(ast.walk(self.tree))

    @property
    def package(self) -> str:
        """The package that relative imports begin from."""
        return self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]

    @property
    def is_migration(self) -> bool:
        return "/migrations/" in f"/{self.place}"

    def at(self, node: Any) -> str:
        """Return file and line of a node."""
        return f"{self.place}:{getattr(node, 'lineno', 1)}"

    def dotted(self, node: ast.AST) -> str:
        """Return the whole dotted name of an expression, or nothing if it is something else."""
        if isinstance(node, ast.Name):
            if node.id in self.names:
                return self.names[node.id]
            return node.id if node.id in BUILTINS else f"{self.name}.{node.id}"
        if isinstance(node, ast.Attribute):
            base = self.dotted(node.value)
            return f"{base}.{node.attr}" if base else f"?.{node.attr}"
        if isinstance(node, ast.Call):
            return self._dotted_call(node)
        if isinstance(node, ast.NamedExpr):
            return self.dotted(node.value)
        if isinstance(node, ast.Subscript):
            return self._dotted_item(node)
        return ""

    def _dotted_item(self, node: ast.Subscript) -> str:
        """Return what sys.modules["os"], vars(os)["system"] and os.__dict__["system"] stand for."""
        name = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if not isinstance(name, str):
            return ""
        base = self.dotted(node.value)
        if base == "sys.modules":
            return name
        if base.endswith(".__dict__"):
            return f"{base.removesuffix('.__dict__')}.{name}"
        if isinstance(node.value, ast.Call) and node.value.args and base == "vars()":
            return f"{self.dotted(node.value.args[0])}.{name}"
        return ""

    def _dotted_call(self, node: ast.Call) -> str:
        called = self.dotted(node.func)
        texts = [a.value if isinstance(a, ast.Constant) else None for a in node.args[:2]]
        if called == "getattr" and len(texts) > 1 and isinstance(texts[1], str):
            base = self.dotted(node.args[0])
            return f"{base}.{texts[1]}" if base else f"?.{texts[1]}"
        if called in IMPORTERS and texts and isinstance(texts[0], str):
            return texts[0]
        return f"{called}()" if called else ""

    def text_of(self, node: ast.AST | None) -> str | None:
        """Return the text an expression stands for, if it is a constant, here or by name."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = self.text_of(node.left), self.text_of(node.right)
            return None if left is None or right is None else left + right
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self.constants.get(self.dotted(node))
        return None


IMPORTERS = frozenset({"__import__", "importlib.import_module", "builtins.__import__"})


def names_of(module: Module) -> dict[str, str]:
    """Return what each imported or plainly assigned name of a module stands for."""
    found: dict[str, str] = {}
    for node in module.nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                own = alias.asname or alias.name.partition(".")[0]
                found[own] = alias.name if alias.asname else own
        elif isinstance(node, ast.ImportFrom):
            base = absolute(module, node)
            for alias in node.names:
                found[alias.asname or alias.name] = f"{base}.{alias.name}" if base else alias.name
    module.names = found
    for node in module.nodes:
        target = plainly_assigned(node)
        if target and target not in found:
            value = module.dotted(node.value)  # type: ignore[attr-defined]
            if value and not value.startswith((f"{module.name}.", "?")) and "()" not in value:
                found[target] = value
    return found


def plainly_assigned(node: ast.AST) -> str:
    """Return the one name that a statement assigns to, if it does no more than that."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        return node.targets[0].id if isinstance(node.targets[0], ast.Name) else ""
    if isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
        return node.target.id if isinstance(node.target, ast.Name) else ""
    return ""


def absolute(module: Module, node: ast.ImportFrom) -> str:
    """Return the absolute name of the module that is imported from."""
    if not node.level:
        return node.module or ""
    parts = module.package.split(".")
    base = ".".join(parts[: len(parts) - node.level + 1])
    return f"{base}.{node.module}" if node.module else base


@dataclass(frozen=True)
class Sources:
    """One plugin on disk: its package, and the project it lies in if there is one."""

    slug: str
    package: str  # kantor_keys
    folder: Path  # of the package
    project: Path | None = None  # with pyproject.toml
    attribute: str = "plugin"  # of the package: what the entry point leads to
    chosen: frozenset[Path] | None = None  # the files to read; all unless said

    @cached_property
    def modules(self) -> list[Module]:
        """Every Python file that can be read, with the constants of all of them."""
        found = []
        for path in sorted(self.folder.rglob("*.py")):
            if "__pycache__" not in path.parts and (self.chosen is None or path in self.chosen):
                try:
                    found.append(self._module(path))
                except (SyntaxError, UnicodeError, ValueError):
                    continue  # Said where it is imported.
        constants: dict[str, str] = {}
        for module in found:
            for node in module.tree.body:
                if name := plainly_assigned(node):
                    value = node.value  # type: ignore[attr-defined]
                    if isinstance(value, ast.Constant) and isinstance(value.value, str):
                        constants[f"{module.name}.{name}"] = value.value
        for module in found:
            module.constants = constants
        return found

    def _module(self, path: Path) -> Module:
        inner = path.relative_to(self.folder).with_suffix("")
        parts = [part for part in inner.parts if part != "__init__"]
        text = path.read_text(encoding="utf-8")
        name = ".".join([self.package, *parts])
        made = Module(path, name, self.place(path), text, ast.parse(text, str(path)))
        made.names = names_of(made)
        return made

    def only(self, chosen: frozenset[Path]) -> Sources:
        """Return the same with these Python files alone."""
        return replace(self, chosen=chosen)

    @property
    def code(self) -> Iterator[Module]:
        """The modules without the migrations."""
        return (module for module in self.modules if not module.is_migration)

    @cached_property
    def defined(self) -> dict[str, tuple[Module, ast.AST]]:
        """Functions, methods, classes and plainly assigned names of the code, by dotted name."""
        found: dict[str, tuple[Module, ast.AST]] = {}
        for module in self.code:
            for node in module.nodes:
                plain = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
                if name := node.name if plain else plainly_assigned(node):  # type: ignore[attr-defined]
                    found.setdefault(f"{module.name}.{name}", (module, node))
        return found

    @cached_property
    def templates(self) -> list[Path]:
        """Every file below templates/."""
        folder = self.folder / "templates"
        return sorted(p for p in folder.rglob("*") if p.is_file()) if folder.is_dir() else []

    def place(self, path: Path) -> str:
        """Return how a file of the package is named: kantor_keys/views.py."""
        return f"{self.package.replace('.', '/')}/{path.relative_to(self.folder).as_posix()}"

    @property
    def root(self) -> Path:
        """The folder from which the package is imported."""
        return self.folder.parents[self.package.count(".")]


def found_at(path: Path, scratch: Path) -> list[Sources]:
    """Return the plugins of a folder with pyproject.toml, or of a wheel, unpacked in ``scratch``.

    Raises NoPlugin.
    """
    if path.is_file() and path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            wheel.extractall(scratch)
        return _of_entries(_entries_of_a_wheel(scratch), scratch, None)
    if not (path / "pyproject.toml").is_file():
        raise NoPlugin(f"{path} is no folder with pyproject.toml, no wheel and no installed plugin")
    import tomllib

    try:
        project = tomllib.loads((path / "pyproject.toml").read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeError) as error:
        raise NoPlugin(f"{path}/pyproject.toml cannot be read: {error}") from error
    entries = project.get("project", {}).get("entry-points", {}).get(GROUP, {})
    root = path / "src" if (path / "src").is_dir() else path
    return _of_entries(entries, root.resolve(), path.resolve())


def _entries_of_a_wheel(folder: Path) -> dict[str, str]:
    reader = ConfigParser(delimiters=("=",))
    reader.optionxform = str  # type: ignore[assignment,method-assign]
    reader.read(folder.glob("*.dist-info/entry_points.txt"), encoding="utf-8")
    return dict(reader[GROUP]) if GROUP in reader else {}


def _of_entries(entries: dict[str, str], root: Path, project: Path | None) -> list[Sources]:
    if not entries:
        wanted = f'[project.entry-points."{GROUP}"]'
        raise NoPlugin(f"{project or 'the wheel'} names no plugin. Say {wanted} in pyproject.toml")
    found = []
    for slug, value in entries.items():
        package, _, attribute = (part.strip() for part in str(value).partition(":"))
        folder = root.joinpath(*package.split("."))
        if not folder.is_dir():
            raise NoPlugin(f"the entry point {slug} leads to {package}, which is not in {root}")
        found.append(Sources(slug, package, folder, project, attribute or "plugin"))
    return found


def installed(slug: str) -> Sources:
    """Return an installed plugin by its slug, without importing it; raise NoPlugin."""
    for entry in entry_points(group=GROUP):
        if entry.name == slug:
            spec = find_spec(entry.module.partition(".")[0])
            if spec is not None and spec.origin:
                found = of_package(slug, entry.module, Path(spec.origin).parent)
                return replace(found, attribute=entry.attr or "plugin")
    raise NoPlugin(f"no plugin {slug!r} is installed, and there is no such folder or wheel")


def of_package(slug: str, package: str, top: Path) -> Sources:
    """Return the sources of a package whose first folder is ``top``."""
    folder = top.joinpath(*package.split(".")[1:])
    project = top.parent if (top.parent / "pyproject.toml").is_file() else None
    return Sources(slug, package, folder, project)
