"""Adding the entries of every budget up again and comparing them with its columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import BigInteger, case, cast, func, select

from portal.api import UnitOfWork

from ..models import Budget, BudgetEntry


def differences(tx: UnitOfWork) -> Iterator[tuple[str, int, int, int]]:
    """Yield (kind, budget id, stored, computed) of what does not add up; needs every row."""
    entry = BudgetEntry

    def summed(**signs: Any) -> Any:
        value = case(*((entry.kind == kind, by) for kind, by in signs.items()), else_=0)
        return func.coalesce(cast(func.sum(value), BigInteger), 0)

    committed = summed(
        commit=entry.amount, release=-entry.amount, spend=-entry.reserved, refund=entry.reserved
    )
    spent = summed(spend=entry.amount, refund=-entry.amount)
    sums = (
        select(entry.budget_id, committed.label("committed"), spent.label("spent"))
        .group_by(entry.budget_id)
        .subquery("booked")
    )
    statement = (
        select(Budget.id, Budget.amount, Budget.committed, Budget.spent, Budget.available)
        .add_columns(
            func.coalesce(sums.c.committed, 0).label("all_committed"),
            func.coalesce(sums.c.spent, 0).label("all_spent"),
        )
        .outerjoin(sums, sums.c.budget_id == Budget.id)
        .order_by(Budget.id)
    )
    for row in tx.session.execute(statement):
        left = row.amount - row.all_committed - row.all_spent
        pairs = (
            ("budget_committed", row.committed, int(row.all_committed)),
            ("budget_spent", row.spent, int(row.all_spent)),
            ("budget_left", row.available, left),
        )
        for kind, stored, computed in pairs:
            if stored != computed:
                yield kind, row.id, stored, computed
