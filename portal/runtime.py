"""Loading plugins, and calling them so that one fault stays one fault. Private."""

from __future__ import annotations

import logging
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import EntryPoint, entry_points
from typing import Any
from zoneinfo import ZoneInfo

import pluggy

from . import admission, hookspecs, messages
from .admission import admitted, package_folder, take_back
from .approvals.known import ApprovalKind
from .dates.rules import Dates
from .lineages import Lineage, read_lineage
from .mywork.rules import WorkItems
from .notices.rules import CORE_KINDS, NoticeKind
from .orm import MODELS, UndeclaredModel, metadata
from .plugin import (
    CORE_PERMISSIONS,
    LinkKind,
    Permission,
    Plugin,
    PluginDefinitionError,
    Subject,
)
from .plugins.fitting import resting
from .work import UnitOfWork

log = logging.getLogger("kantor.plugins")
GROUP = "kantor.plugins"
NO_TABLES = Lineage()
Mount = Callable[[Plugin, list[str]], None]  # takes a plugin's pages in unless something is wrong


@dataclass(frozen=True)
class Failure:
    """What went wrong with one plugin, and at which stage.

    Stages: import, definition, register, ready, migration, ``hook <name>``. ``slug`` is the name of
    the distribution when the name it asks for is another's.
    """

    slug: str
    stage: str
    error: BaseException
    distribution: str = ""

    @property
    def reason(self) -> str:
        """What the plugins page and ``kantor doctor`` say."""
        if isinstance(self.error, PluginDefinitionError):
            return "; ".join(self.error.problems)
        if isinstance(self.error, SystemExit):
            return "called sys.exit()"
        return f"{type(self.error).__name__}: {self.error}" if str(self.error) else repr(self.error)


