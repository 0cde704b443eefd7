"""Who may decide: the holders of a right, whoever stands in for them, and never nobody.

Plain data in, plain data out. Whom a matter concerns takes no part in it, as if they did not work
here: so nobody decides for themselves, also not through a deputy they chose, and what only they
could decide goes to their superior.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple

ALL = "all"
SCOPES = ("approvals", "tasks", "tickets", ALL)
DEPTH = 3  # how far a right is passed on because one after the other is away


class Way(IntEnum):
    """How somebody comes to decide, the strongest first."""

    OWN = 0
    DEPUTY = 1
    STANDING = 2
    SUPERIOR = 3
    FALLBACK = 4


@dataclass(frozen=True, kw_only=True)
class Given:
    """A delegation, both days included: ``department_id`` and all below, or None for everything."""

    id: int
    principal_id: int
    deputy_id: int
    from_on: date
    last_on: date
    department_id: int | None = None
    scope: str = ALL
    max_amount: int | None = None
    only_when_absent: bool = True
    revoked_at: datetime | None = None

    def holds(self, day: date, at: datetime) -> bool:
        """Return whether it is in force at an instant, which is on ``day`` by the clock there."""
        ended = self.revoked_at is not None and self.revoked_at <= at
        return self.from_on <= day <= self.last_on and not ended


class Named(NamedTuple):
    """What somebody is called, in addresses and to people."""

    public_id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Organisation:
    """What has to be known of everybody at one instant; ``active`` are those who work here.

    ``managers`` and ``standing`` (deputies) are by department, ``parents`` the tree; ``fallback``
    decides what nobody else does. ``people`` says what those are called who decide in their own
    right.
    """

    at: datetime
    day: date
    active: frozenset[int]
    absent: frozenset[int] = frozenset()
    given: tuple[Given, ...] = ()
    managers: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    standing: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    parents: Mapping[int, int | None] = field(default_factory=dict)
    fallback: frozenset[int] = frozenset()
    people: Mapping[int, Named] = field(default_factory=dict)

    @cached_property
    def given_by(self) -> Mapping[int, tuple[Given, ...]]:
        """What each person has given, by their id."""
        found: dict[int, tuple[Given, ...]] = {}
        for one in self.given:
            found[one.principal_id] = (*found.get(one.principal_id, ()), one)
        return found

    def without(self, people: Iterable[int | None]) -> Organisation:
        """Return the organisation as if these people did not work here."""
        gone = self.active.intersection(people)
        return dataclasses.replace(self, active=self.active - gone) if gone else self

    def upwards(self, department_id: int | None) -> Iterator[int]:
        """Yield a department and all it belongs to; a tree that bites its tail ends there."""
        seen: set[int] = set()
        while department_id is not None and department_id not in seen:
            yield department_id
            seen.add(department_id)
            department_id = self.parents.get(department_id)

    def working(self, people: Iterable[int]) -> tuple[int, ...]:
        """Return those of these people who work here."""
        return tuple(person for person in people if person in self.active)


@dataclass(frozen=True, kw_only=True)
class Matter:
    """What is to be decided: where, of which kind, and how much it costs if that matters."""

    department_id: int | None
    scope: str = "approvals"
    amount: int | None = None


@dataclass(frozen=True, kw_only=True)
class Decider:
    """Somebody who may decide: ``for_id`` whom they stand in for, None in their own right.

    ``delegations`` are the ids that lead from that person here, one for each deputy in between;
    ``limit`` is the lowest amount any of them allows.
    """

    person_id: int
    way: Way = Way.OWN
    for_id: int | None = None
    delegations: tuple[int, ...] = ()
    limit: int | None = None

    @property
    def rank(self) -> tuple[int, int, tuple[int, ...], int]:
        """What tells of two ways to the same right the one to be named."""
        return self.way, len(self.delegations), self.delegations, self.for_id or 0


@dataclass(frozen=True, kw_only=True)
class _Step:
    """Where the way of a right has come to: to whom, as what, in which department."""

    decider: Decider
    department_id: int | None
    seen: tuple[int, ...] = ()

    def to(self, person_id: int, way: Way, given: Given | None = None) -> _Step:
        before = self.decider
        own = None if given is None else given.max_amount
        limits = [limit for limit in (before.limit, own) if limit is not None]
        decider = Decider(
            person_id=person_id,
            way=max(way, before.way),
            for_id=before.for_id if self.seen else before.person_id,
            delegations=(*before.delegations, given.id) if given else before.delegations,
            limit=min(limits, default=None),
        )
        return dataclasses.replace(self, decider=decider, seen=(*self.seen, before.person_id))


def holders(org: Organisation, department_id: int | None) -> tuple[int | None, tuple[int, ...]]:
    """Return the managers of a department, or of the next one above that has any, and which
    department it is; nobody and None if there is none.
    """
    for above in org.upwards(department_id):
        if found := org.working(org.managers.get(above, ())):
            return above, found
    return None, ()


def act_for(
    org: Organisation, person_id: int, matter: Matter, department_id: int | None = None
) -> Mapping[int, Decider]:
    """Return who decides where this person would, by their id: never nobody but without a fallback.

    ``department_id`` is where the person holds the right, the matter's own unless given.
    """
    found: dict[int, Decider] = {}
    where = matter.department_id if department_id is None else department_id
    _follow(org, matter, _Step(decider=Decider(person_id=person_id), department_id=where), found)
    return found


def deciders(
    org: Organisation,
    matter: Matter,
    *,
    requester_id: int | None = None,
    beneficiary_id: int | None = None,
) -> Mapping[int, Decider]:
    """Return who may decide, by their id; empty only if the fallback has nobody it does not
    concern.
    """
    others = org.without((requester_id, beneficiary_id))
    where, people = holders(others, matter.department_id)
    found: dict[int, Decider] = {}
    for person_id in people:
        for decider in act_for(others, person_id, matter, where).values():
            _keep(found, decider)
    if not found:
        _fall_back(others, None, found)
    return found


def may_decide(
    org: Organisation,
    person_id: int,
    matter: Matter,
    *,
    requester_id: int | None = None,
    beneficiary_id: int | None = None,
) -> Decider | None:
    """Return how somebody comes to decide, or None if they may not."""
    concerned = {"requester_id": requester_id, "beneficiary_id": beneficiary_id}
    return deciders(org, matter, **concerned).get(person_id)


def _follow(org: Organisation, matter: Matter, step: _Step, found: dict[int, Decider]) -> None:
    person_id = step.decider.person_id
    works = person_id in org.active
    named = list(_named(org, matter, step)) if works else []
    if works and (not step.seen or person_id not in org.absent):
        _keep(found, step.decider)  # Who holds the right keeps it, away or not.
    if works and person_id not in org.absent:
        for given in named:
            if not given.only_when_absent:
                _keep(found, step.to(given.deputy_id, Way.DEPUTY, given).decider)
        return
    further = [step.to(given.deputy_id, Way.DEPUTY, given) for given in named]
    if len(step.seen) < DEPTH and (further := further or _without_deputy(org, step)):
        for following in further:
            _follow(org, matter, following, found)
    else:
        _fall_back(org, step.seen[0] if step.seen else person_id, found)


def _named(org: Organisation, matter: Matter, step: _Step) -> Iterator[Given]:
    """Yield what a person has given that fits the matter, to people who work here."""
    if not (all_of_them := org.given_by.get(step.decider.person_id)):
        return
    above = set(org.upwards(matter.department_id))
    taken = {*step.seen, step.decider.person_id}
    for given in all_of_them:
        if (
            given.holds(org.day, org.at)
            and given.scope in (ALL, matter.scope)
            and (given.department_id is None or given.department_id in above)
            and (matter.amount is None or matter.amount <= _most(given, matter.amount))
            and given.deputy_id in org.active
            and given.deputy_id not in taken
        ):
            yield given


def _most(given: Given, amount: int) -> int:
    return amount if given.max_amount is None else given.max_amount


def _without_deputy(org: Organisation, step: _Step) -> list[_Step]:
    """Return the standing deputies of the department, or else who leads the next one above."""
    taken = {*step.seen, step.decider.person_id}
    for number, above in enumerate(org.upwards(step.department_id)):
        way, table = (Way.SUPERIOR, org.managers) if number else (Way.STANDING, org.standing)
        if people := [p for p in org.working(table.get(above, ())) if p not in taken]:
            return [
                dataclasses.replace(step.to(person, way), department_id=above) for person in people
            ]
    return []


def _fall_back(org: Organisation, for_id: int | None, found: dict[int, Decider]) -> None:
    for person_id in org.working(sorted(org.fallback)):
        _keep(found, Decider(person_id=person_id, way=Way.FALLBACK, for_id=for_id))


def _keep(found: dict[int, Decider], decider: Decider) -> None:
    known = found.get(decider.person_id)
    if known is None or decider.rank < known.rank:
        found[decider.person_id] = decider
