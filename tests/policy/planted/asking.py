"""What is asked of a room, and what a department may spend."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from kantor_inventory.asking.models import Requisition
from kantor_inventory.budgets.models import Budget
from tests.policy.canaries import Aviary, holders


def plant_requests(tx: Any, world: Any, aviary: Aviary) -> None:
    """What is asked of a room concerns who asked, and the room's own people."""
    for relation in ("same", "below", "above", "elsewhere", "team", "served"):
        seers = holders("inventory.requisition.view", rule="person", relation=relation)
        answerers = holders("inventory.requisition.answer", rule="room", relation=relation)
        row = tx.session.scalars(
            select(Requisition).filter_by(public_id=world.get("requisition", relation, "*")["id"])
        ).one()
        row.note = aviary.word(
            f"request of {relation}",
            seers | answerers,
            lists=("/inventory/asked-for",),
            sure=frozenset(answerers),
        )
        tx.session.flush()


def plant_budgets(tx: Any, world: Any, aviary: Aviary) -> None:
    """What a department may spend is for who may see its budgets, or change them."""
    for relation in ("same", "below", "above", "elsewhere", "team"):
        both = ("inventory.budget.view", "inventory.budget.edit")
        readers = holders(*both, rule="department", relation=relation)
        seers = frozenset(holders(both[0], rule="department", relation=relation))
        budget = tx.session.scalars(
            select(Budget).filter_by(public_id=world.get("budget", relation, "*")["id"])
        ).one()
        amount = aviary.number(
            f"budget of {relation}", readers, sure=seers, lists=("/inventory/budgets",)
        )
        budget.amount = amount * 100
        budget.available = budget.amount - budget.committed - budget.spent
        budget.note = aviary.word(f"note on the budget of {relation}", readers, sure=seers)
        tx.session.flush()
        world.put("budget", relation, id=budget.public_id, version=budget.version)
        here = f"/inventory/budgets/{budget.public_id}"
        aviary.addresses |= {here, f"{here}/edit", f"{here}/entries"}
