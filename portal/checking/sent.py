"""What a request carries, followed through a function to where it must not go as it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .calls import FILES, PATHS
from .findings import Finding, finding, names
from .routes import Route, routes
from .sources import Function, Module, Sources

CARRIED = names(
    "form args values json files data get_json get_data cookies headers referrer query_string"
    " environ stream full_path"
)
# What gives a text back that still says what was sent.
PASSING = names("str urllib.parse.unquote urllib.parse.unquote_plus urllib.parse.urljoin")
REDIRECTS = names("flask.redirect flask.helpers.redirect werkzeug.utils.redirect")
OPENED = FILES | names("flask.send_file flask.helpers.send_file pathlib.Path os.path.join")
READ_BY_NAME = names("getattr hasattr builtins.getattr operator.attrgetter operator.methodcaller")
CONVERTED = names(
    "int float decimal.Decimal fractions.Fraction uuid.UUID json.loads datetime.date.fromisoformat"
    " datetime.datetime.fromisoformat datetime.time.fromisoformat datetime.datetime.strptime"
)
LOOKS = names("isdecimal isdigit isnumeric fullmatch match")
ANSWERS = names("flask.make_response flask.Response werkzeug.wrappers.Response")
LOCATIONS = ("location", "autocorrect_location_header")
HTML = "text/html"


def findings(sources: Sources) -> Iterator[Finding]:
    """Yield what takes the word of whoever sent a request for an address, a name or a number."""
    views = {route.function: route for route in routes(sources)}
    for module in sources.code:
        for function in module.nodes:
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield from _Reading(module, function).findings(views.get(function))


class _Reading:
    """One function, with the names in it that hold what was sent."""

    def __init__(self, module: Module, function: Function) -> None:
        self.module, self.function = module, function
        self.nodes = list(_own_nodes(function))
        self.held: set[str] = set()
        for _ in range(2):  # What is assigned below may be used above, in a loop.
            for node in self.nodes:
                self._hold(node)

    def _hold(self, node: ast.AST) -> None:
        """Note the names that a statement gives what was sent to."""
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            targets, value = [node.target], node.value
        elif isinstance(node, (ast.For, ast.comprehension)):
            targets, value = [node.target], node.iter
        else:
            return
        if self.was_sent(value):
            self.held |= {
                below.id
                for target in targets
                for below in ast.walk(target)
                if isinstance(below, ast.Name)
            }

    def was_sent(self, node: ast.AST | None, *, leading: bool = False) -> bool:
        """Tell whether an expression says what was sent, or only begins with it (``leading``)."""
        if isinstance(node, ast.Name):
            return node.id in self.held
        if isinstance(node, ast.Attribute):
            if node.attr in CARRIED and self.module.dotted(node.value) == "flask.request":
                return True
            return self.was_sent(node.value)
        if isinstance(node, ast.Subscript):
            return self.was_sent(node.value)
        if isinstance(node, ast.Call):
            return self._call_was_sent(node, leading)
        parts: list[ast.expr] = []
        if isinstance(node, ast.JoinedStr):
            parts = node.values
        elif isinstance(node, ast.FormattedValue):
            return self.was_sent(node.value)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mod, ast.Div)):
            parts = [node.left, node.right]
        elif isinstance(node, ast.IfExp):
            return self.was_sent(node.body) or self.was_sent(node.orelse)
        elif isinstance(node, ast.BoolOp):
            return any(self.was_sent(value) for value in node.values)
        return any(self.was_sent(part) for part in (parts[:1] if leading else parts))

    def _call_was_sent(self, node: ast.Call, leading: bool) -> bool:
        if self.module.dotted(node.func) in PASSING:
            return any(self.was_sent(argument) for argument in node.args)
        if isinstance(node.func, ast.Attribute):
            if self.was_sent(node.func.value):
                return True
            if node.func.attr in ("format", "join") and not leading:
                return any(self.was_sent(argument) for argument in node.args)
        return False

    def findings(self, route: Route | None) -> Iterator[Finding]:
        """Yield what is wrong in the function; ``route`` if it is a page."""
        caught = {
            below
            for node in self.nodes
            if isinstance(node, ast.Try) and node.handlers
            for statement in node.body
            for below in ast.walk(statement)
        }
        if any(isinstance(node, ast.Attribute) and node.attr in LOOKS for node in self.nodes):
            caught = set(self.nodes)  # It looks before it reads a number.
        for node in self.nodes:
            if isinstance(node, ast.Call):
                yield from self._of_a_call(node, caught)
            if self._goes_there(node):
                yield self._found("open-redirect", node, "sends people where the request says")
            if isinstance(node, ast.Return) and route is not None and self._is_a_page(node.value):
                yield self._found("unescaped", node, "answers with what was sent, as a page")

    def _found(self, rule: str, node: ast.AST, what: str) -> Finding:
        return finding(rule, self.module.at(node), what)

    def _of_a_call(self, node: ast.Call, caught: set[ast.AST]) -> Iterator[Finding]:
        called = self.module.dotted(node.func)
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        sent = [value for value in given if self.was_sent(value)]
        if called in OPENED and sent:
            yield self._found("sent-name", node, f"opens a file the request names: {called}()")
        elif isinstance(node.func, ast.Attribute) and node.func.attr in PATHS:
            if isinstance(node.func.value, ast.BinOp) and self.was_sent(node.func.value):
                yield self._found("sent-name", node, "opens a file the request names")
        named = node.args[:1] if called.startswith("operator.") else node.args[1:2]
        if called in READ_BY_NAME and any(self.was_sent(value) for value in named):
            yield self._found("sent-name", node, f"reads what the request names: {called}()")
        if called in CONVERTED and node not in caught and any(map(self.was_sent, node.args[:1])):
            what = f"fails on what is no {called.rpartition('.')[2]}: {called}() of what was sent"
            yield self._found("breaks-on-text", node, what)

    def _goes_there(self, node: ast.AST) -> bool:
        """Tell whether a statement sends people to an address of the request."""
        if isinstance(node, ast.Call) and self.module.dotted(node.func) in REDIRECTS:
            given = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "location")]
            return any(self.was_sent(value, leading=True) for value in given)
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            return any(_is_location(k) and self.was_sent(v, leading=True) for k, v in pairs)
        if not isinstance(node, ast.Assign):
            return False
        target = node.targets[0]
        there = isinstance(target, ast.Subscript) and _is_location(target.slice)
        there = there or (isinstance(target, ast.Attribute) and target.attr in LOCATIONS)
        return there and self.was_sent(node.value, leading=True)

    def _is_a_page(self, value: ast.expr | None) -> bool:
        """Tell whether what a view returns is a text that was sent, shown as HTML."""
        if isinstance(value, ast.Tuple) and value.elts:
            said = {n.value for n in ast.walk(value) if isinstance(n, ast.Constant)}
            kinds = {str(one) for one in said if "/" in str(one) and " " not in str(one)}
            return self._is_text(value.elts[0]) and (not kinds or any(HTML in k for k in kinds))
        if isinstance(value, ast.Call) and self.module.dotted(value.func) in ANSWERS:
            told = any(k.arg in ("mimetype", "content_type") for k in value.keywords)
            return bool(value.args) and not told and self._is_text(value.args[0])
        return value is not None and self._is_text(value)

    def _is_text(self, value: ast.expr) -> bool:
        whole = isinstance(value, ast.Attribute) or (
            isinstance(value, ast.Call)
            and isinstance(value.func, ast.Attribute)
            and value.func.attr in ("get_json", "to_dict", "getlist")
        )
        return not whole and self.was_sent(value)


def _own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """Yield what stands in a function, without the functions inside it."""
    for below in ast.iter_child_nodes(function):
        yield below
        if not isinstance(below, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from _own_nodes(below)


def _is_location(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and str(node.value).lower() == "location"
