"""Items that serve as well as each other, and finding one."""

from __future__ import annotations

from flask import request, url_for
from sqlalchemy import select

from portal.api import ValidationFailed, message
from portal.web import policy, reading, redirect_to, render, toast, transaction

from ...models import Item
from ...views.shared import blueprint, form_page, item_named, item_trail
from .. import substitutes
from ..forms import SubstituteForm


@blueprint.route("/items/<public_id>/substitutes/new", methods=["GET", "POST"])
@policy("inventory.item.edit")
def new_substitute(public_id):
    """Say which item serves as well."""
    tx = reading()
    row = item_named(tx, public_id, "inventory.item.edit")
    form = SubstituteForm(request.form)
    form.other.search = lambda words: found_items(reading(), words)
    form.other.title = lambda other: reading().session.scalar(
        select(Item.name).where(Item.public_id == other)
    )
    crumbs, name = item_trail(row, message("Serves as well")), row.name
    if request.method == "POST" and form.validate():
        try:
            with transaction() as tx:
                other = substitutes.add(tx, public_id, form.other.data or "")
                toast(message("{item} serves as well.", item=other.name))
                return redirect_to(tx, "inventory.item", public_id=public_id)
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
    back = url_for("inventory.item", public_id=public_id)
    return form_page("inventory/asking/substitute.html", form, crumbs, back=back, name=name)


@blueprint.get("/items/pick")
@policy("inventory.item.view")
def pick_item():
    """Find an item by a part of its name or code."""
    words = request.args.get("other_q") or request.args.get("q") or ""
    return render("inventory/matches.html", matches=found_items(reading(), words))


@blueprint.post("/items/<public_id>/substitutes/remove")
@policy("inventory.item.edit")
def remove_substitute(public_id):
    """Say that an item does not serve as well any more."""
    with transaction() as tx:
        other = substitutes.remove(tx, public_id, request.form.get("other", ""))
        toast(message("{item} is not offered instead any more.", item=other.name))
        return redirect_to(tx, "inventory.item", public_id=public_id)


def found_items(tx, words):
    """Return items whose name or code contains every word, as a picker shows them."""
    statement = select(Item.public_id, Item.name, Item.sku).where(Item.status != "discontinued")
    for word in words.split()[:4]:
        key = word.casefold()
        statement = statement.where(
            Item.name_key.contains(key, autoescape=True)
            | Item.sku_key.startswith(key, autoescape=True)
        )
    rows = tx.session.execute(statement.order_by(Item.name_key, Item.id).limit(10))
    return [(row.public_id, row.name, row.sku) for row in rows]
