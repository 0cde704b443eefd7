"""What waits for somebody: a few seeks in an index, however much waits for everybody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
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
from portal.delegation.rules import Named
from portal.guard import kernel_execute
from portal.orm import row_by_row
from portal.work import UnitOfWork

from .circles import WHY, circle, step_of

FEW = 16  # arms that are looked up one by one
COUNTED = 1000
KEPT = 256  # statements
Place = tuple[datetime, int]  # when it is due, and its id
t: Any = ApprovalRequest
WHOLE = select(*ApprovalRequest.__table__.c)
# What says who decides a request, beside its amount.
STEP = (t.id, t.deciding, t.department_id, t.requester_id, t.beneficiary_id, t.spent, t.escalated)
PENDING = t.state == literal_column("'pending'")  # As the indexes say it, never a parameter.

# Every pair of what decides and where for which something waits: one seek for each.
_PAIRS = text(
    """
    WITH RECURSIVE pairs (id, deciding, department_id) AS (
      SELECT * FROM (
        SELECT id, deciding, department_id FROM approval WHERE state = 'pending'
        ORDER BY deciding, department_id LIMIT 1) AS first
      UNION ALL
      SELECT n.id, n.deciding, n.department_id FROM pairs AS p
      JOIN approval AS n ON n.id = COALESCE(
        (SELECT a.id FROM approval AS a WHERE a.state = 'pending'
         AND a.deciding = p.deciding AND a.department_id > p.department_id
         ORDER BY a.department_id LIMIT 1),
        (SELECT a.id FROM approval AS a WHERE a.state = 'pending'
         AND a.deciding > p.deciding ORDER BY a.deciding, a.department_id LIMIT 1))
    )
    SELECT deciding, department_id FROM pairs
    """
).columns(t.deciding, t.department_id)


def _pairs_there() -> Select[Any]:
    """Return the statement of the pairs, and whether anything of each has waited too long."""
    pairs = _PAIRS.subquery()
    late = exists().where(
        PENDING,
        t.escalated,
        t.deciding == pairs.c.deciding,
        t.department_id == pairs.c.department_id,
    )
    return select(*pairs.c, late)


_PAIRS_THERE = _pairs_there()


@dataclass(frozen=True)
class Desk:
    """Where somebody decides at this moment, and how that was worked out."""

    arms: Arms
    reckoning: Reckoning | None = None

    def named(self, person_id: int) -> Named:
        """Return what somebody is called in whose right they decide."""
        assert self.reckoning is not None
        return self.reckoning.circle.org.people[person_id]

    def for_whom(self, rows: Sequence[Any]) -> dict[int, int]:
        """Return request id -> for whom they would decide it; what is their own is left out."""
        if self.reckoning is None or all(arm.for_id is None for arm in self.arms.arms):
            return {}
        found = {row.id: self.reckoning.decider(step_of(row)) for row in rows}
        return {
            row_id: decider.for_id
            for row_id, decider in found.items()
            if decider is not None and decider.for_id is not None
        }


_desks: WeakKeyDictionary[Any, Desk] = WeakKeyDictionary()


def desk_of(tx: UnitOfWork) -> Desk:
    """Return where the actor decides at this moment; a page that only reads asks once."""
    if tx.actor.person_id is None:
        return Desk(Arms())
    if tx.writing:
        return _reckoned_for(tx, tx.actor.person_id)
    if tx.session not in _desks:
        _desks[tx.session] = _reckoned_for(tx, tx.actor.person_id)
    return _desks[tx.session]


def arms_of(tx: UnitOfWork) -> Arms:
    """Return where the actor decides at this moment."""
    return desk_of(tx).arms


def _reckoned_for(tx: UnitOfWork, person_id: int) -> Desk:
    with tx.acting_for("core", reason=WHY) as own:
        return _reckoned(own, person_id)


def _reckoned(own: UnitOfWork, person_id: int) -> Desk:
    nothing = Desk(Arms(person_id=person_id))
    pairs: dict[Pair, bool] = {
        (d, p): bool(late) for d, p, late in kernel_execute(own.session, _PAIRS_THERE)
    }
    if not pairs:
        return nothing
    reckoning = Reckoning(circle(own, [d for d, _ in pairs]), person_id)
    possible = reckoning.possible(pairs)
    if not possible:
        return nothing
    matter = frozenset().union(*possible.values())
    cases = _cases(own, frozenset(possible), matter)
    late = frozenset(pair for pair in possible if pairs[pair])
    return Desk(reckoning.arms(possible, cases, late), reckoning)


def _who_matters(column: Any, matter: Any) -> ColumnElement[int]:
    """Return a column as a Case has it: 0 for who does not change who decides."""
    found: ColumnElement[int] = case((column.in_(matter), column), else_=0)
    return found


@lru_cache(maxsize=KEPT)
def _cases_there(pairs: frozenset[Pair], matter: frozenset[int]) -> Any:
    """Return the statement of all that is special in places: who asks or gains, what was said.

    Each column is asked for by itself, which an index answers.
    """
    r = ApprovalRequest.__table__.c
    people = _numbers(matter)
    deciding = _numbers({one for one, _ in pairs})
    places = _numbers({place for _, place in pairs})
    asks, gains = (_who_matters(column, people) for column in (r.requester_id, r.beneficiary_id))
    columns = (r.deciding, r.department_id, asks, gains, r.spent, r.escalated)
    pending = r.state == literal_column("'pending'")
    here = r.deciding.in_(deciding), r.department_id.in_(places)
    by_row = row_by_row(r.deciding).in_(deciding), row_by_row(r.department_id).in_(places)
    parts = (
        select(*columns).where(pending, *here, r.requester_id.in_(people)),
        select(*columns).where(pending, r.beneficiary_id.in_(people), *by_row),
        select(*columns).where(text("state = 'pending' AND spent <> ''"), *here),
    )
    return union_all(*(part.distinct() for part in parts))


def _cases(own: UnitOfWork, pairs: frozenset[Pair], matter: frozenset[int]) -> list[Case]:
    found = {Case(*row) for row in kernel_execute(own.session, _cases_there(pairs, matter))}
    return sorted(one for one in found if (one.deciding, one.department_id) in pairs)


def condition(arms: Arms, arm: Arm) -> ColumnElement[bool]:
    """Return which requests an arm holds, as an index finds them."""
    parts = [
        PENDING,
        t.deciding == _number(arm.pair[0]),
        t.department_id == _number(arm.pair[1]),
        *_in_band(arm.band),
        *_not_mine(arms),
    ]
    if arm.case is None:
        if arm.escalated:
            parts.append(t.escalated)
        return and_(*parts, *_concerns_nobody(arms))
    one = arm.case
    asks = t.requester_id == _number(one.requester_id) if one.requester_id else None
    gains = t.beneficiary_id == _number(one.beneficiary_id) if one.beneficiary_id else None
    parts.append(_nobody(t.requester_id, arms) if asks is None else asks)
    parts.append(_nobody(t.beneficiary_id, arms) if gains is None else gains)
    return and_(*parts, t.spent == one.spent, t.escalated == one.escalated)


def _in_band(band: Band) -> list[ColumnElement[bool]]:
    low, high = band
    if low is not None:
        above = t.amount > _number(low)
        return [above] if high is None else [above, t.amount <= _number(high)]
    return [] if high is None else [or_(t.amount.is_(None), t.amount <= _number(high))]


def _not_mine(arms: Arms) -> list[ColumnElement[bool]]:
    gains, me = t.beneficiary_id, _number(arms.person_id)
    return [t.requester_id != me, or_(gains.is_(None), gains != me)]


def _nobody(column: Any, arms: Arms) -> ColumnElement[bool]:
    return or_(column.is_(None), column.not_in(_numbers(arms.matter)))


def _concerns_nobody(arms: Arms) -> list[ColumnElement[bool]]:
    people = (t.requester_id, t.beneficiary_id)
    return [*(_nobody(column, arms) for column in people), t.spent == ""]


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
    deciding = row_by_row(t.deciding)  # Else the pairs are looked up, and all of it is sorted.
    parts: list[ColumnElement[bool]] = []
    for (band, escalated), pairs in plain.items():
        more = [t.escalated] if escalated else []
        chosen = tuple_(deciding, t.department_id).in_(pairs)
        parts.append(and_(chosen, *_in_band(band), *_concerns_nobody(arms), *more))
    matter = _numbers(arms.matter)
    asks, gains = (_who_matters(c, matter) for c in (t.requester_id, t.beneficiary_id))
    late = case((t.escalated, 1), else_=0)
    for band, rows in special.items():
        key = tuple_(deciding, t.department_id, asks, gains, t.spent, late)
        parts.append(and_(key.in_(rows), *_in_band(band)))
    return and_(PENDING, *_not_mine(arms), or_(*parts))


def nearest(
    own: UnitOfWork,
    arms: Arms,
    most: int,
    *,
    place: Place | None = None,
    back: bool = False,
    listed: Select[Any] = WHOLE,
) -> Sequence[Any]:
    """Return at most ``most`` rows of ``listed`` in ``arms``, by when they are due.

    They begin after ``place``, or (``back``) before it, the nearest first. ``listed`` selects from
    ApprovalRequest and is kept by whoever asks: with arms that stay as they are, which is mostly
    from one page to the next, the statement is made once.
    """
    if not arms.arms:
        return []
    statement = _nearest(listed, arms, most, place is not None, back)
    values = {} if place is None else {"due": place[0], "number": place[1]}
    return kernel_execute(own.session, statement, values).all()


@lru_cache(maxsize=KEPT)
def _nearest(listed: Select[Any], arms: Arms, most: int, beyond: bool, back: bool) -> Select[Any]:
    parts = [_first(wanted, beyond, most, back) for wanted in _wanted(arms)]
    near = (parts[0] if len(parts) == 1 else _merged(parts, most, back)).subquery()
    return listed.join(near, near.c.id == t.id).order_by(*_in_order(near.c, back))


def _wanted(arms: Arms) -> Sequence[ColumnElement[bool]]:
    """Return what is looked for: each arm alone if they are few, else all of them at once."""
    if len(arms.arms) <= FEW:
        return [condition(arms, arm) for arm in arms.arms]
    return [_all_at_once(arms)]


def _in_order(columns: Any, back: bool) -> list[Any]:
    """Return by what requests are ordered: when they are due."""
    return [c.desc() if back else c.asc() for c in (columns.due_at, columns.id)]


def _first(wanted: ColumnElement[bool], beyond: bool, most: int, back: bool) -> Select[Any]:
    found = select(t.due_at, t.id).where(wanted)
    if beyond:
        here = tuple_(t.due_at, t.id)
        there = tuple_(bindparam("due", type_=t.due_at.type), bindparam("number", type_=Integer()))
        found = found.where(here < there if back else here > there)
    return found.order_by(*_in_order(t, back)).limit(_at_most(most))


def _at_most(number: int) -> Any:
    """Return a limit that stands in the statement: PostgreSQL keeps one plan for it then, where it
    would plan anew each time not to know how few rows are wanted.
    """
    return _number(number)


def _number(number: int) -> Any:
    """Return a number that stands in the statement: who decides where is part of what is asked."""
    return literal_column(str(int(number)), Integer())


def _numbers(numbers: Iterable[int]) -> list[Any]:
    return [_number(one) for one in sorted(numbers)]


def _merged(parts: Sequence[Select[Any]], most: int, back: bool) -> Select[Any]:
    each = [select(part.subquery()) for part in parts]
    all_of_them = union_all(*each).subquery()
    return select(all_of_them).order_by(*_in_order(all_of_them.c, back)).limit(_at_most(most))


def counted(own: UnitOfWork, arms: Arms, most: int = COUNTED) -> int:
    """Return how many requests are in ``arms``; ``most + 1`` stands for any larger number."""
    if not arms.arms:
        return 0
    number = kernel_execute(own.session, _counted(arms, most)).scalar_one()
    return min(int(number), most + 1)


@lru_cache(maxsize=KEPT)
def _counted(arms: Arms, most: int) -> Select[Any]:
    each = [select(t.id).where(one) for one in _wanted(arms)]
    ids = (each[0] if len(each) == 1 else union_all(*each)).subquery()
    return select(func.count()).select_from(select(ids.c.id).limit(_at_most(most + 1)).subquery())


def waiting_for(tx: UnitOfWork, limit: int = 50, after: Place | None = None) -> Sequence[Approval]:
    """Return what waits for the actor now, what is due first first, ``after`` (due_at, id)."""
    arms = arms_of(tx)
    with tx.acting_for("core", reason=WHY) as own:
        return [known(row) for row in nearest(own, arms, limit, place=after)]


def waiting_count(tx: UnitOfWork) -> int:
    """Return how many requests wait for the actor: exact up to 1,000, else 1,001."""
    arms = arms_of(tx)
    with tx.acting_for("core", reason=WHY) as own:
        return counted(own, arms)
