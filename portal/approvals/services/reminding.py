"""What waits too long: reminders, superiors, and at last an end, but never a decision."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from portal.approvals.events import ApprovalReminded
from portal.approvals.models import ApprovalRequest, ApprovalStep
from portal.approvals.rules import deciders
from portal.guard import kernel_execute
from portal.work import UnitOfWork

from . import telling
from .circles import WHY, circle_of, step_of
from .moving import end, locked

AT_ONCE = 200  # steps in one unit, so that nobody waits for it long
EXPIRES = timedelta(days=180)
s: Any = ApprovalStep.__table__
t: Any = ApprovalRequest.__table__


def remind(tx: UnitOfWork, at: datetime | None = None) -> int:
    """Remind whoever decides of what waits, and let superiors decide too what waits longer.

    Each step once for each; returns how many were. Nothing is ever decided here.
    """
    when = at or tx.now
    with tx.acting_for("core", reason=WHY) as own:
        late = _marked(own, s.c.escalate_at, s.c.escalated_at, when)
        if late:  # Not by the rows: their version is that of what people have read.
            kernel_execute(own.session, update(t).where(t.c.id.in_(late)).values(escalated=True))
            own.session.expire_all()
        waits = [
            one for one in _marked(own, s.c.remind_at, s.c.reminded_at, when) if one not in late
        ]
        for approval_id in (*late, *waits):
            _tell(own, approval_id, escalated=approval_id in late)
        return len(late) + len(waits)


def expire(tx: UnitOfWork, at: datetime | None = None) -> int:
    """End what nobody decided for half a year; return how many requests ended."""
    before = (at or tx.now) - EXPIRES
    with tx.acting_for("core", reason=WHY) as own:
        old = select(ApprovalRequest.id).where(
            ApprovalRequest.state == "pending", ApprovalRequest.asked_at < before
        )
        found = own.session.scalars(old.order_by(ApprovalRequest.asked_at).limit(AT_ONCE)).all()
        for approval_id in found:
            row = locked(own, id=approval_id)
            if row.state == "pending":
                end(own, row, "expire", "expired")
                own.audit("core.approval_expired", row)
        return len(found)


def _marked(own: UnitOfWork, due: Any, mark: Any, when: datetime) -> Sequence[int]:
    """Mark the open steps that are due, each once, and return whose they are.

    The requests are held first, as who decides holds them.
    """
    open_now = mark.is_(None), s.c.closed_at.is_(None), due <= when
    found = select(s.c.approval_id).where(*open_now).order_by(due, s.c.id).limit(AT_ONCE)
    ids = sorted(kernel_execute(own.session, found).scalars().all())
    for approval_id in ids:
        locked(own, id=approval_id)
    marked = update(s).where(s.c.approval_id.in_(ids), *open_now).values({mark.name: when})
    return sorted(kernel_execute(own.session, marked.returning(s.c.approval_id)).scalars())


def _tell(own: UnitOfWork, approval_id: int, *, escalated: bool) -> None:
    row = own.one(select(ApprovalRequest), id=approval_id)
    people = tuple(sorted(deciders(circle_of(own, row), step_of(row))))
    own.publish(
        ApprovalReminded(
            approval=row.public_id,
            kind=row.kind,
            subject=row.subject,
            deciders=people,
            escalated=escalated,
        )
    )
    telling.of_reminder(own, row, people, escalated)
