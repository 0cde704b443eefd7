"""Where somebody decides: a few conditions on the requests that wait instead of a question for
each.

Who may decide depends on the department, on the rule of the step, on amounts up to which somebody
stands in, and on whom the request concerns, if that is one of the few whose absence from the
decision changes who else decides. So one asks once for each department and amount in between, and
once for each such person: docs/adr says why.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from portal.delegation.rules import Decider

from .rules import MANAGER, Circle, Step, deciders, group_of, voices

Pair = tuple[int, int]  # what tells who decides, and the department
Band = tuple[int | None, int | None]  # above the first amount, up to the second


@dataclass(frozen=True, order=True)
class Case:
    """What is special about some requests of a pair: whom they concern (0: nobody who matters)."""

    deciding: int
    department_id: int
    requester_id: int
    beneficiary_id: int
    spent: str
    escalated: bool


@dataclass(frozen=True)
class Arm:
    """Requests that somebody may decide; ``case`` None: all that concern nobody who matters.

    ``escalated`` True limits it to those that waited too long. ``for_id`` is whom the decider
    stands in for, None in their own right.
    """

    pair: Pair
    band: Band
    for_id: int | None
    escalated: bool = False
    case: Case | None = None


@dataclass(frozen=True, kw_only=True)
class Arms:
    """All requests that somebody may decide; ``matter`` are those who change who decides."""

    person_id: int = 0
    arms: tuple[Arm, ...] = ()
    matter: frozenset[int] = frozenset()

    def standing_for(self, for_id: int | None) -> Arms:
        """Return those where the person decides for somebody, or (None) in their own right."""
        chosen = tuple(arm for arm in self.arms if arm.for_id == for_id)
        return Arms(person_id=self.person_id, arms=chosen, matter=self.matter)

    def standing_in(self) -> Arms:
        """Return those where the person decides for anybody else."""
        chosen = tuple(arm for arm in self.arms if arm.for_id is not None)
        return Arms(person_id=self.person_id, arms=chosen, matter=self.matter)


@dataclass
class Reckoning:
    """Works out the arms of one person."""

    circle: Circle
    person_id: int
    _known: dict[Step, Decider | None] = field(default_factory=dict)

    @cached_property
    def bands(self) -> Sequence[Band]:
        """The amounts between which nobody's right to stand in changes."""
        limits = {one.max_amount for one in self.circle.org.given if one.max_amount is not None}
        edges = [None, *sorted(limits), None]
        return list(pairwise(edges))

    @cached_property
    def deputies(self) -> Mapping[int, frozenset[int]]:
        """Whom each person has named."""
        found: dict[int, set[int]] = {}
        for one in self.circle.org.given:
            found.setdefault(one.principal_id, set()).add(one.deputy_id)
        return {person: frozenset(named) for person, named in found.items()}

    def on_the_way(self, pair: Pair) -> frozenset[int]:
        """Return everybody whom the question who decides a pair can come across, but those who
        only fall in last.
        """
        org = self.circle.org
        found: set[int] = set()
        for place in org.upwards(pair[1]):
            found.update(org.managers.get(place, ()), org.standing.get(place, ()))
        if (
            pair[0] != MANAGER
        ):  # Of a group without anybody else the fallback is asked, then others.
            found.update(org.fallback, (person for person, _ in group_of(self.circle, *pair)))
        following = list(found)
        while following:
            named = self.deputies.get(following.pop(), frozenset()) - found
            found |= named
            following += named
        return frozenset(found)

    def possible(self, pairs: Iterable[Pair]) -> Mapping[Pair, frozenset[int]]:
        """Return the pairs in which the person may decide anything, with who is on the way."""
        org = self.circle.org
        if self.person_id not in org.active:
            return {}
        ways = {pair: self.on_the_way(pair) for pair in pairs}
        last = self.person_id in org.fallback
        return {pair: way for pair, way in ways.items() if last or self.person_id in way}

    def arms(
        self, pairs: Mapping[Pair, frozenset[int]], cases: Iterable[Case], late: Container[Pair]
    ) -> Arms:
        """Return the arms in these pairs; ``cases`` are those of the requests that concern
        somebody on the way of any pair, or of whom somebody has given a voice already; ``late`` are
        the pairs in which something has waited too long.
        """
        matter = frozenset().union(*pairs.values()) if pairs else frozenset()
        found = [arm for pair in pairs for arm in self._general(pair, pair in late)]
        for case in sorted(set(cases)):
            if (case.deciding, case.department_id) in pairs:
                found += self._special(case)
        return Arms(person_id=self.person_id, arms=tuple(found), matter=matter)

    def _general(self, pair: Pair, late: bool) -> Iterator[Arm]:
        plain = self._banded(pair, frozenset(), False)
        for band, for_id, holds in _joined(plain):
            if holds:
                yield Arm(pair, band, for_id)
        if not late:
            return
        later = self._banded(pair, frozenset(), True)
        only_later = {
            band: (for_id, holds and not plain[band][1]) for band, (for_id, holds) in later.items()
        }
        for band, for_id, holds in _joined(only_later):
            if holds:
                yield Arm(pair, band, for_id, escalated=True)

    def _special(self, case: Case) -> Iterator[Arm]:
        pair = case.deciding, case.department_id
        concerned = voices(case.spent) | ({case.requester_id, case.beneficiary_id} - {0})
        if self.person_id in concerned:
            return
        for band, for_id, holds in _joined(self._banded(pair, concerned, case.escalated)):
            if holds:
                yield Arm(pair, band, for_id, case.escalated, case)

    def _banded(
        self, pair: Pair, concerned: frozenset[int], escalated: bool
    ) -> dict[Band, tuple[int | None, bool]]:
        found: dict[Band, tuple[int | None, bool]] = {}
        for low, high in self.bands:
            amount = high if high is not None else None if low is None else low + 1
            step = Step(
                deciding=pair[0],
                department_id=pair[1],
                amount=amount,
                concerned=concerned,
                escalated=escalated,
            )
            decider = self.decider(step)
            found[low, high] = (decider.for_id if decider else None, decider is not None)
        return found

    def decider(self, step: Step) -> Decider | None:
        """Return how the person comes to decide a step, or None."""
        if step not in self._known:
            self._known[step] = deciders(self.circle, step).get(self.person_id)
        return self._known[step]


