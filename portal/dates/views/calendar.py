"""The calendar as a page."""

from __future__ import annotations

from flask import Blueprint, request

from portal.dates import pages
from portal.dates.gathering import kinds
from portal.dates.grid import BadDay, first_weekday, shown
from portal.errors import BadRequest
from portal.messages import current_language
from portal.web import policy, reading, render

blueprint = Blueprint("dates", __name__, url_prefix="/calendar")


@blueprint.get("")
@policy("core.portal.use")
def calendar():
    """Show what falls on which day: a month, a week, a list or a day."""
    tx = reading()
    asked = request.args.to_dict()
    narrowed = pages.Narrowed(kind=asked.get("kind", ""), whose=asked.get("whose", ""))
    known = {"", *(kind.name for _, kind in kinds(tx))}
    if narrowed.kind not in known or narrowed.whose not in pages.WHOSE:
        raise BadRequest
    try:
        what = shown(asked, tx.today, first_weekday(current_language.get()))
    except BadDay as error:
        raise BadRequest from error
    return render("dates/calendar.html", **pages.calendar_page(tx, what, narrowed))
