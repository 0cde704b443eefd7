"""The list of background work, the newest first."""

from __future__ import annotations

from collections import ChainMap
from typing import Any

from sqlalchemy import select

from portal.messages import NAMES, message
from portal.ui.table import Column, Empty, Table, View
from portal.work import UnitOfWork

from .core import RECURRING
from .models import Job

STATES = {
    "waiting": message("Waiting"),
    "running": message("Running"),
    "done": message("Done"),
    "failed": message("Failed"),
}
NAMED = ChainMap(
    {
        "core.import": message("Import of a list"),
        "core.import_undo": message("Undoing of an import"),
        "core.view_mail": message("A view by mail"),
        **{job.name: job.title for job in RECURRING},
    },
    NAMES,
)
TONES = {"waiting": "info", "running": "warn", "done": "ok", "failed": "bad"}


def jobs(_tx: UnitOfWork, *, state: str = "") -> Any:
    """Return the jobs, those in one state if given."""
    statement = select(
        Job.id,
        Job.public_id,
        Job.name,
        Job.state,
        Job.attempts,
        Job.created_at,
        Job.started_at,
        Job.finished_at,
    )
    return statement.where(Job.state == state) if state else statement


JOBS = Table(
    "jobs",
    "core.job.view",
    jobs,
    columns=(
        Column(
            "name",
            message("Job"),
            primary=True,
            labels=NAMED,
            link=("jobs.job", {"public_id": "public_id"}),
        ),
        Column("state", message("State"), "pill", labels=STATES, tone=TONES),
        Column("attempts", message("Attempts"), "number"),
        Column("created_at", message("Asked for"), "datetime", sort=(Job.created_at, Job.id)),
        Column("finished_at", message("Finished"), "datetime"),
        Column("id", message("Number"), "number", shown=False),
    ),
    default_sort="-created_at",
    views=(
        View(key="waiting", title=STATES["waiting"], criteria={"state": "waiting"}),
        View(key="failed", title=STATES["failed"], criteria={"state": "failed"}),
    ),
    empty=Empty(
        title=message("No background work yet"),
        text=message("Imports and other long work show up here while the worker does them."),
    ),
)
