"""The hooks a plugin implements, read from its code: those that exist, with their arguments."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator

from portal import hookspecs

from .findings import Finding, finding
from .sources import Function, Module, Sources

HOOKIMPL, HOOKSPEC = "portal.plugin.hookimpl", "portal.plugin.hookspec"


def findings(sources: Sources) -> Iterator[Finding]:
    """Yield implementations of hooks nobody asks, or that want what nobody gives."""
    known = known_hooks(sources)
    for module in sources.code:
        for function in _marked(module, HOOKIMPL):
            yield from _of_one(module, function, known)


def known_hooks(sources: Sources) -> dict[str, list[str]]:
    """Return the hooks of the portal and of the plugin itself, with their arguments."""
    known = {
        name: list(inspect.signature(found).parameters)
        for name, found in vars(hookspecs).items()
        if hasattr(found, "kantor_spec")
    }
    for module in sources.code:
        for function in _marked(module, HOOKSPEC):
            known[function.name] = _arguments(function)
    return known


def _of_one(module: Module, function: Function, known: dict[str, list[str]]) -> Iterator[Finding]:
    name, options = _options(module, function)
    if options & {"hookwrapper", "wrapper"}:
        yield finding(
            "hook-arguments", module.at(function), f"{name}() wraps the answers of others"
        )
    elif name not in known:
        if "optionalhook" not in options:
            yield finding(
                "hook-arguments",
                module.at(function),
                f"{name}() implements no known hook",
                "See docs/reference/hooks.md; mark a hook of another plugin"
                " @hookimpl(optionalhook=True)",
            )
    elif strange := [a for a in _arguments(function) if a not in known[name]]:
        given = ", ".join(known[name])
        yield finding(
            "hook-arguments",
            module.at(function),
            f"{name}() asks for {', '.join(strange)}, and is given {given}",
        )


def _marked(module: Module, marker: str) -> Iterator[Function]:
    for node in module.nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for decorator in node.decorator_list:
                target = decorator.func if isinstance(decorator, ast.Call) else decorator
                if module.dotted(target) == marker:
                    yield node


def _options(module: Module, function: Function) -> tuple[str, set[str]]:
    """Return the name of the hook, and what is switched on in its decorator."""
    name, options = function.name, set()
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call):
            for keyword in decorator.keywords:
                if keyword.arg == "specname":
                    name = module.text_of(keyword.value) or name
                elif keyword.arg and getattr(keyword.value, "value", True):
                    options.add(keyword.arg)
    return name, options


def _arguments(function: Function) -> list[str]:
    """Return what pluggy gives: arguments without a default."""
    given = function.args
    names = [argument.arg for argument in (*given.posonlyargs, *given.args)]
    return names[: len(names) - len(given.defaults)]
