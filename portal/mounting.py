"""Taking a plugin's pages in, after a rehearsal: Flask cannot give a blueprint back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from .gate import Portal, serves_files
from .plugin import Plugin, PluginDefinitionError

# What a blueprint can hang on every page of the portal, whoever's page it is.
ON_EVERY_PAGE = {
    "before_request_funcs": "before_app_request",
    "after_request_funcs": "after_app_request",
    "teardown_request_funcs": "teardown_app_request",
    "url_value_preprocessors": "app_url_value_preprocessor",
    "url_default_functions": "app_url_defaults",
    "template_context_processors": "app_context_processor",
    "error_handler_spec": "app_errorhandler",
}


def mount(app: Portal, plugin: Plugin, found: Iterable[str] = ()) -> None:
    """Register a plugin's blueprint, or raise PluginDefinitionError with everything against it.

    ``found`` is what others have against the plugin.
    """
    rehearsal = Portal("rehearsal")
    before = _everywhere(rehearsal)
    if plugin.blueprint is not None:
        rehearsal.register_blueprint(plugin.blueprint, url_prefix=f"/{plugin.slug}")
    problems = [
        *found,
        *_route_problems(rehearsal, plugin),
        *_permission_problems(rehearsal, plugin),
        *(f"{way} reaches the pages of others" for way in sorted(_everywhere(rehearsal) - before)),
    ]
    if any(rule.rule.startswith(f"/{plugin.slug}/") for rule in app.url_map.iter_rules()):
        problems.append(f"the address /{plugin.slug}/ is the portal's own")
    if problems:
        raise PluginDefinitionError(plugin.slug, problems)
    if plugin.blueprint is not None:
        app.register_blueprint(plugin.blueprint, url_prefix=f"/{plugin.slug}")


def _route_problems(rehearsal: Portal, plugin: Plugin) -> Iterator[str]:
    views: dict[str, Any] = rehearsal.view_functions
    for rule in rehearsal.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        if not rule.rule.startswith(f"/{plugin.slug}/"):
            yield f"{rule} lies outside /{plugin.slug}/"
        if not rule.endpoint.startswith(f"{plugin.slug}."):
            yield f"{rule} was not added through the blueprint"
        view = views.get(rule.endpoint)
        if not hasattr(view, "__policy__") and not serves_files(rule.endpoint, view):
            yield f"{rule} ({rule.endpoint}) has neither @policy nor @public"
    for entry in plugin.entries:
        if entry.endpoint not in views:
            yield f"menu entry {str(entry.title)!r} leads to {entry.endpoint}, which is no page"


def _permission_problems(rehearsal: Portal, plugin: Plugin) -> Iterator[str]:
    declared = {permission.name for permission in plugin.permissions}
    views: dict[str, Any] = rehearsal.view_functions
    for endpoint, view in views.items():
        needed = getattr(view, "__policy__", None)
        if needed is not None and needed not in declared:
            yield f"{endpoint} needs {needed}, which {plugin.slug} does not declare"


def _everywhere(app: Portal) -> set[str]:
    """Return what is hung on every page of ``app``, each as the way it got there."""
    found = set()
    for name, way in ON_EVERY_PAGE.items():
        for thing in _functions(getattr(app, name).get(None, ())):
            found.add(f"{way} {getattr(thing, '__qualname__', thing)}")
    jinja = app.jinja_env
    for kind, names in (
        ("filter", jinja.filters),
        ("test", jinja.tests),
        ("global", jinja.globals),
    ):
        found |= {f"app_template_{kind} {name} {id(thing)}" for name, thing in names.items()}
    return found


def _functions(found: Any) -> Iterator[Any]:
    if isinstance(found, dict):
        for inner in found.values():
            yield from _functions(inner)
    elif callable(found):
        yield found
    else:
        for inner in found:
            yield from _functions(inner)
