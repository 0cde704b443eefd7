"""Seeing the portal as somebody else does, for whoever helps people with it."""

from __future__ import annotations

from flask import request
from flask_login import current_user

from portal.auth import services as accounts
from portal.messages import message
from portal.people import services
from portal.people.forms import ViewAsForm
from portal.web import policy, reading, redirect_to, render, toast, transaction, unkeyed

from .common import FRESH, blueprint, person_crumbs

VIEW_AS = services.VIEW_AS


@blueprint.get("/<public_id>/view-as")
@policy(VIEW_AS, fresh=FRESH)
def ask_view_as(public_id: str):
    """Ask why one wants to see the portal as this person does."""
    tx = reading()
    row = services.find_person(tx, public_id, VIEW_AS)
    accounts.refuse_viewing(tx, row)
    return _page(row, ViewAsForm())


@blueprint.post("/<public_id>/view-as")
@policy(VIEW_AS, fresh=FRESH)
def view_as(public_id: str):
    """See the portal as this person does, from now on, on this device."""
    form = ViewAsForm(request.form)
    if form.validate():
        with transaction() as tx:
            row = services.find_person(tx, public_id, VIEW_AS)
            accounts.begin_viewing(tx, current_user.session_id, row, form.reason.data or "")
            return redirect_to(tx, "home.index")
    return _page(services.find_person(reading(), public_id, VIEW_AS), form), 422


@blueprint.post("/view-as/stop")
@policy("core.portal.use")
@unkeyed("stopping twice is stopping once")
def stop_viewing():
    """See the portal with one's own eyes again."""
    with transaction() as tx:
        accounts.end_viewing(tx, current_user.session_id)
        toast(message("You see Kantor as yourself again."))
        return redirect_to(tx, "home.index")


def _page(row, form):
    crumbs = person_crumbs(row, (message("See as"), ""))
    return render("people/view_as.html", crumbs=crumbs, person=row, form=form)
