"""Who calls whom in a plugin, as far as names tell, and what comes of it at the end."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cached_property

from .findings import names
from .reaching import NETWORK, PROGRAM_STARTS, PROGRAMS, _begins
from .sources import Function, Module, Sources

WAITS = names("time.sleep input builtins.input signal.pause select.select os.read")
FILES = names(
    "open io.open builtins.open os.open os.listdir os.scandir os.walk os.mkdir os.makedirs"
    " os.remove os.unlink tempfile.mkdtemp tempfile.mkstemp tempfile.NamedTemporaryFile"
    " tempfile.TemporaryDirectory shutil.copy shutil.copytree shutil.rmtree glob.glob"
    " sqlite3.connect"
)
PATHS = names("read_text read_bytes write_text write_bytes mkdir touch unlink rglob iterdir")
ADDING = frozenset({"add", "add_all", "append", "ensure"})


class Calls:
    """The functions of a plugin by their dotted names, and what each comes to do."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    @cached_property
    def functions(self) -> dict[str, tuple[Module, Function]]:
        """Every function and method of the package; methods stand under module and own name."""
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        return {
            f"{module.name}.{node.name}": (module, node)
            for module in self._sources.code
            for node in module.nodes
            if isinstance(node, kinds)
        }

    def reaches(
        self, module: Module, node: ast.AST, wanted: Callable[[Module, ast.Call], str]
    ) -> str:
        """Return what ``wanted`` says of the first call below ``node`` it says something of, in
        the functions it calls too.
        """
        return self._reaches(module, node, wanted, set(), lambda _function: False)

    def _reaches(
        self,
        module: Module,
        node: ast.AST,
        wanted: Callable[[Module, ast.Call], str],
        seen: set[str],
        leave: Callable[[ast.AST], bool],
    ) -> str:
        if leave(node):
            return ""
        for below in ast.walk(node):
            if not isinstance(below, ast.Call):
                continue
            if said := wanted(module, below):
                return said
            for name in self._called(module, below):
                if name in self.functions and name not in seen:
                    seen.add(name)
                    if said := self._reaches(*self.functions[name], wanted, seen, leave):
                        return said
        return ""

    def _called(self, module: Module, call: ast.Call) -> Iterator[str]:
        """Yield the function that is called; of a package, what it takes from its modules too."""
        name = module.dotted(call.func)
        yield name
        package, _, last = name.rpartition(".")
        for other in self._sources.code:
            if other.name == package and last in other.names:
                yield other.names[last]

    def blocks(self, module: Module, node: ast.AST) -> str:
        """Return why an expression that runs at import takes time, or nothing."""
        if isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and node.test.value:
            return "while True"
        return self.reaches(module, node, _waits) if isinstance(node, ast.Call) else ""

    def writes(self, module: Module, node: ast.AST, *, asked: bool) -> str:
        """Return what opens a writing unit below ``node``, or nothing; ``asked`` leaves out the
        functions that look whether a form was sent.
        """
        leave = _asks_for_the_method if asked else lambda _function: False
        return self._reaches(module, node, _opens_a_unit, set(), leave)

    def waits(self, module: Module, node: ast.AST) -> str:
        """Return what sleeps below ``node``, or nothing."""
        return self.reaches(module, node, _sleeps)

    def adds(self, module: Module, node: ast.AST) -> str:
        """Return what adds rows below ``node``, or nothing."""
        return self.reaches(module, node, _adds_rows)


def _asks_for_the_method(function: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Attribute) and node.attr in ("method", "is_submitted")
        for node in ast.walk(function)
    )


def _waits(module: Module, call: ast.Call) -> str:
    called = module.dotted(call.func)
    last = called.rpartition(".")[2]
    slow = called in WAITS | FILES or _begins(called, NETWORK | PROGRAMS)
    slow = slow or called.startswith(PROGRAM_STARTS)
    by_path = isinstance(call.func, ast.Attribute) and last in PATHS
    # A path that is opened, or a thread that is waited for.
    by_name = isinstance(call.func, ast.Attribute) and last in ("open", "urlopen", "wait", "join")
    if by_name and last == "join":
        by_name = "hread" in called
    if isinstance(call.func, ast.Attribute) and last == "start":
        by_name = "Thread" in called or "Timer" in called
    return f"{called.removeprefix(f'{module.name}.')}()" if slow or by_path or by_name else ""


def _opens_a_unit(module: Module, call: ast.Call) -> str:
    called = module.dotted(call.func)
    if called in ("portal.web.transaction", "portal.work.unit_of_work"):
        return "transaction()"
    return _changes_a_file(called, call)


def _changes_a_file(called: str, call: ast.Call) -> str:
    """Return the call if it writes or removes a file."""
    last = called.rpartition(".")[2]
    if isinstance(call.func, ast.Attribute) and last in ("write_text", "write_bytes"):
        return f"{last}()"
    if called in ("open", "io.open", "builtins.open", "os.remove", "os.unlink", "shutil.rmtree"):
        modes = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "mode")]
        written = any(set(str(getattr(mode, "value", ""))) & set("wax+") for mode in modes)
        return f"{called}()" if written or not called.endswith("open") else ""
    return ""


def _sleeps(module: Module, call: ast.Call) -> str:
    called = module.dotted(call.func)
    return f"{called}()" if called in ("time.sleep", "signal.pause", "input") else ""


def _adds_rows(module: Module, call: ast.Call) -> str:
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in ADDING:
        return ""
    base = call.func.value
    last = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
    return f"{last}.{call.func.attr}()" if last in ("session", "tx") else ""
