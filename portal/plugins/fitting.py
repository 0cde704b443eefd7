"""Whether the tables of a plugin are those that its installed code was written for.

A plugin whose tables are others rests: nobody meets it, and its work waits. Everything else of the
portal goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select, true

from portal.guard import kernel_execute
from portal.lineages import Lineage
from portal.messages import Message, message
from portal.work import UnitOfWork

from .models import InstalledPlugin

READY, RESTING, FAILED = "ready", "resting", "failed"
installed = InstalledPlugin.__table__


@dataclass(frozen=True, kw_only=True)
class Misfit:
    """Why a plugin rests, and what to do; ``newer`` tables are unknown to its code."""

    says: Message
    remedy: Message
    newer: bool = False


def misfit(slug: str, lineage: Lineage, version: str, row: Any) -> Misfit | None:
    """Return what keeps a plugin at rest, from what the last upgrade noted of it; or None."""
    told = {"made": row.version or row.revision, "here": version, "slug": slug}
    if not lineage.knows(row.revision):
        return Misfit(
            newer=True,
            says=message(
                "Its tables are those of version {made}, which version {here} does not know.",
                **told,
            ),
            remedy=message(
                "Install version {made} again. To go back from it, run"
                " `kantor db downgrade --plugin {slug}` while it is installed.",
                **told,
            ),
        )
    if not lineage.fits(row.revision):
        return Misfit(
            says=message(
                "Its tables are those of version {made}, and version {here} is installed.", **told
            ),
            remedy=message(
                "Make a backup and run `kantor db upgrade`, or install version {made}.", **told
            ),
        )
    if row.state == RESTING:
        return Misfit(
            says=message("It rests until the next upgrade."),
            remedy=message("Run `kantor db upgrade`."),
        )
    return None


def noted(tx: UnitOfWork) -> Mapping[str, Any]:
    """Return what the last upgrade made of each plugin, by slug."""
    return {row.slug: row for row in kernel_execute(tx.session, select(installed)).all()}


def misfits(tx: UnitOfWork, plugins: Any) -> Mapping[str, Misfit]:
    """Return what keeps loaded plugins at rest, by slug."""
    found = {}
    for slug, row in noted(tx).items():
        if slug in plugins.loaded:
            one = misfit(slug, plugins.lineages[slug], plugins.versions.get(slug, ""), row)
            if one is not None:
                found[slug] = one
    return found


def resting(tx: UnitOfWork) -> frozenset[str]:
    """Return the loaded plugins whose code and tables do not fit; none where nobody has loaded."""
    lineages = tx.session.runtime.lineages if tx.session.runtime is not None else {}
    columns = (installed.c.slug, installed.c.revision)
    ready = kernel_execute(tx.session, select(*columns).where(installed.c.state == READY))
    fitting = {slug for slug, at in ready.all() if slug in lineages and lineages[slug].fits(at)}
    return frozenset(lineages.keys() - fitting)


def of_others(tx: UnitOfWork, name: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that ``name``, as of a job, belongs to no plugin that rests."""
    mine = [name.startswith(f"{slug}.", autoescape=True) for slug in sorted(resting(tx))]
    return ~or_(*mine) if mine else true()
