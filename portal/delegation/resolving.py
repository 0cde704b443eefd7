"""Asking who may decide: the rules over what the database knows of one instant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from portal.absences.services import clock_of, is_away
from portal.people.models import Department, Membership, Person
from portal.people.rules import LEADING
from portal.roles.models import Assignment, RolePermission
from portal.work import UnitOfWork

from . import rules
from .models import Delegation
from .rules import Decider, Matter, Organisation
from .services import LONGEST

FALLBACK = "core.approval.fallback"
REASON = "who may decide is asked of the whole organisation"


def deciders(
    tx: UnitOfWork,
    department_id: int | None,
    amount: int | None = None,
    scope: str = "approvals",
    *,
    requester_id: int | None = None,
    beneficiary_id: int | None = None,
    at: datetime | None = None,
) -> Mapping[int, Decider]:
    """Return person id -> how they come to decide in a department, now unless ``at`` is given.

    Whoever asks for it, or gains by it, is not among them; nobody is if the fallback has no other.
    """
    matter = Matter(department_id=department_id, scope=scope, amount=amount)
    concerned = {"requester_id": requester_id, "beneficiary_id": beneficiary_id}
    return rules.deciders(organisation(tx, at or tx.now), matter, **concerned)


def may_decide(
    tx: UnitOfWork,
    department_id: int | None,
    amount: int | None = None,
    scope: str = "approvals",
    *,
    requester_id: int | None = None,
    beneficiary_id: int | None = None,
    at: datetime | None = None,
    person_id: int | None = None,
) -> Decider | None:
    """Return how the actor, or another person, comes to decide; None if they may not."""
    found = deciders(
        tx,
        department_id,
        amount,
        scope,
        requester_id=requester_id,
        beneficiary_id=beneficiary_id,
        at=at,
    )
    wanted = tx.actor.person_id if person_id is None else person_id
    return None if wanted is None else found.get(wanted)


def organisation(tx: UnitOfWork, at: datetime, also: Iterable[int] = ()) -> Organisation:
    """Return what the rules need of an instant, in as many statements however large it is.

    ``also`` are people who come into question besides those who lead, stand in or fall back.
    """
    day, _ = clock_of(tx, at)
    with tx.acting_for("core", reason=REASON) as own:
        managers, standing = _leading(own, day)
        given = tuple(row.given for row in _delegations(own, day))
        fallback = frozenset(own.session.scalars(_fallback(day)))
        named = {person for people in (*managers.values(), *standing.values()) for person in people}
        named |= (
            {*also}
            | fallback
            | {one.deputy_id for one in given}
            | {one.principal_id for one in given}
        )
        parents = {row.id: row.parent_id for row in own.session.execute(_TREE)}
        return Organisation(
            at=at,
            day=day,
            active=frozenset(own.session.scalars(_working(sorted(named), day))),
            absent=frozenset(is_away(own, named, at)),
            given=given,
            managers=managers,
            standing=standing,
            parents=parents,
            fallback=fallback,
        )


_TREE = select(Department.id, Department.parent_id)


def _leading(
    tx: UnitOfWork, day: date
) -> tuple[Mapping[int, tuple[int, ...]], Mapping[int, tuple[int, ...]]]:
    """Return managers and standing deputies by department, of those that are open."""
    found: dict[str, dict[int, tuple[int, ...]]] = {kind: {} for kind in LEADING}
    rows = (
        select(Membership.kind, Membership.department_id, Membership.person_id)
        .join(Department, Department.id == Membership.department_id)
        .where(Membership.kind.in_(LEADING), Department.active, *_valid(Membership, day))
        .order_by(Membership.id)
    )
    for kind, department_id, person_id in tx.session.execute(rows):
        by_department = found[kind]
        by_department[department_id] = (*by_department.get(department_id, ()), person_id)
    return found["manager"], found["standing_deputy"]


def _delegations(tx: UnitOfWork, day: date) -> Iterable[Delegation]:
    # None is longer than a year: so the first day alone tells the few that reach until today.
    rows = select(Delegation).where(
        Delegation.from_on.between(day - timedelta(days=LONGEST), day), Delegation.last_on >= day
    )
    return tx.session.scalars(rows.order_by(Delegation.id)).all()


def _fallback(day: date) -> Any:
    return (
        select(Assignment.person_id)
        .join(RolePermission, RolePermission.role_id == Assignment.role_id)
        .where(
            RolePermission.permission == FALLBACK,
            or_(Assignment.department_id.is_(None), RolePermission.reach == "all"),
            Assignment.approved,
            *_valid(Assignment, day),
        )
        .distinct()
    )


def _working(people: list[int], day: date) -> Any:
    until = Person.active_until
    works = Person.active_from <= day, or_(until.is_(None), until > day)
    return select(Person.id).where(Person.id.in_(people), *works)


def _valid(model: Any, day: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return model.from_on <= day, or_(model.until_on.is_(None), model.until_on > day)