def _joined(
    bands: Mapping[Band, tuple[int | None, bool]],
) -> Iterator[tuple[Band, int | None, bool]]:
    """Yield bands next to each other with the same answer as one."""
    begun: tuple[Band, int | None, bool] | None = None
    for band, (for_id, holds) in bands.items():
        if begun is not None and begun[1:] == (for_id, holds):
            begun = (begun[0][0], band[1]), for_id, holds
            continue
        if begun is not None:
            yield begun
        begun = band, for_id, holds
    if begun is not None:
        yield begun


def covers(
    arms: Arms, step: Step, requester_id: int, beneficiary_id: int | None, spent: str
) -> bool:
    """Return whether a request is in one of the arms: what the database is asked, in plain
    words.
    """
    matter = arms.matter
    if arms.person_id in {requester_id, beneficiary_id}:
        return False
    case = Case(
        step.deciding,
        step.department_id,
        requester_id if requester_id in matter else 0,
        beneficiary_id if beneficiary_id in matter else 0,
        spent,
        step.escalated,
    )
    special = bool(case.requester_id or case.beneficiary_id or spent)
    for arm in arms.arms:
        low, high = arm.band
        fits = arm.pair == (step.deciding, step.department_id)
        if step.amount is None:
            fits = fits and low is None
        else:
            fits = fits and (low is None or step.amount > low)
            fits = fits and (high is None or step.amount <= high)
        if special:
            fits = fits and arm.case == case
        else:
            fits = fits and arm.case is None and (step.escalated or not arm.escalated)
        if fits:
            return True
    return False
