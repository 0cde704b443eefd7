"""Writing, changing and removing comments."""

from __future__ import annotations

from flask import Blueprint, request, url_for

from portal.activity.story import story
from portal.attachments.services import receive
from portal.files.views import store
from portal.messages import message
from portal.people import picking
from portal.subjects.services import describe, find_record
from portal.ui.submitting import VersionField, submitted, typed_words
from portal.web import policy, reading, redirect_to, render, toast, transaction

from . import services
from .forms import ChangeCommentForm, CommentForm
from .services import WriteComment

blueprint = Blueprint("comments", __name__, url_prefix="/records")
ANCHOR = "talk"


class _VersionedForm(ChangeCommentForm):
    version = VersionField()


@blueprint.post("/<kind>/<public_id>/comments")
@policy("core.portal.use")
def write(kind: str, public_id: str):
    """Say something about a record, with files if there are any."""
    tx = reading()
    services.talking_about(tx, kind)
    row = find_record(tx, kind, public_id)
    form = CommentForm(request.form)
    if form.validate():
        with submitted(form):
            files = receive(store(), _sent())
            with transaction() as tx:
                command = WriteComment(text=form.text.data or "", internal=form.internal.data)
                written = services.write(tx, kind, public_id, command, files)
                _say(written)
                endpoint = written.record.subject.endpoint
                return redirect_to(tx, endpoint, public_id=public_id, _anchor=ANCHOR)
        tx = reading()
        row = find_record(tx, kind, public_id)
    found = story(tx, row, only="comments")
    page = url_for(found.record.subject.endpoint, public_id=public_id)
    crumbs = ((found.record.title, page), (message("Comment"), ""))
    return render("activity/story.html", crumbs=crumbs, story=found, page=page, form=form), 422


def _sent():
    """Return (name, content) of the files that came with the form."""
    fields = request.files.getlist("files") + request.files.getlist("photo")
    return [(file.filename, file.stream) for file in fields if file.filename]


def _say(written):
    if written.blind:
        names = ", ".join(written.blind)
        toast(message("Written. {names} cannot see this and was not told.", names=names))


@blueprint.get("/mentions")
@policy("core.portal.use")
def mentions():
    """Offer the people who can be named behind an @."""
    tx = reading()
    words = typed_words()
    matches = picking.find(tx, words) if tx.actor.holds("core.person.view") and words else []
    return render("comments/mentions.html", matches=matches)


@blueprint.get("/comments/<comment_id>/edit")
@policy("core.portal.use")
def edit(comment_id: str):
    """Show one's own comment for changing."""
    found, subject, row = services.find_own(reading(), comment_id)
    form = _VersionedForm(data={"text": found.text, "version": found.version})
    return _edit_page(reading(), form, comment_id, subject, row)


@blueprint.post("/comments/<comment_id>/edit")
@policy("core.portal.use")
def change(comment_id: str):
    """Put other words into one's own comment."""
    tx = reading()
    _, subject, row = services.find_own(tx, comment_id)
    form = _VersionedForm(request.form)
    if form.validate():
        with submitted(form), transaction() as tx:
            text, version = form.text.data or "", form.version.data
            record = services.change(tx, comment_id, text, version)
            return redirect_to(
                tx, record.subject.endpoint, public_id=record.public_id, _anchor=ANCHOR
            )
        tx = reading()
        _, subject, row = services.find_own(tx, comment_id)
    return _edit_page(tx, form, comment_id, subject, row), 422


def _edit_page(tx, form, comment_id, subject, row):
    record = describe(tx, subject, row)
    page = url_for(subject.endpoint, public_id=record.public_id)
    crumbs = ((record.title, page), (message("Comment"), ""))
    return render("comments/edit.html", crumbs=crumbs, form=form, comment_id=comment_id, page=page)


@blueprint.post("/comments/<comment_id>/remove")
@policy("core.portal.use")
def remove(comment_id: str):
    """Take a comment away; the toast puts it back."""
    with transaction() as tx:
        record, step = services.remove(tx, comment_id)
        toast(message("The comment is removed."), undo=step)
        return redirect_to(tx, record.subject.endpoint, public_id=record.public_id, _anchor=ANCHOR)
