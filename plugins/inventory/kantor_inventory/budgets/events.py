"""What budgets tell others: facts with ids and plain values, in the past tense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from portal.api import Event


@dataclass(frozen=True, kw_only=True)
class BudgetOverdrawn(Event):
    """A budget that only warns went below nothing; ``available`` is what is left then, in minor
    units.
    """

    name: ClassVar[str] = "inventory.budget_overdrawn"
    budget_id: int
    department_id: int
    available: int
    source: str
