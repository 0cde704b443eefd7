"""Receive, issue, transfer, scrap: one form each, shown again until its figures are understood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from sqlalchemy import select

from portal.api import Conflict, Message, Person, ValidationFailed, message, visible
from portal.web import policy, reading, redirect_to, render, toast, transaction

from .. import told
from ..asking import reading as requests
from ..asking import slips, substitutes
from ..counting import blind
from ..forms import TYPES, IssueForm, MoveForm, ReceiveForm, ReverseForm, ScrapForm, TransferForm
from ..models import ItemUnit, Movement
from ..ordering.services import reading as orders
from ..rules import Amount
from ..services import choices, lists, packs, points, stock
from .shared import blueprint, item_named, item_trail

PEOPLE_SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class Move:
    """One kind of movement: its words, its form, and the service that does it."""

    name: str
    title: Message
    button: Message
    done: Message
    permission: str
    form: type[MoveForm]
    command: type[Any]
    service: Callable[..., Any]


RECEIVE = Move(
    name="receive",
    title=message("Receive"),
    button=message("Receive {amount}"),
    done=message("{amount} received."),
    permission="inventory.stock.receive",
    form=ReceiveForm,
    command=stock.Receive,
    service=stock.receive,
)
ISSUE = Move(
    name="issue",
    title=message("Issue"),
    button=message("Issue {amount}"),
    done=message("{amount} issued."),
    permission="inventory.stock.issue",
    form=IssueForm,
    command=stock.Issue,
    service=stock.issue,
)
TRANSFER = Move(
    name="transfer",
    title=message("Move"),
    button=message("Move {amount}"),
    done=message("{amount} moved."),
    permission="inventory.stock.transfer",
    form=TransferForm,
    command=stock.Transfer,
    service=stock.transfer,
)
SCRAP = Move(
    name="scrap",
    title=message("Scrap"),
    button=message("Scrap {amount}"),
    done=message("{amount} scrapped."),
    permission="inventory.stock.scrap",
    form=ScrapForm,
    command=stock.Scrap,
    service=stock.scrap,
)


@blueprint.route("/items/<public_id>/receive", methods=["GET", "POST"])
@policy("inventory.stock.receive")
def receive(public_id):
    """Take goods in."""
    return _move(RECEIVE, public_id)


@blueprint.route("/items/<public_id>/issue", methods=["GET", "POST"])
@policy("inventory.stock.issue")
def issue(public_id):
    """Hand stock out."""
    return _move(ISSUE, public_id)


@blueprint.route("/items/<public_id>/transfer", methods=["GET", "POST"])
@policy("inventory.stock.transfer")
def transfer(public_id):
    """Carry stock to another place."""
    return _move(TRANSFER, public_id)


@blueprint.route("/items/<public_id>/scrap", methods=["GET", "POST"])
@policy("inventory.stock.scrap")
def scrap(public_id):
    """Throw stock away."""
    return _move(SCRAP, public_id)


@blueprint.get("/items/<public_id>/understood")
@policy("inventory.item.view")
def understood(public_id):
    """Say what a quantity means in base units, while it is typed."""
    tx = reading()
    row = item_named(tx, public_id)
    form = MoveForm(request.args)
    form.offer(packs.units_of(tx, row), row.base_unit.name)
    form.quantity.validate(form)
    return render("inventory/understood.html", **_meaning(tx, row, form))


@blueprint.get("/people")
@policy("inventory.stock.issue")
def people():
    """Find a person by a part of the name."""
    words = request.args.get("for_person_q") or request.args.get("q") or ""
    return render("inventory/matches.html", matches=_people(reading(), words))


@blueprint.get("/movements/<public_id>")
@policy("inventory.stock.view")
def movement(public_id):
    """Show one line of the ledger."""
    tx = reading()
    row, item = _line(tx, "inventory.stock.view", public_id)
    return render(
        "inventory/movement.html",
        crumbs=item_trail(item, message("Movement {number}", number=row.id)),
        item=item,
        line=row,
        types=TYPES,
        value=_value(tx, public_id),
        moved=Amount(row.quantity, row.unit),
        entered=Amount(row.entered, row.entered_unit),
        receiver=told.receiver_of(row),
        left=told.left_at(row),
        asked=requests.requisition_of(tx, row.id) if row.type == "issue" else None,
        may_reverse=row.type != "reversal" and not row.reversed and _may_reverse(tx, public_id),
    )


@blueprint.route("/movements/<public_id>/reverse", methods=["GET", "POST"])
@policy("inventory.stock.reverse")
def reverse(public_id):
    """Take a movement back."""
    tx = reading()
    row, item = _line(tx, "inventory.stock.reverse", public_id)
    crumbs, item_id = item_trail(item, message("Reverse")), item.public_id
    form = ReverseForm(request.form)
    status = 200
    if request.method == "POST" and form.validate():
        try:
            with transaction() as tx:
                stock.reverse(tx, form.command(stock.Reverse, movement=public_id))
                toast(message("The movement is reversed."))
                return redirect_to(tx, "inventory.item", public_id=item_id)
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
        except Conflict as conflict:
            form.form_errors.append(conflict.message)
            status = conflict.status
        tx = reading()
        row, item = _line(tx, "inventory.stock.reverse", public_id)
    page = render(
        "inventory/reverse.html",
        crumbs=crumbs,
        item=item,
        line=row,
        types=TYPES,
        moved=Amount(row.quantity, row.unit),
        form=form,
    )
    return page, status if status != 200 else 422 if form.errors else 200


def _move(move, public_id):
    """Show the form of a movement, or do it once nothing about it is open."""
    status, question = 200, None
    form, context = _prepared(move, public_id)
    if request.method == "POST":
        if form.validate():
            question = _question(move, form, context)
        status = 422 if form.errors else 200
        if question is None and not form.errors:
            try:
                return _done(move, form, context)
            except ValidationFailed as refused:
                form.add_errors(refused.fields)
                status = 422
            except Conflict as conflict:
                form.form_errors.append(conflict.message)
                status = conflict.status
            form.understood.data = form.sure.data = ""
            context |= {"others": substitutes.with_stock(reading(), _item_again(public_id))}
    page = render("inventory/move.html", form=form, move=move, question=question, **context)
    return page, status


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What is open before a movement is posted: unusual, the amount, or a count since then."""

    unusual: Any = None
    amount: Any = None
    counted: Any = None


