"""Files of records: put there, given out as downloads, taken away."""

from __future__ import annotations

from flask import Blueprint, Response, request

from portal.files.views import attachment
from portal.messages import message
from portal.subjects.services import describe
from portal.web import policy, reading, redirect_to, toast, transaction

from . import services

blueprint = Blueprint("attachments", __name__, url_prefix="/attachments")
TYPES = {"jpeg": "image/jpeg", "png": "image/png"}


@blueprint.get("/<public_id>")
@policy("core.portal.use")
def download(public_id: str):
    """Send a file of a record the visitor sees, as a download."""
    tx = reading()
    found, _, _ = services.find(tx, public_id)
    return attachment(services.content_of(tx, found))


@blueprint.get("/<public_id>/picture")
@policy("core.portal.use")
def picture(public_id: str):
    """Show a picture that was drawn anew when it came in."""
    return _shown(public_id, preview=False)


@blueprint.get("/<public_id>/preview")
@policy("core.portal.use")
def preview(public_id: str):
    """Show a picture in small."""
    return _shown(public_id, preview=True)


def _shown(public_id: str, *, preview: bool):
    tx = reading()
    found = services.find_picture(tx, public_id)
    kept = services.content_of(tx, found, preview=preview)
    if request.if_none_match.contains(kept.sha256):
        answer = Response(status=304)
    else:
        answer = attachment(kept)
        answer.mimetype = TYPES[found.type]
        del answer.headers["Content-Disposition"]
    answer.set_etag(kept.sha256)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


@blueprint.post("/<public_id>/remove")
@policy("core.portal.use")
def remove(public_id: str):
    """Take a file away; the toast puts it back."""
    with transaction() as tx:
        found, subject, row = services.find(tx, public_id)
        step = services.remove(tx, public_id)
        toast(message("{name} is removed.", name=found.name), undo=step)
        record = describe(tx, subject, row)
        return redirect_to(tx, subject.endpoint, public_id=record.public_id, _anchor="files")
