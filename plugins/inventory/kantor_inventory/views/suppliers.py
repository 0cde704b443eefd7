"""Suppliers: contacts with the terms one buys on."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import request, url_for
from sqlalchemy import select

from portal.api import BadRequest, Contact, NotFound, ValidationFailed, message, visible
from portal.web import policy, reading, redirect_to, render, story, submitted, toast, transaction

from ..forms import ORDER_BY, BreakEndForm, BreakForm, EditSupplierForm, NewSupplierForm
from ..models import Supplier
from ..ordering.forms import STATES
from ..ordering.services import reading as orders
from ..ordering.tables import STATE_TONES
from ..services import lists, price_breaks
from ..services import suppliers as services
from ..tables import SUPPLIERS
from .shared import blueprint

TITLE = message("Suppliers")
CONTACTS_SHOWN = 10


@blueprint.get("/suppliers")
@policy("inventory.supplier.view")
def suppliers():
    """Show from whom one buys."""
    return SUPPLIERS.respond(reading(), "inventory/suppliers.html", crumbs=((TITLE, ""),))


@blueprint.get("/suppliers/<public_id>")
@policy("inventory.supplier.view")
def supplier(public_id):
    """Show a supplier's terms, numbers and prices."""
    tx = reading()
    row = supplier_named(tx, public_id, "inventory.supplier.view")
    return render(
        "inventory/supplier.html",
        crumbs=_trail((row.contact.name, "")),
        supplier=row,
        order_by=ORDER_BY[row.order_by],
        offers=lists.prices_of(tx, row),
        orders=orders.open_orders_of(tx, row),
        order_states=STATES,
        order_tones=STATE_TONES,
        story=story(tx, row),
    )


@blueprint.route("/suppliers/new", methods=["GET", "POST"])
@policy("inventory.supplier.edit")
def new_supplier():
    """Make a contact a supplier."""
    tx = reading()
    form = NewSupplierForm(request.form)
    form.contact.search = lambda words: _contacts(tx, words)
    form.contact.title = lambda public_id: _contact_name(tx, public_id)
    if request.method == "POST" and form.validate():
        try:
            with transaction() as tx:
                made = services.add_supplier(tx, form.command(services.AddSupplier))
                toast(message("{name} is a supplier now.", name=made.contact.name))
                return redirect_to(tx, "inventory.supplier", public_id=made.public_id)
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
            tx = reading()
    page = render("inventory/new_supplier.html", crumbs=_trail((message("New"), "")), form=form)
    return (page, 422) if form.errors else page


@blueprint.route("/suppliers/<public_id>/edit", methods=["GET", "POST"])
@policy("inventory.supplier.edit")
def edit_supplier(public_id):
    """Change the terms."""
    tx = reading()
    row = supplier_named(tx, public_id, "inventory.supplier.edit")
    form = EditSupplierForm(request.form, obj=row)
    back = url_for("inventory.supplier", public_id=public_id)
    crumbs = _trail((row.contact.name, back), (message("Edit"), ""))
    if request.method == "POST" and form.validate():
        with submitted(form), transaction() as tx:
            version = form.version.data
            command = form.command(services.EditSupplier, supplier=public_id, version=version)
            services.edit_supplier(tx, command)
            toast(message("Saved."))
            return redirect_to(tx, "inventory.supplier", public_id=public_id)
    page = render("inventory/edit_supplier.html", crumbs=crumbs, form=form, back=back)
    return (page, 422) if form.errors else page


@blueprint.route("/suppliers/<public_id>/prices/<unit_id>", methods=["GET", "POST"])
@policy("inventory.supplier.edit")
def prices(public_id, unit_id):
    """Show what many of a unit cost at a supplier, and add to it."""
    tx = reading()
    row = supplier_named(tx, public_id, "inventory.supplier.edit")
    offer = price_breaks.offer_named(tx, public_id, unit_id)
    form = BreakForm(request.form, data={"valid_from": tx.today})
    back = url_for("inventory.supplier", public_id=public_id)
    crumbs = _trail((row.contact.name, back), (message("Prices by quantity"), ""))
    if request.method == "POST" and form.validate():
        try:
            with transaction() as tx:
                command = form.command(price_breaks.AddBreak, supplier=public_id, unit=unit_id)
                price_breaks.add(tx, command)
                toast(message("Saved."))
                return redirect_to(tx, "inventory.prices", public_id=public_id, unit_id=unit_id)
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
            tx = reading()
            offer = price_breaks.offer_named(tx, public_id, unit_id)
    page = render(
        "inventory/prices.html",
        crumbs=crumbs,
        form=form,
        back=back,
        offer=offer,
        breaks=price_breaks.of_offer(tx, offer),
        supplier=public_id,
        unit=unit_id,
        today=tx.today,
    )
    return (page, 422) if form.errors else page


