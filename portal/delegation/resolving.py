"""Asking who may decide: the rules over what the database knows of one instant."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    bindparam,
    case,
    literal,
    or_,
    select,
    text,
    union_all,
)

from portal.absences.services import clock_of, is_away
from portal.guard import kernel_execute
from portal.people.models import Department, Membership, Person
from portal.people.rules import LEADING
from portal.roles.models import Assignment, RolePermission
from portal.work import UnitOfWork

from . import rules
from .models import Delegation
from .rules import Decider, Given, Matter, Organisation
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
        seats = _Seats()
        for row in kernel_execute(own.session, _SEATS, {"day": day}):
            seats.take(*row)
        given = []
        period = {"day": day, "since": day - timedelta(days=LONGEST)}
        for row in kernel_execute(own.session, _GIVEN, period):
            given.append(Given(**dict(zip(_FIELDS, row, strict=False))))
            seats.works(row.principal_id, row.principal_works)
            seats.works(row.deputy_id, row.deputy_works)
        if others := sorted(set(also) - seats.named):
            active = kernel_execute(own.session, _WORKING, {"day": day, "people": others})
            seats.active.update(active.scalars())
            seats.named.update(others)
        return Organisation(
            at=at,
            day=day,
            active=frozenset(seats.active),
            absent=frozenset(is_away(own, seats.named, at)),
            given=tuple(given),
            managers=seats.leading["manager"],
            standing=seats.leading["standing_deputy"],
            parents=seats.parents,
            fallback=frozenset(seats.fallback),
        )


class _Seats:
    """Who leads what, who falls back, and the tree, as the rows of one statement tell it."""

    def __init__(self) -> None:
        self.leading: dict[str, dict[int, tuple[int, ...]]] = {kind: {} for kind in LEADING}
        self.parents: dict[int, int | None] = {}
        self.fallback: set[int] = set()
        self.named: set[int] = set()
        self.active: set[int] = set()

    def take(self, kind: str, number: int, department_id: int, other_id: Any, works: int) -> None:
        """Note one row; ``number`` only orders them."""
        if kind == "tree":
            self.parents[department_id] = other_id
            return
        self.works(other_id, works)
        if kind == "fallback":
            self.fallback.add(other_id)
        else:
            known = self.leading[kind]
            known[department_id] = (*known.get(department_id, ()), other_id)

    def works(self, person_id: int, works: int) -> None:
        """Note somebody, and whether they work here on the day."""
        self.named.add(person_id)
        if works:
            self.active.add(person_id)


def _holds(table: Any) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    day = bindparam("day", type_=Date())
    return table.c.from_on <= day, or_(table.c.until_on.is_(None), table.c.until_on > day)


def _works(person: Any) -> ColumnElement[int]:
    """Return 1 for a person who works here on the day, else 0."""
    day, until = bindparam("day", type_=Date()), person.c.active_until
    here = (person.c.active_from <= day) & or_(until.is_(None), until > day)
    return case((here, 1), else_=0)


_departments, _people, _members = Department.__table__, Person.__table__, Membership.__table__
_assigned, _granted = Assignment.__table__, RolePermission.__table__
_delegated = Delegation.__table__
_principal, _deputy = _people.alias("principal"), _people.alias("deputy")
_FIELDS = tuple(field.name for field in dataclasses.fields(Given))

_SEATS = union_all(
    select(_members.c.kind, _members.c.id, _members.c.department_id, _people.c.id, _works(_people))
    .join_from(_members, _departments, _departments.c.id == _members.c.department_id)
    .join(_people, _people.c.id == _members.c.person_id)
    .where(_members.c.kind.in_(LEADING), _departments.c.active, *_holds(_members)),
    select(literal("fallback"), _assigned.c.id, literal(0), _people.c.id, _works(_people))
    .join_from(_assigned, _granted, _granted.c.role_id == _assigned.c.role_id)
    .join(_people, _people.c.id == _assigned.c.person_id)
    .where(
        _granted.c.permission == FALLBACK,
        or_(_assigned.c.department_id.is_(None), _granted.c.reach == "all"),
        _assigned.c.approved,
        *_holds(_assigned),
    ),
    select(literal("tree"), literal(0), _departments.c.id, _departments.c.parent_id, literal(1)),
).order_by(text("2"))

# None is longer than a year: so the first day alone tells the few that reach until today.
_GIVEN = (
    select(
        *(_delegated.c[name] for name in _FIELDS),
        _works(_principal).label("principal_works"),
        _works(_deputy).label("deputy_works"),
    )
    .join_from(_delegated, _principal, _principal.c.id == _delegated.c.principal_id)
    .join(_deputy, _deputy.c.id == _delegated.c.deputy_id)
    .where(
        _delegated.c.from_on.between(
            bindparam("since", type_=Date()), bindparam("day", type_=Date())
        ),
        _delegated.c.last_on >= bindparam("day", type_=Date()),
    )
    .order_by(_delegated.c.id)
)
_WORKING = select(_people.c.id).where(
    _people.c.id.in_(bindparam("people", expanding=True)), _works(_people) == 1
)
