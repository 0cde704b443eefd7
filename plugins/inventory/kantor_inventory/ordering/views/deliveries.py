"""One delivery of an order: what was ordered, came and was counted; and taking it back."""

from __future__ import annotations

from flask import request, url_for

from portal.api import ValidationFailed, message
from portal.web import policy, reading, redirect_to, render, toast, transaction

from ...views.shared import blueprint, form_page
from ..forms import TakeBackForm
from ..services import deliveries
from ..states import REVERSE
from .orders import supplier_of, title_of, trail_to


def _title(row):
    if row.delivery_note:
        return message("Delivery note {note}", note=row.delivery_note)
    return message("Delivery")


@blueprint.get("/deliveries/<public_id>")
@policy("inventory.order.view")
def delivery(public_id):
    """Show a delivery: what was ordered, had come, stands on the note and was counted."""
    tx = reading()
    row = deliveries.find(tx, public_id)
    back = url_for("inventory.order", public_id=row.order.public_id)
    return render(
        "inventory/ordering/delivery.html",
        crumbs=trail_to((title_of(row.order), back), (_title(row), "")),
        delivery=row,
        title=_title(row),
        order=title_of(row.order),
        order_id=row.order.public_id,
        supplier=supplier_of(row.order),
        lines=deliveries.lines_of(tx, delivery=row),
        may_take_back=row.reversed_at is None and deliveries.may_take_back(tx, row),
    )


@blueprint.route("/deliveries/<public_id>/reverse", methods=["GET", "POST"])
@policy(REVERSE)
def reverse_delivery(public_id):
    """Take a delivery back as a whole."""
    tx = reading()
    row = deliveries.find_to_take_back(tx, public_id)
    form = TakeBackForm(request.form)
    back = url_for("inventory.delivery", public_id=public_id)
    crumbs = trail_to((_title(row), back), (message("Take back the delivery"), ""))
    title, status = _title(row), 200
    if request.method == "POST" and form.validate():
        try:
            with transaction() as tx:
                command = form.command(deliveries.TakeBack, delivery=public_id)
                deliveries.take_back(tx, command)
                toast(message("The delivery is taken back; what it brought is on order again."))
                return redirect_to(tx, "inventory.delivery", public_id=public_id)
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
        except deliveries.GoneAlready as refused:
            form.form_errors.append(refused.message)
            status = refused.status
    words = {
        "heading": message("Take the delivery back"),
        "told": message("All of it leaves the stock again, and is still to come."),
    }
    template = "inventory/ordering/end.html"
    shown = form_page(template, form, crumbs, back=back, title=title, words=words)
    return (shown[0], status) if status != 200 else shown
