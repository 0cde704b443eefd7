"""Requests that a stock room has not answered yet: anybody who answers for it may take them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import joinedload

from portal.api import UnitOfWork, day_end, message
from portal.plugin import Whose, WorkAsk, WorkItem, WorkItems

from .models import Requisition
from .rules import ANSWER
from .services import answerable


def waiting(tx: UnitOfWork, ask: WorkAsk) -> Sequence[WorkItem]:
    """Return what is asked of the reader's own rooms, those first that are needed first."""
    if ask.whose not in (Whose.POOL, Whose.DEPARTMENT) or not tx.actor.holds(ANSWER):
        return ()
    open_ones: Any = answerable(tx).where(Requisition.status == "asked")
    if ask.keys is not None:
        open_ones = open_ones.where(Requisition.public_id.in_(ask.keys))
    names = joinedload(Requisition.owner), joinedload(Requisition.place)
    rows = tx.session.scalars(
        open_ones.options(*names)
        .order_by(Requisition.needed_on.is_(None), Requisition.needed_on, Requisition.id)
        .limit(ask.limit)
    )
    return [_item(tx, row) for row in rows.all()]


def _item(tx: UnitOfWork, row: Requisition) -> WorkItem:
    return WorkItem(
        key=row.public_id,
        title=message("{person} asks for things", person=row.owner.name),
        endpoint="inventory.requisition",
        values={"public_id": row.public_id},
        since=row.asked_at,
        due_at=day_end(tx, row.needed_on) if row.needed_on is not None else None,
        whole_day=True,
        department_id=row.place.department_id,
        meta=message("{number}, from {place}", number=row.number, place=row.place.name),
    )


REQUESTS = WorkItems(
    name="inventory.requests",
    title=message("Asked of us"),
    items=waiting,
    endpoint="inventory.asked_for",
    values={"view": "open"},
    icon="shopping-cart",
    hue="teal",
)
