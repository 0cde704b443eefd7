"""The lists of budgets and of the entries of one."""

from __future__ import annotations

from portal.api import message
from portal.web import Action, Column, Empty, Table, View

from .forms import EVERYTHING, BudgetFilters
from .models import Budget, BudgetEntry
from .rules import tone
from .services import reading

KINDS = {
    "commit": message("Committed"),
    "release": message("Released"),
    "spend": message("Spent"),
    "refund": message("Refunded"),
}
TONES = {"commit": "info", "release": "mute", "spend": "ok", "refund": "warn"}
IN_SHORT = {"stop": message("Stops"), "warn": message("Warns")}

BUDGETS = Table(
    "budgets",
    "inventory.budget.view",
    reading.rows,
    columns=(
        Column(
            "department",
            message("Department"),
            primary=True,
            link=("inventory.budget", {"public_id": "public_id"}),
        ),
        Column("category", message("For"), labels={"": EVERYTHING}),
        Column("from_on", message("From"), "date", sort=(Budget.from_on, Budget.id)),
        Column("last_on", message("Until"), "date", sort=(Budget.until_on, Budget.id)),
        Column("amount", message("Amount"), "money"),
        Column("committed", message("Committed"), "money"),
        Column("spent", message("Spent"), "money"),
        Column("available", message("Remaining"), "money", sort=(Budget.available, Budget.id)),
        Column("used", message("Percent used"), "share", tone=tone),
        Column("mode", message("When used up"), "pill", labels=IN_SHORT, shown=False),
    ),
    default_sort="-from_on",
    filters=BudgetFilters,
    views=(
        View(key="now", title=message("In force"), criteria={"state": "now"}),
        View(key="nearly", title=message("Nearly used up"), criteria={"state": "nearly"}),
        View(key="coming", title=message("Coming"), criteria={"state": "coming"}),
        View(key="over", title=message("Over"), criteria={"state": "over"}),
    ),
    empty=Empty(
        title=message("No budgets yet"),
        text=message(
            "A budget says how much a department may spend. Orders are booked on it as they are"
            " placed and as they come."
        ),
        actions=(
            Action(
                label=message("Set up a budget"),
                endpoint="inventory.new_budget",
                permission="inventory.budget.edit",
            ),
        ),
    ),
)

ENTRIES = Table(
    "budget-entries",
    "inventory.budget.view",
    reading.entry_rows,
    columns=(
        Column("id", message("Entry"), "number", sort=(BudgetEntry.id,), shown=False, export=True),
        Column("about", message("For what"), primary=True),
        Column("at", message("When"), "datetime"),
        Column("kind", message("What"), "pill", labels=KINDS, tone=TONES),
        Column("amount", message("Amount"), "money"),
        Column("reserved", message("Of it committed before"), "money", shown=False),
        Column("actor", message("By"), "person"),
        Column("source", message("Source"), shown=False),
    ),
    default_sort="-id",
    empty=Empty(
        title=message("Nothing is booked yet"),
        text=message("Orders are booked here as they are placed and as they come."),
    ),
)
