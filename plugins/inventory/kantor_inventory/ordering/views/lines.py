"""One line of the order list: how many, from whom, for where; or off the list."""

from __future__ import annotations

from flask import request, url_for

from portal.api import ValidationFailed, message
from portal.web import policy, reading, redirect_to, toast, transaction

from ...views.shared import blueprint, form_page, sent_number
from ..forms import LineForm
from ..services import drafts, offering
from ..services import reading as orders
from .sheet import TITLE, offer_choices


@blueprint.route("/orders/lines/<public_id>", methods=["GET", "POST"])
@policy("inventory.order.edit")
def change_line(public_id):
    """Change a line of the order list."""
    tx = reading()
    line = drafts.line_named(tx, public_id)
    order_id, name, version = line.order.public_id, line.item.name, line.version
    known = {
        "offer": offering.offer_of(tx, line),
        "packs": line.packs,
        "place": line.point.place.public_id if line.point.place is not None else None,
        "price": line.price,
        "version": line.version,
    }
    form = LineForm(request.form, data=known)
    offer_choices(tx, form, line.item_id)
    priced = orders.may_see_cost(tx, line.order)
    if not priced:
        del form.price
    crumbs = (
        (TITLE, url_for("inventory.order_list")),
        (message("Purchase order"), url_for("inventory.order", public_id=order_id)),
        (name, ""),
    )
    if request.method == "POST" and form.validate():
        try:
            with transaction() as tx:
                command = form.command(
                    drafts.ChangeLine,
                    line=public_id,
                    version=form.version.data,
                    sets_price=priced,
                )
                changed = drafts.change_line(tx, command)
                toast(message("Saved."))
                return redirect_to(tx, "inventory.order", public_id=changed.order.public_id)
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
    back = url_for("inventory.order", public_id=order_id)
    template = "inventory/ordering/line.html"
    return form_page(
        template, form, crumbs, back=back, item_name=name, line=public_id, version=version
    )


@blueprint.post("/orders/lines/<public_id>/remove")
@policy("inventory.order.edit")
def remove_line(public_id):
    """Take a line off the order list."""
    with transaction() as tx:
        command = drafts.RemoveLine(line=public_id, version=sent_number("version"))
        left = drafts.remove_line(tx, command)
        toast(message("The line is off the order list."))
        if left is None:
            return redirect_to(tx, "inventory.order_list")
        return redirect_to(tx, "inventory.order", public_id=left.public_id)
