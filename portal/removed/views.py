"""The bin as a page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Blueprint, request

from portal.messages import message
from portal.web import policy, reading, redirect_to, render, toast, transaction

from . import services

blueprint = Blueprint("removed", __name__, url_prefix="/bin")
BEGIN = datetime(1970, 1, 1, tzinfo=UTC)


@blueprint.get("")
@policy("core.portal.use")
def bin_page():
    """Show what one has removed in the last month."""
    found = services.page(reading(), _instant(request.args.get("before", "")))
    older = str((found.older - BEGIN) // timedelta(microseconds=1)) if found.older else ""
    crumbs = ((message("Bin"), ""),)
    return render("removed/bin.html", crumbs=crumbs, things=found.things, older=older)


@blueprint.post("/<part>/<public_id>")
@policy("core.portal.use")
def put_back(part: str, public_id: str):
    """Bring back what one has removed."""
    with transaction() as tx:
        toast(services.put_back(tx, part, public_id))
        return redirect_to(tx, "removed.bin_page")


def _instant(said: str) -> datetime | None:
    """Return an instant as an address names it, in microseconds; None for nonsense."""
    try:
        return BEGIN + timedelta(microseconds=int(said))
    except (ValueError, OverflowError):
        return None
