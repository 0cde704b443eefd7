"""The pages of asking a stock room for things, and of answering."""

from __future__ import annotations

from flask import redirect, request, url_for
from sqlalchemy import select

from portal.api import Conflict, ValidationFailed, message
from portal.web import policy, reading, redirect_to, render, toast, transaction

from ..models import Item
from ..rules import Amount
from ..views.shared import blueprint, form_page, item_named, item_trail
from . import answering, rooms, services, substitutes
from . import reading as requests
from .basket import Basket
from .forms import SubstituteForm, Together
from .rules import ANSWER, ASK, LINE_STATES, possible, summary
from .tables import ASKED_FOR, REQUESTS

MINE = message("My requests")
THEIRS = message("Asked of us")
TONES = {"asked": "warn", "handed_out": "ok", "declined": "bad", "withdrawn": "mute"}


@blueprint.get("/my-requests")
@policy("inventory.requisition.view")
def requests_mine():
    """Show what one has asked for."""
    return REQUESTS.respond(reading(), "inventory/asking/requests.html", crumbs=((MINE, ""),))


@blueprint.get("/asked-for")
@policy("inventory.requisition.answer")
def asked_for():
    """Show what one's own stock rooms were asked for."""
    return ASKED_FOR.respond(reading(), "inventory/asking/asked_for.html", crumbs=((THEIRS, ""),))


@blueprint.get("/requests/<public_id>")
@policy("inventory.requisition.view")
def requisition(public_id):
    """Show a request: what was asked for, and what has become of each line."""
    tx = reading()
    row = requests.one(tx, public_id)
    told = requests.told(tx, row)
    lines = requests.lines(tx, row)
    states = [line.state for line in lines]
    own = row.owner_id == tx.actor.person_id
    return render(
        "inventory/asking/requisition.html",
        crumbs=_trail(own, told.number),
        told=told,
        lines=[_told(line) for line in lines],
        summary=summary(states),
        tone=TONES.get(told.status, "info"),
        may_withdraw=own and tx.actor.holds(ASK) and _open(states, ASK),
        may_answer=_open(states, ANSWER) and requests.may_answer(tx, row),
    )


@blueprint.post("/requests/<public_id>/withdraw")
@policy("inventory.requisition.ask")
def withdraw(public_id):
    """Take back what was not answered yet."""
    with transaction() as tx:
        row = services.withdraw(tx, public_id)
        toast(message("{number} is withdrawn.", number=row.number))
        return redirect_to(tx, "inventory.requisition", public_id=public_id)


@blueprint.route("/requests/<public_id>/answer", methods=["GET", "POST"])
@policy("inventory.requisition.answer")
def answer(public_id):
    """Answer the lines of a request, all in one page."""
    tx = reading()
    row = tx.one(services.answerable(tx), public_id=public_id)
    told = requests.told(tx, row)
    sheet = answering.sheet(tx, row, request.form)
    status = 200
    if request.method == "POST" and not sheet.switch(request.form.get("do", "")):
        if sheet.validate() and sheet.settled(tx, request.form):
            try:
                with transaction() as tx:
                    done = services.answer(tx, public_id, sheet.answers())
                    toast(message("{number} is answered.", number=done.number))
                    return redirect_to(tx, "inventory.requisition", public_id=public_id)
            except (services.Incomplete, services.Short) as refused:
                sheet.refuse(refused)
                status = refused.status
            except ValidationFailed as refused:
                sheet.errors += refused.fields.values()
                status = 422
            except Conflict as conflict:
                sheet.errors.append(conflict.message)
                status = conflict.status
        else:
            status = 200 if sheet.open else 422
    page = render(
        "inventory/asking/answer.html",
        crumbs=_trail(False, told.number),
        told=told,
        sheet=sheet,
        form=Together([line.form for line in sheet.lines], *sheet.errors),
        back=url_for("inventory.requisition", public_id=public_id),
    )
    return page, status


