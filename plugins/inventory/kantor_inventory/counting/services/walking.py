"""From line to line of a count: the one before, the one after, the next that wants a figure."""

from __future__ import annotations

from typing import Any

from sqlalchemy import case, select, tuple_

from portal.api import UnitOfWork

from ..models import Count, CountEntry, CountLine
from .reading import in_force

WALKED = (CountLine.position, CountLine.id)


def line_before(tx: UnitOfWork, count: Count, line: Any) -> str | None:
    """Return the line before one, or None at the first."""
    back = (column.desc() for column in WALKED)
    before = tuple_(*WALKED) < (line.position, line.id)
    found: str | None = tx.session.scalar(_walked(count).where(before).order_by(*back).limit(1))
    return found


def line_after(tx: UnitOfWork, count: Count, line: Any) -> str | None:
    """Return the line after one, or None at the last."""
    asked = _walked(count).where(_behind(line)).order_by(*WALKED)
    found: str | None = tx.session.scalar(asked.limit(1))
    return found


def line_wanted(tx: UnitOfWork, count: Count, line: Any) -> str | None:
    """Return the next line that wants a figure: one behind, else one that was skipped, or None."""
    asked = _walked(count).outerjoin(CountEntry, in_force())
    asked = asked.where(CountEntry.id.is_(None), CountLine.id != line.id)
    asked = asked.order_by(case((_behind(line), 0), else_=1), *WALKED)
    found: str | None = tx.session.scalar(asked.limit(1))
    return found


def _walked(count: Count) -> Any:
    asked = select(CountLine.public_id).where(CountLine.count_id == count.id)
    return asked.where(CountLine.round == count.round) if count.status == "recount" else asked


def _behind(line: Any) -> Any:
    return tuple_(*WALKED) > (line.position, line.id)
