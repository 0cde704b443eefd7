"""What the pages of counting share."""

from __future__ import annotations

from typing import Any

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.api import UnitOfWork, message, visible

from ...rules import Amount
from .. import rules
from ..forms import STATUSES
from ..models import Count
from ..services.planning import reaches
from ..services.reading import Progress
from ..tables import STATUS_TONES

TITLE = message("Counts")
COUNT = select(Count).options(joinedload(Count.department), joinedload(Count.assigned_to))


def count_named(tx: UnitOfWork, public_id: str, permission: str = rules.VIEW) -> Count:
    """Return a count one may see, enter or review, or raise NotFound."""
    count: Count = tx.one(visible(COUNT, permission, tx.actor), public_id=public_id)
    return count


def trail(*steps: tuple[Any, str]) -> tuple[tuple[Any, str], ...]:
    """Return breadcrumbs: the list of counts, then ``steps``."""
    return ((TITLE, url_for("inventory.counts")), *steps)


def count_trail(count: Count, last: Any = "") -> tuple[tuple[Any, str], ...]:
    """Return breadcrumbs to a page about a count."""
    if not last:
        return trail((count.number, ""))
    return trail((count.number, url_for("inventory.count", public_id=count.public_id)), (last, ""))


def may(tx: UnitOfWork, count: Count) -> dict[str, bool]:
    """Return what this person may do with a count now, for buttons."""
    mine = {p: reaches(tx, p, count.department_id) for p in (rules.PLAN, rules.ENTER, rules.REVIEW)}
    begun = count.status not in ("planned", "counting")
    planned_it = count.status == "planned" and count.planned_by_id == tx.actor.person_id
    return {
        "enter": mine[rules.ENTER] and rules.allowed(count.status, "enter"),
        "submit": mine[rules.ENTER] and rules.allowed(count.status, "submit"),
        "review": mine[rules.REVIEW] and rules.allowed(count.status, "decide"),
        "cancel": rules.allowed(count.status, "cancel")
        and mine[rules.ENTER]
        and (mine[rules.REVIEW if begun else rules.PLAN] or planned_it),
        "result": count.status == "posted",
        "sheet": mine[rules.ENTER],
    }


def status_of(count: Count) -> tuple[Any, str]:
    """Return the state of a count in a word, and its tone."""
    return STATUSES[count.status], STATUS_TONES[count.status]


def how_far(progress: Progress) -> Any:
    """Return how far a count is, in words."""
    return message("{counted} of {lines}", counted=progress.counted, lines=progress.lines)


def amount(quantity: int | None, unit: str) -> Amount | None:
    """Return a quantity with its unit; None for none."""
    return None if quantity is None else Amount(quantity, unit)
