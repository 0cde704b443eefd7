"""The button on a toast."""

from __future__ import annotations

from flask import Blueprint, redirect, request

from portal.auth.returning import address_of
from portal.web import policy, toast, transaction

from . import services

blueprint = Blueprint("undo", __name__, url_prefix="/undo")


@blueprint.post("/<public_id>")
@policy("core.portal.use")
def undo(public_id: str):
    """Take back what was just done, and go on where one was."""
    with transaction() as tx:
        toast(services.undo(tx, public_id))
        tx.answer = address_of(request.form.get("back", ""))
    return redirect(tx.answer, 303)
