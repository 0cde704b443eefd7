"""Why somebody can see or do something, or cannot: asked by whoever looks after the roles."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app, request
from flask.globals import request_ctx
from werkzeug.exceptions import HTTPException

from portal.errors import NotFound
from portal.messages import message
from portal.people import services
from portal.people.forms import WhyForm
from portal.roles import lists
from portal.roles.services import require_everywhere
from portal.roles.why import explain
from portal.subjects.services import subjects
from portal.web import policy, reading, render

from .common import blueprint, person_crumbs

NOT_FOUND = message("There is no such record that you may see. Paste the address of its page.")
ANOTHER = message("This right is not about records like that one.")
WHICH = message("Choose a right, or name a record.")


@blueprint.get("/<public_id>/why")
@policy("core.role.view")
def why(public_id: str):
    """Say why a person may use a right or not, also on one record."""
    tx = reading()
    require_everywhere(tx, lists.VIEW)
    row = services.find_person(tx, public_id)
    form = WhyForm(request.args)
    form.permission.choices = lists.right_choices(tx)
    answer = _answer(tx, row, form) if request.args else None
    page = render(
        "people/why.html",
        crumbs=person_crumbs(row, (message("Why"), "")),
        person=row,
        form=form,
        why=answer,
        again={name: form[name].data for name in ("permission", "record") if form[name].data},
        titled=lists.title_of,
        reaches=lists.REACHES,
        states=lists.STATES,
        tones=lists.TONES,
        today=tx.today,
    )
    return (page, 422) if form.errors or form.form_errors else page


def _answer(tx, row, form):
    if not form.validate():
        return None
    asked, permission = None, form.permission.data
    if form.record.data:
        asked = _record(tx, form.record.data)
        if asked is None:
            form.add_errors({"record": NOT_FOUND})
            return None
        if not permission:
            permission = form.permission.data = subjects(tx)[asked[0]].permission
    if not permission:
        form.add_errors({"permission": WHICH})
        return None
    visitors = current_app.extensions["kantor_visitors"]
    who = visitors.of_person(tx.session, row.id)
    try:
        return explain(tx, row, permission, who, asked)
    except NotFound:
        about = asked and permission.rpartition(".")[0] != _noun(tx, asked[0])
        form.add_errors({"record": ANOTHER if about else NOT_FOUND})
        return None


def _noun(tx, kind):
    return subjects(tx)[kind].model.__noun__


def _record(tx, typed):
    """Return kind and public id of the record that an address, or ``kind:public id``, names."""
    known = subjects(tx)
    kind, _, public_id = typed.partition(":")
    if kind in known and public_id:
        return kind, public_id
    try:
        assert request_ctx.url_adapter is not None
        path = urlsplit(typed).path
        endpoint, values = request_ctx.url_adapter.match(path, method="GET")
    except (HTTPException, ValueError):
        return None
    for name, subject in known.items():
        if subject.endpoint == endpoint and "public_id" in values:
            return name, values["public_id"]
    return None
