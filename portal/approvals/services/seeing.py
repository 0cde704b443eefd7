"""What somebody sees of a request: those who decide, decided, asked or gain by it; nobody else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.approvals.known import Approval, ApprovalSubject, kind_of, known, unpacked
from portal.approvals.models import ApprovalDecision, ApprovalRequest, ApprovalStep
from portal.approvals.rules import APART, Circle, Rule, actions, deciders
from portal.approvals.words import sentence_of
from portal.delegation.models import Delegation
from portal.delegation.rules import Decider
from portal.errors import NotFound
from portal.messages import Message
from portal.people.models import Person
from portal.roles.lists import TITLES
from portal.roles.models import Role
from portal.work import UnitOfWork

from .circles import WHY, circle, step_of
from .deciding import made, name_of
from .moving import steps


@dataclass(frozen=True, kw_only=True)
class Who:
    """Somebody who may decide today: in which way, for whom, and since when they stand in."""

    name: str
    decider: Decider
    for_name: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, kw_only=True)
class Made:
    """A decision as others read it."""

    name: Message | str
    verdict: str
    comment: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class ShownStep:
    """A step: ``state`` is open, passed, later or never (it ended before)."""

    n: int
    sentence: Message
    needed: int
    state: str
    who: Sequence[Who] = ()
    made: Sequence[Made] = ()
    escalated_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A request as its page shows it; ``decider`` is how the reader may decide it, if they may."""

    approval: Approval
    kind: Message | str
    requester: Any
    beneficiary: Any
    department: str
    subject: ApprovalSubject | None
    steps: Sequence[ShownStep]
    decider: Decider | None
    for_name: str
    actions: tuple[str, ...]
    together: int | None
    others: Sequence[Message | str]


@dataclass(frozen=True, kw_only=True, slots=True)
class DecidedFor:
    """What somebody decided for another: who, what, how and when."""

    approval: str
    title: Message | str
    by: str
    verdict: str
    comment: str
    at: datetime


def find_approval(tx: UnitOfWork, public_id: str) -> Shown:
    """Return a request that is the actor's to see, or raise NotFound."""
    with tx.acting_for("core", reason=WHY) as own:
        names = joinedload(ApprovalRequest.requester), joinedload(ApprovalRequest.beneficiary)
        found = select(ApprovalRequest).options(*names, joinedload(ApprovalRequest.department))
        row = own.one(found, public_id=public_id)
        all_steps, decisions = steps(own, row), made(own, row)
        now = circle(own, [row.deciding, *(step.rule_id or 0 for step in all_steps)])
        may = deciders(now, step_of(row)) if row.state == "pending" else {}
        me = own.actor.person_id or 0
        took_part = any(me in (one.person_id, one.on_behalf_of_id) for one in decisions)
        if me not in (row.requester_id, row.beneficiary_id) and me not in may and not took_part:
            raise NotFound
        parts = [*(["decider"] if me in may else []), *_asked_by(row, me)]
        who = _named(own, may.values())
        return Shown(
            approval=known(row),
            kind=_title(own, row),
            requester=row.requester,
            beneficiary=row.beneficiary,
            department=row.department.name,
            subject=described(own, row),
            steps=_shown(own, row, all_steps, decisions, now.rules, who),
            decider=may.get(me),
            for_name=next((one.for_name for one in who if one.decider.person_id == me), ""),
            actions=actions(row.state, parts),
            together=row.together,
            others=_others(own, row) if row.together is not None else (),
        )


def decided_for(tx: UnitOfWork, principal_id: int, since: datetime) -> Sequence[DecidedFor]:
    """Return what others decided for somebody since an instant, the newest first, at most 50.

    Only the principal themselves, or the portal, is told.
    """
    if tx.actor.realm is None and tx.actor.person_id != principal_id:
        return ()
    with tx.acting_for("core", reason=WHY) as own:
        rows = (
            select(ApprovalDecision)
            .where(ApprovalDecision.on_behalf_of_id == principal_id, ApprovalDecision.at >= since)
            .options(joinedload(ApprovalDecision.person), joinedload(ApprovalDecision.approval))
            .order_by(ApprovalDecision.at.desc(), ApprovalDecision.id.desc())
        )
        return [
            DecidedFor(
                approval=row.approval.public_id,
                title=unpacked(row.approval.title, row.approval.gaps),
                by=row.person.name,
                verdict=row.verdict,
                comment=row.comment,
                at=row.at,
            )
            for row in own.session.scalars(rows.limit(50))
        ]


def described(own: UnitOfWork, row: ApprovalRequest) -> ApprovalSubject | None:
    """Return what a request is about in the words of its plugin, None if that is gone."""
    kind = kind_of(own, row.kind)
    if kind is None:
        return None
    slug = row.kind.partition(".")[0]
    try:
        with own.acting_for(slug, reason="who decides must read what they decide") as theirs:
            return kind.describe(theirs, row.subject)
    except NotFound:
        return None


