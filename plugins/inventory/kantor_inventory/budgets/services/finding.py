"""Which budget pays, and how much of it is left."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import or_, select

from portal.api import Department, Message, Money, UnitOfWork, message

from ...models import Category
from ...rules import Day
from ..models import Budget
from ..rules import chain_of

VIEW = "inventory.budget.view"
REASON = "which budget pays"


@dataclass(frozen=True, kw_only=True, slots=True)
class Payer:
    """A budget as it was when somebody asked which one pays; amounts in minor units."""

    id: int
    public_id: str
    department_id: int
    department: str
    category: str | None
    until_on: date
    amount: int
    available: int
    stops: bool

    @property
    def title(self) -> str:
        """Whose it is, and for which category where it is not for everything."""
        return self.department if self.category is None else f"{self.department}, {self.category}"

    @property
    def last_on(self) -> date:
        """The last day it is for."""
        return self.until_on - timedelta(days=1)


Wanted = tuple[int, int | None]  # department, category


def find(
    tx: UnitOfWork, department_id: int, category_id: int | None, on: date | None = None
) -> Payer | None:
    """Return the budget that pays for a department's things of a category on a day, today unless
    said; None where nothing is budgeted.

    It is that of the nearest department, itself or above it, that has one which covers them; of
    two there the one for the category comes before the one for everything.
    """
    return find_many(tx, {(department_id, category_id)}, on)[department_id, category_id]


def find_many(
    tx: UnitOfWork, wanted: Collection[Wanted], on: date | None = None
) -> dict[Wanted, Payer | None]:
    """Return the budgets that ``find`` gives for several at once, with two statements."""
    with tx.acting_for("inventory", reason=REASON) as own:
        return paying(own, wanted, on)


def paying(
    own: UnitOfWork, wanted: Collection[Wanted], on: date | None = None
) -> dict[Wanted, Payer | None]:
    """Return the same in a unit that works in the right of inventory already."""
    if not wanted:
        return {}
    day = on or own.today
    parents: dict[int, int | None] = {
        row.id: row.parent_id
        for row in own.session.execute(select(Department.id, Department.parent_id))
    }
    chains = {department: chain_of(department, parents) for department, _ in wanted}
    statement = (
        select(Budget, Department.name, Category.name.label("category_name"))
        .join(Department, Department.id == Budget.department_id)
        .outerjoin(Category, Category.id == Budget.category_id)
        .where(
            Budget.department_id.in_({one for chain in chains.values() for one in chain}),
            Budget.from_on <= day,
            Budget.until_on > day,
            or_(
                Budget.category_id.is_(None),
                Budget.category_id.in_({category for _, category in wanted if category}),
            ),
        )
    )
    known: dict[Wanted, Payer] = {
        (row.Budget.department_id, row.Budget.category_id): _payer(*row)
        for row in own.session.execute(statement)
    }
    return {
        (department, category): next(
            (
                known[one, kind]
                for one in chains[department]
                for kind in (category, None)
                if (one, kind) in known
            ),
            None,
        )
        for department, category in wanted
    }


def _payer(budget: Budget, department: str, category: str | None) -> Payer:
    return Payer(
        id=budget.id,
        public_id=budget.public_id,
        department_id=budget.department_id,
        department=department,
        category=category,
        until_on=budget.until_on,
        amount=budget.amount,
        available=budget.available,
        stops=budget.stops,
    )


def left(
    tx: UnitOfWork, department_id: int, category_id: int | None, on: date | None = None
) -> int | None:
    """Return how much is left of the budget that pays, in minor units; below nothing where one
    that only warns is overdrawn, None where there is none.
    """
    payer = find(tx, department_id, category_id, on)
    return payer.available if payer is not None else None


def may_see(tx: UnitOfWork, department_id: int) -> bool:
    """Return whether the actor may see the figures of a department's budgets; in a unit that was
    lent, whether whoever asked for it may.
    """
    who = tx.actor.lender or tx.actor
    if who.realm is not None:
        return who.person_id is None
    held: Any = who.grants.get(VIEW)
    return bool(held) and (held.everything or department_id in held.departments)


def budget_left(
    tx: UnitOfWork,
    department_id: int,
    category_id: int | None,
    amount: int = 0,
    on: date | None = None,
) -> Message:
    """Return in a sentence what is left of the budget that pays, and after ``amount`` of it.

    Whoever may not see the budget reads whether it is enough, without figures.
    """
    return sentence(tx, find(tx, department_id, category_id, on), amount)


def sentence(tx: UnitOfWork, payer: Payer | None, amount: int) -> Message:
    """Return the same of a budget that was found."""
    if payer is None:
        return message("No budget covers this.")
    enough = amount <= max(payer.available, 0)
    if not may_see(tx, payer.department_id):
        if enough:
            return message("Within the budget until {day}.", day=Day(payer.last_on))
        if payer.stops:
            return message("More than is left of the budget until {day}.", day=Day(payer.last_on))
        return message(
            "More than is left of the budget until {day}; it goes through all the same.",
            day=Day(payer.last_on),
        )
    said: dict[str, Any] = {
        "left": Money(payer.available, tx.currency),
        "amount": Money(payer.amount, tx.currency),
        "day": Day(payer.last_on),
        "rest": Money(payer.available - amount, tx.currency),
    }
    if not amount:
        return message("{left} of {amount} left until {day}.", **said)
    if enough or not payer.stops:
        return message("{left} of {amount} left until {day}; after this {rest}.", **said)
    said["missing"] = Money(amount - payer.available, tx.currency)
    return message("{left} of {amount} left until {day}: {missing} too little for this.", **said)
