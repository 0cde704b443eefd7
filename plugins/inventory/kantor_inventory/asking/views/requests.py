"""The pages of asking a stock room for things, and of answering."""

from __future__ import annotations

from flask import redirect, request, url_for

from portal.api import Conflict, NotFound, ValidationFailed, approval_of, message
from portal.web import policy, reading, redirect_to, render, story, toast, transaction

from ...rules import Amount
from ...views.shared import blueprint
from .. import answering, rooms, services, timeline
from .. import reading as requests
from ..basket import Basket
from ..forms import Together, WithdrawForm
from ..records import lines_of
from ..rules import ANSWER, ASK, KIND, LINE_STATES, possible, summary
from ..tables import ASKED_FOR, REQUESTS

MINE = message("My requests")
THEIRS = message("Asked of us")
TONES = {
    "waiting": "warn",
    "asked": "warn",
    "to_buy": "warn",
    "handed_out": "ok",
    "bought": "ok",
    "declined": "bad",
    "refused": "bad",
    "withdrawn": "mute",
}
WAITING = message("Waiting for approval")
COST = "inventory.cost.view"


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
    steps = timeline.of_request(tx, told, lines)
    return render(
        "inventory/asking/requisition.html",
        crumbs=_trail(own, told.number),
        told=told,
        lines=[_told(line) | {"steps": steps[line.id]} for line in lines],
        summary=WAITING if told.status == "waiting" else summary(states),
        tone=TONES.get(told.status, "info"),
        priced=own or tx.actor.holds(COST),
        approval=_approval(tx, row),
        version=row.version,
        may_withdraw=own and tx.actor.holds(ASK) and _open(states, ASK),
        may_edit=own and tx.actor.holds(ASK) and services.may_edit(tx, row, lines_of(tx, row)),
        may_answer=row.status != "waiting"
        and _open(states, ANSWER)
        and requests.may_answer(tx, row),
        story=story(tx, row),
    )


@blueprint.post("/requests/<public_id>/withdraw")
@policy("inventory.requisition.ask")
def withdraw(public_id):
    """Take back what was not answered yet."""
    with transaction() as tx:
        row = services.withdraw(tx, public_id, WithdrawForm(request.form).version.data)
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
                wishes=basket.wished(),
                beneficiary=form.beneficiary.data or None,
                department=form.department.data,
                needed_on=form.needed_on.data,
                note=form.note.data or "",
            )
            try:
                with transaction() as tx:
                    made = services.ask(tx, command)
                    toast(_sent(made))
                    return redirect_to(tx, "inventory.requisition", public_id=made.public_id)
            except ValidationFailed as refused:
                form.add_errors(refused.fields)
        status = 422 if basket.all.errors or basket.all.form_errors else 200
    place = room.name
    crumbs = ((MINE, url_for("inventory.requests_mine")), (place, ""))
    back = url_for("inventory.stock", place=place_id)
    page = _basket_page(reading(), basket, room, place_id, back, crumbs=crumbs)
    return page, status


def _basket_page(tx, basket, room, place_id, back, *, crumbs, changes=None):
    """Return the page of a basket: of a new request, or of one that is changed."""
    total = basket.priced(tx)
    return render(
        "inventory/asking/ask.html",
        crumbs=crumbs,
        place=room.name,
        place_id=place_id,
        basket=basket,
        form=basket.form,
        total=total,
        waits=basket.wants_approval(tx),
        changes=changes,
        action=url_for("inventory.edit_request", public_id=changes.public_id)
        if changes
        else url_for("inventory.ask", place_id=place_id),
        back=back,
    )


@blueprint.route("/requests/<public_id>/edit", methods=["GET", "POST"])
@policy("inventory.requisition.ask")
def edit_request(public_id):
    """Change what was asked for, while nothing was handed out or ordered."""
    tx = reading()
    row = requests.one(tx, public_id)
    if not services.may_edit(tx, row, lines_of(tx, row)):
        if row.owner_id != tx.actor.person_id:
            raise NotFound
        toast(message("This cannot be changed any more."))
        return redirect(url_for("inventory.requisition", public_id=public_id), 303)
    sent, room = request.method == "POST", row.place
    place_id, basket = room.public_id, _basket_of(tx, row)
    form, status = basket.form, 200
    if sent:
        changed = basket.change(tx, request.form.get("do", ""))
        if not changed and basket.settled(tx):
            command = services.Edit(
                requisition=public_id,
                version=form.version.data or 0,
                lines=basket.wanted(),
                wishes=basket.wished(),
                needed_on=form.needed_on.data,
                note=form.note.data or "",
            )
            try:
                with transaction() as tx:
                    made = services.edit(tx, command)
                    toast(_sent(made))
                    return redirect_to(tx, "inventory.requisition", public_id=made.public_id)
            except ValidationFailed as refused:
                form.add_errors(refused.fields)
        status = 422 if basket.all.errors or basket.all.form_errors else 200
    tx = reading()
    row = requests.one(tx, public_id)
    back = url_for("inventory.requisition", public_id=public_id)
    crumbs = (*_trail(True, row.number)[:1], (row.number, back), (message("Change"), ""))
    page = _basket_page(tx, basket, room, place_id, back, crumbs=crumbs, changes=row)
    return page, status


def _basket_of(tx, row):
    """Return the basket of a request that is changed: as it was sent, or as it stands."""
    sent = request.method == "POST"
    said, known, ids = _known(tx, row)
    return Basket(
        tx,
        row.place,
        request.form,
        request.form.getlist("line") if sent else ids,
        said=said,
        known={} if sent else known,
    )


def _known(tx, row):
    """Return what stands in a request, as the fields of its basket, and the items in it."""
    known, ids = {}, []
    for n, line in enumerate(requests.lines(tx, row)):
        if line.item_id is None:
            known[f"w{n}"] = {
                "text": line.text,
                "quantity": line.entered,
                "unit": line.unit,
                "price": line.price,
                "found_at": line.found_at,
            }
        else:
            ids.append(line.item)
            known[line.item] = {"quantity": line.entered, "unit": line.unit_id}
    said = {"needed_on": row.needed_on, "note": row.note, "version": row.version}
    return said, known, ids


def _sent(made):
    """Return what became of a request that was sent."""
    if made.status == "waiting":
        return message("{number} waits for an approval.", number=made.number)
    return message("{number} is on its way to the stock room.", number=made.number)


def _approval(tx, row):
    """Return where the newest approval of a request is, to who may open it."""
    if row.owner_id != tx.actor.person_id and row.beneficiary_id != tx.actor.person_id:
        return None
    found = approval_of(tx, kind=KIND, subject=row.public_id)
    return found.public_id if found is not None else None


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
