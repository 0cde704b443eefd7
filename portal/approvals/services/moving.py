"""From one state to the next: the only place that writes what a request has become."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from portal.approvals.events import ApprovalAsked, ApprovalEnded
from portal.approvals.known import ApprovalKind, ApprovalOutcome, kind_of
from portal.approvals.models import ApprovalRequest, ApprovalStep
from portal.approvals.rules import MANAGER, Rule, deciders, leads_to
from portal.errors import Conflict
from portal.messages import message
from portal.work import UnitOfWork
from portal.worktime.rules import add_working
from portal.worktime.services import calendar_of

from . import telling
from .circles import circle_of, step_of

SWITCHED_OFF = message("The app that this request belongs to is not there at the moment.")
ENDED = {
    "approved": message("This is approved already."),
    "refused": message("This is refused already."),
    "withdrawn": message("This was withdrawn; there is nothing to decide any more."),
    "expired": message("Nobody decided this for so long that it ended. Ask again."),
    "void": message("What was asked has changed since, so this does not count any more."),
}


def declared(tx: UnitOfWork, name: str) -> ApprovalKind:
    """Return a kind, or raise Conflict if its plugin is not there."""
    found = kind_of(tx, name)
    if found is None:
        raise Conflict(SWITCHED_OFF)
    return found


def digest_of(own: UnitOfWork, kind: ApprovalKind, subject: str) -> str:
    """Return the mark of what would be approved now."""
    slug = kind.name.partition(".")[0]
    with own.acting_for(slug, reason="what is approved is compared with what was asked") as theirs:
        return kind.digest(theirs, subject)[:128]


def locked(own: UnitOfWork, **criteria: Any) -> ApprovalRequest:
    """Return a request as it is now, held until the commit."""
    row: ApprovalRequest = own.one(select(ApprovalRequest), lock=True, **criteria)
    return row


def open_step(own: UnitOfWork, row: ApprovalRequest, step: ApprovalStep, rule: Rule | None) -> None:
    """Let a step begin: from now on its rule says who may decide, and when they are reminded."""
    calendar = calendar_of(own, department_id=row.department_id)

    def after(hours: int) -> datetime:
        worked = add_working(calendar, own.now, timedelta(hours=hours))
        return worked or own.now + timedelta(hours=3 * hours)  # A calendar without working time.

    step.opened_at, step.remind_at = own.now, after(step.remind_hours)
    step.escalate_at = after(step.escalate_hours) if step.escalate_hours is not None else None
    row.open_step, row.deciding = step.n, rule.deciding if rule is not None else MANAGER
    row.escalated, row.spent, row.due_at = False, "", step.remind_at


def tell_deciders(own: UnitOfWork, row: ApprovalRequest) -> Sequence[int]:
    """Tell who may decide now; return them."""
    own.session.flush()
    people = tuple(sorted(deciders(circle_of(own, row), step_of(row))))
    told = {"approval": row.public_id, "kind": row.kind, "subject": row.subject}
    own.publish(ApprovalAsked(**told, deciders=people))
    telling.of_waiting(own, row, people)
    return people


def end(
    own: UnitOfWork,
    row: ApprovalRequest,
    action: str,
    state: str,
    *,
    person_id: int | None = None,
    on_behalf_of_id: int | None = None,
    comment: str = "",
) -> None:
    """Make a request what an action makes it, and let its plugin do what follows."""
    if state not in leads_to(row.state, action):
        raise Conflict(ENDED.get(row.state, Conflict.default))
    row.state, row.decided_at = state, own.now
    for step in steps(own, row):
        if step.opened_at is not None and step.closed_at is None:
            step.closed_at = own.now
    own.session.flush()
    outcome = ApprovalOutcome(
        approval=row.public_id,
        kind=row.kind,
        subject=row.subject,
        state=state,
        person_id=person_id,
        on_behalf_of_id=on_behalf_of_id,
        comment=comment,
    )
    kind = kind_of(own, row.kind)
    if kind is not None:
        slug = row.kind.partition(".")[0]
        with own.acting_for(slug, reason="what follows from a decision is the plugin's") as theirs:
            kind.decided(theirs, outcome)
    told = dataclasses.asdict(outcome)
    del told["comment"]  # Not for everybody who listens.
    own.publish(ApprovalEnded(**told))
    telling.of_end(own, row)


def steps(own: UnitOfWork, row: ApprovalRequest) -> Sequence[ApprovalStep]:
    """Return the steps of a request, the first first."""
    found = select(ApprovalStep).where(ApprovalStep.approval_id == row.id).order_by(ApprovalStep.n)
    return own.session.scalars(found).all()
