"""What the pages of budgets read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    Integer,
    Select,
    case,
    cast,
    func,
    literal,
    select,
    type_coerce,
)

from portal.api import Department, Person, UnitOfWork, visible

from ...models import Category
from ...ordering.models import OrderLine, PurchaseOrder
from ..models import Budget, BudgetEntry
from ..rules import NEARLY, Month, months

SHOWN = 20  # entries on the page of a budget
ORDER_LINE = re.compile(r"order line (\d+)")


def rows(
    tx: Any,
    *,
    state: str | None = None,
    department: str | None = None,
    category: str | None = None,
) -> Select[Any]:
    """Return the budgets: those in force, to come, over, or nearly used up."""
    taken = Budget.committed + Budget.spent
    none = case((taken > 0, 100), else_=0)
    share = case((Budget.amount > 0, 100 * taken // func.nullif(Budget.amount, 0)), else_=none)
    statement: Any = (
        select(
            Budget.id,
            Budget.public_id,
            Department.name.label("department"),
            func.coalesce(Category.name, "").label("category"),
            Budget.from_on,
            _last_day(tx).label("last_on"),
            Budget.amount,
            Budget.committed,
            Budget.spent,
            Budget.available,
            cast(share, BigInteger).label("used"),
            Budget.mode,
        )
        .outerjoin(Department, Department.id == Budget.department_id)
        .outerjoin(Category, Category.id == Budget.category_id)
    )
    if department:
        chosen = select(Department.id).where(Department.public_id == department)
        statement = statement.where(Budget.department_id == chosen.scalar_subquery())
    if category:
        kind = select(Category.id).where(Category.public_id == category)
        statement = statement.where(Budget.category_id == kind.scalar_subquery())
    return _in_state(tx, statement, state)


def _in_state(tx: Any, statement: Any, state: str | None) -> Any:
    in_force = (Budget.from_on <= tx.today, Budget.until_on > tx.today)
    taken = Budget.committed + Budget.spent
    match state:
        case "now":
            return statement.where(*in_force)
        case "nearly":
            return statement.where(*in_force, 100 * taken >= NEARLY * Budget.amount)
        case "coming":
            return statement.where(Budget.from_on > tx.today)
        case "over":
            return statement.where(Budget.until_on <= tx.today)
    return statement


def _last_day(tx: Any) -> Any:
    """Return the last day of a budget, as each database counts days."""
    if tx.session.get_bind().dialect.name == "sqlite":
        return func.date(Budget.until_on, "-1 day", type_=Date)
    return type_coerce(Budget.until_on - literal(1, Integer), Date)


def entry_rows(tx: Any, *, budget: str) -> Select[Any]:
    """Return the entries of one budget."""
    chosen = select(Budget.id).where(Budget.public_id == budget).scalar_subquery()
    statement: Any = (
        select(
            BudgetEntry.id,
            BudgetEntry.at,
            BudgetEntry.kind,
            func.coalesce(func.nullif(BudgetEntry.about, ""), BudgetEntry.source).label("about"),
            BudgetEntry.source,
            BudgetEntry.amount,
            BudgetEntry.reserved,
            Person.name.label("actor"),
        )
        .outerjoin(Person, Person.id == BudgetEntry.actor_id)
        .where(BudgetEntry.budget_id == chosen)
    )
    return statement


@dataclass(frozen=True, kw_only=True)
class Told:
    """An entry on the page of a budget, and the order that caused it, if one may see it."""

    entry: Any
    order: str | None


def newest(tx: UnitOfWork, budget: Budget) -> list[Told]:
    """Return the newest entries of a budget with the orders that caused them."""
    statement = entry_rows(tx, budget=budget.public_id).order_by(BudgetEntry.id.desc())
    found = tx.session.execute(statement.limit(literal(SHOWN, literal_execute=True))).all()
    orders = orders_of(tx, (row.source for row in found))
    return [Told(entry=row, order=orders.get(row.source)) for row in found]


def orders_of(tx: UnitOfWork, sources: Iterable[str]) -> dict[str, str]:
    """Return source -> public id of the order it stands for, where one may see it."""
    lines = {source: int(named[1]) for source in sources if (named := ORDER_LINE.match(source))}
    if not lines or not tx.actor.holds("inventory.order.view"):
        return {}
    statement: Any = (
        select(PurchaseOrder.public_id, OrderLine.id.label("line_id"))
        .join(OrderLine, OrderLine.order_id == PurchaseOrder.id)
        .where(OrderLine.id.in_(sorted(set(lines.values()))))
    )
    known = {
        row.line_id: row.public_id
        for row in tx.session.execute(visible(statement, "inventory.order.view", tx.actor))
    }
    return {source: known[line] for source, line in lines.items() if line in known}


def by_month(tx: UnitOfWork, budget: Budget) -> list[Month]:
    """Return the months of a budget until today: spent so far, and what would be evenly."""
    by: Any = case((BudgetEntry.kind == "spend", BudgetEntry.amount), else_=-BudgetEntry.amount)
    statement = (
        select(BudgetEntry.booked_on, cast(func.sum(by), BigInteger).label("spent"))
        .where(BudgetEntry.budget_id == budget.id, BudgetEntry.kind.in_(("spend", "refund")))
        .group_by(BudgetEntry.booked_on)
    )
    spent: dict[date, int] = {row.booked_on: row.spent for row in tx.session.execute(statement)}
    return months(budget.from_on, budget.until_on, budget.amount, spent, tx.today)
