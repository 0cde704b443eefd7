"""Asking for a decision, taking it back, and whether there is one: what plugins call."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from portal.approvals.known import Approval, known, packed
from portal.approvals.models import ApprovalRequest, ApprovalStep
from portal.approvals.rules import ABOVE_ALL, APART, Rule, leads_to, steps_of
from portal.errors import Conflict, Forbidden, NotFound
from portal.messages import Message, message
from portal.people.models import Person
from portal.work import UnitOfWork

from .circles import WHY, circle
from .deciding import ended_by
from .moving import declared, digest_of, end, locked, open_step, tell_deciders

WAITS = message("This waits for a decision already.")
NOT_APPROVED = message("This is not approved. Ask for a decision first.")
CHANGED = message("This has changed since it was approved. Ask for a decision again.")


def ask_approval(  # long: one row and what it is made of
    tx: UnitOfWork,
    *,
    kind: str,
    subject: str,
    title: Message | str,
    amount: int | None,
    department_id: int,
    beneficiary_id: int | None = None,
    at_least: bool = False,
) -> Approval:
    """Ask for a decision on a record of the plugin, on behalf of the actor; return what waits now.

    ``subject`` is the record's public id, ``amount`` in the smallest unit of the organisation's
    money (None: the lowest band); ``at_least``: it may be any amount above, which takes the steps
    of the highest band. What the same person asked of the same kind and department in
    the last seven days, and was not refused, counts together when the steps are chosen. Raises
    Conflict while the record waits for a decision already, Forbidden if nobody asks.
    """
    found, requester_id = declared(tx, kind), tx.actor.person_id
    if requester_id is None:
        raise Forbidden(message("Only people can ask for a decision."))
    with tx.acting_for("core", reason=WHY) as own:
        own.one(select(Person), id=requester_id, lock=True)  # One after the other: they add up.
        if _newest(own, kind, subject, state="pending") is not None:
            raise Conflict(WAITS)
        tx.if_refused(lambda _: {"subject": WAITS})
        together = _together(own, kind, subject, requester_id, department_id, amount)
        text, gaps = packed(title)
        row = ApprovalRequest(
            kind=kind,
            subject=subject,
            title=text[:300],
            gaps=gaps,
            amount=amount,
            together=together if together != amount else None,
            requester_id=requester_id,
            beneficiary_id=beneficiary_id,
            department_id=department_id,
            digest=digest_of(own, found, subject),
            asked_at=own.now,
            due_at=own.now,
        )
        own.session.add(row)
        own.session.flush()
        _add_steps(own, row, ABOVE_ALL if at_least else together)
        tell_deciders(own, row)
        own.audit("core.approval_asked", row, kind=kind, amount=amount)
        return known(row)


def withdraw_approval(tx: UnitOfWork, *, kind: str, subject: str) -> Approval:
    """Take back what waits for a decision; raise Conflict if nothing does, NotFound for others'."""
    with tx.acting_for("core", reason=WHY) as own:
        row = _newest(own, kind, subject, state="pending")
        if row is None:
            newest = _newest(own, kind, subject)
            if newest is None or newest.requester_id != tx.actor.person_id:
                raise NotFound
            raise Conflict(ended_by(own, newest))
        return _withdraw(own, row.id)


def withdraw_request(tx: UnitOfWork, public_id: str) -> Approval:
    """Take back one's own request, by its public id."""
    with tx.acting_for("core", reason=WHY) as own:
        row = own.one(select(ApprovalRequest), public_id=public_id)
        return _withdraw(own, row.id)


def _withdraw(own: UnitOfWork, row_id: int) -> Approval:
    row = locked(own, id=row_id)
    if row.requester_id != own.actor.person_id:
        raise NotFound
    if not leads_to(row.state, "withdraw"):
        raise Conflict(ended_by(own, row))
    end(own, row, "withdraw", "withdrawn", person_id=own.actor.person_id)
    own.audit("core.approval_withdrawn", row)
    return known(row)


def void_approval(tx: UnitOfWork, *, kind: str, subject: str) -> Approval | None:
    """Say that a record has changed, so that what waits or was approved does not count any more.

    Returns what it was, or None if nothing waits and nothing is approved.
    """
    with tx.acting_for("core", reason=WHY) as own:
        newest = _newest(own, kind, subject)
        if newest is None:
            return None
        row = locked(own, id=newest.id)
        if row.state not in ("pending", "approved"):
            return None
        end(own, row, "void", "void", person_id=own.actor.person_id)
        own.audit("core.approval_voided", row)
        return known(row)


def approval_of(tx: UnitOfWork, *, kind: str, subject: str) -> Approval | None:
    """Return the newest request for a record, whatever became of it, or None."""
    with tx.acting_for("core", reason=WHY) as own:
        row = _newest(own, kind, subject)
        return None if row is None else known(row)


def require_approved(tx: UnitOfWork, *, kind: str, subject: str) -> Approval:
    """Return the approval of a record as it is now; raise Conflict if there is none.

    A record that has changed since is not approved. In a writing unit the request is held until
    the commit, so that nobody makes it void meanwhile.
    """
    with tx.acting_for("core", reason=WHY) as own:
        row = _newest(own, kind, subject)
        if row is not None and tx.writing:
            row = locked(own, id=row.id)
        if row is None or row.state != "approved":
            raise Conflict(CHANGED if row is not None and row.state == "void" else NOT_APPROVED)
        if digest_of(own, declared(tx, kind), subject) != row.digest:
            raise Conflict(CHANGED)
        return known(row)


def _newest(own: UnitOfWork, kind: str, subject: str, **criteria: Any) -> ApprovalRequest | None:
    found = select(ApprovalRequest).filter_by(kind=kind, subject=subject, **criteria)
    return own.session.scalars(found.order_by(ApprovalRequest.id.desc()).limit(1)).one_or_none()


def _together(
    own: UnitOfWork,
    kind: str,
    subject: str,
    requester_id: int,
    department_id: int,
    amount: int | None,
) -> int | None:
    """Return the amount with what else was asked by the same person a short time ago."""
    if amount is None:
        return None
    others = select(func.coalesce(func.sum(ApprovalRequest.amount), 0)).where(
        ApprovalRequest.requester_id == requester_id,
        ApprovalRequest.asked_at > own.now - timedelta(days=APART),
        ApprovalRequest.kind == kind,
        ApprovalRequest.department_id == department_id,
        ApprovalRequest.state.in_(("pending", "approved")),
        ApprovalRequest.subject != subject,
    )
    return amount + int(own.session.scalars(others).one() or 0)


def _add_steps(own: UnitOfWork, row: ApprovalRequest, together: int | None) -> None:
    now = circle(own, kind=row.kind)
    chosen = steps_of(now.org, now.rules.values(), row.department_id, together)
    for n, rule in enumerate(chosen, start=1):
        step = ApprovalStep(
            approval_id=row.id,
            n=n,
            rule_id=rule.id,
            needed=rule.needed,
            remind_hours=rule.remind_hours,
            escalate_hours=rule.escalate_hours,
        )
        own.session.add(step)
        if n == 1:
            open_step(own, row, step, rule)
    own.session.flush()


def rule_of(found: dict[int, Rule], step: ApprovalStep) -> Rule | None:
    """Return the rule of a step, None if there is none and whoever leads the department decides."""
    return found.get(step.rule_id) if step.rule_id is not None else None
