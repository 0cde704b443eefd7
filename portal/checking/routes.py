"""A plugin's pages, read from its code: who may see them, what they write, what they take over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .calls import Calls
from .findings import Finding, finding, names
from .sources import Function, Module, Sources, plainly_assigned

WAYS = {"get": {"GET"}, "post": {"POST"}, "put": {"PUT"}, "patch": {"PATCH"}, "delete": {"DELETE"}}
POLICY = frozenset({"portal.web.policy", "portal.gate.policy"})
PUBLIC = frozenset({"portal.web.public", "portal.gate.public"})
UNKEYED = frozenset({"portal.web.unkeyed", "portal.gate.unkeyed"})
SENT = names("form args values json files data get_json get_data")
# Whose first argument, or keyword of this name, is a permission.
NEEDING: dict[str, int] = {
    "portal.web.policy": 0,
    "portal.web.Table": 1,
    "portal.api.visible": 1,
    "portal.api.permits": 1,
    "portal.api.people_who_may": 1,
}


@dataclass
class Route:
    """A view with its addresses, as the code says."""

    module: Module
    function: Function | ast.ClassDef
    methods: set[str] = field(default_factory=set)
    guarded: bool = False
    unkeyed: ast.expr | None = None

    @property
    def where(self) -> str:
        """The line of the view, below its decorators."""
        return self.module.at(self.function)


def findings(sources: Sources) -> Iterator[Finding]:
    """Yield what is wrong with the pages."""
    calls = Calls(sources)
    for route in routes(sources):
        yield from _of_a_route(route, calls)
    yield from _loose_views(sources)
    declared = declared_permissions(sources)
    given = _given_what_was_sent(sources)
    for module in sources.code:
        if declared is not None:
            yield from _undeclared(sources, module, declared)
        yield from _mass_assignment(module, given)
    for path in sources.templates if declared is not None else ():
        yield from _undeclared_in_a_template(sources, path, declared or set())


def _of_a_route(route: Route, calls: Calls) -> Iterator[Finding]:
    name = route.function.name
    if not route.guarded:
        yield finding(
            "unguarded-route", route.where, f"the page {name}() has neither @policy nor @public"
        )
    if "GET" in route.methods:
        both = "POST" in route.methods
        if said := calls.writes(route.module, route.function, asked=both):
            yield finding(
                "writing-get",
                route.where,
                f"the page {name}() writes when it is looked at: {said}",
            )
    if said := calls.waits(route.module, route.function):
        yield finding("waiting-page", route.where, f"the page {name}() waits: {said}")
    if route.unkeyed is not None and "POST" in route.methods:
        if said := calls.adds(route.module, route.function):
            yield finding(
                "unkeyed-write",
                route.module.at(route.unkeyed),
                f"the form of {name}() adds rows ({said}) and takes no key: sent twice, it adds"
                " them twice",
            )


def routes(sources: Sources) -> list[Route]:
    """Return every view that a decorator or add_url_rule() gives an address."""
    blueprints = blueprint_names(sources)
    found: dict[str, Route] = {}
    for module in sources.code:
        for node in module.nodes:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                route = Route(module, node)
                for decorator in node.decorator_list:
                    _read(sources, route, decorator, blueprints)
                if route.methods:
                    found[f"{module.name}.{node.name}"] = route
    return list(found.values())


def blueprint_names(sources: Sources) -> set[str]:
    """Return the names that stand for a blueprint in any module."""
    return {
        name
        for module in sources.code
        for node in module.nodes
        if (name := plainly_assigned(node))
        and isinstance(node.value, ast.Call)  # type: ignore[attr-defined]
        and module.dotted(node.value.func).endswith("Blueprint")  # type: ignore[attr-defined]
    }


def _read(sources: Sources, route: Route, decorator: ast.expr, blueprints: set[str]) -> None:
    """Take from one decorator what it says about a view."""
    module = route.module
    call = decorator if isinstance(decorator, ast.Call) else None
    target = call.func if call is not None else decorator
    name = module.dotted(target)
    if call is not None and isinstance(target, ast.Attribute):
        owner = module.dotted(target.value).rpartition(".")[2]
        if owner in blueprints and (target.attr in WAYS or target.attr == "route"):
            route.methods |= WAYS.get(target.attr) or _methods(call)
            return
    if name in POLICY | PUBLIC or _stands_for_a_policy(sources, module, target):
        route.guarded = True
    if call is None:  # A decorator that was made once, under a name.
        other, node = sources.defined.get(name, (module, None))
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            call, name = node.value, other.dotted(node.value.func)
    if name in UNKEYED:
        route.unkeyed = decorator
    if name in PUBLIC and call is not None:
        for keyword in call.keywords:
            if keyword.arg == "key" and getattr(keyword.value, "value", True) is False:
                route.unkeyed = decorator


def _methods(call: ast.Call) -> set[str]:
    for keyword in call.keywords:
        if keyword.arg == "methods":
            names = [n.value for n in ast.walk(keyword.value) if isinstance(n, ast.Constant)]
            return {str(name).upper() for name in names} or {"GET", "POST"}
    return {"GET"}


def _stands_for_a_policy(sources: Sources, module: Module, target: ast.expr) -> bool:
    """Tell whether a decorator of the plugin's own comes from policy() or public()."""
    other, node = sources.defined.get(module.dotted(target), (module, None))
    return node is not None and any(
        isinstance(below, (ast.Name, ast.Attribute)) and other.dotted(below) in POLICY | PUBLIC
        for below in ast.walk(node)
    )