def _question(move, form, context):
    """Return what has to be asked about a valid form before it is posted, or None."""
    tx, item = reading(), context["item"]
    if form.in_base_units() is None:
        return None
    unusual = form.doubt(tx, item, move.name, request.form.get("answer", ""))
    context["meant"] = Amount(form.in_base_units() or 0, context["unit"])
    if unusual is not None:
        return Ask(unusual=unusual)
    if not form.is_understood():
        return Ask(amount=context["meant"])
    places = [form[end].data for end in ("from_place", "to_place") if end in form]
    counted = slips.counted_since(tx, item, places, form.occurred_on.data)
    context["counted"] = counted
    if counted is not None and request.form.get("late") not in ("yes", "no"):
        return Ask(counted=counted)
    if counted is None and request.form.get("late") == "yes":
        return Ask(amount=context["meant"])  # Another day was written since: nothing to note.
    return None


def _done(move, form, context):
    """Post the movement; or keep the slip as a note, if a count knew of it already."""
    public_id, moved, counted = context["item_id"], context["meant"], context.get("counted")
    unit = form.unit.data
    with transaction() as tx:
        if counted is not None and request.form.get("late") == "yes":
            row = item_named(tx, public_id)
            slip = slips.NoteSlip(
                kind=move.name,
                item=row,
                unit=tx.one(select(ItemUnit).filter_by(item_id=row.id), public_id=unit),
                quantity=moved.quantity,
                entered=form.quantity.data,
                place=counted.place,
                occurred_on=form.occurred_on.data,
                counted_at=counted.at,
                note=form.note.data or "",
            )
            slips.keep(tx, slip)
            toast(message("Noted. Nothing was moved: the count knew of it."))
        else:
            move.service(tx, form.command(move.command, item=public_id))
            toast(Message(move.done.msgid, {"amount": moved}))
        return redirect_to(tx, "inventory.item", public_id=public_id)


def _item_again(public_id):
    return item_named(reading(), public_id)


