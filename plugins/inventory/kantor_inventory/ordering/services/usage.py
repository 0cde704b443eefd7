"""What places use in a week, from the ledger: issues and what counts found used up.

What was thrown away, what counts could not explain and what went from one store to another is no
usage; what a store hands on to a point of use is the store's. Reversals take back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select

from portal.api import UnitOfWork

from ...models import Movement
from ...services.lists import SOURCE, TARGET
from ...services.pairs import Pair
from .. import rules
from ..rules import Day

USED_AT = ("consumption", "point_of_use")


@dataclass(frozen=True, kw_only=True)
class Held:
    """What a place holds of an item, and up to when its usage is known.

    Nobody writes down what is taken from a place that is only counted: it is known up to its last
    count.
    """

    on_hand: int
    periodic: bool = False
    counted_at: datetime | None = None


_DAYS = (
    select(
        Movement.item_id,
        Movement.from_point_id,
        Movement.to_point_id,
        Movement.type,
        Movement.occurred_on,
        SOURCE.kind.label("source"),
        TARGET.kind.label("target"),
        func.sum(Movement.quantity).label("quantity"),
    )
    .join(SOURCE, SOURCE.id == Movement.from_point_id)
    .join(TARGET, TARGET.id == Movement.to_point_id)
    .where(
        Movement.item_id.in_(bindparam("items", expanding=True)),
        Movement.occurred_on >= bindparam("since"),
    )
    .group_by(
        Movement.item_id,
        Movement.from_point_id,
        Movement.to_point_id,
        Movement.type,
        Movement.occurred_on,
        SOURCE.kind,
        TARGET.kind,
    )
)


def weekly(tx: UnitOfWork, held: Mapping[Pair, Held]) -> dict[Pair, int | None]:
    """Return what is used of each item at each place in a week; None where too little is known."""
    if not held:
        return {}
    since = tx.today - timedelta(days=rules.LOOKED_BACK)
    days = _days(tx, held.keys(), since)
    return {
        pair: rules.weekly_use(
            days.get(pair, {}),
            on_hand=one.on_hand,
            since=since,
            until=_known_until(tx, one),
            now=tx.today,
        )
        for pair, one in held.items()
    }


def _known_until(tx: UnitOfWork, held: Held) -> date:
    if held.periodic and held.counted_at is not None:
        return held.counted_at.astimezone(tx.zone).date() + timedelta(days=1)
    return tx.today


def _days(
    tx: UnitOfWork, pairs: Collection[Pair], since: date
) -> dict[Pair, defaultdict[date, Day]]:
    """Return what each day did to each place, from one query."""
    found: dict[Pair, defaultdict[date, Day]] = {pair: defaultdict(Day) for pair in pairs}
    items = sorted({item_id for item_id, _ in pairs})
    for row in tx.session.execute(_DAYS, {"items": items, "since": since}):
        quantity = int(row.quantity)
        if (left := found.get((row.item_id, row.from_point_id))) is not None:
            left[row.occurred_on].change -= quantity
            left[row.occurred_on].used += quantity if _is_used(row) else 0
        if (arrived := found.get((row.item_id, row.to_point_id))) is not None:
            arrived[row.occurred_on].change += quantity
            arrived[row.occurred_on].used -= quantity if _comes_back(row) else 0
    return found


def _is_used(row: Any) -> bool:
    if row.type == "transfer":
        return bool(row.source == "store" and row.target == "point_of_use")
    return row.type in ("issue", "usage")


def _comes_back(row: Any) -> bool:
    return bool(row.type == "reversal" and row.source in USED_AT)
