"""What the formulas add to a level that was worked out: hints for people, never limits."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor, sqrt
from typing import Any

from sqlalchemy import select

from portal.api import Message, Money, UnitOfWork, message, settings_of

from ..models import Balance, StockRule
from ..ordering.rules import WEEK, about
from ..rules import ONE
from ..services.lists import cost_in_reach
from . import formulas

YEAR = 52  # weeks
NOTABLE = 1.5  # times: what costs hardly more is not worth a word


def at_once(rule: StockRule) -> Message | None:
    """Return how much of what is used is there at once with the minimum in force.

    It is reckoned and not measured: what nobody found on the shelf is written down nowhere. None
    where usage follows no normal curve, or nothing was worked out.
    """
    why = rule.last_auto_inputs or {}
    if why.get("way") != "normal" or rule.minimum is None:
        return None
    share = expected_share(why, rule.minimum)
    if share is None:
        return None
    return message(
        "With this minimum about {count} of every 100 that are wanted are there at once, the others"
        " wait for the next delivery. This is reckoned from how much usage varies.",
        count=floor(100 * share + 0.000001),
    )


def expected_share(why: Mapping[str, Any], minimum: int) -> float | None:
    """Return the share of usage met from the shelf, between 0 and 1; None if nothing is used."""
    mean, sd = why["weekly"] / WEEK, why["sd"] / sqrt(WEEK)
    lead, lead_sd = why["lead"] / ONE, why["lead_sd"] / ONE
    if mean <= 0:
        return None
    days = lead + why["review"]
    spread = sqrt(days * sd**2 + mean**2 * lead_sd**2)
    if spread == 0:
        return 1.0 if minimum >= mean * days else 0.0
    z = (minimum - mean * days) / spread
    return formulas.fill_rate(sd=spread, z=z, quantity=mean * why["review"])


def cheapest(tx: UnitOfWork, rule: StockRule, balance: Balance, unit: str) -> list[Message]:
    """Return how much to order at once would cost least, as a hint.

    Nothing where the organisation has not said what an order and what keeping stock cost, where
    nothing is there to know its value by, or for whoever may not see what it costs.
    """
    why = rule.last_auto_inputs or {}
    if not why.get("weekly") or balance.quantity <= 0 or balance.value <= 0:
        return []
    said = settings_of(tx, "inventory")
    order, percent = said.get("order_cost"), said.get("holding_percent")
    mine = select(Balance.id).where(Balance.id == balance.id, cost_in_reach(tx, Balance))
    if not order or not percent or tx.session.scalar(mine) is None:
        return []
    each = balance.value * ONE / balance.quantity
    weekly = why["weekly"] / ONE
    best = formulas.economic_quantity(
        order_cost=order, holding=each * percent / 100, demand=weekly * YEAR
    )
    hints = [
        message(
            "Ordering and keeping would cost least with about {amount} at once, every {weeks}"
            " weeks: an order costs {order}, keeping stock {percent} % of its value a year. Half"
            " or twice as much costs only a quarter more.",
            amount=about(round(best * ONE), unit),
            weeks=formulas.weeks_between_orders(best, weekly),
            order=Money(order, tx.currency),
            percent=percent,
        )
    ]
    dearer = formulas.cost_against_best(weekly * why["review"] / WEEK, best)
    if dearer >= NOTABLE:
        hints.append(
            message(
                "Ordered alone every {days} days it would cost about {times} times as much; what is"
                " ordered together shares the cost of an order.",
                days=why["review"],
                times=round(dearer),
            )
        )
    return hints
