"""Looking after background work."""

from __future__ import annotations

from contextlib import contextmanager

from flask import Blueprint, current_app, request, url_for
from sqlalchemy import select

from portal.backup import keeping
from portal.errors import NotFound
from portal.mail import services as mail
from portal.mail.outgoing import mail_ready
from portal.messages import message
from portal.reach import visible
from portal.roles.rules import reaches
from portal.web import policy, reading, redirect_to, render, toast, transaction

from . import given_up, services
from .core import recurring
from .models import Job
from .sentences import unpacked
from .tables import JOBS, NAMED, STATES, TONES

blueprint = Blueprint("jobs", __name__, url_prefix="/jobs")
TITLE, GIVEN_UP = message("Background work"), message("Given up")


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
        mail=(mail_ready(), mail.any_given_up(tx)) if page else None,
    )


def _schedules(tx):
    """Return the recurring jobs by title, with when each ran and runs again."""
    found = services.schedules(tx, recurring(current_app.extensions["kantor"].loaded.values()))
    return [(NAMED.get(one.name, one.name), one) for one in found]


def _backups(tx):
    """Return the last good backup, and for how many days there has been none if that is long."""
    days = current_app.extensions["kantor_config"].backup_days
    return {"last": keeping.last(tx), "late": keeping.days_without(tx, days)}


@blueprint.get("/given-up")
@policy("core.job.view")
def given_up_work():
    """Show what was given up or cannot be handed over, why, and what can be done about it."""
    tx = reading()
    everything = reaches(tx.actor, "core.job.view", None)
    jobs = given_up.failed_jobs(tx) if everything else []
    return render(
        "jobs/given_up.html",
        crumbs=((TITLE, url_for("jobs.jobs")), (GIVEN_UP, "")),
        jobs=[(NAMED.get(row.name, row.name), row, why) for row, why in jobs],
        events=services.stuck_events(tx) if everything else [],
        mails=mail.given_up(tx) if everything else [],
        ready=mail_ready(),
    )


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
    with _mending() as tx:
        services.try_again(tx, _job(tx, "core.job.view", public_id))
        toast(message("The job is in line again."))
        return redirect_to(tx, "jobs.job", public_id=public_id)


@blueprint.post("/<public_id>/drop")
@policy("core.job.retry")
def drop(public_id):
    """Remove a failed job."""
    with _mending() as tx:
        given_up.drop_job(tx, _job(tx, "core.job.view", public_id))
        toast(message("The job was dropped."))
        return redirect_to(tx, "jobs.given_up_work")


@blueprint.post("/events/<int(max=2147483647):number>/retry")
@policy("core.job.retry")
def retry_event(number):
    """Hand an event over at once."""
    with _mending() as tx:
        given_up.hand_over_again(tx, number)
        toast(message("The event is handed over again."))
        return redirect_to(tx, "jobs.given_up_work")


@blueprint.post("/events/<int(max=2147483647):number>/drop")
@policy("core.job.retry")
def drop_event(number):
    """Remove an event; nobody hears of it any more."""
    with _mending() as tx:
        given_up.drop_event(tx, number)
        toast(message("The event was dropped."))
        return redirect_to(tx, "jobs.given_up_work")


@blueprint.post("/mails/<public_id>/retry")
@policy("core.job.retry")
def retry_mail(public_id):
    """Put a mail that was given up back in line."""
    with _mending() as tx:
        mail.try_again(tx, public_id)
        toast(message("The mail is in line again."))
        return redirect_to(tx, "jobs.given_up_work")


@blueprint.post("/mails/<public_id>/drop")
@policy("core.job.retry")
def drop_mail(public_id):
    """Remove a mail that was given up."""
    with _mending() as tx:
        mail.drop(tx, public_id)
        toast(message("The mail was dropped."))
        return redirect_to(tx, "jobs.given_up_work")


@contextmanager
def _mending():
    """Open a unit for who looks after background work: it belongs to no department."""
    with transaction() as tx:
        everything = reaches(tx.actor, "core.job.retry", None)
        if not everything or not reaches(tx.actor, "core.job.view", None):
            raise NotFound
        yield tx


def _job(tx, permission, public_id):
    return tx.one(visible(select(Job), permission, tx.actor), public_id=public_id)