class Plugins:
    """The plugins of one app in dependency order, and what went wrong with the others."""

    def __init__(self, *, strict: bool = False, disabled: Iterable[str] = ()) -> None:
        self.pm = pluggy.PluginManager("kantor")
        self.pm.add_hookspecs(hookspecs)
        self.strict, self.disabled = strict, frozenset(disabled)
        self.loaded: dict[str, Plugin] = {}
        self._lineages: dict[str, Lineage] = {}
        self.versions: dict[str, str] = {}
        self.distributions: dict[str, str] = {}
        self.failures: list[Failure] = []
        self.hook_failures: Counter[tuple[str, str]] = Counter()
        self.permissions: dict[str, Permission] = {p.name: p for p in CORE_PERMISSIONS}
        self.zone_of: Callable[[], ZoneInfo] = lambda: ZoneInfo("UTC")
        self.compiler: Any = None  # of the rights of people; the application brings it
        self.currency_of: Callable[[], str] = lambda: "IDR"
        self.send_jobs: Callable[[Sequence[int], bool], None] = lambda jobs, events: None

    def discover(self) -> Iterator[Plugin]:
        """Yield every installed plugin that can be imported; note the others as failures."""
        for entry_point in sorted(entry_points(group=GROUP), key=_preference):
            slug = entry_point.name
            name, version = _distribution(entry_point)
            if slug in self.disabled:
                continue  # Not even imported.
            if slug in self.distributions:
                taken = f"uses the name {slug!r}, which {self.distributions[slug]} has"
                self.fail(
                    name or entry_point.value, "register", PluginDefinitionError(slug, [taken])
                )
                continue
            self.distributions[slug], self.versions[slug] = name, version
            before = set(metadata.tables)
            try:
                plugin = admitted(entry_point.load(), entry_point, set(metadata.tables) - before)
            except KeyboardInterrupt:
                raise
            except PluginDefinitionError as error:
                self.fail(slug, "definition", error)
            except BaseException as error:  # A plugin may call sys.exit() while it is imported.
                self.fail(slug, "import", error)
            else:
                yield plugin
                continue
            take_back(slug, set(metadata.tables) - before)

    def load(
        self,
        plugins: Iterable[Plugin],
        mount: Mount,
        ready: Callable[[Any], None],
    ) -> None:
        """Register every plugin, the blueprint last: Flask cannot take it back."""
        chosen = self._in_dependency_order(p for p in plugins if p.slug not in self.disabled)
        # All questions first, so that no answer is compared with one that comes later.
        asking = [plugin for plugin in chosen if self._offer_hooks(plugin)]
        for plugin in asking:
            stage = "register"
            try:
                self._register(plugin, mount)
                stage = "ready"
                for implementation in self._implementations("app_ready", plugin.slug):
                    ready(implementation.function)
            except (Exception, SystemExit) as error:
                self._forget(plugin)
                self.fail(plugin.slug, stage, error)

    def _offer_hooks(self, plugin: Plugin) -> bool:
        try:
            if plugin.hookspecs is not None:
                self.pm.add_hookspecs(plugin.hookspecs)
        except (ValueError, TypeError, AttributeError) as error:
            self.fail(plugin.slug, "register", error)
            return False
        return True

    def _register(self, plugin: Plugin, mount: Mount) -> None:
        if missing := [slug for slug in plugin.requires if slug not in self.loaded]:
            raise PluginDefinitionError(plugin.slug, [f"needs {', '.join(missing)}, not loaded"])
        if plugin.models is not None:
            plugin.models.registry.configure(cascade=True)
        found = list(admission.problems(plugin))
        if plugin.hooks is not None:
            try:
                self.pm.register(plugin.hooks, name=plugin.slug)
            except pluggy.PluginValidationError as error:  # It asks for what nobody gives.
                found.append(" ".join(str(error).split()))
        found += self._hook_problems(plugin)
        mount(plugin, found)
        self.loaded[plugin.slug] = plugin
        if plugin.models is not None:
            self._lineages[plugin.slug] = read_lineage(package_folder(plugin) / "migrations")
        self.versions.setdefault(plugin.slug, "")
        self.permissions |= {permission.name: permission for permission in plugin.permissions}
        messages.NAMES.update(plugin.names)
        messages.add_catalogue(package_folder(plugin) / "translations")

    def _hook_problems(self, plugin: Plugin) -> Iterator[str]:
        """Yield answers to questions that nobody asks, and such as meddle with others' answers."""
        for implementation in self._implementations(None, plugin.slug):
            name = implementation.function.__name__
            caller = getattr(self.pm.hook, name, None)
            if implementation.hookwrapper or implementation.wrapper:
                yield f"{name}() wraps the answers of others"
            elif caller is None or not caller.has_spec():
                if not implementation.optionalhook:
                    yield f"{name}() implements no known hook"

    def _forget(self, plugin: Plugin) -> None:
        if self.pm.has_plugin(plugin.slug):
            self.pm.unregister(name=plugin.slug)
        self.loaded.pop(plugin.slug, None)
        for permission in plugin.permissions:
            self.permissions.pop(permission.name, None)

    def _in_dependency_order(self, plugins: Iterable[Plugin]) -> list[Plugin]:
        by_slug: dict[str, Plugin] = {}
        for plugin in plugins:
            first = by_slug.setdefault(plugin.slug, plugin)
            if first is not plugin:
                taken = f"uses the name {plugin.slug!r}, which {first.package} has"
                self.fail(plugin.package, "register", PluginDefinitionError(plugin.slug, [taken]))
        graph = {s: [r for r in by_slug[s].requires if r in by_slug] for s in sorted(by_slug)}
        while True:
            try:
                return [by_slug[slug] for slug in TopologicalSorter(graph).static_order()]
            except CycleError as error:
                for slug in set(error.args[1]):
                    circle = f"needs itself: {' > '.join(error.args[1])}"
                    self.fail(slug, "register", PluginDefinitionError(slug, [circle]))
                    graph.pop(slug)
                graph = {s: [r for r in needs if r in graph] for s, needs in graph.items()}

    def fail(self, slug: str, stage: str, error: BaseException) -> None:
        """Note a failure, log it once with its traceback; in strict mode raise it again."""
        log.error("plugin %s failed at %s", slug, stage, exc_info=error)
        self.failures.append(Failure(slug, stage, error, self.distributions.get(slug, "")))
        if self.strict:
            raise error

    def culprit(self, error: BaseException | None) -> str | None:
        """Return the plugin in whose code, or template, an error arose last."""
        found = None
        places = {slug: (p.package, str(package_folder(p))) for slug, p in self.loaded.items()}
        while error is not None and found is None:
            frames = traceback.walk_tb(error.__traceback__)
            for name in (frame.f_globals.get("__name__", "") for frame, _line in frames):
                for slug, (package, folder) in places.items():
                    if name == package or str(name).startswith((f"{package}.", f"{folder}/")):
                        found = slug
            error = error.__cause__ or error.__context__
        return found

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

    def collect(
        self,
        hook: str,
        tx: UnitOfWork,
        *,
        shape: Callable[[Any], Any] = lambda found: found,
        instead: Any = None,
        **arguments: Any,
    ) -> list[tuple[str, Any]]:
        """Return (slug, result) of ``hook`` on every plugin active for the actor; for the portal
        itself, on all that do not rest.

        Each runs in a savepoint of its own; ``shape`` turns results into what is wanted under the
        same protection. A fault costs its plugin's results; ``instead``, if given, stands for them.
        """
        if not getattr(getattr(self.pm.hook, hook, None), "spec", None):
            raise LookupError(f"no plugin offers the hook {hook}")
        results: list[tuple[str, Any]] = []
        asked = tx.actor.active if tx.actor.realm is None else self.loaded.keys() - resting(tx)
        for implementation in self._implementations(hook):
            slug = implementation.plugin_name
            if slug not in asked:
                continue
            given = {"tx": tx, **arguments}

            def answer(implementation: Any = implementation, given: Any = given) -> list[Any]:
                wanted = [given[name] for name in implementation.argnames]
                found = list(implementation.function(*wanted) or ())
                if any(result is None for result in found):
                    raise TypeError(f"{hook} returned None among its results")
                return [shape(result) for result in found]

            shaped = self.alone(slug, hook, tx, answer)
            if shaped is not None:
                results += [(slug, result) for result in shaped]
            elif instead is not None:
                results.append((slug, instead))
        return results

    def alone(
        self, slug: str, part: str, tx: UnitOfWork, ask: Callable[[], list[Any]]
    ) -> list[Any] | None:
        """Return what a part of a plugin answers in a savepoint of its own; None for a fault, which
        is noted under the plugin and costs nobody else anything.
        """
        try:
            with tx.session.begin_nested():
                return ask()
        except (Exception, SystemExit) as error:  # One plugin's fault costs its own part.
            self._note_hook(slug, part, error)
            if self.strict:
                raise
            return None

    def implements(self, hook: str, active: frozenset[str]) -> bool:
        """Return whether one of the ``active`` plugins implements a hook."""
        return any(found.plugin_name in active for found in self._implementations(hook))

    def first(self, hook: str, **arguments: Any) -> Any:
        """Return the first answer of a loaded plugin, active or not; a fault is no answer."""
        for implementation in self._implementations(hook):
            try:
                wanted = [arguments[name] for name in implementation.argnames]
                if (answer := implementation.function(*wanted)) is not None:
                    return answer
            except (Exception, SystemExit) as error:
                self._note_hook(implementation.plugin_name, hook, error)
                if self.strict:
                    raise
        return None

    def _note_hook(self, slug: str, hook: str, error: BaseException) -> None:
        self.hook_failures[slug, hook] += 1
        if self.hook_failures[slug, hook] == 1:
            log.error("plugin %s failed in %s", slug, hook, exc_info=error)
            self.failures.append(
                Failure(slug, f"hook {hook}", error, self.distributions.get(slug, ""))
            )

    @property
    def zone(self) -> ZoneInfo:
        """The organisation's time zone."""
        return self.zone_of()

    @property
    def lineages(self) -> Mapping[str, Lineage]:
        """How far the migrations of each loaded plugin lead."""
        return {slug: self._lineages.get(slug, NO_TABLES) for slug in self.loaded}

    def services(self, active: frozenset[str]) -> Mapping[str, Any]:
        """Return what the active plugins provide, by name."""
        return {
            name: thing
            for slug, plugin in self.loaded.items()
            if slug in active
            for name, thing in plugin.provides.items()
        }

    def series(self) -> Mapping[str, str]:
        """Return the series of numbers that are declared: name -> what its numbers begin with."""
        return {one.name: one.prefix for plugin in self.loaded.values() for one in plugin.series}

    def links(self) -> Mapping[str, LinkKind]:
        """Return the kinds of short links that are declared, by name."""
        return {kind.name: kind for plugin in self.loaded.values() for kind in plugin.links}

    def work_items(self) -> list[tuple[str, WorkItems]]:
        """Return (slug, kind of work) of everything that may wait for somebody, core's first."""
        from .approvals.work import APPROVALS  # It needs the whole portal.

        plugins = self.loaded.items()
        return [("core", APPROVALS)] + [
            (slug, kind) for slug, plugin in plugins for kind in plugin.work_items
        ]

    def dates(self) -> list[tuple[str, Dates]]:
        """Return (slug, kind) of everything that may be in a calendar, core's first."""
        from .dates.own import CORE_DATES  # It needs the whole portal.

        plugins = self.loaded.items()
        own = [("core", kind) for kind in CORE_DATES]
        return own + [(slug, kind) for slug, plugin in plugins for kind in plugin.dates]

    def notices(self) -> Mapping[str, NoticeKind]:
        """Return the kinds of notices that are declared, the portal's own first, by name."""
        own = {kind.name: kind for kind in CORE_KINDS}
        plugins = self.loaded.values()
        return own | {kind.name: kind for plugin in plugins for kind in plugin.notices}

    def approvals(self) -> Mapping[str, ApprovalKind]:
        """Return the kinds of requests that are declared, by name."""
        return {kind.name: kind for plugin in self.loaded.values() for kind in plugin.approvals}

    def subjects(self) -> Mapping[str, Subject]:
        """Return the kinds of records that are declared, the portal's own first, by name."""
        from .subjects.own import CORE_SUBJECTS  # It needs the models of core.

        plugins = self.loaded.values()
        every = (*CORE_SUBJECTS, *(one for plugin in plugins for one in plugin.subjects))
        return {subject.name: subject for subject in every}

    def subscribers(self, event: str) -> list[str]:
        """Return the plugins that hear of ``event``, switched on or not: data must not diverge."""
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


def _preference(entry_point: EntryPoint) -> tuple[str, bool, str, str]:
    """Order by name; of two with one name, the distribution that is called after it comes first."""
    name = _distribution(entry_point)[0]
    return entry_point.name, name != f"kantor-{entry_point.name}", name, entry_point.value


def _distribution(entry_point: EntryPoint) -> tuple[str, str]:
    """Return name and version of the distribution that brings an entry point."""
    return (entry_point.dist.name, entry_point.dist.version) if entry_point.dist else ("", "")


def refuse_undeclared_tables(aside: Iterable[str] = ()) -> None:
    """Raise UndeclaredModel for a table that no declared class maps (db.Model, bare Table).

    Those of plugins that were set ``aside`` are nobody's business any more.
    """
    prefixes = tuple(f"{slug}_" for slug in aside)
    bare = {name for name in metadata.tables if name not in MODELS}
    if strangers := sorted(name for name in bare if not (prefixes and name.startswith(prefixes))):
        raise UndeclaredModel(f"tables without a scope declaration: {', '.join(strangers)}")
