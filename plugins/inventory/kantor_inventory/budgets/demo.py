"""The clinic's budgets: one with room left, one nearly used up, one that has not begun.

Nothing here is drawn by lot: what was spent is what the ledger says came in.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from portal.api import Department, Place, UnitOfWork

from ..models import Item, Movement, Point
from ..ordering.models import PurchaseOrder
from ..ordering.services import budgeting
from .models import Budget, BudgetEntry

BACK, LONG = 9, 12  # months since a budget began, and how many it is for
ROUND = 500_000_00
NOTE = "As agreed in the meeting on the annual plan."


def fill(tx: UnitOfWork) -> None:
    """Write the budgets of the department that keeps the store, and book its orders on them."""
    keeper = tx.session.scalar(select(Place.department_id).where(Place.code == "A1"))
    if keeper is None:
        return
    began = _month(tx.today, -BACK)
    came = _came(tx, began)
    if not came:
        return
    sums: defaultdict[int | None, int] = defaultdict(int)
    for row in came:
        sums[row.category_id] += row.value
    dearest = max((one for one in sums if one is not None), key=lambda one: sums[one])
    of_one = [row for row in came if row.category_id == dearest]
    others = [row for row in came if row.category_id != dearest]
    _spent(tx, _budget(tx, keeper, began, others, 140, note=NOTE), others)
    _spent(tx, _budget(tx, keeper, began, of_one, 105, category=dearest, mode="warn"), of_one)
    _budget(tx, keeper, _month(began, LONG), others, 150)
    top = tx.session.scalar(select(func.min(Department.id)).where(Department.parent_id.is_(None)))
    if top is not None and top != keeper:
        _budget(tx, top, began, others, 60)
    for order in tx.session.scalars(select(PurchaseOrder).filter_by(status="placed")).all():
        budgeting.settle(tx, order.id, gently=True)


def _month(day: date, by: int) -> date:
    """Return the first day of the month so many months from a day's own."""
    months = day.year * 12 + day.month - 1 + by
    return date(months // 12, months % 12 + 1, 1)


def _came(tx: UnitOfWork, began: date) -> list[Any]:
    """Return what came in since a day, the oldest first."""
    statement = (
        select(Movement.id, Movement.value, Movement.posted_at, Movement.actor_id)
        .add_columns(Item.name, Item.category_id)
        .join(Item, Item.id == Movement.item_id)
        .join(Point, Point.id == Movement.to_point_id)
        .where(
            Movement.type == "receive",
            Movement.value > 0,
            Movement.posted_at >= datetime.combine(began, datetime.min.time(), tx.zone),
        )
        .order_by(Movement.id)
    )
    return list(tx.session.execute(statement))


def _budget(
    tx: UnitOfWork,
    department_id: int,
    began: date,
    rows: list[Any],
    percent: int,
    *,
    category: int | None = None,
    mode: str = "stop",
    note: str = "",
) -> Budget:
    """Add a budget of so much of a hundred of what these rows cost."""
    amount = -(-sum(row.value for row in rows) * percent // (100 * ROUND)) * ROUND
    budget = Budget(
        department_id=department_id,
        category_id=category,
        from_on=began,
        until_on=_month(began, LONG),
        amount=amount,
        available=amount,
        mode=mode,
        note=note,
    )
    tx.session.add(budget)
    tx.session.flush()
    return budget


def _spent(tx: UnitOfWork, budget: Budget, rows: list[Any]) -> None:
    """Book these receipts on a budget, each on the day it came."""
    entries = [
        {
            "budget_id": budget.id,
            "kind": "spend",
            "amount": row.value,
            "reserved": 0,
            "source": f"receipt {row.id}",
            "number": 1,
            "about": row.name,
            "actor_id": row.actor_id,
            "at": row.posted_at,
            "booked_on": row.posted_at.astimezone(tx.zone).date(),
        }
        for row in rows
    ]
    tx.append(BudgetEntry, entries)
    budget.spent = sum(row.value for row in rows)
    budget.available = budget.amount - budget.spent
    tx.session.flush()
