"""What counting adds to pages that are not its own."""

from __future__ import annotations

from typing import Any

from portal.api import Place, UnitOfWork

from . import rules
from .services import where


def of_place(tx: UnitOfWork, place: Place) -> dict[str, Any]:
    """Return the open count that has something of a place, and whether one may begin another."""
    found = where.open_at(tx, place.id) if tx.actor.holds(rules.VIEW) else []
    return {
        "count": found[0] if found else None,
        "nobodys": place.department_id is None and tx.actor.holds(rules.ENTER),
        "countable": not found and tx.actor.holds(rules.ENTER) and where.may_count_at(tx, place),
    }
