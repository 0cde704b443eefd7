"""Watching a record, or not."""

from __future__ import annotations

from flask import Blueprint

from portal.web import policy, redirect_to, transaction

from . import services

blueprint = Blueprint("watchers", __name__, url_prefix="/records/<kind>/<public_id>")


@blueprint.post("/watch")
@policy("core.portal.use")
def watch(kind: str, public_id: str):
    """Be told of what happens to a record."""
    return _chosen(kind, public_id, True)


@blueprint.post("/unwatch")
@policy("core.portal.use")
def unwatch(kind: str, public_id: str):
    """Hear no more of a record."""
    return _chosen(kind, public_id, False)


def _chosen(kind: str, public_id: str, active: bool):
    with transaction() as tx:
        record = services.choose(tx, kind, public_id, active)
        return redirect_to(tx, record.subject.endpoint, public_id=public_id, _anchor="watchers")
