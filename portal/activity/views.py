"""The whole story of a record, page by page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Blueprint, request, url_for

from portal.comments.services import talking_about
from portal.errors import NotFound
from portal.messages import message
from portal.subjects.services import find_record
from portal.web import policy, reading, render

from .reading import ONLY, Before
from .story import story

blueprint = Blueprint("activity", __name__, url_prefix="/records/<kind>/<public_id>")
PARTS = ("act", "comment", "decision", "file", "told")


@blueprint.get("/story")
@policy("core.portal.use")
def record_story(kind: str, public_id: str):
    """Show what happened to a record: all of it, or comments, files or changes alone."""
    tx = reading()
    talking_about(tx, kind)
    row = find_record(tx, kind, public_id)
    only = request.args.get("show", "")
    if only not in ONLY:
        raise NotFound
    found = story(tx, row, only=only, before=_place(request.args.get("before", "")))
    page = url_for(found.record.subject.endpoint, public_id=public_id)
    return render(
        "activity/story.html",
        crumbs=((found.record.title, page), (message("What happened"), "")),
        story=found,
        page=page,
    )


def _place(said: str) -> Before | None:
    """Return a place as an address names it: instant, kind of entry, number; None for nonsense."""
    at, _, rest = said.partition("~")
    part, _, number = rest.partition("~")
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(at))
        if part not in PARTS or not 0 <= int(number) < 2**31:
            return None
    except (ValueError, OverflowError):
        return None
    return Before(at=moment, part=part, id=int(number))
