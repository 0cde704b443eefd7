"""Loading plugins, and calling them so that one fault stays one fault. Private."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from importlib import metadata as distributions
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pluggy

from . import hookspecs, messages
from .orm import MODELS, UndeclaredModel, metadata
from .plugin import CORE_PERMISSIONS, Permission, Plugin, PluginDefinitionError
from .reach import noun_of
from .work import UnitOfWork

log = logging.getLogger("kantor.plugins")
GROUP = "kantor.plugins"


@dataclass(frozen=True)
class Failure:
    """What went wrong with one plugin, and when: import, definition, register, ready, migration or a hook."""

    slug: str
    stage: str
    error: BaseException

    @property
    def reason(self) -> str:
        """One sentence for the plugins page."""
        return f"{type(self.error).__name__}: {self.error}" if str(self.error) else repr(self.error)


class Plugins:
    """The plugins of one app in dependency order, and what went wrong with the others."""

    def __init__(self, *, strict: bool = False, disabled: Iterable[str] = ()) -> None:
        self.pm = pluggy.PluginManager("kantor")
        self.pm.add_hookspecs(hookspecs)
        self.strict, self.disabled = strict, frozenset(disabled)
        self.loaded: dict[str, Plugin] = {}
        self.versions: dict[str, str] = {}
        self.failures: list[Failure] = []
        self.hook_failures: Counter[tuple[str, str]] = Counter()
        self.permissions: dict[str, Permission] = {p.name: p for p in CORE_PERMISSIONS}
        self.zone_of: Callable[[], ZoneInfo] = lambda: ZoneInfo("UTC")
        self.send_jobs: Callable[[Sequence[int], bool], None] = lambda jobs, events: None

    def discover(self) -> Iterator[Plugin]:
        """Yield every installed plugin that can be imported; note the others as failures."""
        seen: set[str] = set()
        for entry_point in sorted(entry_points(group=GROUP), key=lambda e: (e.name, e.value)):
            if entry_point.name in self.disabled:
                continue
            try:
                plugin = entry_point.load()
                if not isinstance(plugin, Plugin):
                    raise TypeError(f"{entry_point.value} is not a portal.plugin.Plugin")
            except KeyboardInterrupt:
                raise
            except PluginDefinitionError as error:
                self.fail(entry_point.name, "definition", error)
            except BaseException as error:  # A plugin may call sys.exit() while it is imported.
                self.fail(entry_point.name, "import", error)
            else:
                if plugin.slug not in seen:
                    self.versions[plugin.slug] = _version(entry_point)
                seen.add(plugin.slug)
                yield plugin

    def load(
        self,
        plugins: Iterable[Plugin],
        mount: Callable[[Plugin], None],
        ready: Callable[[Any], None],
    ) -> None:
        """Register every plugin, the blueprint last: Flask cannot take it back."""
        for plugin in self._in_dependency_order(plugins):
            try:
                self._register(plugin, mount)
            except Exception as error:
                self._forget(plugin)
                self.fail(plugin.slug, "register", error)
                continue
            try:
                for implementation in self._implementations("app_ready", plugin.slug):
                    ready(implementation.function)
            except Exception as error:
                self._forget(plugin)
                self.fail(plugin.slug, "ready", error)

    def _register(self, plugin: Plugin, mount: Callable[[Plugin], None]) -> None:
        if missing := [slug for slug in plugin.requires if slug not in self.loaded]:
            raise PluginDefinitionError(plugin.slug, [f"needs {', '.join(missing)}, not loaded"])
        problems = list(_template_problems(plugin))
        if plugin.models is not None:
            plugin.models.registry.configure(cascade=True)
            problems += _model_problems(plugin)
        if problems:
            raise PluginDefinitionError(plugin.slug, problems)
        if plugin.hookspecs is not None:
            self.pm.add_hookspecs(plugin.hookspecs)
        if plugin.hooks is not None:
            self.pm.register(plugin.hooks, name=plugin.slug)
        for implementation in self._implementations(None, plugin.slug):
            self._check_signature(implementation)
        if plugin.blueprint is not None:
            mount(plugin)
        self.loaded[plugin.slug] = plugin
        self.versions.setdefault(plugin.slug, "")
        self.permissions |= {permission.name: permission for permission in plugin.permissions}
        messages.add_catalogue(package_folder(plugin) / "translations")

    def _check_signature(self, implementation: Any) -> None:
        """Raise PluginDefinitionError for an unknown hook or one called with other arguments."""
        name, slug = implementation.function.__name__, implementation.plugin_name
        caller = getattr(self.pm.hook, name, None)
        if caller is None or not caller.has_spec():
            if implementation.optionalhook:
                return
            raise PluginDefinitionError(slug, [f"{name}() implements no known hook"])
        if unknown := set(implementation.argnames) - set(caller.spec.argnames):
            raise PluginDefinitionError(slug, [f"{name}() takes {', '.join(sorted(unknown))}"])

    def _forget(self, plugin: Plugin) -> None:
        if self.pm.has_plugin(plugin.slug):
            self.pm.unregister(name=plugin.slug)
        self.loaded.pop(plugin.slug, None)
        for permission in plugin.permissions:
            self.permissions.pop(permission.name, None)

    def _in_dependency_order(self, plugins: Iterable[Plugin]) -> list[Plugin]:
        by_slug: dict[str, Plugin] = {}
        for plugin in plugins:
            if plugin.slug in by_slug:
                self.fail(
                    plugin.slug,
                    "register",
                    PluginDefinitionError(
                        plugin.slug,
                        [f"{plugin.package} uses a name that {by_slug[plugin.slug].package} has"],
                    ),
                )
            else:
                by_slug[plugin.slug] = plugin
        graph = {s: [r for r in by_slug[s].requires if r in by_slug] for s in sorted(by_slug)}
        try:
            return [by_slug[slug] for slug in TopologicalSorter(graph).static_order()]
        except CycleError as error:
            for slug in set(error.args[1]):
                self.fail(slug, "register", error)
                graph.pop(slug)
            kept = {s: [r for r in needs if r in graph] for s, needs in graph.items()}
            return [by_slug[slug] for slug in TopologicalSorter(kept).static_order()]

    def fail(self, slug: str, stage: str, error: BaseException) -> None:
        """Note a failure, log it once with its traceback; in strict mode raise it again."""
        log.error("plugin %s failed at %s", slug, stage, exc_info=error)
        self.failures.append(Failure(slug, stage, error))
        if self.strict:
            raise error

    def _implementations(self, hook: str | None, slug: str | None = None) -> list[Any]:
        callers = [getattr(self.pm.hook, hook, None)] if hook else list(vars(self.pm.hook).values())
        found = [
            implementation
            for caller in callers
            if isinstance(caller, pluggy.HookCaller)
            for implementation in caller.get_hookimpls()
            if slug is None or implementation.plugin_name == slug
        ]
        order = {name: place for place, name in enumerate(self.loaded)}
        return sorted(found, key=lambda i: order.get(i.plugin_name, -1))

    def collect(self, hook: str, tx: UnitOfWork, **arguments: Any) -> list[tuple[str, Any]]:
        """Return (slug, result) of ``hook`` on every plugin active for the actor, each in its own savepoint."""
        results: list[tuple[str, Any]] = []
        for implementation in self._implementations(hook):
            slug = implementation.plugin_name
            if slug not in tx.actor.active and tx.actor.realm is None:
                continue
            given = {"tx": tx, **arguments}
            try:
                with tx.session.begin_nested():
                    wanted = [given[name] for name in implementation.argnames]
                    found = list(implementation.function(*wanted) or ())
                    if any(result is None for result in found):
                        raise TypeError(f"{hook} returned None among its results")
            except Exception as error:  # One plugin's fault costs one panel.
                self._hook_failed(slug, hook, error)
            else:
                results += [(slug, result) for result in found]
        return results

    def first(self, hook: str, **arguments: Any) -> Any:
        """Return the first answer of a loaded plugin, active or not; a fault is no answer."""
        for implementation in self._implementations(hook):
            try:
                wanted = [arguments[name] for name in implementation.argnames]
                if (answer := implementation.function(*wanted)) is not None:
                    return answer
            except Exception as error:
                self._hook_failed(implementation.plugin_name, hook, error)
        return None

    def _hook_failed(self, slug: str, hook: str, error: Exception) -> None:
        """Count a failure, log the first one of its kind; in strict mode raise it again."""
        self.hook_failures[slug, hook] += 1
        if self.hook_failures[slug, hook] == 1:
            log.error("plugin %s failed in %s", slug, hook, exc_info=error)
            self.failures.append(Failure(slug, f"hook {hook}", error))
        if self.strict:
            raise error

    @property
    def zone(self) -> ZoneInfo:
        """The organisation's time zone."""
        return self.zone_of()

    def services(self, active: frozenset[str]) -> Mapping[str, Any]:
        """Return what the active plugins provide, by name."""
        return {
            name: thing
            for slug, plugin in self.loaded.items()
            if slug in active
            for name, thing in plugin.provides.items()
        }

    def subscribers(self, event: str) -> list[str]:
        """Return the plugins that want to hear of ``event``, switched on or not: data must not diverge."""
        return [slug for slug, plugin in self.loaded.items() if event in plugin.subscribes]

    def handlers(self) -> dict[tuple[str, str], Callable[..., None]]:
        """Return (slug, event) -> handler."""
        return {
            (slug, event): run
            for slug, plugin in self.loaded.items()
            for event, run in plugin.subscribes.items()
        }

    def wake(self, jobs: Sequence[int], events: bool) -> None:
        """Tell the worker that something waits; what is not heard is found by its sweep."""
        self.send_jobs(jobs, events)


