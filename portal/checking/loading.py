"""Taking a plugin into a portal: what speaks against it, with the place in its files."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from portal.gate import Portal
from portal.plugin import Plugin, PluginDefinitionError

from .findings import Finding, finding
from .routes import routes
from .sources import Sources

ALONE = """
import importlib, sys
from pathlib import Path
own = set({own!r})
class Nobody:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("kantor_") and name.partition(".")[0] not in own:
            raise ImportError(f"{{name}} is not installed here")
sys.meta_path.insert(0, Nobody())
from portal.testing import make_app
plugins = [importlib.import_module(name).plugin for name in {packages!r}]
home = Path({home!r})
app = make_app(f"sqlite:///{{home}}/alone.db", home, plugins)
for failure in app.extensions["kantor"].failures:
    print(failure.reason)
"""
# How a problem of the load begins or goes on, and the rule it breaks.
KINDS = (
    (re.compile(r"has neither @policy nor @public$"), "unguarded-route"),
    (re.compile(r", which (?:\w+ does|is) not declared?$"), "undeclared-permission"),
    (re.compile(r"^templates? .* (?:must lie in|must end in|lie in) "), "template-place"),
    (re.compile(r"hookimpl|hook |implements no known hook|wraps the answers"), "hook-arguments"),
)
ENDPOINT = re.compile(r"\((?P<in>[\w.]+)\) has neither|^(?P<first>\w+\.\w+) needs ")


class NotImported(Exception):
    """A plugin that cannot be imported; ``found`` says why and where."""

    def __init__(self, found: list[Finding]) -> None:
        self.found = found
        super().__init__("; ".join(map(str, found)))


def imported(sources: Sources) -> Plugin:
    """Import a plugin from its folder, or raise NotImported."""
    if str(sources.root) not in sys.path:
        sys.path.insert(0, str(sources.root))
    try:
        plugin = getattr(importlib.import_module(sources.package), sources.attribute)
    except KeyboardInterrupt:
        raise
    except PluginDefinitionError as error:
        raise NotImported([_problem(sources, said) for said in error.problems]) from error
    except BaseException as error:  # A plugin may call sys.exit() while it is imported.
        said = "called sys.exit()" if isinstance(error, SystemExit) else _told(error)
        where = place_of(sources, error)
        what = f"{sources.slug} is not loaded (import): {said}"
        raise NotImported([finding("not-loaded", where, what)]) from error
    if not isinstance(plugin, Plugin):
        what = f"{sources.package}:{sources.attribute} is no Plugin"
        raise NotImported([finding("not-loaded", sources.place(sources.folder), what)])
    return plugin


def _told(error: BaseException) -> str:
    problems = getattr(error, "problems", None)
    if isinstance(problems, list):
        return "; ".join(map(str, problems))
    return f"{type(error).__name__}: {error}" if str(error) else repr(error)


def place_of(sources: Sources, error: BaseException | None) -> str:
    """Return the last line of the plugin in which an error arose."""
    place = ""
    while error is not None and not place:
        if isinstance(error, SyntaxError) and str(error.filename).startswith(str(sources.folder)):
            return f"{sources.place(Path(str(error.filename)))}:{error.lineno}"
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename.startswith(f"{sources.folder}/"):
                place = f"{sources.place(Path(frame.filename))}:{frame.lineno}"
        error = error.__cause__ or error.__context__
    return place or f"{sources.package.replace('.', '/')}/__init__.py"


def failures(app: Portal, sources: Sources) -> list[Finding]:
    """Return why plugins were set aside, each contradiction by itself."""
    found = []
    for failure in app.extensions["kantor"].failures:
        if failure.slug == sources.slug and isinstance(failure.error, PluginDefinitionError):
            found += [_problem(sources, said) for said in failure.error.problems]
        else:
            what = f"{failure.slug} is not loaded ({failure.stage}): {failure.reason}"
            found.append(finding("not-loaded", place_of(sources, failure.error), what))
    return found


def _problem(sources: Sources, said: str) -> Finding:
    rule = next((rule for pattern, rule in KINDS if pattern.search(said)), "contradiction")
    where = f"{sources.package.replace('.', '/')}/__init__.py"
    if endpoint := ENDPOINT.search(said):
        view = (endpoint["in"] or endpoint["first"]).rpartition(".")[2]
        places = [route.where for route in routes(sources) if route.function.name == view]
        where = places[0] if places else where
    elif rule == "template-place" and (named := re.match(r"template (\S+) must", said)):
        where = sources.place(sources.folder / "templates" / named[1])
    return finding(rule, where, f"{sources.slug} is not loaded: {said}")


def absent_partners(sources: Sources, packages: list[str], home: Path) -> Iterator[Finding]:
    """Load the plugin where no other can be imported but those it requires."""
    own = [package.partition(".")[0] for package in packages]
    program = ALONE.format(own=own, packages=packages, home=str(home))
    command = [sys.executable, "-W", "ignore", "-c", program]
    paths = [str(sources.root), *(path for path in sys.path if path)]
    ran = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": ":".join(paths), "PATH": ""},
    )
    last = (ran.stderr.strip().splitlines() or [""])[-1] if ran.returncode else ""
    if said := ran.stdout.strip() or last:
        yield finding(
            "hidden-partner",
            f"{sources.package.replace('.', '/')}/__init__.py",
            f"it does not load without plugins it does not require: {said}",
        )


def in_place(known: Iterable[Finding], more: Iterable[Finding]) -> list[Finding]:
    """Return both, without what of ``more`` says again what is known of the same place."""
    kept = list(known)
    named = {(one.rule, one.where) for one in kept}
    files = {(rule, where.partition(":")[0]) for rule, where in named}
    for one in more:
        again = (one.rule, one.where) in named
        vague = ":" not in one.where and (one.rule, one.where) in files
        if not again and not vague:
            kept.append(one)
    return kept


def place_of_view(sources: Sources, view: Any) -> str:
    """Return the line of a view, or of its class; the package if neither is in its files."""
    inner = getattr(view, "view_class", view)
    while hasattr(inner, "__wrapped__"):
        inner = inner.__wrapped__
    known = sources.defined.get(f"{inner.__module__}.{getattr(inner, '__name__', '')}")
    return known[0].at(known[1]) if known else f"{sources.package.replace('.', '/')}/__init__.py"