def _loose_views(sources: Sources) -> Iterator[Finding]:
    """Yield views that add_url_rule() takes in without a policy."""
    for module in sources.code:
        for node in module.nodes:
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr != "add_url_rule":
                continue
            given = [k.value for k in node.keywords if k.arg == "view_func"] + node.args[2:3]
            if given and not _is_guarded(sources, module, given[0]):
                yield finding(
                    "unguarded-route",
                    module.at(node),
                    "add_url_rule() takes in a view that has neither @policy nor @public",
                )


def _is_guarded(sources: Sources, module: Module, view: ast.expr) -> bool:
    """Tell whether a view carries a policy; what cannot be read is left to the load."""
    if isinstance(view, ast.Call):
        if isinstance(view.func, ast.Attribute) and view.func.attr == "as_view":
            return _class_is_guarded(sources, module, view.func.value, [])
        return True  # policy("...")(view), or something that only running it tells.
    other, node = sources.defined.get(module.dotted(view), (module, None))
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
        return _is_guarded(sources, other, node.value)
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return True
    return _carries_a_policy(sources, other, node, node.decorator_list)


def _class_is_guarded(
    sources: Sources, module: Module, view: ast.expr, below: list[ast.AST]
) -> bool:
    """Tell whether the ``decorators`` of a class of views, or of one above it, say a policy."""
    other, node = sources.defined.get(module.dotted(view), (module, None))
    if not isinstance(node, ast.ClassDef) or node in below:
        return False  # Flask's own MethodView: nothing stands above it.
    for line in node.body:
        if plainly_assigned(line) == "decorators":
            listed = next((one for one in ast.iter_child_nodes(line) if hasattr(one, "elts")), None)
            return _carries_a_policy(sources, other, node, getattr(listed, "elts", []))
    above = [*below, node]
    return any(_class_is_guarded(sources, other, base, above) for base in node.bases)


def _carries_a_policy(
    sources: Sources, module: Module, node: Function | ast.ClassDef, decorators: list[ast.expr]
) -> bool:
    """Tell whether one of these decorators is a policy, or says that everybody may see the page."""
    route = Route(module, node)
    for decorator in decorators:
        _read(sources, route, decorator, set())
    return route.guarded


def declared_permissions(sources: Sources) -> set[str] | None:
    """Return the names of all permissions, or None if not all can be read."""
    found: set[str] = set()
    for module in sources.code:
        for node in module.nodes:
            if (
                isinstance(node, ast.Call)
                and module.dotted(node.func) == "portal.plugin.Permission"
            ):
                given = [k.value for k in node.keywords if k.arg == "name"] or node.args[:1]
                name = module.text_of(given[0]) if given else None
                if name is None:
                    return None
                found.add(name)
    return found


def _undeclared(sources: Sources, module: Module, declared: set[str]) -> Iterator[Finding]:
    own = re.compile(rf"{re.escape(sources.slug)}\.\w+\.\w+")
    for node in module.nodes:
        if not isinstance(node, ast.Call):
            continue
        place = NEEDING.get(module.dotted(node.func))
        given = [k.value for k in node.keywords if k.arg == "permission"]
        given += [] if place is None else node.args[place : place + 1]
        if isinstance(node.func, ast.Attribute) and node.func.attr == "holds":
            given += node.args[:1]
        for value in given:
            name = module.text_of(value)
            if name is None or name in declared or name.startswith("core."):
                continue
            if place == 0 or own.fullmatch(name):
                yield finding(
                    "undeclared-permission",
                    module.at(value),
                    f"{name!r} is no permission that {sources.slug} declares",
                )


def _undeclared_in_a_template(
    sources: Sources, path: Path, declared: set[str]
) -> Iterator[Finding]:
    """Yield what a template asks permits() for, or a macro as permission=, and nobody declares."""
    for text in re.finditer(
        rf"""(?:\bpermits\(|\bpermission=)\s*["']({re.escape(sources.slug)}\.[\w.]+)["']""",
        read := path.read_text(encoding="utf-8", errors="replace"),
    ):
        if text[1] not in declared:
            yield finding(
                "undeclared-permission",
                f"{sources.place(path)}:{read.count(chr(10), 0, text.start(1)) + 1}",
                f"{text[1]!r} is no permission that {sources.slug} declares",
            )


