"""Following a code: whoever scans a label lands on the page it stands for."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, url_for

from portal.auth.throttle import hit
from portal.web import policy, reading, render

from . import services

blueprint = Blueprint("links", __name__)


@blueprint.get("/e/<code>")
@policy("core.portal.use")
def follow(code: str):
    """Lead on to what the code stands for, in capitals too: a QR code of capitals is smaller."""
    tx = reading()
    limit = current_app.extensions["kantor_config"].rates.link
    hit("link", f"person {tx.actor.person_id}", limit)
    found, active = services.follow(reading(), code)
    if not active:
        return render("links/retired.html", found=found), 410
    return redirect(url_for(found.endpoint, **found.values), 303)


blueprint.add_url_rule("/E/<code>", "follow_capitals", follow, methods=["GET"])
