"""Rules of this project that no general tool knows. Prints `file:line: what` and leaves with 1.

Domain errors speak through `message()`; broad excepts stand only at the boundaries; templates run
no inline script or style; services do not commit; plugins keep to the public session. A file or
function that is long for a reason says so: `# long: one table, read as one`.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PUBLIC = {"portal.plugin", "portal.api", "portal.web", "portal.testing"}
# Where one part's failure must not become everybody's.
BOUNDARIES = re.compile(
    r"portal/(runtime|migrate|jobs|outbox|health|app|checking)(\.py|/.*\.py|_\w+\.py)$"
)
PRODUCT = re.compile(r"(portal|plugins/\w+/kantor_\w+|examples/[\w-]+/kantor_\w+)/")
PLUGIN = re.compile(r"(plugins|examples)/[\w-]+/kantor_\w+/.*\.py$")
PLUGIN_TEST = re.compile(r"(plugins|examples)/[\w-]+/tests/.*\.py$")
SERVICE = re.compile(r"(^|/)services(\.py|/.*\.py)$")
LONGEST_FILE, LONGEST_FUNCTION = 420, 45
KERNEL_NAMES = {"kernel_execute", "LIMITED", "__table__"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b")
IN_TEMPLATES = [
    (re.compile(r"\|\s*safe\b"), "`|safe` prints unescaped text; build the markup in portal/ui"),
    (re.compile(r"\sstyle\s*="), "inline style; the page's policy refuses it"),
    (re.compile(r"<style\b"), "inline style sheet; the page's policy refuses it"),
    (
        re.compile(r"<script\b(?![^>]*\b(?:src|nonce)=)"),
        "inline script; the page's policy refuses it",
    ),
    (
        re.compile(r"\s(?:on[a-z]+|hx-on[:\w-]*)\s*="),
        "inline event handler; use data- and kantor.js",
    ),
    (re.compile(r"javascript:"), "javascript: address"),
    (re.compile(r"\{%-?\s*autoescape\s+false"), "escaping switched off"),
    (re.compile(r"\{%-?\s*import\b"), "import macros by name: {% from ... import ... %}"),
]

Problem = tuple[str, int, str]
Rule = Callable[[ast.AST], Iterator[tuple[int, str]]]


def tracked() -> list[str]:
    """Return every file that is or is about to be part of the project."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted(name for name in names.splitlines() if (ROOT / name).is_file())


def name_of(node: ast.expr) -> str:
    """Return the last part of a dotted name."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def domain_errors(trees: Iterable[ast.Module]) -> set[str]:
    """Return the names of the errors that speak to people: all under PortalError but Refused.

    Refused and what derives from it alone tell a developer about a bug in the calling code.
    """
    bases = {
        node.name: {name_of(base) for base in node.bases}
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found, size = {"PortalError"}, 0
    while size != len(found):
        size = len(found)
        found |= {name for name, parents in bases.items() if parents & found} - {"Refused"}
    return found


def raw_sentences(call: ast.Call) -> Iterator[tuple[int, str]]:
    """Yield the arguments of a domain error that are text and not a message."""
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    for value in values:
        for node in ast.walk(value):
            if isinstance(node, ast.JoinedStr) or (
                isinstance(node, ast.Call) and name_of(node.func) == "format"
            ):
                yield node.lineno, "formatted text in a domain error; use message()"
    for value in values:
        texts = value.values if isinstance(value, ast.Dict) else [value]
        for text in texts:
            if isinstance(text, ast.Constant) and isinstance(text.value, str) and " " in text.value:
                yield text.lineno, "plain text in a domain error; use message()"


def catches_everything(handler: ast.ExceptHandler) -> bool:
    """Tell whether a handler swallows Exception, BaseException or simply all."""
    last = handler.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return False
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(name_of(kind) in {"Exception", "BaseException"} for kind in kinds)


def in_raises(node: ast.AST, errors: set[str]) -> Iterator[tuple[int, str]]:
    """Yield text in the raising of a domain error."""
    raised = node.exc if isinstance(node, ast.Raise) else None
    if isinstance(raised, ast.Call) and name_of(raised.func) in errors:
        yield from raw_sentences(raised)


def in_product(name: str, node: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield what no product code may do outside its few places."""
    boundary = BOUNDARIES.search(name)
    if isinstance(node, ast.ExceptHandler) and not boundary and catches_everything(node):
        yield node.lineno, "catches everything; only the boundaries may"
    elif isinstance(node, ast.Call):
        called = name_of(node.func)
        if called == "Markup" and not name.startswith("portal/ui/"):
            yield node.lineno, "Markup() outside portal/ui"
        if called in {"commit", "rollback"} and SERVICE.search(name):
            yield node.lineno, f".{called}() in a service; the caller's block decides"


