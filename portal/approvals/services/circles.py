"""What the rules need to know of this moment: the organisation, and who holds which roles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from portal.absences.services import clock_of
from portal.approvals.models import ApprovalRequest, ApprovalRule, ApprovalRulePerson
from portal.approvals.rules import Circle, Rule, Step, concerned_by
from portal.delegation.resolving import organisation
from portal.roles.models import Assignment
from portal.work import UnitOfWork

WHY = "who may see and decide a request is asked of everybody"


def as_rules(own: UnitOfWork, rows: Sequence[ApprovalRule]) -> dict[int, Rule]:
    """Return rules as they are reckoned with, by id."""
    named: dict[int, tuple[int, ...]] = {}
    ids = [row.id for row in rows if row.who == "people"]
    if ids:
        found = select(ApprovalRulePerson.rule_id, ApprovalRulePerson.person_id)
        found = found.where(ApprovalRulePerson.rule_id.in_(ids)).order_by(ApprovalRulePerson.id)
        for rule_id, person_id in own.session.execute(found):
            named[rule_id] = (*named.get(rule_id, ()), person_id)
    return {
        row.id: Rule(
            id=row.id,
            department_id=row.department_id,
            from_amount=row.from_amount,
            step=row.step,
            who=row.who,
            role_id=row.role_id,
            people=named.get(row.id, ()),
            needed=row.needed,
            remind_hours=row.remind_hours,
            escalate_hours=row.escalate_hours,
        )
        for row in rows
    }


def rules_for(own: UnitOfWork, kind: str) -> dict[int, Rule]:
    """Return the rules in force for a kind, by id."""
    rows = select(ApprovalRule).where(ApprovalRule.kind == kind, ApprovalRule.retired_at.is_(None))
    return as_rules(own, own.session.scalars(rows.order_by(ApprovalRule.id)).all())


def rules_named(own: UnitOfWork, ids: Iterable[int]) -> dict[int, Rule]:
    """Return rules by their ids, in force or not."""
    wanted = sorted({one for one in ids if one})
    if not wanted:
        return {}
    rows = select(ApprovalRule).where(ApprovalRule.id.in_(wanted))
    return as_rules(own, own.session.scalars(rows).all())


def circle(own: UnitOfWork, found: dict[int, Rule], at: datetime | None = None) -> Circle:
    """Return what decides about steps by these rules, now unless ``at`` is given."""
    when = at or own.now
    day, _ = clock_of(own, when)
    roles = sorted({rule.role_id for rule in found.values() if rule.role_id is not None})
    holders: dict[int, tuple[tuple[int, int | None], ...]] = {}
    if roles:
        held = select(Assignment.role_id, Assignment.person_id, Assignment.department_id).where(
            Assignment.role_id.in_(roles), Assignment.approved, *_valid(day)
        )
        for role_id, person_id, place in own.session.execute(held.order_by(Assignment.id)):
            holders[role_id] = (*holders.get(role_id, ()), (person_id, place))
    also = {person for held_by in holders.values() for person, _ in held_by}
    also |= {person for rule in found.values() for person in rule.people}
    return Circle(org=organisation(own, when, also), rules=found, holders=holders)


def step_of(row: ApprovalRequest) -> Step:
    """Return the open step of a request as the rules know it."""
    return Step(
        deciding=row.deciding,
        department_id=row.department_id,
        amount=row.amount,
        concerned=concerned_by(row.requester_id, row.beneficiary_id, row.spent),
        escalated=row.escalated,
    )


def circle_of(own: UnitOfWork, row: ApprovalRequest, at: datetime | None = None) -> Circle:
    """Return what decides about the open step of a request."""
    return circle(own, rules_named(own, [row.deciding]), at)


def _valid(day: date) -> tuple[ColumnElement[bool], Any]:
    until = Assignment.until_on
    return Assignment.from_on <= day, or_(until.is_(None), until > day)
