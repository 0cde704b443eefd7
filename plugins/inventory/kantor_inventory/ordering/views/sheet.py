"""The order list: one page from what was counted to what is ordered."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from flask import request, url_for

from portal.api import ValidationFailed, message
from portal.web import policy, reading, redirect_to, render, toast, transaction

from ...counting import blind
from ...services import choices
from ...views.shared import blueprint, form_page, item_named, item_trail
from ..forms import AddForm, PutOffForm, SheetFilters, sheet_form
from ..services import drafts, offering, putting_off, sheet
from . import groups

TITLE = message("Order list")
VIEWS = {
    "to_order": message("To order"),
    "put_off": message("Put off"),
    "all": message("Everything with a minimum"),
}
KEY = re.compile(r"[a-z0-9]{12}")
FIELD = re.compile(r"packs-([a-z0-9]{12})-([a-z0-9]{12})")
ONLY = re.compile(r"([a-z0-9]{12})-([a-z0-9]{12})-([1-9][0-9]{0,5})")
MOST = 200  # fields of one page that are read
SAMPLE = 123_456_789  # written as money, it shows a script how
USUAL_REST = 14  # days for which a suggestion is put off


@blueprint.route("/order-list", methods=["GET", "POST"])
@policy("inventory.order.edit")
def order_list():
    """Show what there is, what is needed and what to order; put it onto the lists."""
    if request.method != "POST":
        return _page(None)
    only = ONLY.fullmatch(request.form.get("only", ""))
    if only:
        item, place, packs = only.groups()
        return _add((drafts.Wanted(item=item, place=place, packs=int(packs)),))
    keys = [name.removeprefix("packs-") for name in request.form if FIELD.fullmatch(name)][:MOST]
    form = sheet_form(dict.fromkeys(keys, ""))(request.form)
    if not form.validate():
        return _page(keys)
    wanted = tuple(
        drafts.Wanted(item=key.split("-")[0], place=key.split("-")[1], packs=packs)
        for key in keys
        if (packs := form[f"packs-{key}"].data)
    )
    if not wanted:
        empty = message("Every field is empty, so nothing was added.")
        return _page(keys, ValidationFailed({"lines": empty}))
    try:
        return _add(wanted)
    except ValidationFailed as refused:
        return _page(keys, refused)


def _add(wanted):
    """Put lines onto the lists and say what came of it."""
    with transaction() as tx:
        added = drafts.add_lines(tx, drafts.AddLines(lines=wanted))
        if added.lines:
            toast(message("Lines put on the order list: {count}.", count=added.lines))
        if added.known:
            toast(message("On the list before, and left as they were: {count}.", count=added.known))
        return redirect_to(tx, "inventory.order_list", **narrowing())


def narrowing():
    """Return what the address says about the rows, for the way back to them."""
    names = ("view", "item", "place", "category", "supplier")
    return {name: request.args[name] for name in names if request.args.get(name)}


def _page(keys, refused=None):
    """Return the sheet; with ``keys`` as it was sent, each fault beside its field."""
    tx = reading()
    filters = SheetFilters(request.args)
    asked = {field.name: field.data for field in filters if KEY.fullmatch(field.data or "")}
    view, found = _found(tx, asked)
    terms = sheet.suppliers(tx, found.rows, chosen=asked.get("supplier"))
    filters.offer(tx, terms)
    filters.validate()
    chosen = {name: key for name, key in asked.items() if not filters[name].errors}
    form = _form(found, keys, refused)
    filled = _filled_in(found, form, keys, view)
    parts = groups.grouped(tx, found, terms=terms, chosen=filled, fill=view == "to_order")
    page = render(
        "inventory/ordering/sheet.html",
        crumbs=((TITLE, ""),),
        form=form,
        groups=parts,
        view=view,
        tabs=[
            (title, url_for("inventory.order_list", view=key), key == view)
            for key, title in VIEWS.items()
        ],
        filters=filters,
        chips=_chips(filters, chosen, view),
        count=len(found.rows),
        counted=blind.notice(tx),
        narrowed=bool(asked),
        more=_more(found),
        sums=_sums(parts),
        filled=filled,
        sample=SAMPLE,
        here=url_for("inventory.order_list", **narrowing()),
        taken=narrowing() | {"view": view},
        sentence=lambda row: groups.sentence(row, terms, zone=tx.zone, brief=True),
        telling=lambda row: groups.telling(row, tx.zone),
        lasts=groups.lasts,
        in_base=groups.in_base,
        in_packs=groups.in_packs,
        in_packs_listed=lambda row: groups.in_packs(row, row.packs),
        many_departments=len({group.department for group in parts}) > 1,
    )
    return (page, 422) if keys is not None else page


def _found(tx, asked):
    """Return the view and its page; an item that needs no ordering is shown among all the same."""
    view = request.args.get("view", "")
    wanted = view if view in sheet.VIEWS else "to_order"
    found = sheet.page(tx, view=wanted, after=_after(), **asked)
    if "item" in asked and not view and not found.rows:
        return "all", sheet.page(tx, view="all", after=_after(), **asked)
    return wanted, found


def _form(found, keys, refused):
    names = {row.key: row.name for row in found.rows}
    if keys is None:
        return sheet_form(names)(None)
    form = sheet_form(dict.fromkeys(keys, "") | names)(request.form)
    form.validate()
    if refused is not None:
        form.add_errors(refused.fields)
    return form


def _filled_in(found, form, keys, view):
    """Return how many packs stand in the field of each row: as sent, else as suggested."""
    if keys is not None:
        return {key: packs for key in keys if (packs := form[f"packs-{key}"].data)}
    if view != "to_order":
        return {}
    return {row.key: row.suggestion.packs for row in found.rows if row.suggestion is not None}


def _after():
    given = request.args.get("after", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else None


def _more(found):
    """Return the address of the next page."""
    if not found.more:
        return ""
    return url_for("inventory.order_list", **narrowing(), after=found.rows[-1].id)


def _chips(filters, chosen, view):
    """Return (label, value, the address without it) of each filter in force."""
    chips = []
    for name in chosen:
        rest = {key: value for key, value in chosen.items() if key != name}
        field = filters[name]
        title = next((title for value, title in field.choices if value == field.data), "")
        url = url_for("inventory.order_list", view=view, **rest)
        chips.append((field.label.text, title, url))
    return chips


def _sums(parts):
    """Return how much is to order and what it costs, over the rows of this page."""
    costs = [group.cost for group in parts if group.terms is not None]
    return {
        "lines": sum(len(group.open_rows) for group in parts),
        "listed": sum(group.draft.lines for group in parts if group.draft is not None),
        "suppliers": len({g.terms.public_id for g in parts if g.terms and g.open_rows}),
        "cost": None if None in costs else sum(costs),
    }


@blueprint.route("/items/<public_id>/order", methods=["GET", "POST"])
@policy("inventory.order.edit")
def order_item(public_id):
    """Put an item onto the list that nothing suggested."""
    tx = reading()
    row = item_named(tx, public_id)
    crumbs, name = item_trail(row, TITLE), row.name
    form = AddForm(request.form)
    offer_choices(tx, form, row.id)
    if request.method == "POST" and form.validate():
        try:
            with transaction() as tx:
                line = drafts.add_line(tx, form.command(drafts.AddLine, item=public_id))
                toast(message("{item} is on the order list.", item=name))
                return redirect_to(tx, "inventory.order", public_id=line.order.public_id)
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
    back = url_for("inventory.item", public_id=public_id)
    template = "inventory/ordering/order_item.html"
    return form_page(template, form, crumbs, back=back, item_name=name, item=public_id)


def offer_choices(tx: Any, form: Any, item_id: int) -> None:
    """Offer from whom an item can be had, by which unit, and the places one orders for."""
    form.offer.choices = [(offer.id, _offer_title(offer)) for offer in offering.offers(tx, item_id)]
    form.place.choices = choices.open_places(tx, "inventory.order.edit")


def _offer_title(offer):
    contact = offer.supplier.contact
    return message(
        "{supplier}, by the {unit}",
        supplier=contact.name if contact is not None else message("Private contact"),
        unit=offer.item_unit.unit.name,
    )


@blueprint.route("/items/<public_id>/put-off/<place_id>", methods=["GET", "POST"])
@policy("inventory.order.edit")
def put_off(public_id, place_id):
    """Put a suggestion aside until a day."""
    tx = reading()
    row = item_named(tx, public_id)
    place = drafts.place_named(tx, place_id)
    crumbs, name, place_name = item_trail(row, message("Not now")), row.name, place.name
    form = PutOffForm(
        request.form, data={"until_on": tx.today + timedelta(days=USUAL_REST), "reason": ""}
    )
    if request.method == "POST" and form.validate():
        try:
            with transaction() as tx:
                command = form.command(putting_off.PutOff, item=public_id, place=place_id)
                putting_off.put_off(tx, command)
                toast(message("{item} is put off.", item=name))
                return redirect_to(tx, "inventory.order_list")
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
    back = url_for("inventory.order_list")
    template = "inventory/ordering/put_off.html"
    return form_page(template, form, crumbs, back=back, item_name=name, place_name=place_name)


@blueprint.post("/items/<public_id>/take-up/<place_id>")
@policy("inventory.order.edit")
def take_up(public_id, place_id):
    """Show a suggestion again."""
    with transaction() as tx:
        item = putting_off.take_up(tx, public_id, place_id)
        toast(message("{item} is suggested again.", item=item.name))
        return redirect_to(tx, "inventory.order_list")
