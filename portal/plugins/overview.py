"""What the plugins page says of each plugin: loaded, set aside, or only its data here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from portal.guard import kernel_execute
from portal.messages import Message, message
from portal.plugin import Permission
from portal.runtime import Plugins
from portal.work import UnitOfWork

from .models import InstalledPlugin

STATES = {
    "ready": message("Ready"),
    "aside": message("Set aside"),
    "waiting": message("Needs an upgrade"),
    "gone": message("Package is gone"),
    "disabled": message("Disabled by configuration"),
}
TONES = {"ready": "ok", "aside": "bad", "waiting": "warn", "gone": "warn", "disabled": "mute"}
STAGES = {
    "import": message("while it was imported"),
    "definition": message("because it contradicts itself"),
    "register": message("while it was registered"),
    "ready": message("while it got ready"),
    "migration": message("while its tables were made"),
}


@dataclass(frozen=True, kw_only=True)
class Known:
    """One plugin as an administrator sees it; ``faults`` are (stage, reason)."""

    slug: str
    title: Message | str
    version: str
    state: str
    icon: str = "puzzle"
    hue: str = "slate"
    permissions: Sequence[Permission] = ()
    tables: Sequence[str] = ()
    jobs: Sequence[str] = ()
    faults: Sequence[tuple[Message | str, str]] = ()
    has_settings: bool = False


def known_plugins(tx: UnitOfWork, registry: Plugins) -> list[Known]:
    """Return every plugin that is installed, was installed or is disabled, by slug."""
    table = InstalledPlugin.__table__
    stored = {row.slug: row for row in kernel_execute(tx.session, select(table)).all()}
    faults: dict[str, list[tuple[Message | str, str]]] = {}
    for failure in registry.failures:
        stage = STAGES.get(failure.stage) or message("in its part {stage}", stage=failure.stage)
        faults.setdefault(failure.slug, []).append((stage, failure.reason))
    for slug, row in stored.items():
        if row.state == "failed" and not faults.get(slug):
            faults[slug] = [(STAGES["migration"], row.reason)]
    slugs = {*registry.loaded, *faults, *stored, *registry.disabled}
    return [
        _known(slug, registry, stored.get(slug), faults.get(slug, [])) for slug in sorted(slugs)
    ]


def _known(
    slug: str, registry: Plugins, row: Any, faults: list[tuple[Message | str, str]]
) -> Known:
    plugin = registry.loaded.get(slug)
    if plugin is None:
        state = "disabled" if slug in registry.disabled else "aside" if faults else "gone"
        title, version = (
            (row.title, row.version) if row else (slug, registry.versions.get(slug, ""))
        )
        return Known(slug=slug, title=title, version=version, state=state, faults=faults)
    failed = row is not None and row.state == "failed"
    state = "waiting" if row is None else "aside" if failed else "ready"
    tables = plugin.models.registry.mappers if plugin.models is not None else ()
    return Known(
        slug=slug,
        title=plugin.title,
        version=registry.versions.get(slug, ""),
        state=state,
        icon=plugin.icon,
        hue=plugin.hue,
        permissions=plugin.permissions,
        tables=sorted(mapper.local_table.name for mapper in tables),
        jobs=[job.name for job in plugin.jobs],
        faults=faults,
        has_settings=plugin.settings is not None,
    )