@blueprint.get("/ask")
@policy("inventory.requisition.ask")
def ask_room():
    """Choose the stock room that is asked."""
    found = rooms.rooms_by_name(reading())
    if len(found) == 1:
        return redirect(url_for("inventory.ask", place_id=found[0].public_id), 303)
    crumbs = ((MINE, url_for("inventory.requests_mine")), (message("Ask"), ""))
    return render("inventory/asking/rooms.html", crumbs=crumbs, rooms=found)


@blueprint.get("/ask/<place_id>/items")
@policy("inventory.requisition.ask")
def ask_items(place_id):
    """Find something that is kept in a room, by a part of its name or code."""
    tx = reading()
    words = request.args.get("item_q") or request.args.get("q") or ""
    found = rooms.search(tx, rooms.room(tx, place_id), words)
    return render("inventory/matches.html", matches=found)


@blueprint.route("/ask/<place_id>", methods=["GET", "POST"])
@policy("inventory.requisition.ask")
def ask(place_id):
    """Ask a room for several things at once; lines are kept in the form until they are sent."""
    tx = reading()
    room = rooms.room(tx, place_id)
    sent = request.method == "POST"
    ids = request.form.getlist("line") if sent else request.args.getlist("item")
    basket = Basket(tx, room, request.form, ids)
    form, status = basket.form, 200
    if sent:
        changed = basket.change(tx, request.form.get("do", ""))
        if not changed and basket.settled(tx):
            command = services.Ask(
                place=place_id,
                lines=basket.wanted(),
                department=form.department.data,
                needed_on=form.needed_on.data,
                note=form.note.data or "",
            )
            try:
                with transaction() as tx:
                    made = services.ask(tx, command)
                    toast(message("{number} is on its way to the stock room.", number=made.number))
                    return redirect_to(tx, "inventory.requisition", public_id=made.public_id)
            except ValidationFailed as refused:
                form.add_errors(refused.fields)
        status = 422 if basket.all.errors or basket.all.form_errors else 200
    place = room.name
    crumbs = ((MINE, url_for("inventory.requests_mine")), (place, ""))
    page = render(
        "inventory/asking/ask.html",
        crumbs=crumbs,
        place=place,
        place_id=place_id,
        basket=basket,
        form=form,
        back=url_for("inventory.stock", place=place_id),
    )
    return page, status


@blueprint.route("/items/<public_id>/substitutes/new", methods=["GET", "POST"])
@policy("inventory.item.edit")
def new_substitute(public_id):
    """Say which item serves as well."""
    tx = reading()
    row = item_named(tx, public_id, "inventory.item.edit")
    form = SubstituteForm(request.form)
    form.other.search = lambda words: _items(reading(), words)
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
    return render("inventory/matches.html", matches=_items(reading(), words))


@blueprint.post("/items/<public_id>/substitutes/remove")
@policy("inventory.item.edit")
def remove_substitute(public_id):
    """Say that an item does not serve as well any more."""
    with transaction() as tx:
        other = substitutes.remove(tx, public_id, request.form.get("other", ""))
        toast(message("{item} is not offered instead any more.", item=other.name))
        return redirect_to(tx, "inventory.item", public_id=public_id)


def _trail(own, number):
    """Return breadcrumbs to a request: through one's own, or through those to answer."""
    if own:
        return ((MINE, url_for("inventory.requests_mine")), (number, ""))
    return ((THEIRS, url_for("inventory.asked_for")), (number, ""))


def _open(states, permission):
    return any(possible(state, permission) for state in states)


def _told(line):
    """Return a line with its amounts, and in words what became of it."""
    asked = Amount(line.quantity, line.unit)
    entered = Amount(line.entered, line.entered_unit)
    given = Amount(line.given, line.given_unit) if line.given is not None else None
    other = line.given_item_id not in (None, line.item_id)
    return {
        "row": line,
        "asked": asked,
        "entered": entered if line.entered_unit != line.unit else "",
        "given": given,
        "less": line.given is not None and not other and line.given < line.quantity,
        "other": line.given_name if other else "",
        "state": LINE_STATES[line.state],
        "tone": TONES[line.state],
    }


def _items(tx, words):
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
