"""From line to line of a count: the one before, the one after, the next that wants a figure."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, case, select, tuple_

from portal.api import UnitOfWork

from ..models import Count, CountEntry, CountLine
from .reading import COUNTED_BEFORE, in_force

WALKED = (CountLine.position, CountLine.id)
_HERE = tuple_(bindparam("position"), bindparam("line"))
_BEHIND = tuple_(*WALKED) > _HERE


def _walks(statement: Any) -> dict[bool, Any]:
    """Return the walk through all lines of a count, and through those that are counted again."""
    walked = statement.where(CountLine.count_id == bindparam("count")).limit(1)
    return {False: walked, True: walked.where(CountLine.round == bindparam("round"))}


# Made once: a phone asks for one of these with every figure.
_BACK = (column.desc() for column in WALKED)
_BEFORE = _walks(select(CountLine.public_id).where(tuple_(*WALKED) < _HERE).order_by(*_BACK))
_AFTER = _walks(select(CountLine.public_id).where(_BEHIND).order_by(*WALKED))
_WANTED = _walks(
    select(CountLine.public_id)
    .outerjoin(CountEntry, in_force())
    .where(CountEntry.id.is_(None), CountLine.id != bindparam("line"))
    .order_by(case((_BEHIND, 0), else_=1), *WALKED)
)
_WANTED[True] = _WANTED[True].where(~COUNTED_BEFORE)


def line_before(tx: UnitOfWork, count: Count, line: Any) -> str | None:
    """Return the line before one, or None at the first."""
    return _found(tx, _BEFORE, count, line)


def line_after(tx: UnitOfWork, count: Count, line: Any) -> str | None:
    """Return the line after one, or None at the last."""
    return _found(tx, _AFTER, count, line)


def line_wanted(tx: UnitOfWork, count: Count, line: Any) -> str | None:
    """Return the next line that wants a figure: one behind, else one that was skipped, or None.

    What one has counted before, somebody else counts again: no line leads there.
    """
    return _found(tx, _WANTED, count, line, person=tx.actor.person_id)


def _found(
    tx: UnitOfWork, walks: dict[bool, Any], count: Count, line: Any, **more: Any
) -> str | None:
    again = count.status == "recount"
    here = {"count": count.id, "position": line.position, "line": line.id}
    found: str | None = tx.session.scalar(
        walks[again], here | ({"round": count.round} | more if again else {})
    )
    return found