def _version(entry_point: EntryPoint) -> str:
    try:
        return entry_point.dist.version if entry_point.dist else ""
    except distributions.PackageNotFoundError:
        return ""


def package_folder(plugin: Plugin) -> Path:
    """Return the folder of a plugin's package, where templates, translations and migrations lie."""
    import sys

    module = sys.modules.get(plugin.package)
    origin = getattr(module, "__file__", None)
    return Path(origin).parent if origin else Path("/nonexistent")


def _template_problems(plugin: Plugin) -> Iterator[str]:
    """Refuse templates that could clash with others or would not be escaped."""
    folder = package_folder(plugin) / "templates"
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        name = path.relative_to(folder)
        if path.is_file() and name.parts[0] != plugin.slug:
            yield f"template {name} must lie in templates/{plugin.slug}/"
        elif path.is_file() and path.suffix != ".html":
            yield f"template {name} must end in .html"


def _model_problems(plugin: Plugin) -> Iterator[str]:
    assert plugin.models is not None
    nouns = {noun_of(permission.name) for permission in plugin.permissions}
    for mapper in plugin.models.registry.mappers:
        model = mapper.class_
        if not model.reads_freely and model.__noun__ not in nouns:
            yield f"no permission on {model.__noun__}: nobody could ever reach {model.__name__}"
        if mapper.inherits is not None:
            yield f"{model.__name__}: no mapped inheritance; its loads cannot all be limited"
        for relationship in mapper.relationships:
            if relationship.secondary is not None:
                yield f"{relationship}: map {relationship.secondary} as a class of its own"


def refuse_undeclared_tables() -> None:
    """Raise UndeclaredModel for a table that no declared class maps (db.Model, bare Table)."""
    if strangers := sorted(set(metadata.tables) - set(MODELS)):
        raise UndeclaredModel(f"tables without a scope declaration: {', '.join(strangers)}")
