"""Setting budgets up and changing them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from portal.api import (
    Department,
    Message,
    Money,
    NotFound,
    UnitOfWork,
    ValidationFailed,
    departments_reached,
    message,
    visible,
)

from ...models import Category
from ...rules import Day
from ..models import MODES, Budget
from ..rules import LARGEST, LONGEST

VIEW, EDIT = "inventory.budget.view", "inventory.budget.edit"
UNKNOWN = message("Choose one of the list.")


@dataclass(frozen=True, kw_only=True)
class AddBudget:
    """A budget to be: department and category by public id, no category for everything."""

    department: str
    category: str | None = None
    from_on: date
    last_on: date
    amount: int
    mode: str = "stop"
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class ChangeBudget:
    """A budget as it shall be; whose it is and for what never changes."""

    version: int | None
    from_on: date
    last_on: date
    amount: int
    mode: str
    note: str = ""


def find_budget(tx: UnitOfWork, public_id: str, permission: str = VIEW) -> Budget:
    """Return a budget in reach of ``permission``, or raise NotFound."""
    budget: Budget = tx.one(visible(select(Budget), permission, tx.actor), public_id=public_id)
    return budget


def may_edit(tx: UnitOfWork, budget: Budget) -> bool:
    """Return whether the actor may change a budget."""
    mine = visible(select(Budget.id), EDIT, tx.actor).where(Budget.id == budget.id)
    return tx.session.scalar(mine) is not None


def add_budget(tx: UnitOfWork, command: AddBudget) -> Budget:
    """Set a budget up; raise ValidationFailed for what cannot be, or is there for these days."""
    department, category = _whose(tx, command)
    _check(command)
    _check_free(tx, department, category.id if category else None, command)
    row = Budget(
        department_id=department.id,
        category_id=category.id if category else None,
        from_on=command.from_on,
        until_on=command.last_on + timedelta(days=1),
        amount=command.amount,
        available=command.amount,
        mode=command.mode,
        note=command.note.strip(),
    )
    tx.session.add(row)
    tx.session.flush()
    tx.audit("inventory.budget_added", row, **_said(row))
    return row


def change_budget(tx: UnitOfWork, public_id: str, command: ChangeBudget) -> Budget:
    """Change a budget; what is left follows its amount.

    Raises EditConflict for an old version, ValidationFailed for less than is committed and spent
    where it stops, and for days another budget has.
    """
    found = find_budget(tx, public_id, EDIT)
    department = tx.one(select(Department), id=found.department_id, lock=True)
    # Held, so that what is booked meanwhile waits for the new amount.
    mine = visible(select(Budget), EDIT, tx.actor)
    row: Budget = tx.one(mine, public_id=public_id, lock=True)
    tx.expect_version(row, command.version, **_said(row))
    _check(command)
    _check_enough(tx, row, command)
    _check_free(tx, department, row.category_id, command, but=row.id)
    before = _said(row)
    row.from_on, row.until_on = command.from_on, command.last_on + timedelta(days=1)
    row.amount, row.mode, row.note = command.amount, command.mode, command.note.strip()
    row.available = row.amount - row.committed - row.spent
    tx.session.flush()
    after = _said(row)
    if changed := {key: [before[key], after[key]] for key in after if before[key] != after[key]}:
        tx.audit("inventory.budget_changed", row, changed=changed)
    return row


def _said(row: Budget) -> dict[str, Any]:
    return {
        "from_on": row.from_on,
        "last_on": row.last_on,
        "amount": row.amount,
        "mode": row.mode,
        "note": row.note,
    }


def _whose(tx: UnitOfWork, command: AddBudget) -> tuple[Department, Category | None]:
    """Return the department, held until the commit, and the category; or raise what is wrong."""
    problems: dict[str, Message | str] = {}
    if command.department not in dict(departments_reached(tx, EDIT)):
        problems["department"] = UNKNOWN
    category = None
    if command.category:
        try:
            category = tx.one(select(Category), public_id=command.category)
        except NotFound:
            problems["category"] = UNKNOWN
    if problems:
        raise ValidationFailed(problems)
    return tx.one(select(Department), public_id=command.department, lock=True), category


def _check(command: AddBudget | ChangeBudget) -> None:
    problems: dict[str, Message | str] = {}
    if command.last_on < command.from_on:
        problems["last_on"] = message("This is before the first day.")
    elif (command.last_on - command.from_on).days >= LONGEST:
        problems["last_on"] = message("A budget is for three years at most.")
    if not 0 <= command.amount <= LARGEST:
        problems["amount"] = message("This amount is too large to be right.")
    if command.mode not in MODES:
        problems["mode"] = UNKNOWN
    if problems:
        raise ValidationFailed(problems)


def _check_enough(tx: UnitOfWork, row: Budget, command: ChangeBudget) -> None:
    """Refuse less than is used already, of a budget that stops."""
    taken = row.committed + row.spent
    if command.mode != "stop" or command.amount >= taken:
        return
    text = message(
        "{taken} are committed and spent already. A budget that stops cannot be less.",
        taken=Money(taken, tx.currency),
    )
    raise ValidationFailed({"amount" if command.amount < row.amount else "mode": text})


def _check_free(
    tx: UnitOfWork,
    department: Department,
    category_id: int | None,
    command: AddBudget | ChangeBudget,
    *,
    but: int | None = None,
) -> None:
    """Refuse days that another budget of the department has for the same things.

    The department is held, so nobody adds one meanwhile. All of them are asked, also those out of
    reach.
    """
    with tx.acting_for("inventory", reason="two budgets for the same days") as own:
        statement = select(Budget.from_on, Budget.until_on).where(
            Budget.department_id == department.id,
            Budget.category_id.is_(None)
            if category_id is None
            else Budget.category_id == category_id,
            Budget.from_on <= command.last_on,
            Budget.until_on > command.from_on,
        )
        if but is not None:
            statement = statement.where(Budget.id != but)
        taken = own.session.execute(statement.order_by(Budget.from_on).limit(1)).first()
    if taken is not None:
        text = message(
            "There is one for the same things from {first} to {last}.",
            first=Day(taken.from_on),
            last=Day(taken.until_on - timedelta(days=1)),
        )
        raise ValidationFailed({"from_on": text})
