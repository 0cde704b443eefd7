"""What waits for somebody: a few seeks in an index, however much waits for everybody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    tuple_,
    union_all,
)

from portal.approvals.arms import Arm, Arms, Band, Case, Pair, Reckoning
from portal.approvals.known import Approval, known
from portal.approvals.models import ApprovalRequest
from portal.guard import kernel_execute
from portal.orm import row_by_row
from portal.work import UnitOfWork

from .circles import WHY, circle, rules_named, step_of

FEW = 16  # arms that are looked up one by one
COUNTED = 1000
Place = tuple[datetime, int]  # when it is due, and its id
t: Any = ApprovalRequest.__table__
PENDING = t.c.state == literal_column("'pending'")  # As the indexes say it, never a parameter.

# Every pair of what decides and where for which something waits: one seek for each.
_PAIRS = text(
    """
    WITH RECURSIVE pairs (id, deciding, department_id) AS (
      SELECT * FROM (
        SELECT id, deciding, department_id FROM approval WHERE state = 'pending'
        ORDER BY deciding, department_id LIMIT 1) AS first
      UNION ALL
      SELECT n.id, n.deciding, n.department_id FROM pairs AS p JOIN approval AS n ON n.id = (
        SELECT a.id FROM approval AS a WHERE a.state = 'pending'
        AND (a.deciding, a.department_id) > (p.deciding, p.department_id)
        ORDER BY a.deciding, a.department_id LIMIT 1)
    )
    SELECT deciding, department_id FROM pairs
    """
)


def arms_of(tx: UnitOfWork) -> Arms:
    """Return where the actor decides at this moment."""
    if tx.actor.person_id is None:
        return Arms()
    with tx.acting_for("core", reason=WHY) as own:
        return _reckoned(own, tx.actor.person_id)


def _reckoned(own: UnitOfWork, person_id: int) -> Arms:
    pairs: list[Pair] = [(d, p) for d, p in kernel_execute(own.session, _PAIRS).all()]
    if not pairs:
        return Arms(person_id=person_id)
    reckoning = Reckoning(circle(own, rules_named(own, [d for d, _ in pairs])), person_id)
    possible = reckoning.possible(pairs)
    if not possible:
        return Arms(person_id=person_id)
    matter = frozenset().union(*possible.values())
    return reckoning.arms(possible, _cases(own, list(possible), matter))


def _who_matters(column: Any, matter: frozenset[int]) -> ColumnElement[int]:
    """Return a column as a Case has it: 0 for who does not change who decides."""
    found: ColumnElement[int] = case((column.in_(sorted(matter)), column), else_=0)
    return found


def _cases(own: UnitOfWork, pairs: Sequence[Pair], matter: frozenset[int]) -> list[Case]:
    asks, gains = (_who_matters(c, matter) for c in (t.c.requester_id, t.c.beneficiary_id))
    columns = (t.c.deciding, t.c.department_id, asks, gains, t.c.spent, t.c.escalated)
    people = sorted(matter)
    here = tuple_(t.c.deciding, t.c.department_id).in_(pairs)
    pending = PENDING
    parts = [
        select(*columns).where(pending, here, t.c.requester_id.in_(people)),
        select(*columns).where(pending, t.c.beneficiary_id.in_(people), here),
        select(*columns).where(text("state = 'pending' AND spent <> ''"), here),
    ]
    found: set[Case] = set()
    for part in parts:
        found |= {Case(*row) for row in kernel_execute(own.session, part.distinct()).all()}
    return sorted(found)


def condition(arms: Arms, arm: Arm) -> ColumnElement[bool]:
    """Return which requests an arm holds, as an index finds them."""
    parts = [
        PENDING,
        t.c.deciding == arm.pair[0],
        t.c.department_id == arm.pair[1],
        *_in_band(arm.band),
        *_not_mine(arms),
    ]
    if arm.case is None:
        if arm.escalated:
            parts.append(t.c.escalated)
        return and_(*parts, *_concerns_nobody(arms))
    one = arm.case
    asks = t.c.requester_id == one.requester_id if one.requester_id else None
    gains = t.c.beneficiary_id == one.beneficiary_id if one.beneficiary_id else None
    parts.append(_nobody(t.c.requester_id, arms) if asks is None else asks)
    parts.append(_nobody(t.c.beneficiary_id, arms) if gains is None else gains)
    return and_(*parts, t.c.spent == one.spent, t.c.escalated == one.escalated)


def _in_band(band: Band) -> list[ColumnElement[bool]]:
    low, high = band
    if low is not None:
        return [t.c.amount > low, *([t.c.amount <= high] if high is not None else [])]
    return [or_(t.c.amount.is_(None), t.c.amount <= high)] if high is not None else []


def _not_mine(arms: Arms) -> list[ColumnElement[bool]]:
    gains = t.c.beneficiary_id
    return [
        t.c.requester_id != arms.person_id,
        or_(gains.is_(None), gains != arms.person_id),
    ]


def _nobody(column: Any, arms: Arms) -> ColumnElement[bool]:
    return or_(column.is_(None), column.not_in(sorted(arms.matter)))


def _concerns_nobody(arms: Arms) -> list[ColumnElement[bool]]:
    people = (t.c.requester_id, t.c.beneficiary_id)
    return [*(_nobody(column, arms) for column in people), t.c.spent == ""]


def _all_at_once(arms: Arms) -> ColumnElement[bool]:
    """Return which requests any of many arms holds, for a walk along what is due."""
    plain: dict[tuple[Band, bool], list[Pair]] = {}
    special: dict[Band, list[tuple[Any, ...]]] = {}
    for arm in arms.arms:
        if arm.case is None:
            plain.setdefault((arm.band, arm.escalated), []).append(arm.pair)
        else:
            c = arm.case
            row = (*arm.pair, c.requester_id, c.beneficiary_id, c.spent, int(c.escalated))
            special.setdefault(arm.band, []).append(row)
    deciding = row_by_row(t.c.deciding)  # Else the pairs are looked up, and all of it is sorted.
    parts: list[ColumnElement[bool]] = []
    for (band, escalated), pairs in plain.items():
        more = [t.c.escalated] if escalated else []
        chosen = tuple_(deciding, t.c.department_id).in_(pairs)
        parts.append(and_(chosen, *_in_band(band), *_concerns_nobody(arms), *more))
    asks, gains = (_who_matters(c, arms.matter) for c in (t.c.requester_id, t.c.beneficiary_id))
    late = case((t.c.escalated, 1), else_=0)
    for band, rows in special.items():
        key = tuple_(deciding, t.c.department_id, asks, gains, t.c.spent, late)
        parts.append(and_(key.in_(rows), *_in_band(band)))
    return and_(PENDING, *_not_mine(arms), or_(*parts))


def nearest(
    own: UnitOfWork, arms: Arms, most: int, *, place: Place | None = None, back: bool = False
) -> list[int]:
    """Return the ids of at most ``most`` requests in ``arms``, by when they are due.

    They begin after ``place``, or (``back``) before it, the nearest first.
    """
    if not arms.arms:
        return []
    here = tuple_(t.c.due_at, t.c.id)
    beyond = None if place is None else _beyond(here, place, back)
    if len(arms.arms) <= FEW:
        parts = [_first(condition(arms, arm), beyond, most, back) for arm in arms.arms]
    else:
        parts = [_first(_all_at_once(arms), beyond, most, back)]
    found = parts[0] if len(parts) == 1 else _merged(parts, most, back)
    return [row.id for row in kernel_execute(own.session, found).all()]


def _beyond(here: Any, place: Place, back: bool) -> ColumnElement[bool]:
    there = tuple_(literal(place[0], t.c.due_at.type), literal(place[1], Integer()))
    found: ColumnElement[bool] = here < there if back else here > there
    return found


def _order(columns: Any, back: bool) -> list[Any]:
    return [c.desc() if back else c.asc() for c in (columns.due_at, columns.id)]


def _first(
    wanted: ColumnElement[bool], beyond: ColumnElement[bool] | None, most: int, back: bool
) -> Select[Any]:
    found = select(t.c.due_at, t.c.id).where(wanted)
    if beyond is not None:
        found = found.where(beyond)
    return found.order_by(*_order(t.c, back)).limit(most)


def _merged(parts: Sequence[Select[Any]], most: int, back: bool) -> Select[Any]:
    each = [select(part.subquery()) for part in parts]
    all_of_them = union_all(*each).subquery()
    return select(all_of_them).order_by(*_order(all_of_them.c, back)).limit(most)


def counted(own: UnitOfWork, arms: Arms, most: int = COUNTED) -> int:
    """Return how many requests are in ``arms``; ``most + 1`` stands for any larger number."""
    if not arms.arms:
        return 0
    if len(arms.arms) <= FEW:
        wanted = [condition(arms, arm) for arm in arms.arms]
    else:
        wanted = [_all_at_once(arms)]
    each = [select(select(t.c.id).where(one).limit(most + 1).subquery()) for one in wanted]
    ids = (each[0] if len(each) == 1 else union_all(*each)).subquery()
    number = kernel_execute(own.session, select(func.count()).select_from(ids)).scalar_one()
    return min(int(number), most + 1)


def waiting_for(tx: UnitOfWork, limit: int = 50, after: Place | None = None) -> Sequence[Approval]:
    """Return what waits for the actor now, what is due first first, ``after`` (due_at, id)."""
    arms = arms_of(tx)
    with tx.acting_for("core", reason=WHY) as own:
        ids = nearest(own, arms, limit, place=after)
        found = select(ApprovalRequest).where(ApprovalRequest.id.in_(ids))
        rows = {row.id: row for row in own.session.scalars(found)} if ids else {}
        return [known(rows[one]) for one in ids]


def stands_in_for(
    own: UnitOfWork, rows: Sequence[ApprovalRequest], person_id: int
) -> dict[int, int]:
    """Return request id -> for whom somebody would decide it; what is their own is left out."""
    asked = Reckoning(circle(own, rules_named(own, [row.deciding for row in rows])), person_id)
    found = {row.id: asked.decider(step_of(row)) for row in rows}
    return {
        row_id: decider.for_id
        for row_id, decider in found.items()
        if decider is not None and decider.for_id is not None
    }


def waiting_count(tx: UnitOfWork) -> int:
    """Return how many requests wait for the actor: exact up to 1,000, else 1,001."""
    arms = arms_of(tx)
    with tx.acting_for("core", reason=WHY) as own:
        return counted(own, arms)