def _prepared(move, public_id):
    """Return the form with what this person may choose, and what the page shows beside it."""
    tx = reading()
    row = item_named(tx, public_id)
    form = move.form(request.form, data={"occurred_on": tx.today} | _suggested(request.args))
    form.offer(packs.units_of(tx, row), row.base_unit.name)
    _offer_places(tx, move, form, row)
    if move is RECEIVE:
        form.supplier.choices = choices.suppliers(tx)
        if not tx.actor.holds("inventory.cost.view"):
            del form.price
    if move is ISSUE:
        form.for_department.choices = choices.departments(tx)
        form.for_place.choices = choices.rooms(tx)
        form.for_person.search = lambda words: _people(tx, words)
        form.for_person.title = lambda public_id: _person_name(tx, public_id)
    context = {
        "crumbs": item_trail(row, move.title),
        "item": row,
        "item_id": public_id,
        "unit": row.base_unit.name,
        "back": url_for("inventory.item", public_id=public_id),
        "others": [],
        "open_lines": _open_lines(tx, row) if move is RECEIVE else (),
        **_meaning(tx, row, form),
    }
    if "from_place" in form and not form.from_place.choices:
        context["others"] = substitutes.with_stock(tx, row)
    return form, context


def _open_lines(tx, item):
    """Return what of an item is on order, so that it is received as what was ordered."""
    return orders.open_lines_of(tx, item, "inventory.order.receive")


def _suggested(args):
    """Return what a link to the form has chosen beforehand."""
    names = ("unit", "from_place", "to_place", "for_person", "for_department", "for_place")
    return {name: args[name] for name in names if args.get(name)}


def _offer_places(tx, move, form, item):
    """Offer the places stock may leave or reach, each with what is there."""
    if "from_place" in form:
        there = lists.places_of(tx, item, move.permission)
        form.from_place.choices = [
            (row.Place.public_id, _with_stock(row, item))
            for row in there
            if row.closed or row.Balance.quantity > 0
        ]
    if "to_place" in form:
        form.to_place.choices = choices.open_places(tx, move.permission)
    if move is RECEIVE and request.method == "GET" and form.to_place.data is None:
        form.to_place.data = points.usual_place(tx, item, move.permission)


def _with_stock(row, item):
    """Return a place with what is there, or only its name while that is being counted."""
    if row.closed:
        return row.Place.name
    held = Amount(row.Balance.quantity, item.base_unit.name)
    return message("{place}: {held}", place=row.Place.name, held=held)


def _meaning(tx, item, form):
    """Return what the form's quantity means in base units, and what would be left."""
    quantity = form.in_base_units() if not form.quantity.errors else None
    unit = item.base_unit.name
    return {"meant": Amount(quantity, unit) if quantity is not None else None}


def _people(tx, words):
    """Return people whose name contains every word, as a picker shows them."""
    statement = select(Person.public_id, Person.name).order_by(Person.name_key, Person.id)
    for word in words.split()[:4]:
        statement = statement.where(Person.name_key.contains(word.casefold(), autoescape=True))
    rows = tx.session.execute(statement.limit(PEOPLE_SHOWN))
    return [(row.public_id, row.name) for row in rows]


def _person_name(tx, public_id):
    return tx.session.scalar(select(Person.name).where(Person.public_id == public_id))


def _line(tx, permission, public_id):
    """Return a line of the ledger with its names, and its item; raise NotFound, StillCounted."""
    found = tx.one(visible(select(Movement), permission, tx.actor), public_id=public_id)
    statement = lists.movements(tx, item=found.item.public_id).where(Movement.id == found.id)
    closed = blind.said(blind.hidden_movement(tx.actor, Movement)).label("closed")
    row = tx.session.execute(statement.add_columns(closed)).one()
    if row.closed:
        raise blind.StillCounted
    return row, found.item


def _value(tx, public_id):
    """Return what a movement was worth, to whoever may see costs there."""
    statement = select(Movement.value).where(Movement.public_id == public_id)
    return tx.session.scalar(statement.where(lists.cost_in_reach(tx, Movement)))


def _may_reverse(tx, public_id):
    mine = visible(select(Movement.id), "inventory.stock.reverse", tx.actor)
    return tx.session.scalar(mine.where(Movement.public_id == public_id)) is not None
