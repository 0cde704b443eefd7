"""Categories and units: words that items share."""

from __future__ import annotations

from flask import request, url_for
from sqlalchemy import select

from portal.api import ValidationFailed, message, visible
from portal.web import policy, reading, redirect_to, render, toast, transaction

from ..forms import WordForm
from ..models import Category, Unit
from ..services import items as services
from ..services import lists
from .shared import blueprint, form_page, trail

CATEGORIES = message("Categories")
UNITS = message("Units")


@blueprint.get("/categories")
@policy("inventory.item.view")
def categories():
    """Show the categories and how many items stand in each."""
    rows = lists.category_rows(reading())
    return render("inventory/categories.html", crumbs=trail((CATEGORIES, "")), rows=rows)


@blueprint.get("/units")
@policy("inventory.item.view")
def units():
    """Show the units and how many items come in each."""
    rows = lists.unit_rows(reading())
    return render("inventory/units.html", crumbs=trail((UNITS, "")), rows=rows)


@blueprint.route("/categories/new", methods=["GET", "POST"])
@policy("inventory.item.edit")
def new_category():
    """Add a category."""
    return _new(CATEGORIES, message("New category"), "inventory.categories", services.add_category)


@blueprint.route("/units/new", methods=["GET", "POST"])
@policy("inventory.item.edit")
def new_unit_word():
    """Add a unit."""
    return _new(UNITS, message("New unit"), "inventory.units", services.add_unit)


@blueprint.route("/categories/<public_id>", methods=["GET", "POST"])
@policy("inventory.item.edit")
def category(public_id):
    """Rename a category."""
    return _rename(CATEGORIES, "inventory.categories", Category, public_id)


@blueprint.route("/units/<public_id>", methods=["GET", "POST"])
@policy("inventory.item.edit")
def unit_word(public_id):
    """Rename a unit."""
    return _rename(UNITS, "inventory.units", Unit, public_id)


def _new(words, title, endpoint, add):
    form = WordForm(request.form)
    if request.method == "POST" and form.validate():
        try:
            with transaction() as tx:
                add(tx, form.name.data or "")
                toast(message("{name} is added.", name=form.name.data or ""))
                return redirect_to(tx, endpoint)
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
    crumbs = trail((words, url_for(endpoint)), (title, ""))
    return form_page("inventory/word.html", form, crumbs, back=url_for(endpoint), title=title)


def _rename(words, endpoint, model, public_id):
    tx = reading()
    row = tx.one(visible(select(model), "inventory.item.edit", tx.actor), public_id=public_id)
    form = WordForm(request.form, obj=row)
    crumbs = trail((words, url_for(endpoint)), (row.name, ""))
    title = message("Rename {name}", name=row.name)
    if request.method == "POST" and form.validate():
        command = form.command(services.Rename, row=public_id)
        try:
            with transaction() as tx:
                services.rename(tx, model, command)
                toast(message("Saved."))
                return redirect_to(tx, endpoint)
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
    return form_page("inventory/word.html", form, crumbs, back=url_for(endpoint), title=title)
