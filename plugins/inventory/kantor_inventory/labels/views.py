"""Printing labels, and the page that the card of a shelf opens."""

from __future__ import annotations

from dataclasses import asdict

from flask import redirect, request, url_for
from sqlalchemy import select

from portal.api import BadRequest, NotFound, Place, message
from portal.web import (
    pdf,
    policy,
    print_view,
    reading,
    redirect_to,
    render,
    short_url,
    toast,
    transaction,
)

from ..counting import hooks as counting
from ..tables import ITEMS, STOCK
from ..views.shared import blueprint, form_page
from . import flags, services
from .forms import ChooseForm, OfForm, PrintForm
from .rules import MOST, SHEETS, length_class, pages

CODE = 8  # letters
TITLES = {
    "item": message("Labels of items"),
    "place": message("Labels of places"),
    "shelf": message("Shelf cards"),
}


@blueprint.route("/labels", methods=["GET", "POST"])
@policy("inventory.stock.view")
def labels():
    """Choose whose labels are printed, and on what."""
    tx, about = reading(), _about()
    kind = services.KINDS[about.kind.data]
    offered = services.candidates(
        tx,
        kind,
        of=request.args.getlist("of") or services.targets_of(tx, kind, _codes()),
        place=about.place.data or "",
        item=about.item.data or "",
    )
    more, offered = len(offered) > MOST, offered[:MOST]
    form = ChooseForm(request.form, data={"of": [label.target for label in offered]})
    form.of.choices = [(label.target, label.name) for label in offered]
    if request.method == "POST" and form.validate() and form.fits():
        with transaction() as tx:
            codes = "".join(services.order(tx, kind, form.of.data or ()))
            how = asdict(form.wanted())
            return redirect_to(
                tx, "inventory.label_sheet", kind=about.kind.data, codes=codes, **how
            )
    return form_page(
        "inventory/labels.html",
        form,
        ((message("Stock"), url_for("inventory.stock")), (TITLES[about.kind.data], "")),
        title=TITLES[about.kind.data],
        kind=about.kind.data,
        offered=offered,
        more=MOST if more else 0,
    )


@blueprint.post("/labels/of-items")
@policy("inventory.stock.view")
def labels_of_items():
    """Go on to print the labels of the items that are ticked in the list."""
    chosen = ITEMS.chosen(reading())
    return _chosen("item", chosen, lambda tx: chosen.ids)


@blueprint.post("/labels/of-shelves")
@policy("inventory.stock.view")
def cards_of_shelves():
    """Go on to print the cards of the lines that are ticked in the stock list."""
    chosen = STOCK.chosen(reading())
    return _chosen("shelf", chosen, lambda tx: services.shelves(tx, chosen.ids))


def _chosen(kind, chosen, targets):
    """Give what was ticked its codes, and lead to the page where the sheet is chosen."""
    if not chosen.ids:
        toast(message("Tick at least one row first."))
        return redirect(chosen.back, 303)
    with transaction() as tx:
        codes = services.order(tx, services.KINDS[kind], targets(tx)[:MOST])
        if chosen.more or len(chosen.ids) > MOST:
            toast(message("Only the first {most} are offered.", most=MOST))
        return redirect_to(tx, "inventory.labels", kind=kind, codes="".join(codes))


@blueprint.get("/labels/sheet")
@policy("inventory.stock.view")
def label_sheet():
    """Show the labels as they are printed, or as PDF."""
    about, form = _about(), PrintForm(request.args)
    if not form.validate():
        raise BadRequest
    tx, kind, how = reading(), services.KINDS[about.kind.data], form.wanted()
    sheet = SHEETS[how.sheet]
    printed = [
        {"label": label, "code": code, "url": short_url(code), "long": length_class(label.name)}
        for label, code in services.ordered(tx, kind, _codes())
    ]
    found = list(pages(printed, sheet, start=how.start, copies=how.copies))
    context = {"kind": about.kind.data, "sheet": sheet, "pages": found}
    if request.args.get("format") == "pdf":
        return pdf("inventory/label_sheet.html", "labels.pdf", **context)
    return print_view("inventory/label_sheet.html", **context)


@blueprint.get("/items/<public_id>/at/<place_id>")
@policy("inventory.stock.view")
def shelf(public_id, place_id):
    """Show an item at its place, on a phone first: this is what the card of a shelf opens."""
    tx = reading()
    here = _here(tx, public_id, place_id)
    told = next(iter(flags.open_flags(tx, item_id=here.item_id, point_id=here.point_id)), None)
    crumbs = (
        (message("Stock"), url_for("inventory.stock")),
        (here.place_name, url_for("inventory.stock", place=place_id)),
        (here.name, ""),
    )
    return render(
        "inventory/shelf.html",
        crumbs=crumbs,
        here=here,
        told=told,
        mine=told is not None and flags.may_take_back(tx, here, told.raised_by_id),
        values={"public_id": public_id, "place_id": place_id},
        **counting.of_place(tx, tx.one(select(Place), public_id=place_id)),
    )


@blueprint.post("/items/<public_id>/at/<place_id>/nearly-empty")
@policy("inventory.stock.view")
def nearly_empty(public_id, place_id):
    """Note that a shelf is nearly empty; the second who taps hears who was first."""
    with transaction() as tx:
        told = flags.tell(tx, _here(tx, public_id, place_id))
        if told.new:
            toast(message("Thank you. Whoever orders sees it now."))
        else:
            at = told.at.astimezone(tx.zone)
            clock = f"{at:%H.%M}" if tx.language == "id" else f"{at:%H:%M}"
            toast(message("Already told by {name} at {time}.", name=told.by, time=clock))
        return redirect_to(tx, "inventory.shelf", public_id=public_id, place_id=place_id)


@blueprint.post("/items/<public_id>/at/<place_id>/enough")
@policy("inventory.stock.view")
def enough(public_id, place_id):
    """Take back that a shelf is nearly empty."""
    with transaction() as tx:
        if flags.take_back(tx, _here(tx, public_id, place_id)):
            toast(message("Taken back."))
        return redirect_to(tx, "inventory.shelf", public_id=public_id, place_id=place_id)


@blueprint.post("/items/<public_id>/at/<place_id>/new-card")
@policy("inventory.stock.set_rule")
def new_card(public_id, place_id):
    """Take the card that hangs there out of use, and print another one."""
    with transaction() as tx:
        if services.replace(tx, public_id, place_id):
            toast(message("The old card says from now on that it was replaced."))
        of = services.shelf_of(public_id, place_id)
        return redirect_to(tx, "inventory.labels", kind="shelf", of=of)


def _codes():
    """Return the codes that stand one after the other in the address."""
    codes = request.args.get("codes", "").upper()
    return [codes[at : at + CODE] for at in range(0, len(codes), CODE)][:MOST]


def _about():
    about = OfForm(request.args)
    if not about.validate():
        raise BadRequest
    return about


def _here(tx, public_id, place_id):
    here = flags.shelf(tx, public_id, place_id)
    if here is None:
        raise NotFound
    return here
