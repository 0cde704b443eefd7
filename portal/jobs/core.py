"""The jobs that are the portal's own, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portal.approvals.services import expire, remind
from portal.auth.services import end_run_out
from portal.imports.running import JOB as IMPORT
from portal.imports.running import run_import
from portal.imports.undoing import JOB as UNDO
from portal.imports.undoing import run_undo
from portal.lists.mailing import SEND, put_in_line
from portal.lists.sending import send_view
from portal.messages import Message, message
from portal.notices.mailing import send_digests
from portal.watchers.services import tell
from portal.work import UnitOfWork

from .running import Run, Running

if TYPE_CHECKING:
    from portal.plugin import Job as DeclaredJob


@dataclass(frozen=True, kw_only=True, slots=True)
class CoreJob:
    """Work of the portal's own that comes back ``every`` so many seconds: ``run(tx)`` in one unit.

    What ``run`` returns, if it is a mapping, stays with the job as its result. It must do no harm
    when it is run again, and little while it runs: on SQLite nobody else writes meanwhile.
    """

    name: str
    title: Message
    run: Callable[[UnitOfWork], Any]
    every: int

    def __call__(self, work: Running) -> None:
        """Do one run; being done is part of the same commit."""
        with work.of_plugin("core") as tx:
            result = self.run(tx)
            work.finish(tx, result if isinstance(result, Mapping) else None)


RECURRING: tuple[CoreJob, ...] = (
    CoreJob(
        name="core.notice_digest",
        title=message("Notices of the morning by mail"),
        run=send_digests,
        every=900,
    ),
    CoreJob(
        name="core.view_mails",
        title=message("Views that are sent by mail"),
        run=put_in_line,
        every=60,
    ),
    CoreJob(
        name="core.approvals.remind",
        title=message("Remind of requests that wait"),
        run=remind,
        every=300,
    ),
    CoreJob(
        name="core.watchers.tell",
        title=message("Tell people of changes to what they watch"),
        run=tell,
        every=60,
    ),
    CoreJob(
        name="core.viewing.end",
        title=message("End what is seen as somebody else after half an hour"),
        run=end_run_out,
        every=60,
    ),
    CoreJob(
        name="core.approvals.expire",
        title=message("End requests nobody decided for half a year"),
        run=expire,
        every=86_400,
    ),
)
JOBS: Mapping[str, Run] = {
    IMPORT: run_import,
    UNDO: run_undo,
    SEND: send_view,
    **{job.name: job for job in RECURRING},
}


def recurring(plugins: Iterable[Any]) -> list[CoreJob | DeclaredJob]:
    """Return every job that comes back by itself: the portal's own, then those of the plugins."""
    declared = [job for plugin in plugins for job in plugin.jobs if job.every]
    return [*RECURRING, *declared]
