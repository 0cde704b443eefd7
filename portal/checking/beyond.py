"""What a plugin does to pages that are not its own, and hooks that nobody asks."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator

from .answering import known_hooks
from .findings import Finding, finding, names
from .routes import blueprint_names
from .sources import Module, Sources

# Of a blueprint: what these take in is asked of every page, or changes every template.
FOR_ALL = names(
    "before_app_request after_app_request teardown_app_request before_app_first_request"
    " app_context_processor app_errorhandler app_url_defaults app_url_value_preprocessor"
    " app_template_filter app_template_global app_template_test add_app_template_filter"
    " add_app_template_global add_app_template_test record record_once"
)
GATE = names("__policy__ __fresh__ __public__ __keyed__ __bare__ __unkeyed_because__")


def findings(sources: Sources) -> Iterator[Finding]:
    """Yield what reaches beyond the plugin's own pages, and hooks without a mark."""
    blueprints, known = blueprint_names(sources), known_hooks(sources)
    asked = _given_as_hooks(sources)
    for module in sources.code:
        for node in module.nodes:
            yield from _for_all(module, node, blueprints)
        if module.name in asked:
            yield from _unmarked(module, known)


def _for_all(module: Module, node: ast.AST, blueprints: set[str]) -> Iterator[Finding]:
    if not isinstance(node, ast.Attribute):
        return
    owner = module.dotted(node.value)
    if node.attr in FOR_ALL and owner.rpartition(".")[2] in blueprints:
        yield finding(
            "beyond-its-pages", module.at(node), f"{node.attr}() is asked of every page there is"
        )
    elif owner in ("flask.current_app", "flask.g", "flask.session") and _is_set(node):
        yield finding("beyond-its-pages", module.at(node), f"sets {owner}.{node.attr}")
    elif node.attr in GATE and _is_set(node):
        yield finding("unguarded-route", module.at(node), f"sets {node.attr} itself")


def _is_set(node: ast.Attribute) -> bool:
    return isinstance(node.ctx, (ast.Store, ast.Del))


def _unmarked(module: Module, known: Container[str]) -> Iterator[Finding]:
    """Yield functions of a module given as hooks= that bear a hook's name without its mark."""
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in known and not node.decorator_list:
            yield finding(
                "hook-arguments",
                module.at(node),
                f"{node.name}() has no @hookimpl, and nobody asks it",
                "Put @hookimpl on it, or give it another name",
            )


def _given_as_hooks(sources: Sources) -> set[str]:
    """Return the names that stand in ``hooks=`` of a plugin's declaration."""
    found: set[str] = set()
    for module in sources.code:
        for node in module.nodes:
            if isinstance(node, ast.Call) and module.dotted(node.func) == "portal.plugin.Plugin":
                for keyword in node.keywords:
                    if keyword.arg == "hooks":
                        found |= {module.dotted(below) for below in ast.walk(keyword.value)}
    return found
