"""What a place is to the stock."""

from __future__ import annotations

from flask import request, url_for

from portal.api import message
from portal.web import policy, reading, redirect_to, toast, transaction

from ..forms import PlaceForm
from ..services import points
from .shared import blueprint, form_page


@blueprint.route("/places/<public_id>", methods=["GET", "POST"])
@policy("inventory.stock.set_rule")
def place(public_id):
    """Say whether things are handed out of a place, or used up there."""
    tx = reading()
    row = points.find_place(tx, public_id)
    kind = points.kind_of(tx, row)
    form = PlaceForm(request.form, data={"kind": kind, "was": kind})
    back, name = url_for("places.place", public_id=public_id), row.name
    if request.method == "POST" and form.validate():
        with transaction() as tx:
            points.set_kind(tx, form.command(points.SetKind, place=public_id))
            toast(message("Saved."))
            return redirect_to(tx, "places.place", public_id=public_id)
    crumbs = (
        (message("Stock"), url_for("inventory.stock")),
        (message("Stock by place"), url_for("inventory.places")),
        (name, ""),
    )
    return form_page("inventory/place.html", form, crumbs, back=back, place=name)
