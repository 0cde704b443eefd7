"""The pages for authors, followed as they stand: their commands run, their blocks written.

A block without a language holds commands. Above every other block that belongs to the plugin a line
says where it goes::

    `hooks.py`, new:
    `services.py`, at the end:
    `models.py`, below `note: Mapped[str]`:        or above; the words stand in one line of the file
    `services.py`, instead of `def listed`:        the whole statement that begins there

What a block imports goes to the imports of its file.
"""

from __future__ import annotations

import ast
import os
import re
import site
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs" / "plugin-authors"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PLACE = re.compile(
    r"`(?P<file>[\w./]+)`, (?P<how>new|at the end|below|above|instead of)(?: `(?P<words>.+)`)?:$"
)
IMPORT = re.compile(r"(?:from [\w.]+ import (?:\([^)]*\)|.*)|import .*)\n\s*")


@dataclass(frozen=True, kw_only=True)
class Command:
    """A line to be typed."""

    line: str


@dataclass(frozen=True, kw_only=True)
class Block:
    """Something to be written into a file of the plugin."""

    file: str
    how: str
    words: str
    text: str


def steps(page: Path) -> Iterator[Command | Block]:
    """Yield what a page asks for, in its order."""
    source = page.read_text()
    for found in FENCE.finditer(source):
        kind, text = found.groups()
        above = source[: found.start()].rstrip().rpartition("\n")[2]
        if not kind:
            yield from (Command(line=line) for line in text.splitlines())
        elif place := PLACE.search(above):
            file, how, words = place["file"], place["how"], place["words"] or ""
            yield Block(file=file, how=how, words=words, text=text)
        else:
            raise AssertionError(f"{page.name}: nothing says where this goes:\n{text}")


def write(block: Block, folder: Path, package: str) -> None:
    """Put a block where it belongs in the plugin that lies in ``folder``."""
    path = _path(block, folder, folder / package)
    if block.how == "new":
        assert not path.exists(), f"{block.file} is there already"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text)
        return
    imports, text = _split(block.text) if path.suffix == ".py" else ("", block.text)
    before = path.read_text()
    path.write_text(_with_imports(_written(block, before, text), imports))


def _path(block: Block, folder: Path, package: Path) -> Path:
    if block.file.startswith("tests/"):
        return folder / block.file
    if block.file.endswith(".po"):
        return package / "translations/id/LC_MESSAGES" / block.file
    return package / block.file


def _written(block: Block, before: str, text: str) -> str:
    if block.how == "at the end":
        gap = "\n\n\n" if block.file.endswith(".py") else "\n\n"
        return f"{before.rstrip()}{gap}{text}"
    lines = before.splitlines()
    found = [number for number, line in enumerate(lines) if block.words in line]
    assert len(found) == 1, f"{block.file}: {block.words!r} stands in {len(found)} lines"
    (at,) = found
    line = lines[at]
    first, last = at, at + 1
    inside = line.rstrip().endswith(("(", "[", "{", ":"))
    if block.how == "instead of":
        last, inside = _end_of(before, at) if block.file.endswith(".py") else last, False
    else:
        first = last = at if block.how == "above" else at + 1
    indent = " " * (len(line) - len(line.lstrip()) + 4 * (inside and block.how == "below"))
    lines[first:last] = textwrap.indent(text, indent).splitlines()
    return "\n".join(lines) + "\n"


def _end_of(source: str, at: int) -> int:
    """Return the number of the line after the statement that begins in a line."""
    ends = [
        node.end_lineno or 0
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.stmt) and node.lineno == at + 1
    ]
    assert ends, f"no statement begins in line {at + 1}"
    return max(ends)


def _split(text: str) -> tuple[str, str]:
    """Return the imports that a block begins with, and the rest of it."""
    at = 0
    while found := IMPORT.match(text, at):
        at = found.end()
    return text[:at], text[at:].lstrip("\n")


def _with_imports(source: str, imports: str) -> str:
    """Add imports to those of a file; names of a module that it imports from go to the others."""
    for wanted in ast.parse(imports).body:
        there = [node for node in ast.parse(source).body if _is_import(node)]
        same = [
            node
            for node in there
            if isinstance(node, ast.ImportFrom) and isinstance(wanted, ast.ImportFrom)
            if (node.module, node.level) == (wanted.module, wanted.level)
        ]
        lines = source.splitlines()
        if same and isinstance(wanted, ast.ImportFrom):
            (node,) = same
            names = {alias.name: alias for alias in (*node.names, *wanted.names)}
            node.names = [names[name] for name in sorted(names)]
            lines[node.lineno - 1 : node.end_lineno] = [ast.unparse(node)]
        else:
            after = max((node.end_lineno or 0 for node in there), default=1)
            lines[after:after] = [ast.unparse(wanted)]
        source = "\n".join(lines) + "\n"
    return source


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, (ast.Import, ast.ImportFrom))


class Machine:
    """A machine on which the portal is installed, and nothing else; ``run`` types a command."""

    def __init__(self, folder: Path) -> None:
        self.here = folder
        self.said: dict[str, str] = {}
        self.environment = _environment(folder)
        self.bin = folder / "environment" / "bin"
        (folder / "home").mkdir()

    def run(self, line: str) -> str:
        """Type a command and return what it answers; raise AssertionError if it fails."""
        if line.startswith("cd "):
            self.here /= line.removeprefix("cd ")
            return ""
        ran = subprocess.run(
            line,
            shell=True,
            cwd=self.here,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        self.said[line] = ran.stdout + ran.stderr
        assert ran.returncode == 0, f"{line}\n{self.said[line][-6000:]}"
        return ran.stdout

    def follow(self, page: Path, *, folder: Path, package: str, but: str = "$^") -> None:
        """Do what a page says, without the commands that begin like ``but``."""
        for step in steps(page):
            if isinstance(step, Block):
                write(step, folder, package)
            elif not re.match(but, step.line):
                self.run(step.line)


def _environment(folder: Path) -> dict[str, str]:
    target = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(target)], check=True)
    packages = next(target.glob("lib/python*/site-packages"))
    known = [f"import site; site.addsitedir({path!r})" for path in site.getsitepackages()]
    (packages / "kantor.pth").write_text(
        "\n".join([str(ROOT), str(ROOT / "plugins/inventory"), *known])
    )
    python = target / "bin" / "python"
    for name, module in (("kantor", "portal.cli"), ("pytest", "pytest"), ("pip", "pip")):
        call = f'exec "{python}" -m {module} "$@"\n'
        if name == "kantor":
            call = f'exec "{python}" -c "from portal.cli import main; main()" "$@"\n'
        script = target / "bin" / name
        script.write_text(f"#!/bin/sh\n{call}")
        script.chmod(0o755)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KANTOR_")}
    kept.pop("PYTHONPATH", None)
    return kept | {
        "PATH": f"{target / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "KANTOR_HOME": str(folder / "home"),
        "KANTOR_SECRET_KEY": "a key for the machine of a test, long enough",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
