"""The one place that sends stored contents to a browser, always as a download."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from flask import Blueprint, Response, current_app, request

from portal.web import policy, reading

from . import services
from .sending import disposition
from .services import KeptFile
from .store import CHUNK, Store

blueprint = Blueprint("files", __name__, url_prefix="/files")


@blueprint.get("/<public_id>")
@policy("core.portal.use")
def download(public_id: str) -> Any:
    """Send a file that the visitor has uploaded."""
    return attachment(services.find(reading(), public_id))


def attachment(kept: KeptFile) -> Response:
    """Return a content as a download: no browser runs or shows it under the portal's name."""
    source = None if request.method == "HEAD" else store().open(kept.sha256)
    answer = Response(_chunks(source), mimetype="application/octet-stream")
    if source is not None:
        answer.call_on_close(source.close)
    answer.content_length = kept.size
    answer.headers["Content-Disposition"] = disposition(kept.name)
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def store() -> Store:
    """Return the store of the running portal."""
    found: Store = current_app.extensions["kantor_files"]
    return found


def _chunks(source: BinaryIO | None) -> Iterator[bytes]:
    while source is not None and (chunk := source.read(CHUNK)):
        yield chunk
