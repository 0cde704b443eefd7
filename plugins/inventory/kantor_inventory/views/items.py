"""Items: the list, the page with its timeline, adding and changing."""

from __future__ import annotations

from flask import redirect, request, url_for
from sqlalchemy import select

from portal.api import ValidationFailed, message, visible
from portal.web import policy, reading, redirect_to, render, submitted, toast, transaction

from ..forms import CodeForm, EditItemForm, NewItemForm, PackForm, PriceForm
from ..models import ItemUnit
from ..services import choices, packs, suppliers
from ..services import items as services
from ..tables import ITEMS
from . import itempage
from .shared import blueprint, form_page, item_named, item_trail, trail

SHORTEST_BARCODE = 8  # digits: EAN-8


@blueprint.get("/items")
@policy("inventory.item.view")
def items():
    """Show what is kept; a barcode in the search leads straight to its item."""
    tx, typed = reading(), request.args.get("q", "").strip()
    if typed.isdecimal() and len(typed) >= SHORTEST_BARCODE and "format" not in request.args:
        if unit := services.by_code(tx, typed):
            return redirect(url_for("inventory.item", public_id=unit.item.public_id))
    return ITEMS.respond(tx, "inventory/items.html", crumbs=((message("Items"), ""),))


@blueprint.get("/items/<public_id>")
@policy("inventory.item.view")
def item(public_id):
    """Show an item: how much there is where, what it comes in, and what happened to it."""
    tx = reading()
    row = item_named(tx, public_id)
    return render("inventory/item.html", crumbs=trail((row.name, "")), **itempage.context(tx, row))


@blueprint.route("/items/new", methods=["GET", "POST"])
@policy("inventory.item.edit")
def new_item():
    """Add an item."""
    form = NewItemForm(request.form, data={"name": request.args.get("name", "")[:200] or None})
    form.category.choices = lambda: choices.categories(reading())
    if request.method == "POST" and form.validate():
        try:
            with transaction() as tx:
                made = services.add_item(tx, form.command(services.AddItem))
                toast(message("{item} is in the list.", item=made.name))
                return redirect_to(tx, "inventory.item", public_id=made.public_id)
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
    return form_page("inventory/new_item.html", form, trail((message("New item"), "")))


@blueprint.route("/items/<public_id>/edit", methods=["GET", "POST"])
@policy("inventory.item.edit")
def edit_item(public_id):
    """Change what is said about an item."""
    tx = reading()
    row = item_named(tx, public_id, "inventory.item.edit")
    form = EditItemForm(request.form, data=itempage.as_form(row))
    form.category.choices = choices.categories(tx)
    crumbs = item_trail(row, message("Edit"))
    if request.method == "POST" and form.validate():
        with submitted(form), transaction() as tx:
            command = form.command(services.EditItem, item=public_id, version=form.version.data)
            services.edit_item(tx, command)
            toast(message("Saved."))
            return redirect_to(tx, "inventory.item", public_id=public_id)
    back = url_for("inventory.item", public_id=public_id)
    return form_page("inventory/edit_item.html", form, crumbs, back=back)


@blueprint.route("/items/<public_id>/units/new", methods=["GET", "POST"])
@policy("inventory.item.edit")
def new_unit(public_id):
    """Let an item come in a further unit."""
    tx = reading()
    row = item_named(tx, public_id, "inventory.item.edit")
    crumbs, base = item_trail(row, message("New unit")), row.base_unit.name
    form = PackForm(request.form)
    if request.method == "POST" and form.validate():
        try:
            with transaction() as tx:
                pack = form.command(services.Pack)
                services.add_pack(tx, services.AddPack(item=public_id, pack=pack))
                return redirect_to(tx, "inventory.item", public_id=public_id)
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
    back = url_for("inventory.item", public_id=public_id)
    return form_page("inventory/new_unit.html", form, crumbs, back=back, base=base)


@blueprint.post("/units/<public_id>/retire")
@policy("inventory.item.edit")
def retire_unit(public_id):
    """Switch a unit off."""
    with transaction() as tx:
        unit = services.retire_pack(tx, public_id)
        toast(message("{unit} is switched off for this item.", unit=unit.unit.name))
        return redirect_to(tx, "inventory.item", public_id=unit.item.public_id)


@blueprint.route("/units/<public_id>/codes/new", methods=["GET", "POST"])
@policy("inventory.item.edit")
def new_code(public_id):
    """Say what is printed on a packet."""
    tx = reading()
    unit = tx.one(
        visible(select(ItemUnit), "inventory.item.edit", tx.actor), public_id=public_id, active=True
    )
    item_id, name = unit.item.public_id, unit.unit.name
    crumbs = item_trail(unit.item, message("New barcode"))
    form = CodeForm(request.form)
    if request.method == "POST" and form.validate():
        try:
            with transaction() as tx:
                services.add_code(tx, form.command(services.AddCode, unit=public_id))
                return redirect_to(tx, "inventory.item", public_id=item_id)
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
    back = url_for("inventory.item", public_id=item_id)
    return form_page("inventory/new_code.html", form, crumbs, back=back, unit=name)


@blueprint.post("/codes/retire")
@policy("inventory.item.edit")
def retire_code():
    """Let a barcode stand for nothing any more."""
    with transaction() as tx:
        row = services.retire_code(tx, request.form.get("code", ""))
        toast(message("The barcode is gone from {item}.", item=row.name))
        return redirect_to(tx, "inventory.item", public_id=row.public_id)


@blueprint.route("/items/<public_id>/prices/new", methods=["GET", "POST"])
@policy("inventory.supplier.edit")
def new_price(public_id):
    """Keep what a supplier asks for a unit of this item."""
    tx = reading()
    row = item_named(tx, public_id)
    crumbs = item_trail(row, message("New price"))
    form = PriceForm(request.form)
    form.supplier.choices = choices.suppliers(tx)
    form.unit.choices = [(unit.public_id, name) for unit, name, _ in packs.units_of(tx, row)]
    if request.method == "POST" and form.validate():
        with transaction() as tx:
            suppliers.set_price(tx, form.command(suppliers.SetPrice))
            return redirect_to(tx, "inventory.item", public_id=public_id)
    back = url_for("inventory.item", public_id=public_id)
    return form_page("inventory/new_price.html", form, crumbs, back=back)
