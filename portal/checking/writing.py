"""How a plugin's code is written: errors that speak, time that is asked for, quick imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from portal import errors

from .calls import Calls
from .findings import Finding, finding, names
from .sources import Function, Module, Sources, plainly_assigned

DOMAIN = frozenset(
    name
    for name, found in vars(errors).items()
    if isinstance(found, type)
    and issubclass(found, errors.PortalError)
    and not issubclass(found, errors.Refused)
)
FLOATS = names("Float FLOAT REAL Double DOUBLE DOUBLE_PRECISION")  # of SQLAlchemy
SHEETS = names("csv.writer csv.DictWriter openpyxl.Workbook xlsxwriter.Workbook xlwt.Workbook")
NAIVE = names(
    "datetime.datetime.utcnow datetime.datetime.today datetime.datetime.utcfromtimestamp"
    " datetime.date.today datetime.date.fromtimestamp time.localtime time.ctime time.strftime"
)
AWARE_IF_TOLD = {"datetime.datetime.now": 1, "datetime.datetime.fromtimestamp": 2}


def findings(sources: Sources) -> Iterator[Finding]:
    """Yield what is written as no plugin should write it."""
    own = domain_errors(sources)
    for module in sources.code:
        yield from _formatted_errors(module, own)
        yield from _swallowed(module)
        yield from _naive(module)
        yield from _floats(module)
        yield from _sheets(module)
    yield from _blocking_imports(sources)


def domain_errors(sources: Sources) -> set[str]:
    """Return the dotted names of the errors that speak to people."""
    found = {f"portal.api.{name}" for name in DOMAIN} | {f"portal.errors.{name}" for name in DOMAIN}
    classes = [
        (f"{module.name}.{node.name}", {module.dotted(base) for base in node.bases})
        for module in sources.code
        for node in module.nodes
        if isinstance(node, ast.ClassDef)
    ]
    size = 0
    while size != len(found):
        size = len(found)
        found |= {name for name, bases in classes if bases & found}
    return found


def _formatted_errors(module: Module, own: set[str]) -> Iterator[Finding]:
    """Yield texts put together, or plain sentences, where a domain error is made."""
    for function in [module.tree, *_functions(module)]:
        texts = {
            target: value
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and len(node.targets) == 1
            if isinstance(node.targets[0], ast.Name)
            for target, value in [(node.targets[0].id, node.value)]
        }
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and module.dotted(node.func) in own:
                values = [*node.args, *(keyword.value for keyword in node.keywords)]
                yield from _formatted(module, values, texts)


def _formatted(
    module: Module, values: list[ast.expr], texts: dict[str, ast.expr]
) -> Iterator[Finding]:
    for value in values:
        named = texts.get(value.id) if isinstance(value, ast.Name) else None
        if named is not None and any(is_formatted(module, n) for n in _spoken(module, named)):
            yield finding(
                "formatted-error", module.at(value), "raises a domain error with formatted text"
            )
        for node in _spoken(module, value):
            if is_formatted(module, node):
                yield finding(
                    "formatted-error", module.at(node), "raises a domain error with formatted text"
                )
                break
        plain = value.values if isinstance(value, ast.Dict) else [value]
        for text in plain:
            if isinstance(text, ast.Constant) and isinstance(text.value, str) and text.value:
                yield finding(
                    "untranslated-string",
                    module.at(text),
                    f"raises a domain error with text that is not translated: {text.value!r}",
                )


def _spoken(module: Module, value: ast.AST) -> Iterator[ast.AST]:
    """Yield every part of an expression but what fills the gaps of a message."""
    yield value
    is_message = isinstance(value, ast.Call) and module.dotted(value.func).endswith(".message")
    for part in value.args[:1] if is_message else ast.iter_child_nodes(value):  # type: ignore[attr-defined]
        yield from _spoken(module, part)


def is_formatted(module: Module, node: ast.AST | None) -> bool:
    """Tell whether an expression puts a text together: f-string, format(), %, + or join()."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        base = node.func.value
        if node.func.attr in ("format", "format_map"):
            return module.dotted(base) != "string"
        return node.func.attr == "join" and isinstance(base, ast.Constant)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mod, ast.Add)):
        sides = [node.left, node.right] if isinstance(node.op, ast.Add) else [node.left]
        texts = [s for s in sides if isinstance(s, ast.JoinedStr) or _is_text(s)]
        return bool(texts) and module.text_of(node) is None
    return False


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _functions(module: Module) -> list[Function]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in module.nodes if isinstance(node, kinds)]


