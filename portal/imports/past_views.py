"""The pages of imports that were done, and of undoing one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import request

from portal.errors import Conflict
from portal.jobs import services as jobs
from portal.messages import message
from portal.web import reading, redirect_to, toast, transaction

from . import history, undoing

if TYPE_CHECKING:
    from .views import Road

SHOWN = 500
STATES = {"done": message("Imported"), "undone": message("Undone")}
PAST = message("Past imports")


class PastRoad:
    """The views of what one declared import has done."""

    def __init__(self, road: Road) -> None:
        self.road, self.declared = road, road.declared

    def past(self) -> Any:
        """List the imports that were done, the newest first."""
        asked = request.args.get("before", "")
        before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else None
        found = history.past(reading(), self.declared, before)
        shown = found[: history.PAGE]
        more = self.road.url("past", before=shown[-1].id) if len(found) > len(shown) else ""
        return self.road.page("past", PAST, rows=[self._row(run) for run in shown], more=more)

    def past_one(self, run: str) -> Any:
        """Show one import, and exactly what undoing it would do."""
        tx = reading()
        found = history.find(tx, self.declared, run)
        job = self._job(tx, found)
        waits = job is not None and not job.over
        plan, stays = None, history.stayed(tx, found)
        if found.state == "done" and found.can_be_undone and self.declared.undo and not waits:
            done = history.record(tx, found)
            plan = undoing.plan(tx, self.declared, done or [])
            stays = [(one.done, one.reason) for one in plan.stays]
        return self.road.page(
            "past_one",
            PAST,
            run=found,
            job=job,
            waits=waits,
            plan=plan,
            stays=[(done.label, done.row, reason) for done, reason in stays[:SHOWN]],
            past_url=self.road.url("past"),
            here=self.road.url("past_one", run=run),
            undo_url=self.road.url("undo", run=run),
        )

    def undo(self, run: str) -> Any:
        """Ask the worker to undo an import, once."""
        with transaction() as tx:
            found = history.find(tx, self.declared, run)
            if self.declared.undo is None or not found.can_be_undone:
                raise Conflict(
                    history.UNDONE_BEFORE if found.state == "undone" else undoing.TOO_LATE
                )
            args = {"import": self.declared.name, "run": run}
            job = tx.enqueue(undoing.JOB, args=args)
            history.ask_to_undo(tx, found, job)
            toast(message("The import is being undone."))
            return redirect_to(tx, f"{self.road.plugin}.{self.road.name('past_one')}", run=run)

    def _job(self, tx: Any, found: Any) -> jobs.JobState | None:
        return jobs.of_anybody(tx, found.undo_job, name=undoing.JOB) if found.undo_job else None

    def _row(self, run: Any) -> dict[str, Any]:
        link = self.road.url("past_one", run=run.public_id)
        return {"run": run, "link": link, "state": STATES[run.state]}
