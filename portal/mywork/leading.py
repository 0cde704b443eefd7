"""Whom somebody leads now: a manager, everybody below, or who stands in for one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, or_, select

from portal.delegation import rules
from portal.delegation.models import Delegation
from portal.delegation.resolving import organisation
from portal.delegation.rules import Matter, Way
from portal.orm import people_in
from portal.people.models import Membership, Person
from portal.work import UnitOfWork

TASKS = "tasks"


@dataclass(frozen=True)
class Led:
    """The departments somebody leads now, and for whom where it is not their own."""

    departments: frozenset[int] = frozenset()
    for_ids: frozenset[int] = frozenset()


def may_lead(tx: UnitOfWork) -> bool:
    """Return whether the actor leads anybody today, or may have to for somebody who is away."""
    if tx.actor.managed:
        return True
    me, today = tx.actor.person_id, tx.today
    if me is None:
        return False
    given = exists().where(
        Delegation.deputy_id == me,
        Delegation.from_on <= today,
        Delegation.last_on >= today,
        Delegation.revoked_at.is_(None),
        Delegation.scope.in_((rules.ALL, TASKS)),
    )
    standing = exists().where(
        Membership.person_id == me,
        Membership.kind == "standing_deputy",
        Membership.from_on <= today,
        or_(Membership.until_on.is_(None), Membership.until_on > today),
    )
    # Asked of a table with rows for certain: oneself.
    found = select(Person.id).where(Person.id == me, or_(given, standing))
    return tx.session.scalars(found).one_or_none() is not None


def led_by(tx: UnitOfWork) -> Led:
    """Return what the actor leads at this moment: their own departments, those of whom they stand
    in for, and everything below.
    """
    me = tx.actor.person_id
    if me is None:
        return Led()
    org = organisation(tx, tx.now)
    found: set[int] = set()
    for_ids: set[int] = set()
    for department_id in org.parents:
        decider = rules.deciders(org, Matter(department_id=department_id, scope=TASKS)).get(me)
        if decider is not None and decider.way < Way.FALLBACK:
            found.add(department_id)
            if decider.for_id is not None:
                for_ids.add(decider.for_id)
    below = {one for one in org.parents if not found.isdisjoint(org.upwards(one))}
    return Led(frozenset(found | below), frozenset(for_ids))


def people_led(tx: UnitOfWork, led: Led) -> Sequence[Any]:
    """Return id, public_id and name of everybody in these departments today, by name."""
    if not led.departments:
        return ()
    statement = select(Person.id, Person.public_id, Person.name).where(
        Person.id.in_(people_in(led.departments, tx.actor)),
        or_(Person.active_until.is_(None), Person.active_until > tx.today),
    )
    return tx.session.execute(statement.order_by(Person.name_key, Person.id)).all()


def names_of(tx: UnitOfWork, person_ids: Iterable[int | None]) -> Mapping[int, str]:
    """Return person id -> name."""
    wanted = sorted({person_id for person_id in person_ids if person_id is not None})
    if not wanted:
        return {}
    rows = tx.session.execute(select(Person.id, Person.name).where(Person.id.in_(wanted)))
    return {row.id: row.name for row in rows}
