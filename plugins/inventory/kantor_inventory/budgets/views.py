"""Pages of budgets: the list, one of them with its entries, setting up and changing."""

from __future__ import annotations

from flask import request, url_for

from portal.api import Message, message
from portal.web import (
    bar_chart,
    policy,
    reading,
    redirect_to,
    render,
    story,
    submitted,
    toast,
    transaction,
)

from ..views.shared import blueprint, form_page
from . import rules
from .forms import EVERYTHING, MODES, BudgetForm, ChangeForm
from .services import keeping
from .services import reading as found
from .tables import BUDGETS, ENTRIES, KINDS, TONES

TITLE = message("Budgets")
STATES = {
    "coming": (message("Coming"), "info"),
    "over": (message("Over"), "mute"),
    "overdrawn": (message("Overdrawn"), "bad"),
    "nearly": (message("Nearly used up"), "warn"),
    "now": (message("In force"), "ok"),
}


@blueprint.get("/budgets")
@policy("inventory.budget.view")
def budgets():
    """Show the budgets with what is committed, spent and left of each."""
    return BUDGETS.respond(reading(), "inventory/budgets/budgets.html", crumbs=((TITLE, ""),))


@blueprint.get("/budgets/<public_id>")
@policy("inventory.budget.view")
def budget(public_id):
    """Show a budget: what is left of it, how it was spent, and what for."""
    tx = reading()
    row = keeping.find_budget(tx, public_id)
    return render(
        "inventory/budgets/budget.html",
        crumbs=_trail((_title(row), "")),
        budget=row,
        state=STATES[_state(tx, row)],
        used=rules.used(row.amount, row.committed, row.spent),
        mode=MODES[row.mode],
        everything=EVERYTHING,
        chart=_chart(found.by_month(tx, row)),
        entries=found.newest(tx, row),
        kinds=KINDS,
        tones=TONES,
        shown=found.SHOWN,
        may_edit=keeping.may_edit(tx, row),
        story=story(tx, row),
    )


@blueprint.get("/budgets/<public_id>/entries")
@policy("inventory.budget.view")
def budget_entries(public_id):
    """Show what was booked on a budget as a list, and as a file."""
    tx = reading()
    row = keeping.find_budget(tx, public_id)
    back = url_for("inventory.budget", public_id=public_id)
    return ENTRIES.respond(
        tx,
        "inventory/budgets/entries.html",
        criteria={"budget": public_id},
        crumbs=_trail((_title(row), back), (message("Entries"), "")),
        title=_title(row),
    )


@blueprint.route("/budgets/new", methods=["GET", "POST"])
@policy("inventory.budget.edit")
def new_budget():
    """Set a budget up."""
    tx = reading()
    year = {
        "from_on": tx.today.replace(month=1, day=1),
        "last_on": tx.today.replace(month=12, day=31),
    }
    form = BudgetForm(request.form, data=year).prepare(tx)
    if request.method == "POST" and form.validate():
        with submitted(form), transaction() as tx:
            command = form.command(keeping.AddBudget, category=form.category.data or None)
            made = keeping.add_budget(tx, command)
            toast(message("The budget is set up."))
            return redirect_to(tx, "inventory.budget", public_id=made.public_id)
        form.prepare(reading())
    crumbs = _trail((message("New"), ""))
    return form_page("inventory/budgets/new.html", form, crumbs, back=url_for("inventory.budgets"))


@blueprint.route("/budgets/<public_id>/edit", methods=["GET", "POST"])
@policy("inventory.budget.edit")
def edit_budget(public_id):
    """Change how much a budget is, its days, or what happens when it is used up."""
    tx = reading()
    row = keeping.find_budget(tx, public_id, keeping.EDIT)
    form = ChangeForm(request.form, obj=row)
    form.amount.currency = tx.currency
    back = url_for("inventory.budget", public_id=public_id)
    if request.method == "POST" and form.validate():
        with submitted(form), transaction() as tx:
            keeping.change_budget(tx, public_id, form.command(keeping.ChangeBudget))
            toast(message("Saved."))
            return redirect_to(tx, "inventory.budget", public_id=public_id)
        row = keeping.find_budget(reading(), public_id, keeping.EDIT)
    crumbs = _trail((_title(row), back), (message("Edit"), ""))
    taken = row.committed + row.spent
    return form_page(
        "inventory/budgets/edit.html", form, crumbs, back=back, budget=row, taken=taken
    )


def _state(tx, row):
    if row.from_on > tx.today:
        return "coming"
    if row.until_on <= tx.today:
        return "over"
    if row.available < 0:
        return "overdrawn"
    share = rules.used(row.amount, row.committed, row.spent)
    return "nearly" if share >= rules.NEARLY else "now"


def _chart(months):
    """Return what was spent month by month beside what would be, spent evenly."""
    last = months[-1]
    return bar_chart(
        [(month.month, month.spent, month.evenly) for month in months],
        names=[message("Spent"), message("Spent evenly")],
        sentence=_compared(last),
        head=message("Month"),
        money=True,
        line=len(months) > 1,
        months=True,
    )


def _compared(last):
    if last.spent > last.evenly:
        return message("More is spent than if it were spent evenly.")
    return message("No more is spent than if it were spent evenly.")


def _title(row):
    if row.category is None:
        return row.department.name
    return message(
        "{department}, {category}", department=row.department.name, category=row.category.name
    )


def _trail(*steps: tuple[Message | str, str]):
    return ((TITLE, url_for("inventory.budgets")), *steps)
