"""The sheet: as a list for the keyboard, on paper, searched by a code, sent in."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from sqlalchemy import select

from portal.api import Conflict, matching, message
from portal.web import pdf, policy, print_view, reading, redirect_to, render, toast, transaction

from ...models import Item
from ...services import items as catalogue
from ...views.shared import blueprint, sent_number
from .. import rules, services
from ..forms import AddForm, SubmitForm
from ..services import reading as lists
from ..services import where
from ..services.entering import StillMissing
from ..services.planning import CountedElsewhere
from ..tables import SHEET
from .lines import row_context
from .shared import count_named, count_trail, how_far, may

SHOWS = ("open", "missed")
FOUND_SHOWN = 10


@blueprint.get("/counts/<public_id>/sheet")
@policy("inventory.count.enter")
def count_sheet(public_id):
    """Show the lines of a count to be filled in by keyboard, or as a file."""
    tx = reading()
    row = count_named(tx, public_id, rules.ENTER)
    if "format" in request.args:
        return SHEET.respond(tx, "", criteria={"count": public_id})
    show = request.args.get("show", "")
    show = show if show in SHOWS else ""
    after = request.args.get("after", "")
    start = int(after) if after.isascii() and after.isdecimal() and len(after) < 10 else 0
    found = lists.lines_of(tx, row, show=show, after=start, most=lists.PAGE + 1)
    lines, more = found[: lists.PAGE], len(found) > lists.PAGE
    units = lists.units_of(tx, [line.item_id for line in lines])
    books = lists.expected(tx, row, lines)
    others = lists.counted_before(tx, row, lines)
    progress = lists.progress(tx, row)
    return render(
        "inventory/counting/sheet.html",
        crumbs=count_trail(row, message("Sheet")),
        count=row,
        may=may(tx, row),
        rows=[
            row_context(tx, line, units, books) | {"others": line.id in others} for line in lines
        ],
        progress=progress,
        far=how_far(progress),
        show=show,
        first=_first([line for line in lines if line.id not in others]) if not start else None,
        next_url=url_for(
            "inventory.count_sheet",
            public_id=public_id,
            after=lines[-1].id,
            show=show or None,
        )
        if more
        else "",
        books=bool(books),
    )


def _first(lines):
    """Return the line to begin with: the first that nobody has looked at."""
    untouched = (line for line in lines if line.entry is None and line.missed_at is None)
    return next(untouched, lines[0] if lines else None)


@blueprint.get("/counts/<public_id>/find")
@policy("inventory.count.enter")
def find_line(public_id):
    """Lead from a barcode or a code of an item to its line."""
    tx = reading()
    row = count_named(tx, public_id, rules.ENTER)
    code = request.args.get("code", "").strip()
    item_id = _item_by(tx, code)
    if item_id is None:
        return render(
            "inventory/counting/unknown.html",
            crumbs=count_trail(row, message("Not found")),
            count=row,
            code=code,
            may=may(tx, row),
        ), 404 if code else 200
    line = lists.line_for(tx, row, item_id)
    if line is None:
        item = tx.one(select(Item), id=item_id)
        return redirect(url_for("inventory.add_to_count", public_id=public_id, item=item.public_id))
    if request.args.get("to") == "list":
        here = url_for("inventory.count_sheet", public_id=public_id, at=line)
        return redirect(f"{here}#line-{line}")
    return redirect(url_for("inventory.count_line", public_id=line))


def _item_by(tx, code):
    """Return the id of the item with a barcode or code, or None."""
    if not code or len(code) > 80:
        return None
    if unit := catalogue.by_code(tx, code):
        return unit.item_id
    return tx.session.scalar(select(Item.id).where(Item.sku_key == code.casefold()))


@blueprint.route("/counts/<public_id>/add", methods=["GET", "POST"])
@policy("inventory.count.enter")
def add_to_count(public_id):
    """Put something on the sheet that lies there without being on it."""
    tx = reading()
    row = count_named(tx, public_id, rules.ENTER)
    places = [(place.public_id, place.name) for place in where.places_of(tx, row)]
    given = {"item": request.args.get("item"), "place": places[0][0] if len(places) == 1 else None}
    form = AddForm(request.form, data=given)
    form.place.choices = places
    form.item.search = lambda words: _items(tx, words)
    form.item.title = lambda item: tx.session.scalar(
        select(Item.name).where(Item.public_id == item)
    )
    status, crumbs = 200, count_trail(row, message("Add an item"))
    back = url_for("inventory.count_sheet", public_id=public_id)
    if request.method == "POST" and form.validate():
        try:
            with transaction() as tx:
                line = services.add_found(tx, form.command(services.AddFound, count=public_id))
                return redirect_to(tx, "inventory.count_line", public_id=line.public_id)
        except CountedElsewhere as elsewhere:
            form.add_errors({"item": elsewhere.fields["places"]})
        except Conflict as conflict:
            form.form_errors.append(conflict.message)
            status = conflict.status
        tx = reading()
    page = render(
        "inventory/counting/add.html", crumbs=crumbs, form=form, back=back, public_id=public_id
    )
    return page, status if status != 200 else 422 if form.errors else 200


@blueprint.get("/counts/items")
@policy("inventory.count.enter")
def countable_items():
    """Find an item by a part of its name, its code or barcode."""
    words = request.args.get("item_q") or request.args.get("q") or ""
    return render("inventory/matches.html", matches=_items(reading(), words))


def _items(tx, words):
    """Return items as a picker shows them."""
    if (found := _item_by(tx, words.strip())) is not None:
        item = tx.one(select(Item), id=found)
        return [(item.public_id, item.name, item.sku)]
    statement: Any = (
        select(Item.public_id, Item.name, Item.sku)
        .where(Item.mode != "non_stock")
        .order_by(Item.name_key, Item.id)
    )
    if words.strip():
        statement = matching(tx, statement, words, Item)
    rows = tx.session.execute(statement.limit(FOUND_SHOWN))
    return [(row.public_id, row.name, row.sku) for row in rows]


@blueprint.route("/counts/<public_id>/submit", methods=["GET", "POST"])
@policy("inventory.count.enter")
def submit_count(public_id):
    """Send a count in, once one has seen what is missing."""
    tx = reading()
    row = count_named(tx, public_id, rules.ENTER)
    form = SubmitForm(request.form)
    if request.method == "POST":
        try:
            with transaction() as tx:
                command = services.Submit(count=public_id, missing=sent_number("missing"))
                services.submit(tx, command)
                toast(message("The count is sent in."))
                return redirect_to(tx, "inventory.count", public_id=public_id)
        except StillMissing as more:
            form.form_errors.append(more.message)
        tx = reading()
        row = count_named(tx, public_id, rules.ENTER)
    rules.next_state(row.status, "submit" if row.status != "planned" else "enter")
    progress = lists.progress(tx, row)
    page = render(
        "inventory/counting/submit.html",
        crumbs=count_trail(row, message("Send in")),
        count=row,
        form=form,
        progress=progress,
        missing=lists.lines_of(tx, row, show="open", most=lists.PAGE),
    )
    return (page, 409) if form.form_errors else page


@blueprint.get("/counts/<public_id>/print")
@policy("inventory.count.enter")
def print_count(public_id):
    """Show the sheet as paper: big boxes, in the order one types it back."""
    tx = reading()
    row = count_named(tx, public_id, rules.ENTER)
    lines = lists.lines_of(tx, row, most=2000)
    units = lists.units_of(tx, [line.item_id for line in lines])
    context = {
        "count": row,
        "pages": _by_place(lines),
        "units": {item: [name for _, name, _ in found] for item, found in units.items()},
        "address": url_for("inventory.count_sheet", public_id=public_id, _external=True),
        "back": url_for("inventory.count_sheet", public_id=public_id),
    }
    if request.args.get("format") == "pdf":
        return pdf("inventory/counting/paper.html", f"{row.number}.pdf", **context)
    return print_view("inventory/counting/paper.html", **context)


def _by_place(lines):
    """Return (place, its lines) as one walks; a place that comes twice stands twice."""
    found: list[Any] = []
    for line in lines:
        if not found or found[-1][0] != line.place:
            found.append((line.place, line.place_code, []))
        found[-1][2].append(line)
    return found
