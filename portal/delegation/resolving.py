"""Asking who may decide: the rules over what the database knows of one instant."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    Integer,
    Select,
    String,
    bindparam,
    case,
    cast,
    literal,
    null,
    or_,
    select,
    text,
    union_all,
)

from portal.absences.services import AROUND, away_at, clock_of, days_around
from portal.guard import kernel_execute
from portal.people.models import Department, Membership, Person
from portal.people.rules import LEADING
from portal.roles.models import Assignment, RolePermission
from portal.work import UnitOfWork

from . import rules
from .models import Delegation
from .rules import Decider, Given, Matter, Named, Organisation
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


def organisation(tx: UnitOfWork, at: datetime, also: Iterable[Any] = ()) -> Organisation:
    """Return what the rules need of an instant, in one statement however large it is; a few more
    tell whose clock it is where people work by several.

    ``also`` are rows of people who come into question besides those who lead, stand in or fall
    back: person_id, public_id, name, and whether each works here then.
    """
    day, _ = clock_of(tx, at)
    values = {"day": day, "since": day - timedelta(days=LONGEST), **days_around(tx, at)}
    with tx.acting_for("core", reason=REASON) as own:
        seats = _Seats()
        for row in kernel_execute(own.session, _SEATS, values):
            seats.take(row)
        for row in also:
            seats.meet(row)
        return Organisation(
            at=at,
            day=day,
            active=frozenset(seats.active),
            absent=frozenset(away_at(own, seats.around, at)),
            given=tuple(seats.given),
            managers=seats.leading["manager"],
            standing=seats.leading["standing_deputy"],
            parents=seats.parents,
            fallback=frozenset(seats.fallback),
            people=seats.people,
        )


class _Seats:
    """Who leads what, who falls back, who stands in, who is away around then, and the tree, as the
    rows of one statement tell it.
    """

    def __init__(self) -> None:
        self.leading: dict[str, dict[int, tuple[int, ...]]] = {kind: {} for kind in LEADING}
        self.parents: dict[int, int | None] = {}
        self.fallback: set[int] = set()
        self.people: dict[int, Named] = {}
        self.active: set[int] = set()
        self.given: list[Given] = []
        self.around: list[Any] = []

    def take(self, row: Any) -> None:
        """Note one row; they come by their ids."""
        if row.kind == "tree":
            self.parents[row.department_id] = row.parent_id
        elif row.kind == "away":
            self.around.append(row)
        elif row.kind == "given":
            self.given.append(Given(**{name: getattr(row, name) for name in _FIELDS}))
            self.active.update([row.principal_id] if row.works else ())
            self.active.update([row.deputy_id] if row.deputy_works else ())
        else:
            self.meet(row)
            if row.kind == "fallback":
                self.fallback.add(row.person_id)
            else:
                known = self.leading[row.kind]
                known[row.department_id] = (*known.get(row.department_id, ()), row.person_id)

    def meet(self, row: Any) -> None:
        """Note somebody who decides in their own right."""
        self.people[row.person_id] = Named(row.public_id, row.name)
        if row.works:
            self.active.add(row.person_id)


def holds(table: Any) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the conditions of a dated row to hold on the ``day`` of a statement."""
    day = bindparam("day", type_=Date())
    return table.c.from_on <= day, or_(table.c.until_on.is_(None), table.c.until_on > day)


def works(person: Any) -> ColumnElement[int]:
    """Return 1 for a person who works here on the day, else 0."""
    day, until = bindparam("day", type_=Date()), person.c.active_until
    here = (person.c.active_from <= day) & or_(until.is_(None), until > day)
    return case((here, 1), else_=0)


_departments, _people, _members = Department.__table__, Person.__table__, Membership.__table__
_assigned, _granted = Assignment.__table__, RolePermission.__table__
_delegated = Delegation.__table__
_principal, _deputy = _people.alias("principal"), _people.alias("deputy")
_FIELDS = tuple(field.name for field in dataclasses.fields(Given))

# What a row of _SEATS may say; the parts of the union leave empty what is not theirs.
_SAID: dict[str, Any] = {
    **{name: _delegated.c[name].type for name in _FIELDS},
    "parent_id": Integer(),
    "person_id": Integer(),
    "public_id": String(),
    "name": String(),
    "works": Integer(),
    "deputy_works": Integer(),
    "from_noon": Boolean(),
    "until_noon": Boolean(),
    "clocks": Boolean(),
}


def _seat(kind: Any, **said: Any) -> Select[Any]:
    """Return a part of _SEATS."""
    columns = [
        said[name].label(name) if name in said else cast(null(), type_).label(name)
        for name, type_ in _SAID.items()
    ]
    return select(kind.label("kind"), *columns)


_WHO = {
    "person_id": _people.c.id,
    "public_id": _people.c.public_id,
    "name": _people.c.name,
    "works": works(_people),
}
_day = bindparam("day", type_=Date())
_around = AROUND.subquery()
_SEATS = union_all(
    _seat(
        _members.c.kind,
        id=_members.c.id,
        department_id=_members.c.department_id,
        **_WHO,
    )
    .join_from(_members, _departments, _departments.c.id == _members.c.department_id)
    .join(_people, _people.c.id == _members.c.person_id)
    .where(_members.c.kind.in_(LEADING), _departments.c.active, *holds(_members)),
    _seat(literal("fallback"), id=_assigned.c.id, **_WHO)
    .join_from(_assigned, _granted, _granted.c.role_id == _assigned.c.role_id)
    .join(_people, _people.c.id == _assigned.c.person_id)
    .where(
        _granted.c.permission == FALLBACK,
        or_(_assigned.c.department_id.is_(None), _granted.c.reach == "all"),
        _assigned.c.approved,
        *holds(_assigned),
    ),
    # None is longer than a year: so the first day alone tells the few that reach until today.
    _seat(
        literal("given"),
        **{name: _delegated.c[name] for name in _FIELDS},
        works=works(_principal),
        deputy_works=works(_deputy),
    )
    .join_from(_delegated, _principal, _principal.c.id == _delegated.c.principal_id)
    .join(_deputy, _deputy.c.id == _delegated.c.deputy_id)
    .where(
        _delegated.c.from_on.between(bindparam("since", type_=Date()), _day),
        _delegated.c.last_on >= _day,
    ),
    _seat(literal("tree"), department_id=_departments.c.id, parent_id=_departments.c.parent_id),
    _seat(literal("away"), **dict(_around.c)),
).order_by(text("2"))
