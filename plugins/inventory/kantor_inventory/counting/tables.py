"""The lists of counting: the counts, the sheet that tells nothing of the books, and the result."""

from __future__ import annotations

from portal.api import message
from portal.web import Action, Column, Empty, Table, View

from .forms import DECIDED, STATUSES, CountFilters
from .models import Count, CountLine
from .services import reading

STATUS_TONES = {
    "planned": "mute",
    "counting": "info",
    "submitted": "warn",
    "recount": "warn",
    "posted": "ok",
    "cancelled": "mute",
}
DECISION_TONES = {"keep": "ok", "included": "ok", "recount": "warn", "leave_out": "mute"}

COUNTS = Table(
    "counts",
    "inventory.count.view",
    reading.counts,
    columns=(
        Column(
            "number",
            message("Number"),
            primary=True,
            sort=(Count.id,),
            link=("inventory.count", {"public_id": "public_id"}),
        ),
        Column("title", message("What")),
        Column("department", message("Department")),
        Column("status", message("State"), "pill", labels=STATUSES, tone=STATUS_TONES),
        Column("counted", message("Counted"), "number"),
        Column("lines", message("of"), "number"),
        Column("due_on", message("By"), "date"),
        Column("assigned_to", message("Who counts"), "person"),
        Column("accuracy", message("Books right, percent"), "number"),
        Column("planned_at", message("Planned"), "datetime", shown=False),
        Column("closed_at", message("Closed"), "datetime", shown=False),
    ),
    default_sort="-number",
    filters=CountFilters,
    views=(
        View(key="open", title=message("To count"), criteria={"state": "open"}),
        View(key="review", title=STATUSES["submitted"], criteria={"state": "review"}),
        View(key="posted", title=STATUSES["posted"], criteria={"state": "posted"}),
        View(key="cancelled", title=STATUSES["cancelled"], criteria={"state": "cancelled"}),
    ),
    empty=Empty(
        title=message("No counts yet"),
        text=message("A count compares what lies on the shelves with the books."),
        actions=(
            Action(
                label=message("Plan a count"),
                endpoint="inventory.plan_count",
                permission="inventory.count.plan",
            ),
        ),
    ),
)

_LINE = (
    Column("position", message("Line"), "number", sort=(CountLine.position, CountLine.id)),
    Column("name", message("Item"), primary=True),
    Column("sku", message("Code")),
    Column("place", message("Place")),
    Column("counted", message("Counted"), "quantity", meta="unit"),
    Column("unit", message("Unit"), shown=False),
)
_WHO = (
    Column("counted_by", message("Counted by"), "person"),
    Column("counted_at", message("When"), "datetime"),
)

SHEET = Table(
    "count-sheet",
    "inventory.count.enter",
    reading.sheet,
    columns=(*_LINE, *_WHO),
    default_sort="position",
)

RESULT = Table(
    "count-result",
    "inventory.count.view",
    reading.result,
    columns=(
        *_LINE,
        Column("book", message("In the books"), "quantity"),
        Column("difference", message("Difference"), "quantity"),
        Column("worth", message("Worth"), "money", permission="inventory.cost.view"),
        Column("decision", message("Decision"), "pill", labels=DECIDED, tone=DECISION_TONES),
        Column("reason", message("Reason")),
        *_WHO,
        Column("decided_by", message("Decided by"), "person", shown=False),
    ),
    default_sort="position",
)
