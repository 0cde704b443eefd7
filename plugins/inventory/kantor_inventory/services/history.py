"""What there was of an item week by week, and which movements made it so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, case, func, select

from portal.api import UnitOfWork, visible

from ..models import Item, Movement
from .lists import SOURCE, TARGET, sees

WEEKS = 12
TWO_WAYS = ("transfer", "reversal", "variance")
LATELY = 4  # of them, told in a sentence


@dataclass(frozen=True, kw_only=True)
class History:
    """The last weeks of an item where one may look, the oldest first."""

    levels: tuple[tuple[date, int], ...]  # the last day of a week, what was there in its evening
    since: date  # the first day of the weeks told in a sentence
    before: int  # what was there when they began
    sums: dict[str, int]  # what each kind of movement amounts to since then


def of_item(tx: UnitOfWork, item: Item, *, on_hand: int) -> History:
    """Return how the stock in reach came to be ``on_hand``, from one query.

    Movements between two places in reach change nothing and are left out.
    """
    first = [tx.today - timedelta(days=7 * week + 6) for week in range(WEEKS)]  # of each week
    began = {
        f"week_{week}": datetime.combine(day, time(), tx.zone) for week, day in enumerate(first)
    }
    statement = tx.actor.once("inventory history", lambda: _statement(tx))
    changes, sums = [0] * WEEKS, dict[str, int]()
    for kind, sign, week, quantity in tx.session.execute(statement, {"item": item.id} | began):
        if sign == 0:
            continue
        changes[week] += sign * int(quantity)
        if week < LATELY:
            name = kind if kind not in TWO_WAYS else f"{kind}_{_way(sign)}"
            sums[name] = sums.get(name, 0) + int(quantity)
    levels = []
    left = on_hand
    for week, change in enumerate(changes):
        levels.append((first[week] + timedelta(days=6), max(left, 0)))  # read a moment later
        left -= change
    return History(
        levels=tuple(reversed(levels)),
        since=first[LATELY - 1],
        before=on_hand - sum(changes[:LATELY]),
        sums=sums,
    )


def _statement(tx: UnitOfWork) -> Select[Any]:
    gone = case((sees(tx, SOURCE), 1), else_=0)
    come = case((sees(tx, TARGET), 1), else_=0)
    began: list[Any] = [bindparam(f"week_{week}") for week in range(WEEKS)]
    week = case(
        *((Movement.posted_at >= began[week], week) for week in range(WEEKS - 1)), else_=WEEKS - 1
    )
    return visible(
        select(Movement.type, come - gone, week, func.sum(Movement.quantity))
        .join(SOURCE, SOURCE.id == Movement.from_point_id)
        .join(TARGET, TARGET.id == Movement.to_point_id)
        .where(Movement.item_id == bindparam("item"), Movement.posted_at >= began[-1])
        .group_by(Movement.type, come - gone, week),
        "inventory.stock.view",
        tx.actor,
    )


def _way(sign: int) -> str:
    return "in" if sign > 0 else "out"
