"""The pages about views that are sent by mail."""

from __future__ import annotations

from datetime import time
from typing import Any

from flask import request, url_for

from portal.auth.returning import page_named
from portal.errors import NotFound
from portal.mail.outgoing import mail_ready
from portal.messages import Message, current_language, message
from portal.ui import formats
from portal.ui.submitting import submitted
from portal.web import policy, reading, redirect_to, render, toast, transaction
from portal.work import UnitOfWork
from portal.worktime.services import calendar_of

from . import mailing
from .mail_forms import DAYS, MailForm
from .rules import Saved
from .saving import saved_view
from .showing import list_named
from .views import blueprint

__all__ = ["blueprint"]
TITLE = message("Views by mail")
WEEKLY, MONTHLY = message("Every {day} at {time}"), message("Every month on day {day} at {time}")
DAILY = message("Every day you work at {time}")


@blueprint.get("/mails")
@policy("core.portal.use")
def view_mails() -> Any:
    """Show what is sent to whoever looks."""
    tx = reading()
    zone = calendar_of(tx, person_id=tx.actor.person_id).zone
    listed = [
        {
            "name": row.name,
            "often": often(row),
            "next": row.next_at.astimezone(zone).date(),
            "paused": row.state == "paused",
            "url": url_for("lists.mail_view", public_id=row.view),
            "end": url_for("lists.end_mail", public_id=row.public_id),
        }
        for row in mailing.mails_of(tx)
    ]
    return render(
        "lists/mails.html",
        crumbs=((message("Your account"), url_for("account.account")), (TITLE, "")),
        mails=listed,
        ready=mail_ready(),
    )


@blueprint.route("/views/<public_id>/mail", methods=["GET", "POST"])
@policy("core.portal.use")
def mail_view(public_id: str) -> Any:
    """Ask how often a view is sent, or keep that."""
    tx = reading()
    view, _ = _usable(tx, public_id)
    known = mailing.mail_of(tx, public_id)
    form = MailForm(request.form, data=_as_form(known))
    form.hour.choices = [(str(hour), _clock(hour)) for hour in range(24)]
    if request.method == "POST" and form.validate():
        with submitted(form), transaction() as tx:
            view, _ = _usable(tx, public_id)
            endpoint = page_named(form.place.data or "") or (known.endpoint if known else "")
            mailing.send_view(tx, public_id, endpoint, form.as_asked())
            toast(message("{view} is sent to you by mail.", view=view.name))
            return redirect_to(tx, "lists.view_mails")
    if request.method == "GET":
        form.place.data = request.args.get("place", "")
    page = render(
        "lists/mail.html",
        crumbs=((TITLE, url_for("lists.view_mails")), (view.name, "")),
        view=view,
        known=known,
        form=form,
        ready=mail_ready(),
    )
    return (page, 422) if request.method == "POST" else page


@blueprint.post("/mails/<public_id>/end")
@policy("core.portal.use")
def end_mail(public_id: str) -> Any:
    """Send a view no more."""
    with transaction() as tx:
        name = mailing.end_mail(tx, public_id)
        toast(message("{view} is no longer sent to you.", view=name))
        return redirect_to(tx, "lists.view_mails")


def _usable(tx: UnitOfWork, public_id: str) -> tuple[Saved, str]:
    """Return a view that the actor may use and its list, or raise NotFound."""
    found = saved_view(tx, public_id)
    if found is None:
        raise NotFound
    list_named(found[1], tx.actor)
    return found


def _as_form(row: Any) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "every": row.every,
        "weekday": str(row.weekday),
        "day": str(row.day),
        "hour": str(row.hour),
        "format": row.format,
        "only_some": row.only_some,
    }


def often(row: Any) -> Message:
    """Return in words how often a view is sent."""
    said = {"time": _clock(row.hour)}
    if row.every == "week":
        return Message(WEEKLY.msgid, said | {"day": DAYS[row.weekday]})
    if row.every == "month":
        return Message(MONTHLY.msgid, said | {"day": row.day})
    return Message(DAILY.msgid, said)


def _clock(hour: int) -> str:
    return formats.clock(time(hour), current_language.get())
