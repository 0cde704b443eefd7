"""Reviewing: what was counted beside the books, line by line, and into the books with it."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from sqlalchemy import select

from portal.api import Conflict, Message, ValidationFailed, message, visible
from portal.web import policy, reading, redirect_to, render, toast, transaction

from ...forms import TYPES
from ...rules import Amount
from ...views.shared import blueprint, form_page, sent_number
from .. import rules, services
from ..forms import DECIDED, DECISIONS, DecideForm
from ..models import CountLine
from ..rules import Difference
from ..services import reading as lists
from ..services.posting import CannotPost
from ..services.reviewing import change_at, costs_of, counters_of, limits_of, moved_since
from ..tables import DECISION_TONES, RESULT
from .shared import count_named, count_trail, may, status_of


@blueprint.get("/counts/<public_id>/result")
@policy("inventory.count.view")
def count_result(public_id):
    """Show what a posted count found, line by line."""
    tx = reading()
    row = count_named(tx, public_id)
    if row.status == "submitted":
        row = count_named(tx, public_id, rules.REVIEW)
    elif row.status != "posted":
        raise Conflict(message("What was found is shown once the count is posted."))
    return RESULT.respond(
        tx,
        "inventory/counting/result.html",
        criteria={"count": public_id},
        crumbs=count_trail(row, message("Result")),
        count=row,
        accuracy=rules.accuracy(row.lines_right or 0, row.lines_counted or 0),
    )


@blueprint.get("/counts/<public_id>/review")
@policy("inventory.count.review")
def review_count(public_id):
    """Show every difference of a count, and what is to be decided, or why nothing is any more."""
    tx = reading()
    row = count_named(tx, public_id, rules.REVIEW)
    if not rules.allowed(row.status, "decide"):
        toast(rules.refusal(row.status))
        return redirect_to(tx, "inventory.count", public_id=public_id)
    return _review(public_id)


def _review(public_id, *, problems=None, said=None):
    tx = reading()
    row = count_named(tx, public_id, rules.REVIEW)
    rules.next_state(row.status, "decide")
    limits = limits_of(tx, row)
    found = lists.review_of(tx, row)
    moved = moved_since(tx, row.id, [line.id for line in found if line.entry is not None])
    costs = costs_of(tx, [(line.item_id, line.book_then) for line in found])
    lines = [
        _line(tx, line, limits, moved.get(line.id, []), problems or {}, costs) for line in found
    ]
    counted = [line for line in lines if line["counted"] is not None]
    off = [line for line in counted if line["difference"]]
    undecided = [line for line in counted if not line["decision"]]
    return render(
        "inventory/counting/review.html",
        crumbs=count_trail(row, message("Review")),
        count=row,
        status=status_of(row),
        may=may(tx, row),
        off=sorted(off, key=lambda line: -abs(line["value"])),
        right=[line for line in counted if not line["difference"]],
        uncounted=[line for line in lines if line["counted"] is None],
        missing=sum(line["counted"] is None and not line["decision"] for line in lines),
        undecided=len(undecided),
        agreeing=sum(not line["difference"] for line in undecided),
        small=sum(
            not (line["large"] or line["moved"]) and bool(line["difference"]) for line in undecided
        ),
        again=sum(line["is_again"] for line in lines),
        costs=_sees_costs(tx, row),
        net=sum(line["value"] for line in off if line["decision_key"] != "leave_out"),
        said=said,
    )


def _sees_costs(tx, count):
    held = tx.actor.grants.get("inventory.cost.view")
    return bool(held) and (held.everything or count.department_id in held.departments)


def _line(tx: Any, line: Any, limits: Any, moved: list[Any], problems: Any, costs: Any) -> Any:
    """Return a line as its reviewer sees it."""
    difference = None
    if line.entry is not None:
        difference = Difference(
            counted=line.counted,
            book=line.book_then,
            book_value=line.book_value,
            included=line.included,
            cost=costs.get(line.item_id, (0, 0)),
        )
    quantity = difference.quantity if difference else 0
    large = difference.is_large(limits) if difference else False
    return {
        "id": line.public_id,
        "version": line.version,
        "name": line.name,
        "sku": line.sku,
        "place": line.place,
        "unit": line.unit,
        "counted": Amount(line.counted, line.unit) if line.entry is not None else None,
        "book": Amount(line.book_then, line.unit) if line.entry is not None else None,
        "difference": quantity,
        "value": difference.value if difference else 0,
        "large": large,
        "moved": len(moved),
        "who": line.counted_by,
        "at": line.counted_at,
        "round": line.round,
        "found": line.found,
        "missed": line.missed_by if line.missed_at is not None else None,
        "decision_key": line.decision,
        "decision": DECIDED.get(line.decision),
        "tone": DECISION_TONES.get(line.decision, "mute"),
        "is_again": line.decision == "recount",
        "reason": line.reason,
        "mine": line.counted_by_id == tx.actor.person_id,
        "problem": problems.get(line.id),
        "url": url_for("inventory.decide_line", public_id=line.public_id),
    }


@blueprint.route("/counts/lines/<public_id>/decide", methods=["GET", "POST"])
@policy("inventory.count.review")
def decide_line(public_id):
    """Decide what becomes of a line."""
    tx = reading()
    row = tx.one(visible(select(CountLine), rules.REVIEW, tx.actor), public_id=public_id)
    count = row.count
    rules.next_state(count.status, "decide")
    limits = limits_of(tx, count)
    (line,) = lists.review_of(tx, count, line=row.id)
    moved = moved_since(tx, count.id, [row.id]).get(row.id, [])
    costs = costs_of(tx, [(row.item_id, line.book_then)])
    told = [_movement(tx, one, row.point_id, line) for one in moved]
    shown = _line(tx, line, limits, moved, {}, costs)
    form = _decide_form(row, line, moved, told, large=shown["large"])
    back = url_for("inventory.review_count", public_id=count.public_id)
    crumbs, number = count_trail(count, line.name), count.public_id
    context = {
        "row": shown,
        "moved": told,
        "own": tx.actor.person_id in counters_of(tx, row),
        "costs": _sees_costs(tx, count),
    }
    if request.method == "POST" and form.validate():
        try:
            with transaction() as tx:
                command = form.command(
                    services.Decide,
                    line=public_id,
                    version=form.version.data,
                    movements=tuple(form.movements.data or ()),
                )
                services.decide(tx, command)
                toast(message("Decided."))
                return redirect_to(
                    tx, "inventory.review_count", public_id=number, _anchor=f"line-{public_id}"
                )
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
        tx = reading()
    return form_page("inventory/counting/decide.html", form, crumbs, back=back, **context)


def _decide_form(
    row: Any, line: Any, moved: list[Any], told: list[Any], *, large: bool
) -> DecideForm:
    """Return the form of a decision, with what was decided before and what may be."""
    form = DecideForm(
        request.form,
        data={
            "decision": row.decision,
            "movements": list(row.included_ids),
            "reason": row.reason,
            "version": row.version,
        },
    )
    wanted = DECISIONS if line.entry is not None else {k: DECISIONS[k] for k in NOT_COUNTED}
    form.decision.choices = [(k, v) for k, v in wanted.items() if moved or k != "included"]
    if large:
        form.reason.label.text = message("What explains it (needed to keep it)")
        form.reason.flags.optional = False
    form.movements.choices = [(one.id, said) for one, said in zip(moved, told, strict=True)]
    return form


NOT_COUNTED = ("recount", "leave_out")


def _movement(tx: Any, movement: Any, point_id: int, line: Any) -> Any:
    """Return a movement since the count in a short sentence."""
    change = change_at(movement, point_id)
    said = {
        "what": TYPES[movement.type],
        "change": Amount(change, line.unit),
        "at": movement.posted_at.astimezone(tx.zone).strftime("%d.%m. %H:%M"),
    }
    return Message("{what}: {change}, {at}", said)


@blueprint.post("/counts/<public_id>/agree")
@policy("inventory.count.review")
def keep_lines(public_id):
    """Keep all lines that agree with the books, or that differ little."""
    small = request.form.get("small") == "1"
    with transaction() as tx:
        kept = services.keep_all(tx, public_id, small=small)
        toast(message("{count} lines are kept.", count=kept))
        return redirect_to(tx, "inventory.review_count", public_id=public_id)


@blueprint.post("/counts/<public_id>/back")
@policy("inventory.count.review")
def send_count_back(public_id):
    """Let what was so decided be counted again."""
    with transaction() as tx:
        services.send_back(tx, services.SendBack(count=public_id))
        toast(message("The lines are being counted again."))
        return redirect_to(tx, "inventory.count", public_id=public_id)


@blueprint.post("/counts/<public_id>/post")
@policy("inventory.count.review")
def post_count(public_id):
    """Write what was found into the books."""
    try:
        with transaction() as tx:
            services.post(tx, services.Post(count=public_id, missing=sent_number("missing")))
            toast(message("The count is in the books."))
            return redirect_to(tx, "inventory.count", public_id=public_id)
    except CannotPost as refused:
        return _review(public_id, problems=refused.problems, said=refused.message), 409
