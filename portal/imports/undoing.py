"""Undoing an import: what nobody has touched since goes, the rest stays and is listed with why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import current_app

from portal.errors import Conflict, Forbidden
from portal.messages import message
from portal.work import UnitOfWork

from . import history, services
from .rules import Import, ImportDone, ImportStays

if TYPE_CHECKING:
    from portal.jobs.running import Running

JOB = "core.import_undo"
TOO_LATE = message("This import cannot be undone any more: that is possible for 30 days.")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What undoing would do with each row that was imported."""

    going: tuple[ImportDone, ...]
    stays: tuple[ImportStays, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many rows go, are put back, and stay at least in part."""
        removed = sum(done.new for done in self.going)
        return {
            "removed": removed,
            "restored": len(self.going) - removed,
            "stayed": len(self.stays),
        }


def plan(tx: UnitOfWork, declared: Import, done: list[ImportDone]) -> Plan:
    """Return what can be undone now; in a writing unit that then holds until its end."""
    assert declared.undo is not None
    stays = tuple(declared.undo.check(tx, done))
    whole = {id(one.done) for one in stays if not one.partly}
    return Plan(going=tuple(one for one in done if id(one) not in whole), stays=stays)


def run_undo(work: Running) -> None:
    """Undo the import that ``work.args`` names, in one transaction, for the person who asked."""
    declared = services.find_import(current_app.extensions["kantor"].loaded, work.args["import"])
    with work.writing() as tx:
        active = declared.name.partition(".")[0] in tx.actor.active
        if not active or not tx.actor.holds(declared.permission):
            raise Forbidden
        run = history.find(tx, declared, work.args["run"])
        if run.state == "undone":
            raise Conflict(history.UNDONE_BEFORE)
        done = history.record(tx, run)
        if done is None or declared.undo is None:
            raise Conflict(TOO_LATE)
        found = plan(tx, declared, done)
        declared.undo.run(tx, found.going)
        history.note_undone(tx, run, found.counts, found.stays)
        about = {"list": declared.name, "file": run.file_name, "import": run.public_id}
        tx.audit("core.import_undone", None, **about, **found.counts)
        work.finish(tx, found.counts)
