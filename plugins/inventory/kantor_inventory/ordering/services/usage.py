"""What places use, from the ledger: issues and what counts found used up.

What was thrown away, what counts could not explain, what went from one store to another and what
was taken back is no usage; what a store hands on to a point of use is the store's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import aliased

from portal.api import UnitOfWork

from ...models import Movement
from ...services.lists import SOURCE, TARGET
from ...services.many import any_named
from ...services.pairs import Pair
from .. import rules
from ..rules import Day


@dataclass(frozen=True, kw_only=True)
class Held:
    """What a place holds of an item, and up to when its usage is known.

    Nobody writes down what is taken from a place that is only counted: it is known up to its last
    count.
    """

    on_hand: int
    periodic: bool = False
    counted_at: datetime | None = None


_BACK: Any = aliased(Movement, name="taken_back")
_KEYS: Any = (
    Movement.item_id,
    Movement.from_point_id,
    Movement.to_point_id,
    Movement.type,
    Movement.occurred_on,
    SOURCE.kind,
    TARGET.kind,
    _BACK.id.is_not(None),
)
_DAYS: Any = (
    select(
        *_KEYS[:5],
        SOURCE.kind.label("source"),
        TARGET.kind.label("target"),
        _KEYS[-1].label("reversed"),
        func.sum(Movement.quantity).label("quantity"),
    )
    .join(SOURCE, SOURCE.id == Movement.from_point_id)
    .join(TARGET, TARGET.id == Movement.to_point_id)
    .outerjoin(_BACK, _BACK.reverses_id == Movement.id)
    .where(any_named(Movement.item_id, "items"), Movement.occurred_on >= bindparam("since"))
    .group_by(*_KEYS)
)


def weekly(tx: UnitOfWork, held: Mapping[Pair, Held]) -> dict[Pair, int | None]:
    """Return what is used of each item at each place in a week; None where too little is known."""
    if not held:
        return {}
    since = tx.today - timedelta(days=rules.LOOKED_BACK)
    days = days_of(tx, held.keys(), since)
    return {
        pair: rules.weekly_use(
            days[pair],
            on_hand=one.on_hand,
            since=since,
            until=known_until(tx, one),
            now=tx.today,
        )
        for pair, one in held.items()
    }


def known_until(tx: UnitOfWork, held: Held) -> date:
    """Return up to when usage is known: today, or the last count of what is only counted."""
    if held.periodic and held.counted_at is not None:
        return held.counted_at.astimezone(tx.zone).date() + timedelta(days=1)
    return tx.today


def days_of(
    tx: UnitOfWork, pairs: Collection[Pair], since: date
) -> dict[Pair, defaultdict[date, Day]]:
    """Return what each day since then did to each item at each place, from one statement."""
    found: dict[Pair, defaultdict[date, Day]] = {pair: defaultdict(Day) for pair in pairs}
    items = sorted({item_id for item_id, _ in pairs})
    for row in tx.session.execute(_DAYS, {"items": items, "since": since}):
        quantity = int(row.quantity)
        if (left := found.get((row.item_id, row.from_point_id))) is not None:
            left[row.occurred_on].change -= quantity
            left[row.occurred_on].used += quantity if _is_used(row) else 0
        if (arrived := found.get((row.item_id, row.to_point_id))) is not None:
            arrived[row.occurred_on].change += quantity
    return found


def _is_used(row: Any) -> bool:
    if row.reversed:
        return False
    if row.type == "transfer":
        return bool(row.source == "store" and row.target == "point_of_use")
    return row.type in ("issue", "usage")