def _given_what_was_sent(sources: Sources) -> dict[ast.AST, set[str]]:
    """Return the parameters of the plugin's functions that are given all that was sent."""
    found: dict[ast.AST, set[str]] = {}
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    for _ in range(2):  # One function may hand it to the next.
        for module in sources.code:
            for function in (node for node in module.nodes if isinstance(node, kinds)):
                sent = _sent_names(module, function, found.get(function, set()))
                for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                    _, called = sources.defined.get(module.dotted(call.func), (module, None))
                    if not isinstance(called, kinds):
                        continue
                    names = [one.arg for one in (*called.args.posonlyargs, *called.args.args)]
                    given = {k.arg: k.value for k in call.keywords if k.arg}
                    given |= dict(zip(names, call.args, strict=False))
                    taken = {
                        name for name, value in given.items() if _was_sent(module, value, sent)
                    }
                    if taken:
                        found.setdefault(called, set()).update(taken)
    return found


def _mass_assignment(module: Module, given: dict[ast.AST, set[str]]) -> Iterator[Finding]:
    for function in module.nodes:
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            sent = _sent_names(module, function, given.get(function, set()))
            for node in ast.walk(function):
                for line, what in _taken_over(module, node, sent):
                    yield finding("mass-assignment", module.at(line), what)


def _sent_names(module: Module, function: ast.AST, given: set[str]) -> set[str]:
    """Return the local names that hold what was sent, as it was sent; ``given`` are parameters."""
    found = set(given)
    for _ in range(2):
        for node in ast.walk(function):
            if (name := plainly_assigned(node)) and _was_sent(module, node.value, found):  # type: ignore[attr-defined]
                found.add(name)
    return found


def _was_sent(module: Module, node: ast.AST | None, names: set[str]) -> bool:
    """Tell whether an expression is what the request carries, as a whole."""
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.Attribute):
        return node.attr in SENT and module.dotted(node.value) == "flask.request"
    if isinstance(node, ast.Call):
        whole = ("to_dict", "copy", "items", "get_json", "lists", "deepcopy", "get_data")
        inner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if isinstance(node.func, ast.Attribute) and node.func.attr in whole:
            of_request = module.dotted(node.func.value) == "flask.request"
            return of_request or _was_sent(module, inner, names)
        if module.dotted(node.func) in ("dict", "list", "sorted", "tuple", "set", "zip", "iter"):
            return any(_was_sent(module, argument, names) for argument in node.args)
        return False
    if isinstance(node, ast.BinOp):
        return any(_was_sent(module, side, names) for side in (node.left, node.right))
    if isinstance(node, ast.Dict):
        inner_ones = [v for k, v in zip(node.keys, node.values, strict=True) if k is None]
        return any(_was_sent(module, one, names) for one in inner_ones)
    if isinstance(node, (ast.DictComp, ast.ListComp, ast.GeneratorExp, ast.SetComp)):
        return any(_was_sent(module, loop.iter, names) for loop in node.generators)
    return False


def _goes_through(module: Module, node: ast.AST, sent: set[str]) -> bool:
    """Tell whether a loop or comprehension goes through what was sent."""
    if isinstance(node, (ast.For, ast.AsyncFor)):
        return _was_sent(module, node.iter, sent)
    comprehensions = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)
    return isinstance(node, comprehensions) and _was_sent(module, node, sent)


def _taken_over(module: Module, node: ast.AST, sent: set[str]) -> Iterator[tuple[ast.AST, str]]:
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr == "populate_obj":
            yield node, "populate_obj() sets whatever the form and the row name alike"
        for keyword in node.keywords:
            if keyword.arg is None and _was_sent(module, keyword.value, sent):
                yield node, "hands over everything that was sent (**)"
        filling = isinstance(node.func, ast.Attribute) and node.func.attr in ("values", "update")
        if filling and any(_was_sent(module, argument, sent) for argument in node.args):
            yield node, "sets everything that was sent"
    elif _goes_through(module, node, sent):
        for below in ast.walk(node):
            if isinstance(below, ast.Call) and module.dotted(below.func) in SETTERS:
                yield below, "sets whatever column the sender names: setattr()"
            elif isinstance(below, ast.Call) and isinstance(below.func, ast.Attribute):
                if below.func.attr == "__setattr__":
                    yield below, "sets whatever column the sender names"


SETTERS = frozenset({"setattr", "builtins.setattr", "sqlalchemy.orm.attributes.set_attribute"})
