"""What a check of the ledger found, as far as somebody may see it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from portal.api import Department, Message, Place, UnitOfWork, message, visible

from ..budgets.models import Budget
from ..counting import blind
from ..models import Balance, Category, Item, Point
from .lists import cost_in_reach


def in_reach(
    tx: UnitOfWork, findings: list[dict[str, Any]]
) -> tuple[list[tuple[str, str | Message, dict[str, Any]]], int]:
    """Return (item, place, finding) where one may look, and how many there are elsewhere.

    An alert comes without figures, a value where one may not see what stock costs, and what is on
    order where one may see no orders. Neither has what is being counted any, for who counts it.
    """
    if not findings:
        return [], 0
    budgets = _budgets(tx, [finding for finding in findings if finding.get("budget_id")])
    without = {"alert"} if tx.actor.holds("inventory.order.view") else {"alert", "on_order"}
    statement: Any = (
        select(
            Balance.item_id,
            Balance.point_id,
            Item.name,
            Place.name.label("place"),
            blind.said(blind.hidden(tx.actor, Balance)).label("closed"),
            cost_in_reach(tx, Balance).label("priced"),
        )
        .join(Item, Item.id == Balance.item_id)
        .join(Point, Point.id == Balance.point_id)
        .join(Place, Place.id == Point.place_id)
        .where(
            Balance.item_id.in_({finding["item_id"] for finding in findings}),
            Balance.point_id.in_({finding["point_id"] for finding in findings}),
        )
    )
    rows = tx.session.execute(visible(statement, "inventory.stock.view", tx.actor))
    known = {(row.item_id, row.point_id): row for row in rows}
    found = budgets
    for finding in findings:
        row = known.get((finding["item_id"], finding["point_id"]))
        if row is not None:
            kind = finding["kind"]
            shown = kind not in without and not row.closed and (kind != "value" or row.priced)
            told = finding if shown else finding | {"stored": None, "computed": None}
            found.append((row.name, row.place, told))
    return found, len(findings) - len(found)


def _budgets(
    tx: UnitOfWork, findings: list[dict[str, Any]]
) -> list[tuple[str, str | Message, dict[str, Any]]]:
    """Return those about budgets one may see, by department and what the budget is for."""
    if not findings or not tx.actor.holds("inventory.budget.view"):
        return []
    statement: Any = (
        select(Budget.id, Department.name, Category.name.label("category"))
        .join(Department, Department.id == Budget.department_id)
        .outerjoin(Category, Category.id == Budget.category_id)
        .where(Budget.id.in_({finding["budget_id"] for finding in findings}))
    )
    rows = tx.session.execute(visible(statement, "inventory.budget.view", tx.actor))
    known = {row.id: (row.name, row.category or message("Everything")) for row in rows}
    return [
        (*known[finding["budget_id"]], finding)
        for finding in findings
        if finding["budget_id"] in known
    ]
