"""The figures of the overview as charts, with the sentence that says the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from portal.api import Message, NotFound, UnitOfWork, message
from portal.web import BarChart, Column, RowChart, bar_chart, row_chart

from . import figures, rules
from .figures import Chosen

COST = "inventory.cost.view"
LISTED = 10  # of what does not move
IN_FILE = 1_000
NOBODY = message("Nobody in particular")
NO_CATEGORY = message("No category")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One card of the overview: a chart or a list, and what its file holds."""

    name: str
    title: Message
    chart: BarChart | RowChart | None = None
    columns: tuple[Column, ...] = ()
    rows: list[tuple[Any, ...]] = field(default_factory=list)


def value(tx: UnitOfWork, chosen: Chosen) -> Figure:
    """Return what the stock was worth at the end of each month."""
    told = figures.months(tx, chosen).kinds["stock"]
    return value_of(told)


def value_of(told: list[figures.Month]) -> Figure:
    """Return the same from months that were read before."""
    rows = [(month.month, month.value) for month in told if month.value]
    return Figure(
        name="value",
        title=message("Value of the stock"),
        chart=bar_chart(
            rows,
            names=[message("Value")],
            sentence=message("Value of the stock at the end of each of the last 12 months."),
            head=message("Month"),
            money=True,
            line=len(rows) > 1,
            months=True,
        ),
        columns=(_month(), Column("value", message("Value"), "money")),
        rows=rows,
    )


def accuracy_of(told: list[figures.Month]) -> Figure:
    """Return how many of a hundred counted lines the books had right, month by month."""
    rows = [(m.month, rules.percent(m.value, m.lines), m.lines) for m in told if m.lines]
    right, lines = sum(m.value for m in told), sum(m.lines for m in told)
    return Figure(
        name="accuracy",
        title=message("How right the books were"),
        chart=bar_chart(
            [(month, percent) for month, percent, _ in rows],
            names=[message("Right, of a hundred")],
            sentence=message(
                "In counts of the last 12 months the books were right in {right} of {lines} lines.",
                right=right,
                lines=lines,
            ),
            head=message("Month"),
            months=True,
        ),
        columns=(
            _month(),
            Column("percent", message("Right, of a hundred"), "number"),
            Column("lines", message("Lines counted"), "number"),
        ),
        rows=rows,
    )


def accuracy(tx: UnitOfWork, chosen: Chosen) -> Figure:
    """Return ``accuracy_of`` the last twelve months."""
    return accuracy_of(figures.months(tx, chosen).kinds["counted"])


def categories(tx: UnitOfWork, chosen: Chosen) -> Figure:
    """Return what each category is worth."""
    told = [(name or NO_CATEGORY, worth) for name, worth in figures.categories(tx, chosen)]
    drawn: list[tuple[Message | str, int]] = [*told[: figures.OTHERS]]
    if rest := sum(worth for _, worth in told[figures.OTHERS :]):
        drawn.append((message("All others"), rest))
    return Figure(
        name="categories",
        title=message("Value by category"),
        chart=row_chart(
            drawn,
            names=[message("Value")],
            sentence=message("The most is in {name}.", name=told[0][0] if told else ""),
            head=message("Category"),
            money=True,
        ),
        columns=(
            Column("name", message("Category")),
            Column("value", message("Value"), "money"),
        ),
        rows=told,
    )


def usage(tx: UnitOfWork, chosen: Chosen, *, most: int = figures.OTHERS) -> Figure:
    """Return what each department used, beside what it used before: value, or how often.

    The chart has the first ``most`` of them.
    """
    told = figures.usage(tx, chosen)
    money = any(sum(used.value) for used in told)
    rows = [(u.department or NOBODY, *(u.value if money else u.lines)) for u in told]
    rows = [row for row in rows if row[1] or row[2]]
    names = [
        message("The last {months} months", months=chosen.months),
        message("The {months} months before", months=chosen.months),
    ]
    now, before = sum(row[1] for row in rows), sum(row[2] for row in rows)
    return Figure(
        name="usage",
        title=message("Used by department") if money else message("How often departments took"),
        chart=row_chart(
            rows[:most],
            names=names,
            sentence=message(
                "{name} used the most. All together: {change} % of the months before.",
                name=rows[0][0] if rows else "",
                change=rules.percent(now, before) if before else 100,
            ),
            head=message("Department"),
            money=money,
        ),
        columns=(
            Column("department", message("Department")),
            Column("now", names[0], "money" if money else "number"),
            Column("before", names[1], "money" if money else "number"),
        ),
        rows=rows,
    )


def most_used(tx: UnitOfWork, chosen: Chosen) -> Figure:
    """Return what cost most in a year."""
    told = figures.most_used(tx, chosen)
    return Figure(
        name="most-used",
        title=message("What costs most in a year"),
        chart=row_chart(
            [(_item_at(row), row.value) for row in told],
            names=[message("Used in a year")],
            sentence=message("The most went into {name}.", name=told[0].name if told else ""),
            head=message("Item"),
            money=True,
        ),
        columns=(
            Column("name", message("Item")),
            Column("place", message("Place")),
            Column("quantity", message("Quantity"), "quantity"),
            Column("unit", message("Unit")),
            Column("value", message("Value"), "money"),
        ),
        rows=[(row.name, row.place, row.quantity, row.unit, row.value) for row in told],
    )


def still(tx: UnitOfWork, chosen: Chosen, *, most: int = IN_FILE) -> Figure:
    """Return what has not moved for a year."""
    told = figures.still(tx, chosen, most=most)
    return Figure(
        name="still",
        title=message("Not moved for a year"),
        columns=(
            Column("name", message("Item")),
            Column("sku", message("Code")),
            Column("place", message("Place")),
            Column("quantity", message("On hand"), "quantity"),
            Column("unit", message("Unit")),
            Column("value", message("Value"), "money", permission=COST),
            Column("moved_at", message("Last moved"), "datetime"),
        ),
        rows=[(r.name, r.sku, r.place, r.quantity, r.unit, r.value, r.moved_at) for r in told],
    )


def _item_at(row: Any) -> str:
    return f"{row.name}, {row.place}"


def _month() -> Column:
    return Column("month", message("Month"), "date")


PRICED = ("value", "categories", "most-used")
COUNTED = ("accuracy",)
FIGURES: dict[str, Callable[[UnitOfWork, Chosen], Figure]] = {
    "value": value,
    "categories": categories,
    "usage": usage,
    "most-used": most_used,
    "still": still,
    "accuracy": accuracy,
}


def figure_of(tx: UnitOfWork, name: str, chosen: Chosen) -> Figure:
    """Return a figure by its name, or raise NotFound where there is none or one may not see it."""
    needs = {COST: PRICED, "inventory.count.view": COUNTED}
    hidden = any(name in names and not tx.actor.holds(need) for need, names in needs.items())
    if name not in FIGURES or hidden:
        raise NotFound
    return FIGURES[name](tx, chosen)


def in_file(figure: Figure, holds: Callable[[str], bool]) -> tuple[list[Column], list[Any]]:
    """Return the columns and rows of a figure's file, without what one may not see."""
    shown = [
        place
        for place, column in enumerate(figure.columns)
        if column.permission is None or holds(column.permission)
    ]
    rows: Iterable[Any] = ([row[place] for place in shown] for row in figure.rows)
    return [figure.columns[place] for place in shown], list(rows)
