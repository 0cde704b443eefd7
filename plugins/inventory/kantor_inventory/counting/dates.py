"""By when is counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_, select

from portal.api import UnitOfWork, message, visible
from portal.plugin import DateAsk, Dated, Dates

from .models import OPEN, Count
from .rules import VIEW


def between(tx: UnitOfWork, ask: DateAsk) -> Sequence[Dated]:
    """Return the counts that are open, by the day on which they are due."""
    me = tx.actor.person_id
    counts: Any = visible(select(Count), VIEW, tx.actor).where(
        Count.status.in_(OPEN), Count.due_on >= ask.from_on, Count.due_on < ask.until_on
    )
    if ask.mine:
        counts = counts.where(Count.assigned_to_id == me)
    elif ask.departments is not None:
        here = Count.department_id.in_(ask.departments)
        counts = counts.where(or_(here, Count.assigned_to_id == me))
    ordered = counts.order_by(Count.due_on, Count.id).limit(ask.limit)
    return [
        Dated(
            key=row.public_id,
            title=row.title,
            on=row.due_on,
            endpoint="inventory.count",
            values={"public_id": row.public_id},
            meta=message("Count {number} is due", number=row.number),
            person_id=row.assigned_to_id,
        )
        for row in tx.session.scalars(ordered)
    ]


COUNT_DATES = Dates(
    name="inventory.counts",
    title=message("Counts"),
    permission=VIEW,
    between=between,
    icon="clipboard-check",
    hue="teal",
)