def sentences(own: UnitOfWork, rules: Iterable[Rule]) -> Mapping[Rule, Message]:
    """Return each rule as a sentence."""
    found = list(rules)
    wanted = {rule.role_id for rule in found if rule.role_id is not None}
    roles = {role_id: TITLES.get(n, n) for role_id, n in _names(own, Role, wanted).items()}
    people = _names(own, Person, {person for rule in found for person in rule.people})
    return {rule: sentence_of(rule, roles, people) for rule in found}


def who_today(own: UnitOfWork, now: Circle, step: Any) -> Sequence[Who]:
    """Return who may decide a step today, in the order of their ways."""
    return _named(own, deciders(now, step).values())


def _names(own: UnitOfWork, model: Any, ids: set[int]) -> Mapping[int, str]:
    if not ids:
        return {}
    found = select(model.id, model.name).where(model.id.in_(sorted(ids)))
    return {row.id: row.name for row in own.session.execute(found)}


def _named(own: UnitOfWork, found: Iterable[Decider]) -> Sequence[Who]:
    all_of_them = list(found)
    ids = {one.person_id for one in all_of_them} | {one.for_id for one in all_of_them}
    names = _names(own, Person, {one for one in ids if one is not None})
    wanted = {one.delegations[-1] for one in all_of_them if one.delegations}
    days: dict[int, tuple[date, date]] = {}
    if wanted:
        rows = select(Delegation.id, Delegation.from_on, Delegation.last_on)
        rows = rows.where(Delegation.id.in_(sorted(wanted)))
        days = {row.id: (row.from_on, row.last_on) for row in own.session.execute(rows)}
    people = []
    for one in all_of_them:
        since, until = days.get(one.delegations[-1] if one.delegations else 0, (None, None))
        people.append(
            Who(
                name=names.get(one.person_id, ""),
                decider=one,
                for_name=names.get(one.for_id or 0, ""),
                since=since,
                until=until,
            )
        )
    return sorted(people, key=lambda one: (one.decider.way, one.name))


def _asked_by(row: ApprovalRequest, me: int) -> list[str]:
    return ["requester"] if me == row.requester_id else []


def _title(own: UnitOfWork, row: ApprovalRequest) -> Message | str:
    kind = kind_of(own, row.kind)
    return kind.title if kind is not None else row.kind


def _shown(
    own: UnitOfWork,
    row: ApprovalRequest,
    all_steps: Sequence[ApprovalStep],
    decisions: Sequence[ApprovalDecision],
    rules: Mapping[int, Rule],
    who: Sequence[Who],
) -> Sequence[ShownStep]:
    by_step = {step: rules.get(step.rule_id or 0) or _default(step) for step in all_steps}
    said = sentences(own, by_step.values())
    return [
        ShownStep(
            n=step.n,
            sentence=said[rule],
            needed=step.needed,
            state=_state(row, step),
            who=who if _state(row, step) == "open" else (),
            made=[
                Made(name=name_of(one), verdict=one.verdict, comment=one.comment, at=one.at)
                for one in decisions
                if one.step_id == step.id
            ],
            escalated_at=step.escalated_at,
        )
        for step, rule in by_step.items()
    ]


def _default(step: ApprovalStep) -> Rule:
    return Rule(remind_hours=step.remind_hours, escalate_hours=step.escalate_hours)


def _state(row: ApprovalRequest, step: ApprovalStep) -> str:
    if step.opened_at is None:
        return "later" if row.state == "pending" else "never"
    return "passed" if step.closed_at is not None else "open"


def _others(own: UnitOfWork, row: ApprovalRequest) -> Sequence[Message | str]:
    """Return the titles of what counted together with a request."""
    found = select(ApprovalRequest.title, ApprovalRequest.gaps).where(
        ApprovalRequest.requester_id == row.requester_id,
        ApprovalRequest.asked_at > row.asked_at - timedelta(days=APART),
        ApprovalRequest.asked_at <= row.asked_at,
        ApprovalRequest.id != row.id,
        ApprovalRequest.kind == row.kind,
        ApprovalRequest.department_id == row.department_id,
        ApprovalRequest.subject != row.subject,
        ApprovalRequest.amount.is_not(None),
    )
    rows = own.session.execute(found.order_by(ApprovalRequest.id).limit(10))
    return [unpacked(title, gaps) for title, gaps in rows]


def approval_waits_for(tx: UnitOfWork, *, kind: str, subject: str) -> Sequence[Who]:
    """Return who may decide what waits for a decision on a record today; nobody if nothing does."""
    with tx.acting_for("core", reason=WHY) as own:
        found = select(ApprovalRequest).filter_by(kind=kind, subject=subject, state="pending")
        row = own.session.scalars(found).one_or_none()
        if row is None:
            return ()
        now = circle(own, [row.deciding])
        return who_today(own, now, step_of(row))
