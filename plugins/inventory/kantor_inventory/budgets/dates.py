"""When budgets end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.api import UnitOfWork, message, visible
from portal.plugin import DateAsk, Dated, Dates

from .models import Budget

VIEW = "inventory.budget.view"
ONE_DAY = timedelta(days=1)


def between(tx: UnitOfWork, ask: DateAsk) -> Sequence[Dated]:
    """Return the budgets by their last day; they are a department's, never somebody's own."""
    if ask.mine:
        return ()
    budgets: Any = visible(select(Budget), VIEW, tx.actor).where(
        Budget.until_on > ask.from_on, Budget.until_on <= ask.until_on
    )
    if ask.departments is not None:
        budgets = budgets.where(Budget.department_id.in_(ask.departments))
    names = joinedload(Budget.department), joinedload(Budget.category)
    ordered = budgets.options(*names).order_by(Budget.until_on, Budget.id).limit(ask.limit)
    return [
        Dated(
            key=row.public_id,
            title=message("Budget of {department} ends", department=row.department.name),
            on=row.until_on - ONE_DAY,
            endpoint="inventory.budget",
            values={"public_id": row.public_id},
            meta=row.category.name if row.category is not None else "",
        )
        for row in tx.session.scalars(ordered)
    ]


BUDGET_DATES = Dates(
    name="inventory.budgets",
    title=message("Budgets"),
    permission=VIEW,
    between=between,
    icon="wallet",
    hue="amber",
)
