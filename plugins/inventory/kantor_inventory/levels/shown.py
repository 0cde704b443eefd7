"""What pages show of a level that Kantor worked out."""

from __future__ import annotations

from typing import Any

from portal.api import Message, UnitOfWork, message
from portal.web import BarChart, bar_chart

from ..models import Balance, StockRule
from ..rules import Amount
from . import hints, words


def with_hints(
    tx: UnitOfWork, rule: StockRule | None, balance: Balance, unit: str, *, closed: bool
) -> dict[str, Any] | None:
    """Return why the limits of a place are what they are, and what the formulas add to it."""
    why = of_rule(rule, unit, closed=closed)
    if why is None or rule is None:
        return why
    served = hints.at_once(rule)
    found = [served] if served is not None else []
    return why | {"hints": found + hints.cheapest(tx, rule, balance, unit)}


def of_rule(rule: StockRule | None, unit: str, *, closed: bool) -> dict[str, Any] | None:
    """Return why the limits of a place are what they are, None where people set them.

    Nothing while the books of the place are ``closed`` to who asks: usage tells what is there.
    """
    if rule is None or rule.method != "auto" or not rule.last_auto_inputs or closed:
        return None
    why = rule.last_auto_inputs
    proposed = None
    if rule.proposed_minimum is not None and rule.proposed_maximum is not None:
        proposed = Amount(rule.proposed_minimum, unit), Amount(rule.proposed_maximum, unit)
    return {
        "auto": True,
        "sentence": words.explain(why, unit),
        "details": words.details(why, unit),
        "at": rule.computed_at,
        "proposed": proposed,
        "chart": chart_of(why, unit, rule.minimum),
    }


def chart_of(why: Any, unit: str, minimum: int | None) -> BarChart | None:
    """Return the chart of what was used week by week with the minimum; None if nothing was."""
    used = why["chart"]
    if not any(used):
        return None
    line = message("minimum {amount}", amount=Amount(minimum or 0, unit))
    return bar_chart(
        [(words.ends(why, place), one) for place, one in enumerate(used)],
        names=[message("Used")],
        sentence=message(
            "Used in each of the last {count} weeks: between {lowest} and {highest}.",
            count=len(used),
            lowest=Amount(min(used), unit),
            highest=Amount(max(used), unit),
        ),
        head=message("Week until"),
        limit=(minimum, line) if minimum else None,
        quantities=True,
    )


def spend_of(score: Any) -> BarChart | None:
    """Return the chart of what was spent month by month; None where nothing was, or to be seen."""
    if not any(spent for _, spent in score.spend):
        return None
    return bar_chart(
        score.spend,
        names=[message("Ordered")],
        sentence=message(
            "What was ordered there in each of the last 12 months, by {count} orders.",
            count=score.orders,
        ),
        head=message("Month"),
        money=True,
        months=True,
    )


def limits(levels: Any, unit: str) -> Message | Amount | str:
    """Return minimum and maximum in words."""
    if levels.minimum is None:
        return message("no limit")
    if levels.maximum is None:
        return Amount(levels.minimum, unit)
    return message(
        "{minimum} to {maximum}",
        minimum=Amount(levels.minimum, unit),
        maximum=Amount(levels.maximum, unit),
    )
