"""Stock by place, the ledger of an item, and how much a place should hold."""

from __future__ import annotations

from flask import request, url_for
from sqlalchemy import select

from portal.api import Place, ValidationFailed, message, visible
from portal.web import policy, reading, redirect_to, render, toast, transaction

from ..asking.rules import ASK
from ..counting import blind
from ..forms import PLACE_KINDS, NewRuleForm, RuleForm
from ..levels import shown
from ..levels.services import ruling
from ..models import Balance, Point, StockRule
from ..services import choices, lists
from ..services import stock as services
from ..tables import MOVEMENTS, STOCK, STOCK_TO_ASK_FOR
from .shared import blueprint, item_named, item_trail


@blueprint.get("/stock")
@policy("inventory.stock.view")
def stock():
    """Show what lies where."""
    tx = reading()
    table = STOCK_TO_ASK_FOR if tx.actor.holds(ASK) else STOCK
    return table.respond(tx, "inventory/stock.html", crumbs=((message("Stock"), ""),))


@blueprint.get("/places")
@policy("inventory.stock.view")
def places():
    """Show the places with stock, in the order one walks past them."""
    tx = reading()
    rows = lists.place_rows(tx)
    crumbs = ((message("Stock"), url_for("inventory.stock")), (message("Stock by place"), ""))
    return render("inventory/places.html", crumbs=crumbs, rows=rows, kinds=PLACE_KINDS)


@blueprint.get("/items/<public_id>/movements")
@policy("inventory.stock.view")
def movements(public_id):
    """Show every movement of an item."""
    tx = reading()
    row = item_named(tx, public_id)
    return MOVEMENTS.respond(
        tx,
        "inventory/movements.html",
        criteria={"item": public_id},
        crumbs=item_trail(row, message("Movements")),
        item=row,
    )


@blueprint.route("/items/<public_id>/rules/new", methods=["GET", "POST"])
@policy("inventory.stock.set_rule")
def new_rule(public_id):
    """Say how much a further place should hold."""
    tx = reading()
    row = item_named(tx, public_id)
    form = NewRuleForm(request.form)
    known = {place.public_id for _, place, rule, *_ in lists.places_of(tx, row) if rule}
    open_places = choices.open_places(tx, "inventory.stock.set_rule")
    form.place.choices = [choice for choice in open_places if choice[0] not in known]
    return _rule_page(row, form, message("New limit"))


@blueprint.route("/items/<public_id>/rules/<place_id>", methods=["GET", "POST"])
@policy("inventory.stock.set_rule")
def rule(public_id, place_id):
    """Change how much a place should hold."""
    tx = reading()
    row = item_named(tx, public_id)
    found = visible(select(Balance), "inventory.stock.set_rule", tx.actor).join(Balance.point)
    balance = tx.one(
        found.join(Point.place).where(Balance.item_id == row.id, Place.public_id == place_id)
    )
    chosen = select(StockRule).filter_by(item_id=row.id, point_id=balance.point_id)
    known = tx.session.scalars(chosen).one_or_none()
    form = RuleForm(request.form, obj=known)
    closed = blind.is_hidden(tx, row.id, balance.point_id)
    why = shown.with_hints(tx, known, balance, row.base_unit.name, closed=closed)
    return _rule_page(row, form, balance.point.place.name, known=why, place=place_id)


def _rule_page(item, form, title, known=None, **given):
    """Keep the limits of a place, or show their form."""
    item_id, crumbs, unit = item.public_id, item_trail(item, title), item.base_unit.name
    if request.method == "POST" and form.validate():
        try:
            with transaction() as tx:
                command = form.command(
                    services.SetRule,
                    item=item_id,
                    version=form.version.data,
                    **given,
                )
                ruling.set_rule(tx, command)
                toast(message("Saved."))
                return redirect_to(tx, "inventory.item", public_id=item_id)
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
    page = render(
        "inventory/rule.html",
        crumbs=crumbs,
        form=form,
        unit=unit,
        why=known,
        confirm=url_for("inventory.confirm_levels", public_id=item_id, place_id=given["place"])
        if "place" in given
        else "",
        back=url_for("inventory.item", public_id=item_id),
    )
    return (page, 422) if form.errors else page
