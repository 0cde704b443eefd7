"""What was used of items at places, week by week, from the ledger and from counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, select

from portal.api import UnitOfWork

from ...counting.models import CountEntry, CountLine
from ...ordering.rules import WEEK
from ...ordering.services.usage import Held, days_of, known_until
from ...services.many import any_named
from ...services.pairs import Pair
from ..rules import WEEKS, Past, past_of

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
    days = days_of(tx, held.keys(), since)
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
    """Return up to when usage is known, at least as far as half of what is looked back."""
    return max(known_until(tx, held), tx.today - timedelta(days=WEEKS * WEEK // 2))


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
