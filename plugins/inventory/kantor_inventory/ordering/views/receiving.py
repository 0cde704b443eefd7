"""Taking in a delivery: every line is filled in with what is still to come."""

from __future__ import annotations

from flask import request, url_for

from portal.api import ValidationFailed, message
from portal.web import policy, reading, redirect_to, render, toast, transaction

from ...rules import ONE, Amount, Factor
from ...views.shared import blueprint
from ..forms import receive_form
from ..services import placing, receiving
from ..services import reading as found
from .orders import _supplier, _title, _trail


@blueprint.route("/orders/<public_id>/receive", methods=["GET", "POST"])
@policy("inventory.order.receive")
def receive_order(public_id):
    """Take in what has come of an order."""
    status = 200
    form, page = _prepared(public_id)
    if request.method == "POST":
        came = _came(form, page["lines"]) if form.validate() else None
        status = 422 if form.errors else 200
        if came is not None and not form.errors:
            try:
                with transaction() as tx:
                    receiving.receive(tx, _command(form, public_id, came))
                    toast(message("Received. What has not come stays on order."))
                    return redirect_to(tx, "inventory.order", public_id=public_id)
            except ValidationFailed as refused:
                form.add_errors(refused.fields)
                if receiving.NOTE_KNOWN in refused.fields:
                    form.seen.data = form.delivery_note.data
                status = 422
            except receiving.MoreThanOrdered as refused:
                form.form_errors.append(refused.message)
                status = refused.status
    return render("inventory/ordering/receive.html", form=form, **page), status


def _prepared(public_id):
    """Return the form with a quantity for each line, and what the page shows beside it."""
    tx = reading()
    row = placing.find(tx, public_id, "inventory.order.receive")
    wanted = request.args.get("line")
    mine = found.lines_of(tx, row, "inventory.order.receive")
    lines = [line for line in mine if line.outstanding]
    units = found.units_of_items(tx, [line.item_key for line in lines])
    data = {"occurred_on": tx.today, "version": row.version}
    for line in lines:
        usual, quantity = _open(line, units[line.item_key])
        data[f"unit-{line.public_id}"] = usual
        if wanted in (None, line.public_id):
            data[f"quantity-{line.public_id}"] = quantity
    form = receive_form(lines)(request.form, data=data)
    for line in lines:
        form[f"unit-{line.public_id}"].choices = [
            (unit.public_id, unit.name) for unit in units[line.item_key]
        ]
    back = url_for("inventory.order", public_id=public_id)
    page = {
        "crumbs": _trail((_title(row), back), (message("Receive"), "")),
        "title": _title(row),
        "supplier": _supplier(row),
        "order": public_id,
        "lines": lines,
        "back": back,
        "left": {line.public_id: Amount(line.outstanding, line.unit) for line in lines},
    }
    return form, page


def _open(line, units):
    """Return the unit in which what is to come is a plain number, and that number."""
    for unit in units:
        if unit.id == line.item_unit_id:
            factor = Factor(unit.num, unit.den)
            whole, rest = divmod(line.outstanding * factor.den, factor.num * ONE)
            if rest == 0:
                return unit.public_id, whole * ONE
    base = next(unit for unit in units if unit.num == unit.den)
    return base.public_id, line.outstanding


def _came(form, lines):
    """Return what was filled in; a form in which nothing is says so."""
    came = []
    for line in lines:
        quantity, unit = (form[f"{name}-{line.public_id}"].data for name in ("quantity", "unit"))
        if quantity:
            came.append(receiving.Came(line=line.public_id, unit=unit or "", quantity=quantity))
    return tuple(came)


def _command(form, public_id, came):
    note = form.delivery_note.data
    return form.command(
        receiving.Receive,
        order=public_id,
        version=form.version.data,
        came=came,
        note_again=bool(note) and form.seen.data == note,
    )
