"""Deciding: who may is asked at the moment of the decision, and the first one counts."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.approvals.known import Approval, known
from portal.approvals.models import ApprovalDecision, ApprovalRequest, ApprovalStep
from portal.approvals.rules import VERDICTS, deciders, given, voices
from portal.delegation.models import Delegation
from portal.delegation.rules import Decider
from portal.errors import Conflict, EditConflict, NotFound, ValidationFailed
from portal.messages import Message, message
from portal.people.models import Person
from portal.work import UnitOfWork

from . import telling
from .circles import WHY, circle_of, rules_named, step_of
from .moving import ENDED, declared, digest_of, end, locked, open_step, steps, tell_deciders

OWN = message("Nobody decides what they ask for themselves, or what is for them.")
ONCE = message("You have decided this already.")
NOT_YOURS = message("This is not yours to decide any more.")
SAY_WHY = message("Say why, so that whoever asked knows what to do.")


class NoLongerYours(Conflict):
    """Somebody could decide when they read the page, and cannot any more."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What somebody decides of what they have read; ``comment`` must say why not."""

    version: int | None
    verdict: str
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What a decision led to.

    ``outcome`` is approved, refused, next (a further step is open), counted (others must approve
    too) or void (what was asked had changed, so nothing was decided).
    """

    approval: Approval
    outcome: str


def decide(
    tx: UnitOfWork, public_id: str, decision: Decision, *, seen: Decider | None = None
) -> Decided:
    """Decide the open step of a request, in the actor's own right or for whom they stand in.

    ``seen`` is how the actor came to decide when they read the page. Raises NotFound for who may
    not and could not, NoLongerYours for who could, Conflict if it is decided already, EditConflict
    if others decided a part of it meanwhile, ValidationFailed for no verdict or no reason.
    """
    with tx.acting_for("core", reason=WHY) as own:
        row = locked(own, public_id=public_id)
        decider = _decider(own, row, seen)
        if row.version != decision.version:
            raise EditConflict(_meanwhile(own, row))
        if decision.verdict not in VERDICTS:
            raise ValidationFailed({"verdict": message("Choose whether to approve or to refuse.")})
        comment = decision.comment.strip()
        if decision.verdict == "refuse" and not comment:
            raise ValidationFailed({"comment": SAY_WHY})
        if _has_changed(own, row):
            end(own, row, "void", "void")
            own.audit("core.approval_voided", row)
            return Decided(approval=known(row), outcome="void")
        outcome = _decide(own, row, decider, dataclasses.replace(decision, comment=comment))
        _audited(own, row, decider, decision.verdict)
        telling.of_standing_in(own, row, decider.for_id)
        return Decided(approval=known(row), outcome=outcome)


def _decider(own: UnitOfWork, row: ApprovalRequest, seen: Decider | None) -> Decider:
    """Return how the actor comes to decide, or raise why they do not."""
    me = own.actor.person_id
    concerned = me is not None and me in (row.requester_id, row.beneficiary_id)
    if row.state != "pending":
        if concerned or seen is not None or _took_part(own, row):
            raise Conflict(ended_by(own, row))
        found = None
    else:
        found = deciders(circle_of(own, row), step_of(row)).get(me or 0)
    if found is None:
        if concerned:
            raise Conflict(OWN)
        if me in voices(row.spent):
            raise Conflict(ONCE)
        if seen is not None:
            raise NoLongerYours(_why_not(own, seen))
        raise NotFound
    if _has_ended(own, found):
        raise NoLongerYours(_why_not(own, found))
    return found


def _has_ended(own: UnitOfWork, found: Decider) -> bool:
    """Return whether what lets the actor stand in was ended this moment; else it is held.

    First whose it is and then the delegation, as who ends it does.
    """
    if not found.delegations:
        return False
    named = Delegation.id.in_(found.delegations)
    people = select(Person.id).where(Person.id.in_(select(Delegation.principal_id).where(named)))
    shared = people.order_by(Person.id).with_for_update(read=True, key_share=True)
    own.session.scalars(shared).all()
    rows = select(Delegation).where(named).order_by(Delegation.id).with_for_update(read=True)
    held = own.session.scalars(rows.execution_options(populate_existing=True))
    return any(row.revoked_at is not None for row in held)


def _took_part(own: UnitOfWork, row: ApprovalRequest) -> bool:
    return any(own.actor.person_id in (d.person_id, d.on_behalf_of_id) for d in made(own, row))


def _has_changed(own: UnitOfWork, row: ApprovalRequest) -> bool:
    try:
        return digest_of(own, declared(own, row.kind), row.subject) != row.digest
    except NotFound:  # What was asked about is gone.
        return True


def _decide(own: UnitOfWork, row: ApprovalRequest, decider: Decider, decision: Decision) -> str:
    all_steps = steps(own, row)
    step = next(one for one in all_steps if one.n == row.open_step)
    own.session.add(
        ApprovalDecision(
            approval_id=row.id,
            step_id=step.id,
            person_id=decider.person_id,
            on_behalf_of_id=decider.for_id,
            way=int(decider.way),
            verdict=decision.verdict,
            comment=decision.comment,
            at=own.now,
        )
    )
    own.session.flush()
    who = {"person_id": decider.person_id, "on_behalf_of_id": decider.for_id}
    if decision.verdict == "refuse":
        end(own, row, "refuse", "refused", **who, comment=decision.comment)
        return "refused"
    if _approvals(own, step) < step.needed:
        row.spent = given(row.spent, decider.person_id, decider.for_id)
        own.session.flush()
        return "counted"
    following = next((one for one in all_steps if one.n > step.n), None)
    if following is None:
        end(own, row, "approve", "approved", **who, comment=decision.comment)
        return "approved"
    step.closed_at = own.now
    rules = rules_named(own, [following.rule_id or 0])
    open_step(own, row, following, rules.get(following.rule_id or 0))
    tell_deciders(own, row)
    return "next"


def _approvals(own: UnitOfWork, step: ApprovalStep) -> int:
    found = select(ApprovalDecision.id).where(
        ApprovalDecision.step_id == step.id, ApprovalDecision.verdict == "approve"
    )
    return len(own.session.scalars(found).all())


def _audited(own: UnitOfWork, row: ApprovalRequest, decider: Decider, verdict: str) -> None:
    """Record who decided, and whom they stood in for."""
    actor = dataclasses.replace(own.actor, on_behalf_of=decider.for_id)
    as_deputy = dataclasses.replace(own, actor=actor)
    as_deputy.audit("core.approval_decided", row, verdict=verdict, kind=row.kind, state=row.state)


def made(own: UnitOfWork, row: ApprovalRequest) -> Sequence[ApprovalDecision]:
    """Return the decisions on a request with the names in them, the first first."""
    found = select(ApprovalDecision).where(ApprovalDecision.approval_id == row.id)
    names = joinedload(ApprovalDecision.person), joinedload(ApprovalDecision.on_behalf_of)
    return own.session.scalars(found.options(*names).order_by(ApprovalDecision.id)).all()


def name_of(decision: ApprovalDecision) -> Message | str:
    """Return who decided: ``B for A`` if B stood in for A."""
    if decision.on_behalf_of is None:
        return decision.person.name
    said = {"deputy": decision.person.name, "name": decision.on_behalf_of.name}
    return message("{deputy} for {name}", **said)


def ended_by(own: UnitOfWork, row: ApprovalRequest) -> Message:
    """Return what became of a request that does not wait any more, and by whom."""
    last = next(reversed(made(own, row)), None)
    if last is not None and row.state == "approved":
        return message("{name} has approved this already.", name=name_of(last))
    if last is not None and row.state == "refused":
        return message("{name} has refused this already.", name=name_of(last))
    return ENDED.get(row.state, Conflict.default)


def _meanwhile(own: UnitOfWork, row: ApprovalRequest) -> Message:
    last = next(reversed(made(own, row)), None)
    if last is None:
        return EditConflict.default
    return message("{name} has approved this meanwhile. Read it again.", name=name_of(last))


def _why_not(own: UnitOfWork, seen: Decider) -> Message:
    """Return why somebody may decide no more who could when they read the page."""
    if seen.for_id is None:
        return NOT_YOURS
    name = own.session.scalars(select(Person.name).where(Person.id == seen.for_id)).one_or_none()
    rows = select(Delegation).where(Delegation.id.in_(seen.delegations or (0,)))
    for row in own.session.scalars(rows.order_by(Delegation.id)):
        if row.revoked_at is not None:
            return message(
                "You stand in for {name} no more: that was ended. Your decision was not saved.",
                name=name,
            )
        if row.last_on < own.today:
            return message(
                "The days on which you stood in for {name} are over. Your decision was not saved.",
                name=name,
            )
    return message(
        "{name} is back, so you do not stand in any more. Your decision was not saved.", name=name
    )
