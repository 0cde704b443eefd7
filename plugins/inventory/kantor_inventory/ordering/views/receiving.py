"""Taking in a delivery: what came of each line is counted and typed down the column."""

from __future__ import annotations

from flask import request, url_for

from portal.api import Conflict, ValidationFailed, message
from portal.web import policy, reading, redirect_to, render, toast, transaction

from ...rules import ONE, Amount, Factor
from ...views.shared import blueprint
from ..forms import receive_form
from ..services import placing, receiving
from ..services import reading as found
from .orders import supplier_of, title_of, trail_to


@blueprint.route("/orders/<public_id>/receive", methods=["GET", "POST"])
@policy("inventory.order.receive")
def receive_order(public_id):
    """Take in what has come of an order."""
    status, known = 200, ""
    form, page = _prepared(public_id)
    if request.method == "POST":
        came = _came(form, page) if form.validate() else None
        status = 422 if form.errors else 200
        if came is not None and not form.errors:
            try:
                with transaction() as tx:
                    receiving.receive(tx, _command(form, public_id, came))
                    toast(_told(tx, public_id))
                    return redirect_to(tx, "inventory.order", public_id=public_id)
            except ValidationFailed as refused:
                form.add_errors(refused.fields)
                status = 422
            except Conflict as refused:
                form, page = _prepared(public_id)  # What came meanwhile stands beside the lines.
                form.form_errors.append(refused.message)
                form.version.data, status = page["version"], refused.status
                page["too_much"] = getattr(refused, "line", "")
                if isinstance(refused, receiving.AlreadyBooked):
                    known = form.seen.data = refused.delivery
                    form.again.data = False
    return render("inventory/ordering/receive.html", form=form, known=known, **page), status


def _prepared(public_id):
    """Return the form with the fields of each line, and what the page shows beside it."""
    tx = reading()
    row = placing.find(tx, public_id, "inventory.order.receive")
    wanted = request.args.get("line")
    mine = found.lines_of(tx, row, "inventory.order.receive")
    lines = [line for line in mine if line.outstanding or _stood_there(line)]
    units = found.units_of_items(tx, [line.item_key for line in lines])
    data = {"occurred_on": tx.today, "version": row.version}
    whole = {}
    for line in lines:
        usual, quantity = whole[line.public_id] = _open(line, units[line.item_key])
        data[f"unit-{line.public_id}"] = usual
        if wanted == line.public_id:
            data[f"quantity-{line.public_id}"] = quantity
    form = receive_form(lines)(request.form, data=data)
    for line in lines:
        form[f"unit-{line.public_id}"].choices = [
            (unit.public_id, unit.name) for unit in units[line.item_key]
        ]
    back = url_for("inventory.order", public_id=public_id)
    page = {
        "crumbs": trail_to((title_of(row), back), (message("Receive"), "")),
        "title": title_of(row),
        "supplier": supplier_of(row),
        "order": public_id,
        "lines": lines,
        "back": back,
        "whole": whole,
        "version": row.version,
        "left": {line.public_id: Amount(line.outstanding, line.unit) for line in lines},
        "too_much": "",
    }
    return form, page


def _stood_there(line):
    """Return whether a line was in the form that was sent, also if all of it came meanwhile."""
    return f"quantity-{line.public_id}" in request.form


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


def _came(form, page):
    """Return what was filled in; if the rest came as ordered, the lines left empty are whole."""
    came = []
    for line in page["lines"]:
        key = line.public_id
        typed = {
            name: form[f"{name}-{key}"].data
            for name in ("quantity", "unit", "noted", "rejected", "reason", "closes", "over")
        }
        more = typed["rejected"] or typed["noted"] is not None
        if typed["quantity"] is None and not more and request.form.get("all"):
            unit, quantity = page["whole"][key]
            if quantity:
                came.append(receiving.Came(line=key, unit=unit, quantity=quantity))
        elif typed["quantity"]:
            came.append(
                receiving.Came(
                    line=key,
                    unit=typed["unit"] or "",
                    quantity=typed["quantity"],
                    rejected=typed["rejected"] or 0,
                    reason=typed["reason"],
                    closes=bool(typed["closes"]),
                    over=typed["over"] or "",
                    noted=typed["noted"],
                )
            )
        elif typed["rejected"] or (more and typed["quantity"] is None):
            text = message("Say first how much has come, all of it.")
            form[f"quantity-{key}"].errors = [text]
    return tuple(came)


def _told(tx, public_id):
    """Say what became of the order: whether anything of it is still to come."""
    order = placing.find(tx, public_id, "inventory.order.receive")
    if order.status == "placed":
        return message("Received. What has not come stays on order.")
    return message("Received. Nothing of this order is still to come.")


def _command(form, public_id, came):
    return form.command(
        receiving.Receive,
        order=public_id,
        version=form.version.data,
        came=came,
        again=(form.seen.data or "") if form.again.data else "",
    )
