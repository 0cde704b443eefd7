"""By when is needed what a stock room was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from portal.api import UnitOfWork, message, row_by_row, visible
from portal.plugin import DateAsk, Dated, Dates

from .models import Requisition
from .reading import VIEW

OPEN = ("waiting", "asked")


def between(tx: UnitOfWork, ask: DateAsk) -> Sequence[Dated]:
    """Return the requests that are open, by the day on which it is needed."""
    me = tx.actor.person_id
    rows: Any = visible(select(Requisition), VIEW, tx.actor).where(
        Requisition.status.in_(OPEN),
        Requisition.needed_on >= ask.from_on,
        Requisition.needed_on < ask.until_on,
    )
    own = or_(Requisition.owner_id == me, Requisition.beneficiary_id == me)
    if ask.mine:
        rows = rows.where(own)
    elif ask.departments is not None:
        rows = rows.where(or_(own, row_by_row(Requisition.department_id).in_(ask.departments)))
    names = joinedload(Requisition.owner), joinedload(Requisition.place)
    ordered = rows.options(*names).order_by(Requisition.needed_on, Requisition.id)
    return [
        Dated(
            key=row.public_id,
            title=message("What {person} asked for is needed", person=row.owner.name),
            on=row.needed_on,
            endpoint="inventory.requisition",
            values={"public_id": row.public_id},
            meta=message("{number}, from {place}", number=row.number, place=row.place.name),
            person_id=row.owner_id,
        )
        for row in tx.session.scalars(ordered.limit(ask.limit))
    ]


REQUEST_DATES = Dates(
    name="inventory.requisitions",
    title=message("Needed from stock"),
    permission=VIEW,
    between=between,
    icon="shopping-cart",
    hue="teal",
)
