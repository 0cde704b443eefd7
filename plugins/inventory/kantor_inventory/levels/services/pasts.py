"""What was used of items at places, week by week, from the ledger and from counts.

What was thrown away, what counts could not explain, what went to another store and what was taken
back is no usage; what a store hands on to a point of use is the store's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.orm import aliased

from portal.api import UnitOfWork

from ...counting.models import CountEntry, CountLine
from ...models import Movement
from ...ordering.rules import WEEK, Day
from ...ordering.services.usage import Held
from ...services.lists import SOURCE, TARGET
from ...services.many import any_named
from ...services.pairs import Pair
from ..rules import WEEKS, Past, past_of

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
        _BACK.id.is_not(None).label("reversed"),
        func.sum(Movement.quantity).label("quantity"),
    )
    .join(SOURCE, SOURCE.id == Movement.from_point_id)
    .join(TARGET, TARGET.id == Movement.to_point_id)
    .outerjoin(_BACK, _BACK.reverses_id == Movement.id)
    .where(
        any_named(Movement.item_id, "items"),
        Movement.occurred_on >= bindparam("since"),
    )
    .group_by(*_KEYS)
)
_COUNTS: Any = (
    select(CountLine.item_id, CountLine.point_id, CountEntry.counted_at)
    .join(CountLine, and_(CountLine.id == CountEntry.line_id, CountEntry.current))
    .where(
        any_named(CountLine.point_id, "points"),
        any_named(CountLine.item_id, "items"),
        ~CountLine.open,
        CountEntry.counted_at >= bindparam("since"),
    )
)


def pasts(tx: UnitOfWork, held: Mapping[Pair, Held]) -> dict[Pair, Past]:
    """Return the past of each item at each place, from two statements.

    ``tx`` sees all movements: usage is the same whoever asks.
    """
    if not held:
        return {}
    since = tx.today - timedelta(days=(WEEKS + 1) * WEEK)
    days = _days(tx, held.keys(), since)
    counts = _counts(tx, [pair for pair, one in held.items() if one.periodic], since)
    return {
        pair: past_of(
            days[pair],
            on_hand=one.on_hand,
            until=_known_until(tx, one),
            now=tx.today,
            counts=sorted(counts[pair]) if one.periodic else (),
        )
        for pair, one in held.items()
    }


def _known_until(tx: UnitOfWork, held: Held) -> date:
    """Return up to when usage is known: today, or the last count of what is only counted."""
    if held.periodic and held.counted_at is not None:
        counted = held.counted_at.astimezone(tx.zone).date() + timedelta(days=1)
        return max(counted, tx.today - timedelta(days=WEEKS * WEEK // 2))
    return tx.today


def _days(
    tx: UnitOfWork, pairs: Collection[Pair], since: date
) -> dict[Pair, defaultdict[date, Day]]:
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


def _counts(tx: UnitOfWork, pairs: Collection[Pair], since: date) -> defaultdict[Pair, set[date]]:
    """Return on which days something that is only counted was counted."""
    found: defaultdict[Pair, set[date]] = defaultdict(set)
    if not pairs:
        return found
    asked = {
        "items": sorted({item_id for item_id, _ in pairs}),
        "points": sorted({point_id for _, point_id in pairs}),
        "since": datetime.combine(since, time(), tx.zone),
    }
    for row in tx.session.execute(_COUNTS, asked):
        day = row.counted_at.astimezone(tx.zone).date()
        found[row.item_id, row.point_id].add(day)
    return found
