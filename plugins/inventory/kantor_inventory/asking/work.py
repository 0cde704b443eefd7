"""Requests that a stock room has not answered yet: anybody who answers for it may take them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import joinedload

from portal.api import UnitOfWork, day_end, message
from portal.plugin import Whose, WorkAsk, WorkItem, WorkItems

from . import buying
from .models import Requisition
from .rules import ANSWER, BUY
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


def to_be_bought(tx: UnitOfWork, ask: WorkAsk) -> Sequence[WorkItem]:
    """Return the requests of which something is to be bought and nobody has ordered it yet."""
    if ask.whose not in (Whose.POOL, Whose.DEPARTMENT) or not tx.actor.holds(BUY):
        return ()
    groups, in_words = buying.to_buy(tx)
    every = [*in_words, *(want.row for group in groups for want in group.wants)]
    rows = {row.request: row for row in every if ask.keys is None or row.request in ask.keys}
    first = sorted(rows.values(), key=lambda row: (row.needed_on or date.max, row.requisition_id))
    return [
        WorkItem(
            key=row.request,
            title=message("{person} asks for something to be bought", person=row.asker),
            endpoint="inventory.to_buy",
            values={},
            since=row.asked_at,
            due_at=day_end(tx, row.needed_on) if row.needed_on is not None else None,
            whole_day=True,
            department_id=row.room_of,
            meta=row.number,
        )
        for row in first[: ask.limit]
    ]


TO_BUY = WorkItems(
    name="inventory.to_buy",
    title=message("To be bought"),
    items=to_be_bought,
    endpoint="inventory.to_buy",
    values={},
    icon="shopping-cart",
    hue="teal",
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
