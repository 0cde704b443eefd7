"""Budgets of the office and the departments around it, and how tests book on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from kantor_inventory.budgets import services as budgets
from kantor_inventory.budgets.models import Budget, BudgetEntry
from kantor_inventory.budgets.services import keeping
from kantor_inventory.models import Category
from portal.api import Department

from ..ordering.conftest import office

__all__ = ["office"]

WHOLE = 1_000_000_00


def kept(row: Any) -> Any:
    """Return the columns of a row, to be read after its unit has ended."""
    return SimpleNamespace(**{c.key: getattr(row, c.key) for c in row.__mapper__.column_attrs})


@dataclass
class Purse:
    """What the tests of budgets move about."""

    shop: Any

    @staticmethod
    def day(text: str) -> date:
        return date.fromisoformat(text)

    def department(self, name: str = "office") -> int:
        return self.shop.world.departments[name]

    def public(self, name: str = "office") -> str:
        with self.shop.work(None) as tx:
            return tx.session.get_one(Department, self.department(name)).public_id

    def category(self, name: str) -> Any:
        with self.shop.work(None) as tx:
            found = tx.session.scalars(select(Category).filter_by(name=name)).one_or_none()
            if found is None:
                found = Category(name=name)
                tx.session.add(found)
                tx.session.flush()
            return kept(found)

    def set_up(
        self, amount: int = WHOLE, *, department: str = "office", role: Any = None, **changes: Any
    ) -> Any:
        """Set a budget up for this year, or as said; return it."""
        named = self.public(department)
        with self.shop.work(role) as tx:
            first = tx.today.replace(month=1, day=1)
            command = keeping.AddBudget(
                **{
                    "department": named,
                    "from_on": first,
                    "last_on": first + timedelta(days=364),
                    "amount": amount,
                }
                | changes
            )
            return kept(keeping.add_budget(tx, command))

    def now(self, budget: Any) -> Any:
        """Return a budget as it is."""
        with self.shop.work(None) as tx:
            return kept(tx.session.get_one(Budget, budget.id))

    def figures(self, budget: Any) -> tuple[int, int, int]:
        """Return committed, spent and what is left."""
        row = self.now(budget)
        return row.committed, row.spent, row.available

    def entries(self) -> list[Any]:
        with self.shop.work(None) as tx:
            found = tx.session.scalars(select(BudgetEntry).order_by(BudgetEntry.id))
            return [kept(row) for row in found]

    def payer(self, department: str = "office", category: int | None = None, on: Any = None) -> Any:
        with self.shop.work(None) as tx:
            return budgets.find(tx, self.department(department), category, on)

    def do(self, service: Any, *args: Any, role: Any = None, **more: Any) -> Any:
        """Carry out a service of budgets in a transaction of its own."""
        with self.shop.work(role) as tx:
            return service(tx, *args, **more)


@pytest.fixture
def purse(shop):
    return Purse(shop)
