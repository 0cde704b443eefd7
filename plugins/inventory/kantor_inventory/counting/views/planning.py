"""The list of counts, planning one, counting a place now, the page of a count, cancelling it."""

from __future__ import annotations

from flask import request, url_for
from sqlalchemy import select

from portal.api import (
    Conflict,
    Department,
    Membership,
    Person,
    ValidationFailed,
    message,
)
from portal.web import bar_chart, policy, reading, redirect_to, render, story, toast, transaction

from ...services import choices
from ...views.shared import blueprint, form_page
from .. import rules, services
from ..forms import CancelForm, PlaceNowForm, PlanForm
from ..services import reading as lists
from ..services import where
from ..services.planning import CountedElsewhere
from ..tables import COUNTS
from .shared import TITLE, count_named, count_trail, how_far, may, status_of, trail

PEOPLE_SHOWN = 10


@blueprint.get("/counts")
@policy("inventory.count.view")
def counts():
    """Show what is being counted, what waits for its review, and how right the books were."""
    tx = reading()
    if "format" in request.args:
        return COUNTS.respond(tx, "inventory/counting/counts.html")
    return COUNTS.respond(
        tx, "inventory/counting/counts.html", crumbs=((TITLE, ""),), accuracy=_accuracy(tx)
    )


def _accuracy(tx):
    """Return the chart of how many lines of a hundred were right, and the last figure."""
    rows = lists.accuracy_lately(tx)
    figures = [rules.accuracy(row.lines_right, row.lines_counted) or 0 for row in rows]
    if not rows:
        return None
    chart = bar_chart(
        [(row.number, figure) for row, figure in zip(rows, figures, strict=True)],
        names=[message("Lines that were right, of a hundred")],
        sentence=message(
            "In {last} of a hundred lines the books were right at the last count, in {first} at the"
            " first of these.",
            last=figures[-1],
            first=figures[0],
        ),
        head=message("Count"),
    )
    return {"chart": chart if len(rows) > 1 else None, "last": figures[-1], "row": rows[-1]}


@blueprint.route("/counts/new", methods=["GET", "POST"])
@policy("inventory.count.plan")
def plan_count():
    """Plan a count: where, what, by when and by whom."""
    tx = reading()
    offered = where.departments(tx, rules.PLAN)
    form = PlanForm(request.form, data={"department": _department(offered)})
    form.department.choices = offered
    chosen = form.department.data if form.department.data in dict(offered) else None
    form.places.choices = where.places_in(tx, chosen) if chosen else []
    form.categories.choices = choices.categories(tx)
    form.assigned_to.search = lambda words: _people(tx, words)
    form.assigned_to.title = lambda public_id: _person(tx, public_id)
    taken = False
    if request.method == "POST" and form.validate():
        try:
            with transaction() as tx:
                made = services.plan_count(tx, form.command(services.PlanCount))
                toast(message("{number} is planned.", number=made.number))
                return redirect_to(tx, "inventory.count", public_id=made.public_id)
        except CountedElsewhere as elsewhere:
            taken = True
            form.add_errors(elsewhere.fields)
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
        tx = reading()
    return form_page(
        "inventory/counting/plan.html",
        form,
        trail((message("New count"), "")),
        back=url_for("inventory.counts"),
        departments=offered,
        chosen=chosen,
        nobodys=choices.places_of_nobody(tx),
        taken=taken or bool(form.skip_taken.data),
    )


def _department(offered):
    asked = request.args.get("department")
    if asked in dict(offered):
        return asked
    return offered[0][0] if len(offered) == 1 else None


@blueprint.get("/counts/people")
@policy("inventory.count.plan")
def counters():
    """Find a person by a part of the name."""
    words = request.args.get("assigned_to_q") or request.args.get("q") or ""
    return render("inventory/matches.html", matches=_people(reading(), words))


def _people(tx, words):
    """Return people whose name contains every word, with their department, as a picker has them."""
    statement = (
        select(Person.public_id, Person.name, Department.name.label("department"))
        .outerjoin(
            Membership,
            (Membership.person_id == Person.id)
            & (Membership.from_on <= tx.today)
            & (Membership.until_on.is_(None) | (Membership.until_on > tx.today)),
        )
        .outerjoin(Department, Department.id == Membership.department_id)
        .order_by(Person.name_key, Person.id)
    )
    for word in words.split()[:4]:
        statement = statement.where(Person.name_key.contains(word.casefold(), autoescape=True))
    found: dict[str, tuple[str, str, str]] = {}
    for row in tx.session.execute(statement.limit(3 * PEOPLE_SHOWN)):
        found.setdefault(row.public_id, (row.public_id, row.name, row.department or ""))
    return list(found.values())[:PEOPLE_SHOWN]


def _person(tx, public_id):
    return tx.session.scalar(select(Person.name).where(Person.public_id == public_id))


@blueprint.post("/counts/now")
@policy("inventory.count.enter")
def count_now():
    """Begin to count one place."""
    form = PlaceNowForm(request.form)
    form.validate()
    try:
        with transaction() as tx:
            made = services.count_now(tx, services.CountNow(place=form.place.data or ""))
            return redirect_to(tx, "inventory.count_sheet", public_id=made.public_id)
    except ValidationFailed as refused:
        raise Conflict(next(iter(refused.fields.values()))) from None


@blueprint.post("/items/<public_id>/at/<place_id>/count")
@policy("inventory.count.enter")
def count_item_now(public_id, place_id):
    """Begin to count one item at one place, or go on with it where it is being counted."""
    try:
        with transaction() as tx:
            wanted = services.CountItemNow(item=public_id, place=place_id)
            line = services.count_item_now(tx, wanted)
            if rules.allowed(line.count.status, "enter"):
                return redirect_to(tx, "inventory.count_line", public_id=line.public_id)
            toast(message("It was counted already and waits for its review."))
            return redirect_to(tx, "inventory.count_sheet", public_id=line.count.public_id)
    except ValidationFailed as refused:
        raise Conflict(next(iter(refused.fields.values()))) from None


@blueprint.get("/counts/<public_id>")
@policy("inventory.count.view")
def count(public_id):
    """Show a count: how far it is, who counted, what happened to it."""
    tx = reading()
    row = count_named(tx, public_id)
    return render(
        "inventory/counting/count.html",
        crumbs=count_trail(row),
        count=row,
        status=status_of(row),
        progress=(progress := lists.progress(tx, row)),
        far=how_far(progress),
        places=where.places_of(tx, row),
        may=may(tx, row),
        accuracy=rules.accuracy(row.lines_right or 0, row.lines_counted or 0),
        story=story(tx, row),
    )


@blueprint.route("/counts/<public_id>/cancel", methods=["GET", "POST"])
@policy("inventory.count.enter")
def cancel_count(public_id):
    """Give a count up."""
    tx = reading()
    row = count_named(tx, public_id, rules.ENTER)
    form = CancelForm(request.form, data={"version": row.version})
    back, crumbs = (
        url_for("inventory.count", public_id=public_id),
        count_trail(row, message("Cancel")),
    )
    if request.method == "POST" and form.validate():
        try:
            with transaction() as tx:
                command = form.command(services.Cancel, count=public_id, version=form.version.data)
                services.cancel(tx, command)
                toast(message("The count is cancelled."))
                return redirect_to(tx, "inventory.count", public_id=public_id)
        except ValidationFailed as refused:
            form.add_errors(refused.fields)
    return form_page("inventory/counting/cancel.html", form, crumbs, back=back)
