"""Saying yes to levels that were worked out, for one place or for many."""

from __future__ import annotations

from flask import redirect, request, url_for

from portal.api import message
from portal.web import Form, VersionField, policy, reading, redirect_to, render, toast, transaction

from ..tables import STOCK
from ..views.shared import blueprint
from ..views.suppliers import supplier_named
from . import shown, words
from .services import ruling, scores
from .tables import COMPARED

COMPUTE = message("Let Kantor work out the limits")


@blueprint.get("/suppliers/compare")
@policy("inventory.supplier.view")
def compare_suppliers():
    """Show how suppliers keep their word, beside each other."""
    crumbs = ((message("Suppliers"), url_for("inventory.suppliers")), (message("Compare"), ""))
    return COMPARED.respond(reading(), "inventory/levels/compare.html", crumbs=crumbs)


@blueprint.get("/suppliers/<public_id>/scorecard")
@policy("inventory.supplier.view")
def scorecard(public_id):
    """Show how one supplier keeps their word, and what was bought there."""
    tx = reading()
    row = supplier_named(tx, public_id, "inventory.supplier.view")
    score = scores.of_supplier(tx, row)
    crumbs = (
        (message("Suppliers"), url_for("inventory.suppliers")),
        (row.contact.name, url_for("inventory.supplier", public_id=public_id)),
        (message("How they deliver"), ""),
    )
    return render(
        "inventory/levels/scorecard.html",
        crumbs=crumbs,
        supplier=row,
        score=score,
        record=score.record,
        chart=shown.spend_of(score),
    )


class ConfirmForm(Form):
    version = VersionField()


@blueprint.post("/items/<public_id>/rules/<place_id>/confirm")
@policy("inventory.stock.set_rule")
def confirm_levels(public_id, place_id):
    """Make the levels that were proposed those of a place."""
    form = ConfirmForm(request.form)
    form.validate()
    with transaction() as tx:
        command = ruling.Confirm(item=public_id, place=place_id, version=form.version.data or 0)
        ruling.confirm(tx, command)
        toast(message("Saved."))
        return redirect_to(tx, "inventory.item", public_id=public_id)


@blueprint.post("/stock/compute-levels")
@policy("inventory.stock.set_rule")
def compute_levels():
    """Show what the limits of the lines that are ticked would be; then take them over."""
    tx = reading()
    chosen = STOCK.chosen(tx)
    if not chosen.ids:
        toast(message("Tick at least one row first."))
        return redirect(chosen.back, 303)
    if "sure" in request.form:
        with transaction() as tx:
            result = ruling.let_compute(tx, chosen.ids)
            toast(result.sentence)
            tx.answer = chosen.back
            return redirect(chosen.back, 303)
    rows = ruling.preview(tx, chosen.ids)
    if not rows:
        toast(message("Nothing of it is yours to set."))
        return redirect(chosen.back, 303)
    return render(
        "inventory/levels/preview.html",
        crumbs=((message("Stock"), url_for("inventory.stock")), (COMPUTE, "")),
        title=COMPUTE,
        rows=rows,
        more=chosen.more or len(chosen.ids) > ruling.MOST,
        back=chosen.back,
        limits=shown.limits,
        explain=lambda row: words.explain(row.found.inputs, row.unit),
    )
