"""What is planted in the world to be hidden, area by area."""

from __future__ import annotations

from typing import Any

from tests.policy.canaries import Aviary
from tests.policy.planted import asking, contacts, papers, stock, talk, work


def plant(tx: Any, world: Any, stand: Any) -> Aviary:
    """Plant every canary and return them."""
    aviary = Aviary()
    contacts.plant(tx, world, aviary)
    stock.plant(tx, world, aviary)
    asking.plant_requests(tx, world, aviary)
    asking.plant_budgets(tx, world, aviary)
    papers.plant(tx, world, aviary, stand)
    papers.plant_wishes(tx, world, aviary)
    work.plant(tx, world, aviary)
    talk.plant(tx, world, aviary, stand)
    return aviary
