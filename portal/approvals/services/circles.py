"""What the rules need to know of this moment: the organisation, and who holds which roles."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from portal.absences.services import clock_of
from portal.approvals.models import ApprovalRequest, ApprovalRule, ApprovalRulePerson
from portal.approvals.rules import Circle, Rule, Step, concerned_by
from portal.delegation.resolving import holds, organisation, works
from portal.guard import kernel_execute
from portal.people.models import Person
from portal.roles.models import Assignment
from portal.work import UnitOfWork

WHY = "who may see and decide a request is asked of everybody"
_rules, _named = ApprovalRule.__table__, ApprovalRulePerson.__table__
_held, _people = Assignment.__table__, Person.__table__
_FIELDS = tuple(one.name for one in dataclasses.fields(Rule) if one.name != "people")

# Rules, once for each person whom they mean: those they name, or those who hold their role.
_RULES = (
    select(
        *(_rules.c[name] for name in _FIELDS),
        _named.c.id.label("named_id"),
        _held.c.id.label("held_id"),
        _held.c.department_id.label("place_id"),
        _people.c.id.label("person_id"),
        _people.c.public_id,
        _people.c.name,
        works(_people).label("works"),
    )
    .join_from(_rules, _named, _named.c.rule_id == _rules.c.id, isouter=True)
    .join(
        _held,
        and_(_held.c.role_id == _rules.c.role_id, _held.c.approved, *holds(_held)),
        isouter=True,
    )
    .join(
        _people,
        _people.c.id == func.coalesce(_named.c.person_id, _held.c.person_id),
        isouter=True,
    )
    .order_by(_rules.c.id, _named.c.id, _held.c.id)
)


@dataclass
class _Read:
    """Rules, who holds their roles where, and all whom they mean."""

    rules: dict[int, Rule] = field(default_factory=dict)
    held: dict[int, dict[int, tuple[int, int | None]]] = field(default_factory=dict)
    people: list[Any] = field(default_factory=list)

    def take(self, row: Any) -> None:
        """Note a rule with one of the people it means, if there are any."""
        if row.id not in self.rules:
            self.rules[row.id] = Rule(**{name: getattr(row, name) for name in _FIELDS})
        if row.named_id is not None:
            rule = self.rules[row.id]
            self.rules[row.id] = dataclasses.replace(rule, people=(*rule.people, row.person_id))
        if row.held_id is not None:
            self.held.setdefault(row.role_id, {})[row.held_id] = row.person_id, row.place_id
        if row.person_id is not None:
            self.people.append(row)


def rules_for(own: UnitOfWork, kind: str) -> dict[int, Rule]:
    """Return the rules in force for a kind, by id."""
    return _read(own, _of_kind(kind), own.now).rules


def rules_named(own: UnitOfWork, ids: Iterable[int]) -> dict[int, Rule]:
    """Return rules by their ids, in force or not."""
    return _read(own, _of_ids(ids), own.now).rules


def circle(
    own: UnitOfWork, ids: Iterable[int] = (), *, kind: str | None = None, at: datetime | None = None
) -> Circle:
    """Return what decides about steps by these rules, or by those in force for a kind; now unless
    ``at`` is given.
    """
    when = at or own.now
    read = _read(own, _of_ids(ids) if kind is None else _of_kind(kind), when)
    return Circle(
        org=organisation(own, when, read.people),
        rules=read.rules,
        holders={role: tuple(held.values()) for role, held in read.held.items()},
    )


def _read(own: UnitOfWork, which: ColumnElement[bool] | None, at: datetime) -> _Read:
    read = _Read()
    if which is not None:
        day, _ = clock_of(own, at)
        for row in kernel_execute(own.session, _RULES.where(which), {"day": day}):
            read.take(row)
    return read


def _of_kind(kind: str) -> ColumnElement[bool]:
    return and_(_rules.c.kind == kind, _rules.c.retired_at.is_(None))


def _of_ids(ids: Iterable[int]) -> ColumnElement[bool] | None:
    wanted = sorted({one for one in ids if one})
    return _rules.c.id.in_(wanted) if wanted else None


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
    return circle(own, [row.deciding], at=at)
