"""What may become of a request, which steps it takes, and who decides one: plain data, no database.

Whoever asks, gains by it or has given their voice takes no part in a step, as if they did not work
here: so nobody decides for themselves in any capacity, and none is left without anybody to decide.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from portal.delegation import rules
from portal.delegation.rules import Decider, Matter, Organisation, Way

MANAGER = 0  # instead of a rule: whoever leads the department decides
APART = 7  # days in which what one person asks counts together
REMIND, ESCALATE = 8, 24  # working hours, where no rule says otherwise
WHO = ("manager", "role", "people")
VERDICTS = ("approve", "refuse")


@dataclass(frozen=True, kw_only=True)
class Move:
    """What can be done with a request, by whom, and what it is then."""

    source: str
    action: str
    target: str
    by: str  # decider, requester, owner (the plugin whose it is) or portal


MOVES = (
    Move(source="pending", action="approve", target="pending", by="decider"),  # more to decide
    Move(source="pending", action="approve", target="approved", by="decider"),  # the last of it
    Move(source="pending", action="refuse", target="refused", by="decider"),
    Move(source="pending", action="withdraw", target="withdrawn", by="requester"),
    Move(source="pending", action="void", target="void", by="owner"),
    Move(source="approved", action="void", target="void", by="owner"),
    Move(source="pending", action="expire", target="expired", by="portal"),
)
STATES = ("pending", "approved", "refused", "withdrawn", "expired", "void")


def leads_to(state: str, action: str) -> tuple[str, ...]:
    """Return what an action can make of a request in a state; nothing if it cannot be done."""
    return tuple(m.target for m in MOVES if (m.source, m.action) == (state, action))


def actions(state: str, parts: Iterable[str]) -> tuple[str, ...]:
    """Return what somebody may do who takes these parts (decider, requester) in a request."""
    held = set(parts)
    found = (m.action for m in MOVES if m.source == state and m.by in held)
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One step, in a department and all below (None: everywhere), from an amount on.

    The hours are working hours after which whoever decides is reminded, and after which their
    superior may decide too (None: never).
    """

    id: int | None = None
    department_id: int | None = None
    from_amount: int = 0
    step: int = 1
    who: str = "manager"
    role_id: int | None = None
    people: tuple[int, ...] = ()
    needed: int = 1
    remind_hours: int = REMIND
    escalate_hours: int | None = ESCALATE

    @property
    def deciding(self) -> int:
        """What tells who decides: MANAGER, or the rule itself."""
        return MANAGER if self.who == "manager" or self.id is None else self.id


ABOVE_ALL = 2**63 - 1  # an amount that is above every band
WITHOUT = (Rule(),)  # what holds where nobody has said anything


def steps_of(
    org: Organisation, found: Iterable[Rule], department_id: int, amount: int | None
) -> Sequence[Rule]:
    """Return the steps that ``amount`` takes in a department, the first first; never none.

    The nearest department with rules decides, then those for everywhere. Of its bands the highest
    one counts that begins at the amount or below; without an amount, the lowest.
    """
    by_place: dict[int | None, list[Rule]] = {}
    for rule in found:
        by_place.setdefault(rule.department_id, []).append(rule)
    for place in (*org.upwards(department_id), None):
        if here := by_place.get(place):
            bands = sorted({rule.from_amount for rule in here})
            fitting = bands[:1] if amount is None else [b for b in bands if b <= amount]
            if fitting:
                band = [rule for rule in here if rule.from_amount == fitting[-1]]
                return sorted(band, key=lambda rule: rule.step)
            return WITHOUT
    return WITHOUT


@dataclass(frozen=True, kw_only=True)
class Circle:
    """The organisation at one instant, with the rules asked about and who holds their roles.

    ``holders`` are by role: (person, department of the assignment, None for everywhere).
    """

    org: Organisation
    rules: Mapping[int, Rule] = field(default_factory=dict)
    holders: Mapping[int, tuple[tuple[int, int | None], ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Step:
    """An open step of a request: what decides who may decide it."""

    deciding: int
    department_id: int
    amount: int | None = None
    concerned: frozenset[int] = frozenset()  # who asks, who gains, whose voice is given
    escalated: bool = False


def group_of(circle: Circle, deciding: int, department_id: int) -> Sequence[tuple[int, int | None]]:
    """Return who decides by a rule of a role or of people, and in which department they hold it."""
    rule = circle.rules.get(deciding)
    if rule is None:
        return ()
    if rule.who == "people":
        return [(person, department_id) for person in rule.people]
    above = set(circle.org.upwards(department_id))
    held = circle.holders.get(rule.role_id or 0, ())
    return [
        (person, place if place is not None else department_id)
        for person, place in held
        if place is None or place in above
    ]


def deciders(circle: Circle, step: Step) -> Mapping[int, Decider]:
    """Return who may decide a step, by their id; nobody only if the fallback has no other."""
    org = circle.org.without(step.concerned)
    matter = Matter(department_id=step.department_id, amount=step.amount)
    found: dict[int, Decider] = {}
    if step.deciding == MANAGER:
        _take(found, rules.deciders(org, matter).values())
    else:
        for person, place in group_of(circle, step.deciding, step.department_id):
            if person in org.active:
                _take(found, rules.act_for(org, person, matter, place).values())
        if not found:
            _take(found, map(_superior, rules.deciders(org, matter).values()))
    if step.escalated:
        _take(found, map(_superior, _above(org, matter, step.deciding)))
    return found


def _above(org: Organisation, matter: Matter, deciding: int) -> Iterable[Decider]:
    """Return who decides once a step has waited too long: the next to lead it from above."""
    if deciding != MANAGER:
        return rules.deciders(org, matter).values()
    place, _ = rules.holders(org, matter.department_id)
    above, people = rules.holders(org, org.parents.get(place) if place is not None else None)
    if not people:
        return rules.deciders(org, dataclasses.replace(matter, department_id=None)).values()
    return [one for p in people for one in rules.act_for(org, p, matter, above).values()]


def _superior(decider: Decider) -> Decider:
    if decider.way >= Way.SUPERIOR:
        return decider
    return dataclasses.replace(decider, way=Way.SUPERIOR)


def _take(found: dict[int, Decider], more: Iterable[Decider]) -> None:
    for decider in more:
        known = found.get(decider.person_id)
        if known is None or decider.rank < known.rank:
            found[decider.person_id] = decider


def concerned_by(requester_id: int, beneficiary_id: int | None, spent: str) -> frozenset[int]:
    """Return who takes no part in the open step of a request."""
    return frozenset({requester_id, *([beneficiary_id] if beneficiary_id else ()), *voices(spent)})


def voices(spent: str) -> frozenset[int]:
    """Return the people whose voice in the open step is given, as a row keeps them."""
    return frozenset(int(one) for one in spent.split(",") if one)


def given(spent: str, *people: int | None) -> str:
    """Return what a row keeps once these people have given their voice."""
    return ",".join(map(str, sorted(voices(spent) | {p for p in people if p is not None})))
