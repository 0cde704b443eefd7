"""One line of a sheet: on a phone a page of its own, in the list a row that is saved by itself."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from portal.api import Conflict, Message, NotFound, ValidationFailed, message
from portal.web import policy, reading, redirect_to, render, toast, transaction

from ...rules import Amount, Listed
from ...views.shared import blueprint
from .. import rules, services
from ..forms import EntryForm
from ..services import reading as lists
from ..services import walking
from ..services.entering import EnteredMeanwhile
from .shared import count_named, count_trail, how_far, may


def row_context(
    tx: Any, line: Any, units: dict[int, list[Any]], books: dict[int, int], form: Any = None
) -> dict[str, Any]:
    """Return a line as its row and its page show it."""
    shown = form if form is not None else _form(line, units, None)
    return {
        "line": line,
        "form": shown,
        "several": len(units.get(line.item_id, ())) > 1,
        "counted": _said(line, units),
        "mine": line.counted_by_id is not None and line.counted_by_id == tx.actor.person_id,
        "book": Amount(books[line.id], line.unit) if line.id in books else None,
        "meant": None,
        "theirs": None,
        "others": False,
    }


def _form(line: Any, units: dict[int, list[Any]], sent: Any) -> EntryForm:
    """Return the form of a line, with what was entered as it was entered."""
    form = EntryForm(sent, data={"seen": line.entry, **_as_entered(line, units)})
    form.offer(units.get(line.item_id, []), line.unit)
    if sent is None:
        form.seen.data = line.entry
    return form


def _as_entered(line: Any, units: dict[int, list[Any]]) -> dict[str, Any]:
    """Return quantity, unit and single ones of a figure; in base units if its units are gone."""
    if line.entry is None:
        return {}
    known = {unit.id: unit for unit, *_ in units.get(line.item_id, [])}
    given = [(known.get(unit_id), quantity) for unit_id, quantity in line.entered or ()]
    if len(given) > 2 or any(unit is None for unit, _ in given) or not given:
        return {"quantity": line.counted}
    first: Any = given[0][0]
    return {
        "quantity": given[0][1],
        "unit": first.public_id,
        "singles": given[1][1] if len(given) > 1 else None,
    }


def _said(line: Any, units: dict[int, list[Any]]) -> Any:
    """Return what was counted as it was entered: 3 box, 4 piece."""
    if line.entry is None:
        return None
    names = {unit.id: name for unit, name, _ in units.get(line.item_id, [])}
    parts = [
        Message("{amount}", {"amount": Amount(quantity, names[unit_id])})
        for unit_id, quantity in line.entered or ()
        if unit_id in names
    ]
    if len(parts) < 2:
        return Amount(line.counted, line.unit)
    return Listed(tuple(parts))


@blueprint.route("/counts/lines/<public_id>", methods=["GET", "POST"])
@policy("inventory.count.enter")
def count_line(public_id):
    """Count one item: one number, then the next."""
    tx = reading()
    line = _line(tx, public_id)
    units = lists.units_of(tx, [line.item_id])
    if request.method == "POST":
        return _entered(tx, line, units)
    if "row" in request.args:
        return _row(tx, line, units)
    return _page(tx, line, row_context(tx, line, units, {}))


@blueprint.get("/counts/lines/<public_id>/understood")
@policy("inventory.count.enter")
def count_understood(public_id):
    """Say what a figure means in base units, while it is typed."""
    tx = reading()
    line = _line(tx, public_id)
    form = _form(line, lists.units_of(tx, [line.item_id]), request.args)
    form.validate()
    total = form.total()
    plain = len(form.amounts) == 1 and form.amounts[0][0] == form.base_unit
    meant = Amount(total, line.unit) if total is not None and not plain else None
    return render("inventory/understood.html", meant=meant)


def _line(tx, public_id):
    line = lists.line_of(tx, public_id)
    if line is None:
        raise NotFound
    return line


def _entered(tx, line, units):
    """Keep what was sent of a line, or show it again with what is wrong."""
    form = _form(line, units, request.form)
    act = request.form.get("act", "save")
    context, status = row_context(tx, line, units, {}, form), 200
    valid = form.validate()
    if act in ("missed", "clear"):
        problem = _kept(line, act, form)
    elif not valid or form.errors:
        problem = form
    elif not form.amounts:
        if "row" in request.form and line.entry is not None:
            problem = _kept(line, "clear", form)
        else:
            form.add_errors({"quantity": message("Enter what is there, 0 if there is none.")})
            problem = form
    elif (total := form.total()) is None:
        problem = form
    elif not form.is_understood():
        context["meant"] = Amount(total, line.unit)
        problem = form
    else:
        problem = _kept(line, "save", form)
    if problem is not form:
        if not isinstance(problem, Conflict):
            return problem
        status = problem.status
        if isinstance(problem, EnteredMeanwhile):
            form.seen.data = problem.entry_id
            context["theirs"] = {
                "who": problem.who,
                "at": problem.at,
                "amount": Amount(problem.counted, line.unit),
            }
        else:
            form.form_errors.append(problem.message)
    status = status if status != 200 else 422 if form.errors else 200
    tx = reading()
    if "row" in request.form:
        return _row(tx, line, units, context), status
    return _page(tx, line, context), status


def _kept(line, act, form):
    """Do what was asked of a line; return where it leads, the form with its faults, or what
    stands against it.
    """
    doing: dict[str, Any] = {
        "save": (services.enter, services.Enter),
        "clear": (services.clear, services.Clear),
        "missed": (services.missed, services.Missed),
    }
    service, command = doing[act]
    more: dict[str, Any] = {"line": line.public_id, "seen": form.seen.data}
    if act == "save":
        more["amounts"] = form.amounts
    try:
        with transaction() as tx:
            done = service(tx, command(**more))
            return _next(tx, done.count, line)
    except ValidationFailed as refused:
        form.add_errors(refused.fields)
        return form
    except Conflict as conflict:
        return conflict


def _next(tx, count, line):
    """Lead to the next line that wants a figure; in the list, to the row itself."""
    if "row" in request.form:
        return redirect_to(tx, "inventory.count_line", public_id=line.public_id, row=1)
    if request.form.get("to") == "list":
        following = walking.line_after(tx, count, line)
        return redirect_to(
            tx,
            "inventory.count_sheet",
            public_id=line.of_count,
            _anchor=f"line-{following or line.public_id}",
        )
    wanted = walking.line_wanted(tx, count, line)
    if wanted is None and lists.progress(tx, count).missing:
        toast(message("What is left, somebody else counts."))
        return redirect_to(tx, "inventory.count_sheet", public_id=line.of_count)
    if wanted is None:
        toast(message("Everything is counted."))
        return redirect_to(tx, "inventory.submit_count", public_id=line.of_count)
    return redirect_to(tx, "inventory.count_line", public_id=wanted)


def _row(tx, line, units, context=None):
    """Return the row of a line alone, with how far the count is."""
    count = count_named(tx, line.of_count, rules.ENTER)
    shown = context or row_context(tx, line, units, lists.expected(tx, count, [line]))
    shown["others"] = line.id in lists.counted_before(tx, count, [line])
    progress = lists.progress(tx, count)
    return render(
        "inventory/counting/row.html",
        alone=True,
        row=shown,
        far=how_far(progress),
        part=round(100 * progress.counted / progress.lines) if progress.lines else 0,
        books=not count.blind and shown["book"] is not None,
    )


def _page(tx, line, context):
    count = count_named(tx, line.of_count, rules.ENTER)
    previous, following = walking.line_before(tx, count, line), walking.line_after(tx, count, line)
    progress = lists.progress(tx, count)
    context["others"] = line.id in lists.counted_before(tx, count, [line])
    problem: Message | None = None
    if not rules.allowed(count.status, "enter"):
        problem = rules.refusal(count.status)
    if not count.blind and context["book"] is None:
        books = lists.expected(tx, count, [line])
        context["book"] = Amount(books[line.id], line.unit) if line.id in books else None
    return render(
        "inventory/counting/line.html",
        crumbs=count_trail(count, line.name),
        count=count,
        row=context,
        previous=previous,
        following=following,
        wanted=walking.line_wanted(tx, count, line) if context["others"] else None,
        progress=progress,
        far=how_far(progress),
        may=may(tx, count),
        problem=problem,
        sheet=url_for("inventory.count_sheet", public_id=line.of_count),
    )
