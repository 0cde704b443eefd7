"""One's own notices: the list, opening one, and how one wants to be told."""

from __future__ import annotations

from flask import Blueprint, current_app, request, url_for
from sqlalchemy import select
from werkzeug.routing import BuildError

from portal.mail.outgoing import mail_ready
from portal.messages import message
from portal.reach import visible
from portal.web import policy, reading, redirect_to, render, toast, transaction

from . import services
from .forms import field_of, preferences_form
from .models import Notice
from .tables import NOTICES, USE

blueprint = Blueprint("notices", __name__, url_prefix="/notices")
TITLE, PREFERENCES = message("Notices"), message("How you are told")


@blueprint.get("")
@policy("core.portal.use")
def notices():
    """Show one's own notices, the unread first."""
    return NOTICES.respond(reading(), "notices/notices.html", crumbs=((TITLE, ""),))


@blueprint.get("/<public_id>")
@policy("core.portal.use")
def notice(public_id):
    """Show one notice, with the way to what it is about."""
    tx = reading()
    row = tx.one(visible(select(Notice), USE, tx.actor), public_id=public_id)
    return render(
        "notices/notice.html",
        crumbs=((TITLE, url_for("notices.notices")), (message("Notice"), "")),
        notice=row,
        kind=current_app.extensions["kantor"].notices().get(row.kind),
        leads=_address(row.endpoint, row.address) is not None,
    )


@blueprint.post("/<public_id>/open")
@policy("core.portal.use")
def open_notice(public_id):
    """Mark a notice as read and go on to what it is about."""
    with transaction() as tx:
        endpoint, values = services.open_notice(tx, public_id)
        if _address(endpoint, values) is None:  # Its plugin is gone.
            toast(message("The page that this was about is gone."))
            return redirect_to(tx, "notices.notices")
        return redirect_to(tx, endpoint, **values)


@blueprint.post("/read")
@policy("core.portal.use")
def read_all():
    """Mark every notice as read."""
    with transaction() as tx:
        services.read_all(tx)
        toast(message("Everything is marked as read."))
        return redirect_to(tx, "notices.notices")


@blueprint.get("/preferences")
@policy("core.portal.use")
def preferences():
    """Show how one is told of what."""
    return _preferences()


@blueprint.post("/preferences")
@policy("core.portal.use")
def save_preferences():
    """Keep how one is told."""
    form = _form()(request.form)
    if not form.validate():
        return _preferences(form), 422
    with transaction() as tx:
        kinds = current_app.extensions["kantor"].notices()
        said = {name: form[field_of(name)].data for name in kinds} | {"": form["hours"].data}
        # A kind that came with an app since the page was shown is not on the form.
        services.choose(tx, {name: choice for name, choice in said.items() if choice})
        toast(message("Saved."))
        return redirect_to(tx, "notices.preferences")


def _preferences(form=None):
    tx = reading()
    if form is None:
        chosen = services.preferences(tx)
        kinds = current_app.extensions["kantor"].notices()
        data = {field_of(name): chosen.get(name, kind.mail) for name, kind in kinds.items()}
        form = _form()(data=data | {"hours": chosen.get("", "calendar")})
    return render(
        "notices/preferences.html",
        crumbs=((TITLE, url_for("notices.notices")), (PREFERENCES, "")),
        form=form,
        ready=mail_ready(),
    )


def _form():
    return preferences_form(current_app.extensions["kantor"].notices().values())


def _address(endpoint, values):
    """Return where a notice leads, or None when there is no such page any more."""
    try:
        return url_for(endpoint, **values)
    except BuildError:
        return None
