"""Pages about places."""

from __future__ import annotations

from flask import Blueprint, request, url_for

from portal.messages import message
from portal.ui.submitting import submitted
from portal.web import panels, policy, reading, redirect_to, render, story, toast, transaction

from . import services
from .forms import PlaceForm
from .tables import PLACES

blueprint = Blueprint("places", __name__, url_prefix="/places")


@blueprint.get("")
@policy("core.place.view")
def places():
    """Show sites, rooms and shelves in walking order."""
    return PLACES.respond(reading(), "places/places.html")


@blueprint.get("/tree")
@policy("core.place.view")
def tree():
    """Show what lies in what."""
    return render("places/tree.html", lines=services.tree(reading()), kinds=services.KINDS)


@blueprint.get("/new")
@policy("core.place.edit")
def new_place():
    """Ask for a new place; ``?in=`` names the one it may lie in."""
    tx = reading()
    form = PlaceForm(data={"parent": request.args.get("in"), "kind": "room", "active": True})
    return _form_page(form.prepare(tx, None), None)


@blueprint.post("/new")
@policy("core.place.edit")
def add_place():
    """Make a place."""
    form = PlaceForm(request.form).prepare(reading(), None)
    if form.validate():
        with submitted(form), transaction() as tx:
            place = services.add_place(tx, form.command_for_place())
            toast(message("{name} is added.", name=place.name))
            return redirect_to(tx, "places.place", public_id=place.public_id)
    return _form_page(form, None), 422


@blueprint.get("/<public_id>")
@policy("core.place.view")
def place(public_id: str):
    """Show a place: where it is, whose it is, what lies in it."""
    tx = reading()
    row = services.find_place(tx, public_id)
    return render(
        "places/place.html",
        crumbs=((row.name, ""),),
        place=row,
        inside=services.inside(tx, row),
        kinds=services.KINDS,
        served=services.served(tx, row),
        editable=services.may_edit(tx, row),
        panels=panels(tx, row, "page"),
        story=story(tx, row),
    )


@blueprint.get("/<public_id>/edit")
@policy("core.place.edit")
def edit_place(public_id: str):
    """Show a place for changing."""
    tx = reading()
    row = services.find_place(tx, public_id, services.EDIT)
    kept = services.as_form(tx, row) | {"version": row.version}
    return _form_page(PlaceForm(data=kept).prepare(tx, row), row)


@blueprint.post("/<public_id>/edit")
@policy("core.place.edit")
def change_place(public_id: str):
    """Change a place."""
    tx = reading()
    row = services.find_place(tx, public_id, services.EDIT)
    form = PlaceForm(request.form).prepare(tx, row)
    if form.validate():
        with submitted(form), transaction() as tx:
            changed = services.change_place(tx, public_id, form.command_for_place())
            toast(message("{name} is saved.", name=changed.name))
            return redirect_to(tx, "places.place", public_id=public_id)
        row = services.find_place(reading(), public_id, services.EDIT)
    return _form_page(form, row), 422


def _form_page(form, row):
    crumbs = [(message("New place"), "")]
    if row is not None:
        here = url_for("places.place", public_id=row.public_id)
        crumbs = [(row.name, here), (message("Edit"), "")]
    return render("places/form.html", crumbs=crumbs, form=form, place=row)
