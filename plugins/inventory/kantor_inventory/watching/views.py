"""Pages that keep an eye on the stock: alerts, the overview, and what is due to be counted."""

from __future__ import annotations

from flask import request, url_for

from portal.api import message, settings_of
from portal.web import plain_file, policy, reading, redirect_to, render, toast, transaction

from ..counting import blind
from ..views.shared import blueprint
from . import due, figures, overview, rules
from .forms import OverviewForm
from .tables import ALERTS


@blueprint.get("/alerts")
@policy("inventory.stock.view")
def alerts():
    """Show where there is too little or too much, and where there was."""
    crumbs = ((message("Alerts"), ""),)
    return ALERTS.respond(reading(), "inventory/watching/alerts.html", crumbs=crumbs)


@blueprint.get("/overview")
@policy("inventory.stock.view")
def stock_overview():
    """Show what the stock is worth, who uses it, and what does not move."""
    tx = reading()
    form = _form(tx)
    chosen = _chosen(form)
    told = figures.months(tx, chosen)
    cards = [
        overview.value_of(told.kinds["stock"]),
        overview.usage(tx, chosen),
        overview.categories(tx, chosen),
        overview.most_used(tx, chosen),
    ]
    if tx.actor.holds("inventory.count.view"):
        cards.append(overview.accuracy_of(told.kinds["counted"]))
    return render(
        "inventory/watching/overview.html",
        crumbs=((message("Overview"), ""),),
        form=form,
        as_of=told.as_of,
        cards=[card for card in cards if card.rows],
        still=figures.still(tx, chosen, most=overview.LISTED),
        still_count=figures.still_count(tx, chosen),
        counted=blind.notice(tx),
        file_of=lambda name: url_for("inventory.overview_file", figure=name, **_said(form)),
    )


@blueprint.get("/overview/file")
@policy("inventory.stock.view")
def overview_file():
    """Return the numbers of one figure of the overview."""
    tx = reading()
    name = request.args.get("figure", "still")
    figure = overview.figure_of(tx, name, _chosen(_form(tx)))
    columns, rows = overview.in_file(figure, tx.actor.holds)
    return plain_file(tx, f"overview-{figure.name}", columns, rows)


@blueprint.get("/due")
@policy("inventory.count.view")
def due_counts():
    """Show what is to be counted, place by place."""
    tx = reading()
    return render(
        "inventory/watching/due.html",
        crumbs=((message("Due to be counted"), ""),),
        places=due.by_place(tx),
        days=rules.days_of(settings_of(tx, "inventory")),
    )


@blueprint.post("/due/<public_id>")
@policy("inventory.count.plan")
def plan_due(public_id):
    """Plan a count of what is to be counted at a place."""
    with transaction() as tx:
        made = due.plan(tx, due.PlanDue(place=public_id))
        if made is None:
            toast(message("Nothing is to be counted here any more."))
            return redirect_to(tx, "inventory.due_counts")
        toast(message("{count} is planned.", count=made.number))
        return redirect_to(tx, "inventory.count", public_id=made.public_id)


def _form(tx):
    """Return the form with what the address says; what is not offered is said beside its field."""
    form = OverviewForm(request.args)
    form.prepare(tx)
    form.validate()
    return form


def _chosen(form):
    """Return what was chosen; a field with an error counts as not filled in."""
    said = {field.name: None if field.errors else field.data for field in form}
    return figures.Chosen(
        place=said["place"], department=said["department"], months=said["months"] or 3
    )


def _said(form):
    """Return what was chosen as the address says it."""
    return {field.name: field.data for field in form if field.data and not field.errors}
