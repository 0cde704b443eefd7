"""Orders: the list, the page of one, placing, cancelling, closing short."""

from __future__ import annotations

from datetime import timedelta

from flask import request, url_for

from portal.api import ValidationFailed, message
from portal.web import (
    pdf,
    policy,
    print_view,
    reading,
    redirect_to,
    render,
    toast,
    transaction,
)

from ...forms import ORDER_BY
from ...rules import Amount, Listed
from ...views.shared import blueprint, form_page, sent_number
from .. import rules
from ..forms import LINE_STATES, STATES, EndForm, PlaceForm
from ..services import placing
from ..services import reading as found
from ..states import GONE_ON, TRANSITIONS, possible
from ..tables import LINE_TONES, ORDER_LINES, ORDERS, STATE_TONES

TITLE = message("Orders")
BUTTONS = {  # of a step: its page, its words, its icon and how it looks
    "place": ("inventory.place_order", message("Place the order"), "send", "primary"),
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
    row = placing.find(tx, public_id, "inventory.order.view")
    lines = found.lines_of(tx, row)
    priced = found.may_see_cost(tx, row)
    state = _state(tx, row)
    return render(
        "inventory/ordering/order.html",
        crumbs=_trail((_title(row), "")),
        order=row,
        title=_title(row),
        state=(STATES[state], STATE_TONES[state]),
        supplier=_supplier(row),
        lines=lines,
        total=sum(line.cost or 0 for line in lines) if priced else None,
        terms=row.supplier,
        priced=priced,
        how=ORDER_BY[row.placed_by] if row.placed_by else "",
        line_states=LINE_STATES,
        line_tones=LINE_TONES,
        told=_told(tx, row),
        buttons=_buttons(tx, row, lines),
        may_edit=row.status == "draft" and found.may(tx, row, "inventory.order.edit"),
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
        crumbs=_trail((_title(row), back), (message("Lines"), "")),
        title=_title(row),
    )


@blueprint.get("/orders/<public_id>/print")
@policy("inventory.order.view")
def print_order(public_id):
    """Show an order as it goes to the supplier, for paper and fax."""
    tx = reading()
    row = placing.find(tx, public_id, "inventory.order.view")
    lines = found.as_ordered(row) or found.lines_of(tx, row)
    priced = found.may_see_cost(tx, row)
    shown = {
        "order": row,
        "title": _title(row),
        "supplier": (row.snapshot or {}).get("supplier") or _supplier(row),
        "lines": lines,
        "priced": priced,
        "total": sum(line.cost or 0 for line in lines) if priced else None,
        "how": ORDER_BY[row.placed_by] if row.placed_by else "",
        "address": url_for("inventory.order", public_id=public_id, _external=True),
    }
    if request.args.get("format") == "pdf":
        return pdf("inventory/ordering/print.html", f"{row.number or row.public_id}.pdf", **shown)
    return print_view("inventory/ordering/print.html", **shown)


@blueprint.route("/orders/<public_id>/place", methods=["GET", "POST"])
@policy("inventory.order.place")
def place_order(public_id):
    """Say how an order goes out, and give it its number."""
    tx = reading()
    row = placing.find(tx, public_id, "inventory.order.place")
    if request.method == "GET" and not possible(row.status, "place"):
        return _back_to(tx, row)
    form = PlaceForm(
        request.form,
        data={
            "placed_by": row.supplier.order_by,
            "expected_on": tx.today + timedelta(days=row.supplier.lead_days),
            "version": row.version,
        },
    )
    page = {
        "order": public_id,
        "title": _title(row),
        "supplier": _supplier(row),
        "points": row.supplier.contact.points if row.supplier.contact is not None else (),
        "lines": found.lines_of(tx, row, "inventory.order.place"),
        "priced": found.may_see_cost(tx, row),
        "terms": row.supplier,
    }
    page["total"] = sum(line.cost or 0 for line in page["lines"])
    crumbs = _trail((_title(row), url_for("inventory.order", public_id=public_id)))
    if request.method == "POST" and form.validate():
        try:
            with transaction() as tx:
                command = form.command(placing.Place, order=public_id, version=form.version.data)
                made = placing.place(tx, command)
                toast(message("{number} is on its way.", number=made.number))
                return redirect_to(tx, "inventory.order", public_id=public_id)
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
    back = url_for("inventory.order", public_id=public_id)
    return form_page("inventory/ordering/place.html", form, crumbs, back=back, **page)


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
        return _back_to(tx, row)
    form = EndForm(request.form, data={"version": row.version})
    title, back = _title(row), url_for("inventory.order", public_id=public_id)
    crumbs = _trail((title, back), (words["heading"], ""))
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


def _back_to(tx, order):
    """Show an order as it is now to whoever opens an old page of it."""
    toast(GONE_ON)
    return redirect_to(tx, "inventory.order", public_id=order.public_id)


def _trail(*steps):
    return ((TITLE, url_for("inventory.orders")), *steps)


def _title(order):
    """Return what an order is called: its number, or that it is a list still."""
    return order.number or message("Order list")


def _supplier(order):
    contact = order.supplier.contact
    return contact.name if contact is not None else message("Private contact")


def _state(tx, order):
    late = order.status == "placed" and order.expected_on and order.expected_on < tx.today
    return "late" if late else order.status


def _buttons(tx, order, lines):
    """Return the steps this person may take now, the first of them the primary one."""
    known = placing.facts(lines)
    steps = {}
    for step in TRANSITIONS:
        if step.source != order.status or step.action not in BUTTONS or not _offered(step, known):
            continue
        if step.source == "draft" and step.action == "cancel":
            continue
        if step.action not in steps and found.may(tx, order, step.permission):
            steps[step.action] = BUTTONS[step.action]
    buttons = [
        (text, url_for(endpoint, public_id=order.public_id), icon, kind)
        for endpoint, text, icon, kind in steps.values()
    ]
    return sorted(buttons, key=lambda button: button[3] == "primary")


def _offered(step, known):
    """Return whether a step can be taken; receiving is, as long as anything is to come."""
    return known.outstanding if step.action == "receive" else step.guard(known)


def _told(tx, order):
    """Return what happened to an order, newest first."""
    came = [_arrived(arrival) for arrival in found.arrivals_of(tx, order)]
    return sorted([*came, *_steps(order)], key=lambda line: line["at"], reverse=True)


def _arrived(arrival):
    said = [message("Delivery note {note}", note=arrival.note)] if arrival.note else []
    if arrival.reversed:
        said.append(message("taken back"))
    return {
        "person": arrival.by,
        "icon": "package-import",
        "text": message("received {item}", item=arrival.item),
        "at": arrival.at,
        "amount": Amount(arrival.quantity, arrival.unit),
        "detail": Listed(tuple(said)) if said else "",
        "url": url_for("inventory.movement", public_id=arrival.movement),
    }


_GIVEN_UP = {
    "closed_short": message("closed the order short"),
    "cancelled": message("cancelled the order"),
}


def _steps(order):
    """Yield what people did with an order: begin, place, give up."""
    steps = (
        (order.made_by, "list-check", message("began the order list"), order.made_at, ""),
        (
            order.placed_by_person,
            "send",
            message("placed the order"),
            order.placed_at,
            order.placed_with,
        ),
        (
            order.closed_by,
            "circle-x",
            _GIVEN_UP.get(order.status),
            order.closed_at,
            order.reason,
        ),
    )
    for person, icon, text, at, note in steps:
        if at is not None and text is not None:
            name = person.name if person is not None else None
            yield {"person": name, "icon": icon, "text": text, "at": at, "note": note}