@blueprint.route("/suppliers/<public_id>/prices/<unit_id>/<break_id>", methods=["GET", "POST"])
@policy("inventory.supplier.edit")
def price_end(public_id, unit_id, break_id):
    """Change until when a price by quantity holds."""
    tx = reading()
    row = supplier_named(tx, public_id, "inventory.supplier.edit")
    offer = price_breaks.offer_named(tx, public_id, unit_id)
    one = price_breaks.of_offer_named(tx, offer, break_id)
    was = one.valid_to.isoformat() if one.valid_to is not None else ""
    form = BreakEndForm(request.form, data={"valid_to": one.valid_to, "was": was})
    back = url_for("inventory.prices", public_id=public_id, unit_id=unit_id)
    supplier = url_for("inventory.supplier", public_id=public_id)
    many = (message("Prices by quantity"), back)
    crumbs = _trail((row.contact.name, supplier), many, (message("Change"), ""))
    if request.method == "POST" and form.validate():
        with submitted(form), transaction() as tx:
            command = price_breaks.EndBreak(
                supplier=public_id,
                unit=unit_id,
                price_break=break_id,
                valid_to=form.valid_to.data,
                was=_day(form.was.data),
            )
            price_breaks.change_end(tx, command)
            toast(message("Saved."))
            return redirect_to(tx, "inventory.prices", public_id=public_id, unit_id=unit_id)
    page = render(
        "inventory/price_end.html", crumbs=crumbs, form=form, back=back, offer=offer, one=one
    )
    return (page, 422) if form.errors else page


@blueprint.post("/suppliers/<public_id>/prices/<unit_id>/<break_id>/remove")
@policy("inventory.supplier.edit")
def remove_price(public_id, unit_id, break_id):
    """Remove a price by quantity."""
    with transaction() as tx:
        command = price_breaks.RemoveBreak(supplier=public_id, unit=unit_id, price_break=break_id)
        price_breaks.remove(tx, command)
        toast(message("The price is removed."))
        return redirect_to(tx, "inventory.prices", public_id=public_id, unit_id=unit_id)


@blueprint.get("/contacts")
@policy("inventory.supplier.edit")
def contacts():
    """Find a contact by a part of the name."""
    words = request.args.get("contact_q") or request.args.get("q") or ""
    return render("inventory/matches.html", matches=_contacts(reading(), words))


def supplier_named(tx: Any, public_id: str, permission: str) -> Supplier:
    """Return a supplier whose contact one may see too, or raise NotFound."""
    row: Supplier = tx.one(visible(select(Supplier), permission, tx.actor), public_id=public_id)
    if row.contact is None:  # Private to a department that is out of reach.
        raise NotFound
    return row


def _day(text):
    """Return the day a form was made with, or refuse what no form says."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadRequest from None


def _trail(*steps):
    return ((TITLE, url_for("inventory.suppliers")), *steps)


def _contacts(tx, words):
    """Return contacts that may become suppliers, as a picker shows them."""
    known = select(Supplier.contact_id)
    statement: Any = (
        select(Contact.public_id, Contact.name)
        .where(Contact.active, Contact.id.not_in(known))
        .order_by(Contact.name_key, Contact.id)
    )
    for word in words.split()[:4]:
        statement = statement.where(Contact.name_key.contains(word.casefold(), autoescape=True))
    rows = tx.session.execute(
        visible(statement.limit(CONTACTS_SHOWN), "core.contact.view", tx.actor)
    )
    return [(row.public_id, row.name) for row in rows]


def _contact_name(tx, public_id):
    return tx.session.scalar(
        visible(
            select(Contact.name).where(Contact.public_id == public_id),
            "core.contact.view",
            tx.actor,
        )
    )
