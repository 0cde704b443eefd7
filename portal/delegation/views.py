"""Pages about who stands in for whom."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, request, url_for

from portal.messages import message
from portal.people.picking import find
from portal.ui.submitting import submitted, typed_words
from portal.web import policy, reading, redirect_to, render, toast, transaction

from . import services
from .forms import SCOPES, DeputyForm, EndForm, TimeForm, working
from .tables import DEPUTIES, STATES

blueprint = Blueprint("delegation", __name__, url_prefix="/deputies")
TONES = {"today": "ok", "coming": "info", "over": "mute"}


@blueprint.get("")
@policy("core.delegation.view")
def deputies():
    """Show who stands in for whom today, later, or did."""
    return DEPUTIES.respond(reading(), "delegation/deputies.html")


@blueprint.get("/people")
@policy("core.delegation.edit")
def pick_principal():
    """Offer the people whose deputy one may name and whose name has the words typed."""
    tx = reading()
    return render("people/options.html", matches=find(tx, typed_words(), services.in_reach(tx)))


@blueprint.get("/colleagues")
@policy("core.delegation.edit")
def pick_deputy():
    """Offer the people who work here and whose name has the words typed."""
    tx = reading()
    return render("people/options.html", matches=find(tx, typed_words(), working(tx)))


@blueprint.get("/new")
@policy("core.delegation.edit")
def new_deputy():
    """Ask who stands in; ``?person=`` names for whom, ``from`` and ``until`` fill in the days."""
    tx = reading()
    person = services.named_for(tx, request.args.get("person", ""))
    from_on = max(_day("from") or tx.today, tx.today)
    last_on = max(_day("until") or from_on, from_on)
    kept = {"principal": person.public_id, "from_on": from_on, "last_on": last_on}
    return _new_page(tx, DeputyForm(data=kept | {"only_when_absent": True}).prepare(tx))


def _crumbs(*more):
    """Return the way here: there is no entry in the menu for it."""
    return ((message("Deputies"), url_for("delegation.deputies")), *more)


def _day(name):
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None


@blueprint.post("/new")
@policy("core.delegation.edit")
def add_deputy():
    """Let somebody stand in."""
    form = DeputyForm(request.form).prepare(reading())
    if form.validate():
        with submitted(form), transaction() as tx:
            row = services.name_deputy(tx, form.command_for_deputy())
            said = {"deputy": row.deputy.name, "name": row.principal.name}
            toast(message("{deputy} stands in for {name}.", **said))
            return redirect_to(tx, "delegation.deputy", public_id=row.public_id)
    return _new_page(reading(), form), 422


def _new_page(tx, form):
    return render(
        "delegation/new.html",
        crumbs=_crumbs((message("Name a deputy"), "")),
        form=form,
        others=services.names_for_others(tx),
    )


@blueprint.get("/<public_id>")
@policy("core.delegation.view")
def deputy(public_id: str):
    """Show who stands in for whom, when, and what to know of it."""
    tx = reading()
    row = services.find_delegation(tx, public_id)
    state = services.state_of(tx, row)
    return render(
        "delegation/deputy.html",
        crumbs=_crumbs((row.principal.name, "")),
        row=row,
        state=STATES[state],
        tone=TONES[state],
        scope=dict(SCOPES)[row.scope],
        warnings=services.warnings_of(tx, row),
        editable=state != "over" and services.may_edit(tx, row),
    )


@blueprint.get("/<public_id>/edit")
@policy("core.delegation.edit")
def edit_deputy(public_id: str):
    """Show the days for changing."""
    tx = reading()
    row = services.find_delegation(tx, public_id, services.EDIT)
    return _edit_page(row, TimeForm(obj=row).prepare_time(tx))


@blueprint.post("/<public_id>/edit")
@policy("core.delegation.edit")
def change_deputy(public_id: str):
    """Let somebody stand in on other days."""
    tx = reading()
    row = services.find_delegation(tx, public_id, services.EDIT)
    form = TimeForm(request.form).prepare_time(tx)
    if form.validate():
        with submitted(form), transaction() as tx:
            command = form.command(services.ChangeDelegation)
            changed = services.change_delegation(tx, public_id, command)
            toast(message("Saved."))
            return redirect_to(tx, "delegation.deputy", public_id=changed.public_id)
        row = services.find_delegation(reading(), public_id, services.EDIT)
    return _edit_page(row, form), 422


def _edit_page(row, form):
    here = url_for("delegation.deputy", public_id=row.public_id)
    crumbs = _crumbs((row.principal.name, here), (message("Change"), ""))
    return render("delegation/edit.html", crumbs=crumbs, row=row, form=form, back=here)


@blueprint.post("/<public_id>/end")
@policy("core.delegation.edit")
def end_deputy(public_id: str):
    """Let nobody stand in by this any more."""
    form = EndForm(request.form)
    with transaction() as tx:
        row = services.end_delegation(tx, public_id, form.version.data)
        said = {"deputy": row.deputy.name, "name": row.principal.name}
        toast(message("{deputy} stands in for {name} no more.", **said))
        return redirect_to(tx, "delegation.deputy", public_id=public_id)
