"""What is asked of a plugin that runs: in portals of its own, on real databases."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from portal.admission import package_folder
from portal.db import db
from portal.gate import Portal
from portal.plugin import Plugin
from portal.runtime import GROUP
from portal.testing import make_app
from portal.testing_databases import Database, offered

from . import (
    asked_of_files,
    lineage,
    loading,
    moving,
    packaging,
    pages,
    probing,
    seeding,
    seen,
    sending,
)
from .findings import Finding, finding, in_order
from .sources import Sources, of_package

Say = Callable[[str], None]
PARTS = ("wheel", "apart", "pages", "rows", "browser", "forms", "moves")


def quiet(_line: str) -> None:
    """Say nothing of how far it is."""


def asked_alive(
    sources: Sources,
    plugin: Plugin,
    *,
    beside: Iterable[Plugin] = (),
    kinds: Iterable[str] = (),
    parts: Iterable[str] = PARTS,
    say: Say = quiet,
) -> list[Finding]:
    """Return what a portal with the plugin in it shows; ``beside`` are the plugins it requires.

    ``kinds`` are the databases, all at hand unless said; ``parts`` are those of PARTS to ask.
    """
    wanted = frozenset(parts)
    others = [one for one in beside if one.slug != plugin.slug]
    with tempfile.TemporaryDirectory(prefix="kantor-check-") as scratch, _hushed():
        home = Path(scratch)
        found: list[Finding] = []
        if "wheel" in wanted:
            say("building the wheel")
            found += packaging.wheel(sources, home)
        if "apart" in wanted:
            say("loading it alone")
            packages = [*(one.package for one in others), sources.package]
            found += loading.absent_partners(sources, packages, home)
        ways: dict[str, list[Any]] = {}
        for kind in list(kinds) or offered():
            with Database.made(kind, home) as database:
                app = make_app(database.url, home, [*others, plugin])
                try:
                    if failed := loading.failures(app, sources):
                        return in_order(loading.in_place(found, failed))
                    found += _on_one(app, sources, plugin, database, ways, wanted, say)
                finally:
                    app.extensions["kantor_queue"].close()
                    with app.app_context():
                        db.engine.dispose()
        found += pages.templates(app, sources)
        return in_order(found)


def promises_broken(plugin: Plugin, *, beside: Iterable[Plugin] = ()) -> list[Finding]:
    """Return everything in which an imported plugin breaks its promises, each with what to do.

    ``beside`` are the plugins it requires.
    """
    folder = package_folder(plugin)
    top = folder.parents[plugin.package.count(".")] / plugin.package.partition(".")[0]
    sources = of_package(plugin.slug, plugin.package, top)
    found = [*packaging.entry_point(sources, plugin), *asked_of_files(sources)]
    return in_order(loading.in_place(found, asked_alive(sources, plugin, beside=beside)))


def _on_one(
    app: Portal,
    sources: Sources,
    plugin: Plugin,
    database: Database,
    ways: dict[str, list[Any]],
    wanted: frozenset[str],
    say: Say,
) -> Iterator[Finding]:
    kind = database.kind
    say(f"{kind}: making, comparing and taking back its tables")
    with app.app_context():
        found = list(lineage.findings(app, sources, plugin, kind))
    yield from found
    if any(one.rule == "migration-fails" for one in found):
        return
    if "pages" in wanted:
        say(f"{kind}: asking for every page")
        yield from pages.findings(app, sources, plugin)
    made = seeding.scene(app, plugin, ways)
    if "rows" in wanted:
        say(f"{kind}: asking for pages with rows of two departments")
        yield from probing.findings(app, sources, made)
    if "browser" in wanted and kind == offered()[0]:
        yield from _seen(app, sources, made, say)
    if not wanted & {"rows", "browser"} and wanted & {"forms", "moves"}:
        for side in (seeding.HERE, seeding.ELSEWHERE):
            seeding.seed(made, side, 1)
    if "forms" in wanted:
        say(f"{kind}: sending forms")
        # What nobody types is tried once: forms read it before any database does.
        yield from sending.findings(sources, made, database, thorough=kind == offered()[0])
    if made.failed is not None:
        said = f"samples() cannot be written on {kind}: {type(made.failed).__name__}: {made.failed}"
        yield finding("samples-fail", loading.place_of(sources, made.failed), said)
    if "moves" in wanted:
        say(f"{kind}: taking each revision back and forward with rows in its tables")
        yield from moving.findings(sources, made, kind)


def _seen(app: Portal, sources: Sources, made: seeding.Scene, say: Say) -> list[Finding]:
    """Return what a browser shows, or say loudly that there is none."""
    if seen.chromium() is None:
        say(seen.NOT_LOOKED)
        return []
    say("looking at pages in a browser")
    browser = probing.everybodys(made)
    if not made.known:
        seeding.seed(made, seeding.HERE, 1)
        seeding.seed(made, seeding.ELSEWHERE, 1)
        made.known = probing.addresses(made, browser)[0]
    return seen.findings(app, sources, made, browser)


def beside_the_installed(sources: Sources, plugin: Plugin, say: Say = quiet) -> list[Finding]:
    """Return what goes wrong when the plugin is loaded beside every other that is installed."""
    others: list[Plugin] = []
    for entry in entry_points(group=GROUP):
        if entry.name != sources.slug and all(one.slug != entry.name for one in others):
            try:
                others.append(entry.load())
            except BaseException as error:
                say(f"{entry.name} is left out: {type(error).__name__}")
    if not others:
        return []
    say(f"loading it beside {', '.join(sorted(one.slug for one in others))}")
    with tempfile.TemporaryDirectory(prefix="kantor-check-") as scratch, _hushed():
        home = Path(scratch)
        app = make_app(f"sqlite:///{home}/beside.db", home, [*others, plugin])
        named = {one.slug for one in others}
        return [
            finding("not-loaded", one.where, f"beside others, {one.what}")
            for one in loading.failures(app, sources)
            if not any(one.what.startswith(f"{slug} is not") for slug in named)
        ]


def required(plugin: Plugin) -> list[Plugin]:
    """Return the installed plugins that a plugin requires, and what these require."""
    known = {entry.name: entry for entry in entry_points(group=GROUP)}
    found: dict[str, Plugin] = {}

    def add(slugs: Iterable[str]) -> None:
        for slug in slugs:
            if slug in known and slug not in found:
                needed: Any = known[slug].load()
                add(needed.requires)
                found[slug] = needed

    add(plugin.requires)
    return list(found.values())


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep the log of the portals asked from what is printed: the findings say it."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
