"""Counts that wait for somebody: to be counted by whom they were given, or to be reviewed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from portal.api import UnitOfWork, day_end, message, permits, row_by_row, visible
from portal.plugin import Whose, WorkAsk, WorkItem, WorkItems

from . import rules
from .models import COUNTING, Count, CountLine
from .services import give_to


def waiting(tx: UnitOfWork, ask: WorkAsk) -> Sequence[WorkItem]:
    """Return the counts that are open, those first that are due first."""
    if not (tx.actor.owns(Count) or tx.actor.holds(rules.VIEW)):
        return ()
    lines = select(func.count(CountLine.id)).where(CountLine.count_id == Count.id)
    found: Any = select(Count, lines.correlate(Count).scalar_subquery().label("lines"))
    found = visible(found, rules.VIEW, tx.actor).where(_meant(tx, ask))
    if ask.keys is not None:
        found = found.where(Count.public_id.in_(ask.keys))
    ordered = found.order_by(Count.due_on.is_(None), Count.due_on, Count.id)
    return [_item(tx, *row) for row in tx.session.execute(ordered.limit(ask.limit))]


def _meant(tx: UnitOfWork, ask: WorkAsk) -> Any:
    """Return the condition of the counts that are asked for."""
    counting: Any = Count.status.in_(COUNTING)
    if ask.whose is Whose.TEAM:
        return counting & Count.assigned_to_id.in_(ask.people)
    counting &= permits(Count, rules.ENTER, tx.actor)
    if ask.whose is Whose.ME:
        return counting & Count.assigned_to_id.in_(ask.people)
    here = row_by_row(Count.department_id).in_(ask.departments)
    if ask.whose is Whose.DEPARTMENT:
        return Count.status.in_((*COUNTING, "submitted")) & here
    review = (Count.status == "submitted") & permits(Count, rules.REVIEW, tx.actor)
    return (counting & here & Count.assigned_to_id.is_(None)) | review


def _item(tx: UnitOfWork, row: Count, lines: int) -> WorkItem:
    review = row.status == "submitted"
    said = message("To be reviewed, lines: {count}") if review else message("Lines: {count}")
    return WorkItem(
        key=row.public_id,
        title=row.title,
        endpoint="inventory.review_count" if review else "inventory.count_sheet",
        values={"public_id": row.public_id},
        since=row.submitted_at if review and row.submitted_at is not None else row.planned_at,
        due_at=day_end(tx, row.due_on) if row.due_on is not None else None,
        whole_day=True,
        owner_id=None if review else row.assigned_to_id,
        department_id=row.department_id,
        meta=message(said.msgid, count=lines),
    )


COUNTS = WorkItems(
    name="inventory.counts",
    title=message("Count"),
    items=waiting,
    reassign=give_to,
    endpoint="inventory.counts",
    icon="clipboard-check",
    hue="teal",
)
