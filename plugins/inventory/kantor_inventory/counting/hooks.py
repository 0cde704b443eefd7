"""What counting adds to pages that are not its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from portal.api import Place, UnitOfWork, message
from portal.plugin import Panel

from . import rules
from .services import reading, where

SHOWN = 6


def widgets(tx: UnitOfWork) -> Iterator[Panel]:
    """Show the counts that wait for this person: to be counted, and to be reviewed."""
    waiting = reading.waiting(tx, most=SHOWN)
    for title, rows, endpoint in (
        (message("Counts for you to do"), waiting.count, "inventory.count_sheet"),
        (message("Counts to review"), waiting.review, "inventory.review_count"),
    ):
        if rows:
            yield Panel(
                title=title,
                template="inventory/counting/panel_waiting.html",
                context={"rows": rows, "endpoint": endpoint, "today": tx.today},
                order=11,
                place="wide",
            )


def of_place(tx: UnitOfWork, place: Place) -> dict[str, Any]:
    """Return the open count that has something of a place, and whether one may begin another."""
    found = where.open_at(tx, place.id) if tx.actor.holds(rules.VIEW) else []
    return {
        "count": found[0] if found else None,
        "nobodys": place.department_id is None and tx.actor.holds(rules.ENTER),
        "countable": not found and tx.actor.holds(rules.ENTER) and where.may_count_at(tx, place),
    }
