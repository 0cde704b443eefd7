"""Orders: the list, the page of one, placing, cancelling, closing short."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import request, url_for

from portal.api import ValidationFailed, message
from portal.web import policy, reading, redirect_to, render, story, toast, transaction

from ...asking.buying import requests_of
from ...budgets.services import BudgetExhausted
from ...forms import ORDER_BY
from ...views.shared import blueprint, form_page, sent_number
from .. import rules
from ..forms import LINE_STATES, STATES, EndForm, PlaceForm
from ..services import amending, budgeting, placing, snapshots
from ..services import reading as found
from ..states import GONE_ON, TRANSITIONS, possible
from ..tables import LINE_TONES, ORDER_LINES, ORDERS, STATE_TONES
from .paying import tell
from .words import WHAT, readable

TITLE, EDIT = message("Orders"), "inventory.order.edit"
BUTTONS = {  # of a step: its page, its words, its icon and how it looks
    "place": ("inventory.place_order", message("Place the order"), "send", "primary"),
    "send": ("inventory.send_order", message("Send"), "mail", ""),
    "confirm": ("inventory.confirm_order", message("They confirmed"), "check", ""),
    "amend": ("inventory.amend_order", message("Change the order"), "pencil", ""),
    "receive": ("inventory.receive_order", message("Receive"), "package-import", "primary"),
    "close_short": ("inventory.close_short", message("Close short"), "circle-minus", ""),
    "cancel": ("inventory.cancel_order", message("Cancel the order"), "circle-x", ""),
}


@blueprint.get("/orders")
@policy("inventory.order.view")
def orders():
    """Show the order lists and the orders."""
    return ORDERS.respond(reading(), "inventory/ordering/orders.html", crumbs=((TITLE, ""),))


@blueprint.get("/orders/<public_id>")
@policy("inventory.order.view")
def order(public_id):
    """Show an order: its lines, what has come of each, and what was done with it."""
    tx = reading()
    row = found.shown(tx, public_id)
    lines = found.lines_of(tx, row)
    priced = found.may_see_cost(tx, row)
    state = found.state_of(tx, row, lines)
    steps = {step.permission for step in TRANSITIONS if step.action in BUTTONS}
    allowed, told = found.standing(tx, row, {EDIT, *steps})
    waiting = row.status == "placed" and not told
    return render(
        "inventory/ordering/order.html",
        crumbs=trail_to((title_of(row), "")),
        order=row,
        title=title_of(row),
        state=(STATES[state], STATE_TONES[state]),
        supplier=supplier_of(row),
        lines=lines,
        wanted=requests_of(tx, row),
        total=sum(line.cost or 0 for line in lines) if priced else None,
        terms=row.supplier,
        priced=priced,
        how=ORDER_BY[row.placed_by] if row.placed_by else "",
        line_states=LINE_STATES,
        line_tones=LINE_TONES,
        story=story(tx, row),
        unsent=waiting,
        amendments=[
            (one, readable(one.changes, priced=priced)) for one in amending.amendments_of(tx, row)
        ],
        what=WHAT,
        **_buttons(row, lines, allowed, unsent=waiting),
        may_edit=row.status == "draft" and EDIT in allowed,
        explain=rules.explain,
    )


@blueprint.get("/orders/<public_id>/lines")
@policy("inventory.order.view")
def order_lines(public_id):
    """Show the lines of an order as a list, and as a file."""
    tx = reading()
    row = placing.find(tx, public_id, "inventory.order.view")
    back = url_for("inventory.order", public_id=public_id)
    return ORDER_LINES.respond(
        tx,
        "inventory/ordering/lines.html",
        criteria={"order": public_id},
        crumbs=trail_to((title_of(row), back), (message("Lines"), "")),
        title=title_of(row),
    )


@blueprint.route("/orders/<public_id>/place", methods=["GET", "POST"])
@policy("inventory.order.place")
def place_order(public_id):
    """Say how an order goes out, and give it its number."""
    tx = reading()
    row = placing.find(tx, public_id, "inventory.order.place")
    if request.method == "GET" and not possible(row.status, "place"):
        return back_to(tx, row)
    form = PlaceForm(
        request.form,
        data={
            "placed_by": row.supplier.order_by,
            "expected_on": tx.today + timedelta(days=row.supplier.lead_days),
            "language": snapshots.language_of(tx, row),
            "version": row.version,
        },
    )
    page = _list_to_place(tx, row)
    crumbs = trail_to((title_of(row), url_for("inventory.order", public_id=public_id)))
    status = 200
    if request.method == "POST" and form.validate():
        try:
            with transaction() as tx:
                command = form.command(
                    placing.Place,
                    order=public_id,
                    version=form.version.data,
                    language=form.language.data or "",
                )
                return _go_on(tx, placing.place(tx, command))
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
        except BudgetExhausted as refused:
            form.form_errors.append(refused.message)
            status = refused.status
    page["budgets"] = budgeting.told(reading(), row.id) if page["priced"] else ()
    return _place_page(public_id, form, crumbs, status, page)


def _list_to_place(tx, row):
    """Return what the page shows of a list that is about to go out."""
    lines = found.lines_of(tx, row, "inventory.order.place")
    return {
        "order": row.public_id,
        "title": title_of(row),
        "supplier": supplier_of(row),
        "points": row.supplier.contact.points if row.supplier.contact is not None else (),
        "lines": lines,
        "priced": found.may_see_cost(tx, row),
        "terms": row.supplier,
        "total": sum(line.cost or 0 for line in lines),
    }


def _go_on(tx, made):
    """Say that an order is placed, and lead to what comes next."""
    if made.placed_by == "email":
        tell(tx, made.id, message("{number} is placed. Send it now.", number=made.number))
        return redirect_to(tx, "inventory.send_order", public_id=made.public_id)
    tell(tx, made.id, message("{number} is on its way.", number=made.number))
    return redirect_to(tx, "inventory.order", public_id=made.public_id)


def _place_page(public_id, form, crumbs, status, page):
    back = url_for("inventory.order", public_id=public_id)
    shown = form_page("inventory/ordering/place.html", form, crumbs, back=back, **page)
    return (shown[0], status) if status != 200 else shown


@blueprint.post("/orders/<public_id>/discard")
@policy("inventory.order.edit")
def discard_list(public_id):
    """Give a list up that never went out."""
    with transaction() as tx:
        placing.discard(tx, placing.End(order=public_id, version=sent_number("version")))
        toast(message("The order list is given up."))
        return redirect_to(tx, "inventory.order_list")


@blueprint.route("/orders/<public_id>/cancel", methods=["GET", "POST"])
@policy("inventory.order.place")
def cancel_order(public_id):
    """Give an order up of which nothing has come."""
    words = {
        "heading": message("Cancel the order"),
        "told": message("Nothing of it is on order any more; what is needed is suggested again."),
        "done": message("The order is cancelled."),
    }
    return _end(public_id, "cancel", placing.cancel, words)


@blueprint.route("/orders/<public_id>/close-short", methods=["GET", "POST"])
@policy("inventory.order.place")
def close_short(public_id):
    """Give up what is still to come of an order."""
    words = {
        "heading": message("Close short"),
        "told": message(
            "What has not come is not on order any more; what is needed is suggested again."
        ),
        "done": message("The order is closed short."),
    }
    return _end(public_id, "close_short", placing.close_short, words)


def _end(public_id, action, service, words):
    tx = reading()
    row = placing.find(tx, public_id, "inventory.order.place")
    if request.method == "GET" and not possible(row.status, action):
        return back_to(tx, row)
    form = EndForm(request.form, data={"version": row.version})
    title, back = title_of(row), url_for("inventory.order", public_id=public_id)
    crumbs = trail_to((title, back), (words["heading"], ""))
    if request.method == "POST" and form.validate():
        try:
            with transaction() as tx:
                service(tx, form.command(placing.End, order=public_id, version=form.version.data))
                toast(words["done"])
                return redirect_to(tx, "inventory.order", public_id=public_id)
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
    template = "inventory/ordering/end.html"
    return form_page(template, form, crumbs, back=back, title=title, words=words)


def back_to(tx, order):
    """Show an order as it is now to whoever opens an old page of it."""
    toast(GONE_ON)
    return redirect_to(tx, "inventory.order", public_id=order.public_id)


def trail_to(*steps):
    return ((TITLE, url_for("inventory.orders")), *steps)


def title_of(order):
    """Return what an order is called: its number, or that it is a list still."""
    return order.number or message("Order list")


def supplier_of(order):
    contact = order.supplier.contact
    return contact.name if contact is not None else message("Private contact")


def _buttons(order, lines, allowed, *, unsent):
    """Return the steps this person may take now: those in view and those in the menu.

    What was not sent yet is sent first; the rest of what is said to the supplier is in the menu.
    """
    known = placing.facts(lines)
    steps = {}
    for step in TRANSITIONS:
        if step.source != order.status or step.action not in BUTTONS or not _offered(step, known):
            continue
        if step.source == "draft" and step.action == "cancel":
            continue
        if step.action not in steps and step.permission in allowed:
            steps[step.action] = BUTTONS[step.action]
    buttons: list[tuple[Any, ...]] = []
    rest: list[tuple[Any, ...]] = []
    for action, (endpoint, text, icon, kind) in steps.items():
        url = url_for(endpoint, public_id=order.public_id)
        first = unsent and "send" in steps
        if action == "send":
            kind = "primary" if first else ""
        elif action == "receive" and first:
            kind = ""
        shown = kind == "primary" or action in ("receive", "cancel", "close_short")
        (buttons if shown else rest).append((text, url, icon, kind))
    buttons.sort(key=lambda button: button[3] == "primary")
    return {"buttons": buttons, "rest": rest}


def _offered(step, known):
    """Return whether a step can be taken; receiving is, as long as anything is to come."""
    return known.outstanding if step.action == "receive" else step.guard(known)
