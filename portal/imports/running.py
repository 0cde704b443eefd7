"""The import as a job: read, check once more, then write all of it in one transaction or none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import current_app

from portal.errors import Conflict, Forbidden
from portal.files.services import KeptFile
from portal.messages import message
from portal.work import UnitOfWork

from . import history, services
from .rules import Checked, Import, ImportDone, ImportRow, Verdict
from .services import JOB, Choices
from .updating import changed_since

if TYPE_CHECKING:
    from portal.jobs.running import Running

__all__ = ["JOB", "run_import"]


class NotAsChecked(Conflict):
    """The file was right when it was checked; since then somebody has changed what it refers to."""


def run_import(work: Running) -> None:
    """Run the import that ``work.args`` names on behalf of the person who asked for it."""
    declared = services.find_import(current_app.extensions["kantor"].loaded, work.args["import"])
    kept = _allowed_file(work, declared)
    choices = Choices.of(work.args["choices"])
    checked = _check_again(work, declared, kept, choices)
    rows = [row for row in checked.rows if row.verdict in (Verdict.NEW, Verdict.CHANGED)]
    counts = {"new": checked.new, "changed": checked.changed, "same": checked.same}
    counts["wrong"] = checked.wrong
    with work.writing() as tx:
        done = _write(tx, work, declared, choices, rows) if rows else ()
        about = {"list": declared.name, "file": kept.name, "sha256": kept.sha256}
        tx.audit("core.list_imported", None, **about, **counts)
        run = history.note(tx, declared, kept.name, checked, done)
        work.finish(tx, {**counts, "run": run})


def _write(
    tx: UnitOfWork, work: Running, declared: Import, choices: Choices, rows: list[ImportRow]
) -> Iterable[ImportDone]:
    """Have the plugin write the rows, unless they stand for something else by now."""
    if declared.known is not None and changed_since(tx, declared, choices.wanted.by, rows):
        raise NotAsChecked(
            message("Nothing was imported: somebody has changed these things since the check.")
        )
    return declared.run(tx, rows, work.progress) or ()


def _allowed_file(work: Running, declared: Import) -> KeptFile:
    """Return the file, or raise Forbidden if the person has lost the right since asking."""
    with work.reading() as tx:
        active = declared.name.partition(".")[0] in tx.actor.active
        if not active or not tx.actor.holds(declared.permission):
            raise Forbidden
        return services.find_upload(tx, declared, work.args["upload"])


def _check_again(work: Running, declared: Import, kept: KeptFile, choices: Choices) -> Checked:
    """Read and check outside the writing transaction; raise NotAsChecked if anything is wrong.

    Rows that were wrong before are left out if the person has said so; a further one is not.
    """
    grid = services.open_grid(current_app.extensions["kantor_files"], kept, choices.sheet)
    work.progress(0, len(grid.rows))
    currency = current_app.extensions["kantor_facts"]["currency"]
    reading = services.read(grid, declared, choices, currency)
    with work.reading() as tx:
        checked = services.check(tx, declared, reading, choices.wanted)
    if checked.wrong > work.args.get("leave_out", 0):
        raise NotAsChecked(
            message(
                "Nothing was imported: since the check, row {row} no longer fits. "
                "Check the file again.",
                row=checked.problems[0].row,
            )
        )
    return checked