def in_plugin(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield what goes round the public API."""
    if isinstance(node, (ast.Name, ast.Attribute)) and name_of(node) in KERNEL_NAMES:
        yield node.lineno, f"{name_of(node)} goes round the guarded session"
    if isinstance(node, ast.Constant) and node.value in KERNEL_NAMES:
        yield node.lineno, f"{node.value} goes round the guarded session"
    yield from private_imports(node)


def private_imports(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield imports of the portal's private modules."""
    if isinstance(node, ast.Import):
        modules = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
        whole = node.module == "portal"
        modules = [f"portal.{alias.name}" for alias in node.names] if whole else [node.module]
    else:
        return
    for module in modules:
        if module.split(".")[0] == "portal" and module not in PUBLIC:
            yield node.lineno, f"{module} is private; a plugin uses {', '.join(sorted(PUBLIC))}"


def lengths(tree: ast.Module, lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield what is long without saying why."""
    if len(lines) > LONGEST_FILE and not any("# long:" in line for line in lines[:5]):
        yield (
            1,
            f"{len(lines)} lines; split it, or say why in one of the first lines: `# long: ...`",
        )
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            head = lines[node.lineno - 1 : node.body[0].lineno]
            if length > LONGEST_FUNCTION and not any("# long:" in line for line in head):
                yield node.lineno, f"{node.name} has {length} lines; split it, or `# long: ...`"


def python_problems(name: str, tree: ast.Module, text: str, errors: set[str]) -> Iterator[Problem]:
    """Yield what is wrong with one Python file."""
    rules: list[Rule] = [lambda node: in_raises(node, errors)]
    if PRODUCT.match(name):
        rules.append(lambda node: in_product(name, node))
    if PLUGIN.match(name) and "/migrations/" not in name:
        rules.append(in_plugin)
    if PLUGIN_TEST.match(name):
        rules.append(private_imports)
    for node in ast.walk(tree):
        for rule in rules:
            yield from ((name, line, what) for line, what in rule(node))
    if PRODUCT.match(name) and "/migrations/" not in name:
        yield from ((name, line, what) for line, what in lengths(tree, text.splitlines()))


def template_problems(name: str, text: str) -> Iterator[Problem]:
    """Yield what is wrong with one template."""
    if name.startswith("portal/scaffold/"):
        return  # Written out under another name, where `kantor plugin check` reads it.
    if not name.endswith(".html"):
        yield name, 1, "a template's name ends in .html, which is what switches escaping on"
    # Comments keep their line ends, so that the numbers stay right.
    bare = re.sub(
        r"\{#.*?#\}", lambda found: "\n" * found.group().count("\n"), text, flags=re.DOTALL
    )
    for pattern, what in IN_TEMPLATES:
        for found in pattern.finditer(bare):
            yield name, bare.count("\n", 0, found.start()) + 1, what


def problems() -> Iterator[Problem]:
    """Yield everything that breaks a rule."""
    names = [name for name in tracked() if "/vendor/" not in name and name != "tools/lint.py"]
    texts = {
        name: (ROOT / name).read_text(encoding="utf-8")
        for name in names
        if name.endswith((".py", ".html", ".js", ".css", ".md", ".toml")) or "/templates/" in name
    }
    trees = {name: ast.parse(text, name) for name, text in texts.items() if name.endswith(".py")}
    errors = domain_errors(trees.values())
    for name, tree in trees.items():
        yield from python_problems(name, tree, texts[name], errors)
    for name, text in texts.items():
        if "/templates/" in name:
            yield from template_problems(name, text)
        for number, line in enumerate(text.splitlines(), 1):
            if UNFINISHED.search(line):
                yield name, number, "unfinished; finish it or file it"


def main() -> None:
    """Print the problems, if any."""
    found = [f"{name}:{line}: {what}" for name, line, what in sorted(problems())]
    sys.exit("\n".join(found) if found else 0)


if __name__ == "__main__":
    main()