def _swallowed(module: Module) -> Iterator[Finding]:
    for node in module.nodes:
        if isinstance(node, ast.ExceptHandler) and _catches_everything(module, node):
            yield finding(
                "swallowed-error", module.at(node), "catches everything, and whoever calls it"
                " never learns what went wrong"
            )  # fmt: skip
        elif isinstance(node, ast.Call) and module.dotted(node.func) == "contextlib.suppress":
            if any(_is_everything(module, kind) for kind in node.args):
                yield finding("swallowed-error", module.at(node), "suppresses everything")


def _catches_everything(module: Module, handler: ast.ExceptHandler) -> bool:
    if isinstance(handler.body[-1], ast.Raise):
        return False
    if handler.type is None:
        return True
    caught = handler.type
    if isinstance(caught, ast.Name):  # Kinds under a name of the module.
        for node in module.tree.body:
            if isinstance(node, ast.Assign) and plainly_assigned(node) == caught.id:
                return _is_everything_of(module, node.value)
    return _is_everything_of(module, caught)


def _is_everything_of(module: Module, caught: ast.expr) -> bool:
    kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(_is_everything(module, kind) for kind in kinds)


def _is_everything(module: Module, kind: ast.expr) -> bool:
    return module.dotted(kind).rpartition(".")[2] in {"Exception", "BaseException"}


def _naive(module: Module) -> Iterator[Finding]:
    for node in module.nodes:
        if not isinstance(node, ast.Call):
            continue
        called = module.dotted(node.func)
        wanted = AWARE_IF_TOLD.get(called)
        untold = wanted is not None and len(node.args) < wanted
        zones = [k.value for k in node.keywords if k.arg == "tz"]
        told = any(not (isinstance(z, ast.Constant) and z.value is None) for z in zones)
        if called in NAIVE or (untold and not told):
            yield finding(
                "naive-time", module.at(node), f"asks the machine for the time: {called}()"
            )


def _floats(module: Module) -> Iterator[Finding]:
    for node in module.nodes:
        if isinstance(node, ast.AnnAssign):
            for below in ast.walk(node.annotation):
                mapped = isinstance(below, ast.Subscript) and module.dotted(below.value).endswith(
                    ".Mapped"
                )
                if mapped and any(
                    isinstance(part, ast.Name) and part.id == "float" for part in ast.walk(below)
                ):
                    yield finding("float-column", module.at(node), _float(node.target))
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
            package, _, name = module.dotted(node).rpartition(".")
            if name in FLOATS and package.partition(".")[0] == "sqlalchemy":
                yield finding("float-column", module.at(node), _float(None))


def _sheets(module: Module) -> Iterator[Finding]:
    """Yield files for spreadsheets that are written by hand: text in them may be a formula."""
    for node in module.nodes:
        if isinstance(node, ast.Call) and module.dotted(node.func) in SHEETS:
            what = f"writes a file for spreadsheets itself: {module.dotted(node.func)}()"
            yield finding("formula-in-export", module.at(node), what)


def _float(target: ast.expr | None) -> str:
    name = target.id if isinstance(target, ast.Name) else "a column"
    return f"{name} is a float, which does not add up"


def _blocking_imports(sources: Sources) -> Iterator[Finding]:
    calls = Calls(sources)
    for module in sources.code:
        for node in _run_at_import(module.tree.body):
            if why := calls.blocks(module, node):
                yield finding(
                    "blocking-import", module.at(node), f"works while it is imported: {why}"
                )


def _run_at_import(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield every expression that runs when the module is imported."""
    for statement in body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for outer in (*statement.decorator_list, statement.args):
                yield from _without_functions(outer)
        elif isinstance(statement, ast.ClassDef):
            for outer in (*statement.decorator_list, *statement.bases, *statement.keywords):
                yield from _without_functions(outer)
            yield from _run_at_import(statement.body)
        elif isinstance(statement, ast.If) and _is_for_others(statement.test):
            yield from _run_at_import(statement.orelse)
        else:
            yield from _without_functions(statement)


def _without_functions(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for below in ast.iter_child_nodes(node):
        if not isinstance(below, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from _without_functions(below)


def _is_for_others(test: ast.expr) -> bool:
    names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(test) if isinstance(node, ast.Attribute)}
    return bool(names & {"__name__", "TYPE_CHECKING"})
