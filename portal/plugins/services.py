"""Which plugins there are, how they are, and where they are switched on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import select

from portal.errors import EditConflict, Forbidden, NotFound
from portal.messages import Message, message
from portal.orm import MODELS
from portal.people.models import Department
from portal.plugin import Job, Permission, Plugin
from portal.roles.principals import raise_epoch
from portal.roles.rules import reaches
from portal.work import UnitOfWork

from .fitting import FAILED, Misfit, misfits
from .models import InstalledPlugin, PluginActivation

if TYPE_CHECKING:
    from portal.runtime import Plugins

MANAGE = "core.plugin.manage"
STATES = {
    "on": message("On"),
    "off": message("Off"),
    "aside": message("Set aside"),
    "resting": message("Rests"),
    "waiting": message("Needs an upgrade"),
    "gone": message("Package is gone"),
    "disabled": message("Disabled by configuration"),
}
TONES = {
    "on": "ok",
    "off": "mute",
    "aside": "bad",
    "resting": "warn",
    "waiting": "warn",
    "gone": "warn",
    "disabled": "mute",
}
STAGES = {
    "import": message("while its package was loaded"),
    "definition": message("while its definition was read"),
    "register": message("while its pages and tables were checked"),
    "ready": message("while it started"),
    "migration": message("while its tables were made"),
}
EVERYWHERE = "*"
Cell = tuple[str, int | None]  # a plugin and a department, None for everywhere


@dataclass(frozen=True, kw_only=True)
class PluginFacts:
    """One plugin as administrators see it; ``state`` is one of STATES."""

    slug: str
    title: Message | str
    version: str
    state: str
    reason: str = ""
    stage: Message | str = ""
    misfit: Misfit | None = None  # why it rests although it is loaded
    complaints: tuple[str, ...] = ()  # of parts that failed while the rest runs
    has_settings: bool = False
    icon: str = "puzzle"
    hue: str = "slate"
    permissions: tuple[Permission, ...] = ()
    tables: tuple[str, ...] = ()
    jobs: tuple[Job, ...] = ()
    requires: tuple[str, ...] = ()
    everywhere: bool = False
    departments: tuple[int, ...] = ()

    @property
    def running(self) -> bool:
        """Whether it is loaded and its tables are there."""
        return self.state in ("on", "off")


@dataclass(frozen=True, kw_only=True)
class ChangeActivation:
    """Where plugins shall be on: of the cells ``offered``, exactly those ``wanted``."""

    seen: str  # digest of the state the form was made from
    offered: frozenset[Cell]
    wanted: frozenset[Cell] = field(default_factory=frozenset)


def plugins(tx: UnitOfWork) -> list[PluginFacts]:
    """Return every plugin that is loaded, set aside or only known to the database, by title."""
    registry = _registry(tx)
    installed = {row.slug: row for row in tx.session.scalars(select(InstalledPlugin))}
    cells, unfit = activations(tx), misfits(tx, registry)
    failed = [failure.slug for failure in registry.failures if failure.slug not in registry.loaded]
    slugs = dict.fromkeys([*registry.loaded, *failed, *installed, *sorted(registry.disabled)])
    found = [_facts(registry, slug, installed.get(slug), cells, unfit.get(slug)) for slug in slugs]
    return sorted(found, key=lambda one: (str(one.title).casefold(), one.slug))


def plugin(tx: UnitOfWork, slug: str) -> PluginFacts:
    """Return one plugin, or raise NotFound."""
    for one in plugins(tx):
        if one.slug == slug:
            return one
    raise NotFound()


def plugins_of(tx: UnitOfWork, department_id: int) -> list[PluginFacts]:
    """Return the plugins that run and are on for a department."""
    return [
        one
        for one in plugins(tx)
        if one.state == "on" and (one.everywhere or department_id in one.departments)
    ]


def activations(tx: UnitOfWork) -> frozenset[Cell]:
    """Return where plugins are switched on."""
    rows = tx.session.execute(select(PluginActivation.slug, PluginActivation.department_id)).all()
    return frozenset((row.slug, row.department_id) for row in rows)


def cells_named(tx: UnitOfWork, names: Iterable[str]) -> frozenset[Cell]:
    """Return the cells that a form names ``slug:department``, or ``slug:*`` for everywhere.

    Raises NotFound for a department that is unknown.
    """
    ids = {row.public_id: row.id for row in tx.session.execute(_departments()).all()}
    found = set()
    for name in names:
        slug, _, where = name.partition(":")
        if where != EVERYWHERE and where not in ids:
            raise NotFound()
        found.add((slug, None if where == EVERYWHERE else ids[where]))
    return frozenset(found)


def _departments() -> Any:
    return select(Department.id, Department.public_id)


def digest(cells: Iterable[Cell]) -> str:
    """Return a short text that differs when the cells do."""
    text = repr(sorted((slug, department or 0) for slug, department in cells))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def offered(tx: UnitOfWork, departments: Sequence[int]) -> frozenset[Cell]:
    """Return the cells the actor may change: of plugins that run, in the actor's reach."""
    places: list[int | None] = [None, *departments]
    mine = [place for place in places if reaches(tx.actor, MANAGE, place)]
    return frozenset((one.slug, place) for one in plugins(tx) if one.running for place in mine)


