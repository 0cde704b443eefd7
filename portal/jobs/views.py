"""Looking after background work."""

from __future__ import annotations

from flask import Blueprint, current_app, request, url_for
from sqlalchemy import select

from portal.backup import keeping
from portal.errors import NotFound
from portal.messages import message
from portal.reach import visible
from portal.roles.rules import reaches
from portal.web import policy, reading, redirect_to, render, toast, transaction

from . import services
from .core import recurring
from .models import Job
from .sentences import unpacked
from .tables import JOBS, NAMED, STATES, TONES

blueprint = Blueprint("jobs", __name__, url_prefix="/jobs")
TITLE = message("Background work")


@blueprint.get("")
@policy("core.job.view")
def jobs():
    """Show the jobs and the events that could not be handed over."""
    tx = reading()
    everything = reaches(tx.actor, "core.job.view", None)  # Nothing here has a department.
    events = services.stuck_events(tx) if everything else []
    page = everything and "format" not in request.args
    return JOBS.respond(
        tx,
        "jobs/jobs.html",
        crumbs=((TITLE, ""),),
        events=events,
        backups=_backups(tx) if page else None,
        schedules=_schedules(tx) if page else (),
    )


def _schedules(tx):
    """Return the recurring jobs by title, with when each ran and runs again."""
    found = services.schedules(tx, recurring(current_app.extensions["kantor"].loaded.values()))
    return [(NAMED.get(one.name, one.name), one) for one in found]


def _backups(tx):
    """Return the last good backup, and for how many days there has been none if that is long."""
    days = current_app.extensions["kantor_config"].backup_days
    return {"last": keeping.last(tx), "late": keeping.days_without(tx, days)}


@blueprint.get("/<public_id>")
@policy("core.job.view")
def job(public_id):
    """Show one job: when it ran, how far it came, what went wrong."""
    tx = reading()
    row = _job(tx, "core.job.view", public_id)
    title = NAMED.get(row.name, row.name)
    return render(
        "jobs/job.html",
        crumbs=((TITLE, url_for("jobs.jobs")), (title, "")),
        title=title,
        job=row,
        state=STATES[row.state],
        tone=TONES[row.state],
        error=unpacked(row.error),
    )


@blueprint.post("/<public_id>/retry")
@policy("core.job.retry")
def retry(public_id):
    """Put a failed job back in line."""
    with transaction() as tx:
        if not reaches(tx.actor, "core.job.retry", None):  # A job belongs to no department.
            raise NotFound
        services.try_again(tx, _job(tx, "core.job.view", public_id))
        toast(message("The job is in line again."))
        return redirect_to(tx, "jobs.job", public_id=public_id)


def _job(tx, permission, public_id):
    return tx.one(visible(select(Job), permission, tx.actor), public_id=public_id)
