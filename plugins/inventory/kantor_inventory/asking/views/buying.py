"""The pages of buying what was asked for."""

from __future__ import annotations

from flask import request, url_for
from sqlalchemy import select

from portal.api import ValidationFailed, message
from portal.web import policy, reading, redirect_to, render, toast, transaction

from ...models import Item
from ...views.shared import blueprint, form_page
from .. import buying
from ..forms import BecomesForm, BoughtForm
from .items import found_items

TITLE = message("To be bought")
MOST = 500  # boxes of one page that are read
COST = "inventory.cost.view"


@blueprint.route("/to-buy", methods=["GET", "POST"])
@policy("inventory.order.edit")
def to_buy():
    """Show what is to be bought for requests, and put it onto the order lists."""
    problem, status = None, 200
    if request.method == "POST":
        chosen = [one[:12] for one in request.form.getlist("line")[:MOST]]
        try:
            with transaction() as tx:
                count = buying.order(tx, chosen)
                toast(message("Lines put on the order list: {count}.", count=count))
                return redirect_to(tx, "inventory.to_buy")
        except ValidationFailed as refused:
            problem, status = next(iter(refused.fields.values())), 422
    tx = reading()
    groups, in_words = buying.to_buy(tx)
    page = render(
        "inventory/asking/to_buy.html",
        crumbs=((TITLE, ""),),
        groups=groups,
        in_words=in_words,
        problem=problem,
        priced=tx.actor.holds(COST),
    )
    return page, status


@blueprint.route("/to-buy/<public_id>/item", methods=["GET", "POST"])
@policy("inventory.order.edit")
def becomes_item(public_id):
    """Say which item a line in words is."""
    tx = reading()
    row = buying.one(tx, public_id)
    form = BecomesForm(request.form, data={"quantity": row.quantity})
    form.other.search = lambda words: found_items(reading(), words)
    form.other.title = lambda other: reading().session.scalar(
        select(Item.name).where(Item.public_id == other)
    )
    if request.method == "POST" and form.validate():
        try:
            with transaction() as tx:
                line = buying.becomes(tx, public_id, form.other.data or "", form.quantity.data or 0)
                toast(message("{text} is {item}.", text=line.text, item=line.called))
                return redirect_to(tx, "inventory.to_buy")
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
    back = url_for("inventory.to_buy")
    crumbs = ((TITLE, back), (row.text, ""))
    return form_page("inventory/asking/becomes.html", form, crumbs, back=back, row=row)


@blueprint.route("/to-buy/<public_id>/bought", methods=["GET", "POST"])
@policy("inventory.order.edit")
def bought_otherwise(public_id):
    """Say that a line in words was bought otherwise than by an order."""
    tx = reading()
    row = buying.one(tx, public_id)
    form = BoughtForm(request.form)
    if request.method == "POST" and form.validate():
        try:
            with transaction() as tx:
                line = buying.bought(tx, public_id, form.paid.data or 0, form.note.data or "")
                toast(message("{text} is bought.", text=line.text))
                return redirect_to(tx, "inventory.to_buy")
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
    back = url_for("inventory.to_buy")
    crumbs = ((TITLE, back), (row.text, ""))
    return form_page("inventory/asking/bought.html", form, crumbs, back=back, row=row)