def change_activation(tx: UnitOfWork, command: ChangeActivation) -> int:
    """Switch plugins on and off as wanted; return how many cells changed.

    Raises EditConflict when somebody else has changed the grid, Forbidden for a cell out of reach.
    """
    present = activations(tx)
    if digest(present) != command.seen:
        raise EditConflict()
    if any(not reaches(tx.actor, MANAGE, place) for _, place in command.wanted - present):
        raise Forbidden()
    changed = 0
    for slug, department_id in sorted(command.offered, key=lambda cell: (cell[0], cell[1] or 0)):
        wanted = (slug, department_id) in command.wanted
        if wanted != ((slug, department_id) in present):
            (switch_on if wanted else switch_off)(tx, slug, department_id)
            changed += 1
    return changed


def switch_on(tx: UnitOfWork, slug: str, department_id: int | None) -> None:
    """Switch a plugin on for a department, or everywhere; once is enough."""
    _require_reach(tx, department_id)
    row = tx.session.scalars(_cell(slug, department_id)).one_or_none()
    if row is None:
        row = PluginActivation(slug=slug, department_id=department_id)
        tx.session.add(row)
        tx.session.flush()
        _noted(tx, "core.plugin_switched_on", slug, department_id)


def switch_off_all(tx: UnitOfWork, slug: str) -> None:
    """Switch a plugin off wherever it is on."""
    for cell in sorted(activations(tx), key=repr):
        if cell[0] == slug:
            switch_off(tx, *cell)


def switch_off(tx: UnitOfWork, slug: str, department_id: int | None) -> None:
    """Switch a plugin off in one cell of the grid; its data stays."""
    _require_reach(tx, department_id)
    row = tx.session.scalars(_cell(slug, department_id)).one_or_none()
    if row is not None:
        tx.session.delete(row)
        tx.session.flush()
        _noted(tx, "core.plugin_switched_off", slug, department_id)


def _noted(tx: UnitOfWork, action: str, slug: str, department_id: int | None) -> None:
    name = None
    if department_id is not None:
        name = tx.session.scalars(
            select(Department.name).where(Department.id == department_id)
        ).one()
    raise_epoch(tx.session)
    tx.audit(action, slug=slug, department=name)


def _require_reach(tx: UnitOfWork, department_id: int | None) -> None:
    if not reaches(tx.actor, MANAGE, department_id):
        raise Forbidden()


def _cell(slug: str, department_id: int | None) -> Any:
    same = (
        PluginActivation.department_id.is_(None)
        if department_id is None
        else PluginActivation.department_id == department_id
    )
    return select(PluginActivation).where(PluginActivation.slug == slug, same)


def loaded(tx: UnitOfWork) -> Mapping[str, Plugin]:
    """Return the plugins that are loaded, by slug."""
    return _registry(tx).loaded


def _registry(tx: UnitOfWork) -> Plugins:
    return cast("Plugins", tx.session.runtime)


def _facts(
    registry: Plugins,
    slug: str,
    row: InstalledPlugin | None,
    cells: frozenset[Cell],
    unfit: Misfit | None,
) -> PluginFacts:
    loaded = registry.loaded.get(slug)
    failures = [failure for failure in registry.failures if failure.slug == slug]
    fatal = next((f for f in failures if not f.stage.startswith("hook ")), None)
    everywhere, departments = (slug, None) in cells, sorted(d for s, d in cells if s == slug and d)
    if unfit is not None and row is not None and row.state == FAILED and not unfit.newer:
        unfit = None  # That its migration failed says more.
    state, reason, stage = _state(slug, registry, row, fatal, unfit)
    if state == "off" and (everywhere or departments):
        state = "on"
    return PluginFacts(
        slug=slug,
        title=loaded.title if loaded else (row.title if row else slug),
        version=registry.versions.get(slug) or (row.version if row else ""),
        state=state,
        reason=reason,
        misfit=unfit,
        stage=STAGES.get(stage, stage),
        complaints=tuple(f.reason for f in failures if f is not fatal),
        icon=loaded.icon if loaded else "puzzle-off",
        hue=loaded.hue if loaded else "slate",
        permissions=loaded.permissions if loaded else (),
        tables=tuple(sorted(name for name, model in MODELS.items() if model.__slug__ == slug)),
        jobs=loaded.jobs if loaded else (),
        requires=loaded.requires if loaded else (),
        has_settings=loaded is not None and loaded.settings is not None,
        everywhere=everywhere,
        departments=tuple(departments),
    )


def _state(
    slug: str, registry: Plugins, row: InstalledPlugin | None, fatal: Any, unfit: Misfit | None
) -> tuple[str, str, str]:
    """Return (state, reason, stage), as if it were switched on nowhere."""
    if unfit is not None:
        return "aside" if unfit.newer else "resting", "", ""
    if fatal is not None:
        return "aside", fatal.reason, fatal.stage
    if slug not in registry.loaded:
        return ("disabled" if slug in registry.disabled else "gone"), "", ""
    if row is None:
        return "waiting", "", ""
    return ("off", "", "") if row.state == "ready" else ("aside", row.reason, "migration")
