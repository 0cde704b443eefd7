"""Pages about places."""

from __future__ import annotations

from flask import Blueprint, request, url_for

from portal.errors import ValidationFailed
from portal.messages import message
from portal.web import policy, reading, redirect_to, render, toast, transaction

from . import services
from .forms import PlaceForm
from .tables import PLACES

blueprint = Blueprint("places", __name__, url_prefix="/places")
TITLE = message("Places")


@blueprint.get("")
@policy("core.place.view")
def places():
    """Show sites, rooms and shelves in walking order."""
    return PLACES.respond(reading(), "places/places.html", crumbs=((TITLE, ""),))


@blueprint.get("/new")
@policy("core.place.edit")
def new_place():
    """Ask for a new place."""
    tx, form = reading(), PlaceForm()
    form.offer(tx, None)
    return _form_page(form, None)


@blueprint.post("/new")
@policy("core.place.edit")
def add_place():
    """Make a place."""
    form = PlaceForm(request.form)
    form.offer(reading(), None)
    if not form.validate():
        return _form_page(form, None), 422
    try:
        with transaction() as tx:
            place = services.add_place(tx, form.command_for_place())
            toast(message("{name} is added.", name=place.name))
            return redirect_to(tx, "places.place", public_id=place.public_id)
    except ValidationFailed as refusal:
        form.add_errors(refusal.fields)
        form.offer(reading(), None)
        return _form_page(form, None), 422


@blueprint.get("/<public_id>")
@policy("core.place.view")
def place(public_id):
    """Show a place: where it is, whose it is, what lies in it."""
    tx = reading()
    row = services.find_place(tx, public_id)
    return render(
        "places/place.html",
        crumbs=((TITLE, url_for("places.places")), (row.name, "")),
        place=row,
        kind=services.KINDS[row.kind],
        inside=services.inside(tx, row),
        kinds=services.KINDS,
        served=services.served(tx, row),
        may_edit=_may_edit(tx, row),
    )


@blueprint.get("/<public_id>/edit")
@policy("core.place.edit")
def edit_place(public_id):
    """Show a place for changing."""
    tx = reading()
    row = services.find_place(tx, public_id, services.EDIT)
    form = PlaceForm(
        obj=row,
        parent=row.parent.public_id if row.parent else "",
        department=row.department.public_id if row.department else "",
        serves=[department.public_id for department in services.served(tx, row)],
    )
    form.offer(tx, row)
    return _form_page(form, row)


@blueprint.post("/<public_id>/edit")
@policy("core.place.edit")
def change_place(public_id):
    """Change a place."""
    tx, form = reading(), PlaceForm(request.form)
    row = services.find_place(tx, public_id, services.EDIT)
    form.offer(tx, row)
    if not form.validate():
        return _form_page(form, row), 422
    try:
        with transaction() as tx:
            row = services.find_place(tx, public_id, services.EDIT)
            services.change_place(tx, row, form.command_for_place())
            toast(message("{name} is saved.", name=row.name))
            return redirect_to(tx, "places.place", public_id=public_id)
    except ValidationFailed as refusal:
        tx = reading()
        row = services.find_place(tx, public_id, services.EDIT)
        form.add_errors(refusal.fields)
        form.offer(tx, row)
        return _form_page(form, row), 422


def _may_edit(tx, row):
    held = tx.actor.grants.get(services.EDIT)
    return held is not None and (held.everything or row.department_id in held.departments)


def _form_page(form, row):
    title = message("New place") if row is None else row.name
    crumbs = [(TITLE, url_for("places.places"))]
    if row is not None:
        crumbs.append((row.name, url_for("places.place", public_id=row.public_id)))
    crumbs.append((title if row is None else message("Edit"), ""))
    return render("places/form.html", crumbs=crumbs, form=form, place=row)
