"""Linking a record with another."""

from __future__ import annotations

from flask import Blueprint, request, url_for

from portal.messages import message
from portal.subjects.services import describe, find_record, subject_named
from portal.ui.submitting import submitted
from portal.web import policy, reading, redirect_to, render, toast, transaction

from . import services
from .forms import LinkForm

blueprint = Blueprint("related", __name__, url_prefix="/records/<kind>/<public_id>")


@blueprint.get("/link")
@policy("core.portal.use")
def new_link(kind: str, public_id: str):
    """Ask for the record with which another is linked."""
    return _page(reading(), LinkForm(), kind, public_id)


@blueprint.post("/link")
@policy("core.portal.use")
def link(kind: str, public_id: str):
    """Link a record with another."""
    tx = reading()
    find_record(tx, kind, public_id)
    form = LinkForm(request.form)
    if form.validate():
        with submitted(form), transaction() as tx:
            words, note = form.record.data or "", form.note.data or ""
            record = services.link(tx, kind, public_id, words, note)
            toast(message("The two are linked."))
            return redirect_to(tx, record.subject.endpoint, public_id=public_id, _anchor="related")
        tx = reading()
    return _page(tx, form, kind, public_id), 422


def _page(tx, form, kind, public_id):
    subject = subject_named(tx, kind)
    record = describe(tx, subject, find_record(tx, kind, public_id))
    page = url_for(subject.endpoint, public_id=public_id)
    crumbs = ((record.title, page), (message("Link a record"), ""))
    return render("related/link.html", crumbs=crumbs, form=form, record=record, page=page)


@blueprint.post("/link/<link_id>/remove")
@policy("core.portal.use")
def unlink(kind: str, public_id: str, link_id: str):
    """Take a link between two records away."""
    with transaction() as tx:
        record = services.unlink(tx, kind, public_id, link_id)
        toast(message("The link is removed."))
        return redirect_to(tx, record.subject.endpoint, public_id=public_id, _anchor="related")
