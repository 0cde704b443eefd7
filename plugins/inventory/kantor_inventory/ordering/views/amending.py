"""Changing an order that has gone out: the page with its lines, and room for new ones."""

from __future__ import annotations

from flask import request, url_for

from portal.api import ValidationFailed, message
from portal.web import policy, reading, redirect_to, transaction

from ...budgets.services import BudgetExhausted
from ...rules import Amount
from ...services import choices
from ...views.shared import blueprint, form_page
from ..forms import ADDED_AT_ONCE, amend_form
from ..services import amending, placing
from ..services import reading as found
from ..states import NotNow, possible
from .orders import back_to, supplier_of, title_of, trail_to
from .paying import tell


@blueprint.route("/orders/<public_id>/amend", methods=["GET", "POST"])
@policy("inventory.order.place")
def amend_order(public_id):
    """Change an order that has gone out; what it was before is kept under its number."""
    tx = reading()
    row = placing.find(tx, public_id, "inventory.order.place")
    if request.method == "GET" and not possible(row.status, "amend"):
        return back_to(tx, row)
    mine = found.lines_of(tx, row, "inventory.order.place")
    lines = [line for line in mine if line.state in ("open", "received")]
    priced = found.may_see_cost(tx, row)
    form, offers = _form(tx, row, lines, priced)
    back = url_for("inventory.order", public_id=public_id)
    crumbs = trail_to((title_of(row), back), (message("Change the order"), ""))
    page = {
        "title": title_of(row),
        "supplier": supplier_of(row),
        "lines": lines,
        "priced": priced,
        "next": row.amended + 1,
        "came": {line.public_id: Amount(line.received, line.unit) for line in lines},
        "rows": range(ADDED_AT_ONCE if offers else 0),
    }
    status = 200
    if request.method == "POST" and form.validate():
        command = _command(form, public_id, lines, priced)
        try:
            with transaction() as tx:
                made = amending.amend(tx, command)
                done = message("Amendment {n} is kept. Send it to the supplier.", n=made.number)
                tell(tx, made.order_id, done)
                return redirect_to(tx, "inventory.send_order", public_id=public_id)
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
        except (NotNow, BudgetExhausted) as refused:
            form.form_errors.append(refused.message)
            status = refused.status
    shown = form_page("inventory/ordering/amend.html", form, crumbs, back=back, **page)
    return (shown[0], status) if status != 200 else shown


def _form(tx, row, lines, priced):
    """Return the form with what the order is now, and what more one may order of the supplier."""
    data = {"version": row.version}
    for line in lines:
        for name in ("packs", "expected_on", "price"):
            data[f"{name}-{line.public_id}"] = getattr(line, name)
    form = amend_form(lines, priced=priced)(request.form, data=data)
    offers = found.offers_of(tx, row.supplier)
    places = choices.open_places(tx, "inventory.order.edit")
    for at in range(ADDED_AT_ONCE):
        form[f"offer_{at}"].choices = offers
        form[f"place_{at}"].choices = places
    return form, offers


def _command(form, public_id, lines, priced):
    changed = tuple(
        amending.LineChange(
            line=line.public_id,
            packs=form[f"packs-{line.public_id}"].data,
            price=form[f"price-{line.public_id}"].data if priced else None,
            sets_price=priced,
            expected_on=form[f"expected_on-{line.public_id}"].data,
            cancel=bool(form[f"cancel-{line.public_id}"].data),
        )
        for line in lines
    )
    added = tuple(
        amending.NewLine(
            offer=form[f"offer_{at}"].data,
            packs=form[f"packs_{at}"].data or 0,
            place=form[f"place_{at}"].data or "",
        )
        for at in range(ADDED_AT_ONCE)
        if form[f"offer_{at}"].data
    )
    return form.command(
        amending.Amend, order=public_id, version=form.version.data, lines=changed, added=added
    )
