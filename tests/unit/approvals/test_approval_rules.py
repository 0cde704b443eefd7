"""Which steps a request takes, who decides them, and that the arms say the same as the rules."""

from __future__ import annotations

import dataclasses
import os
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.approvals.arms import Case, Reckoning, covers
from portal.approvals.rules import (
    ESCALATE,
    MANAGER,
    MOVES,
    REMIND,
    STATES,
    Circle,
    Rule,
    Step,
    actions,
    concerned_by,
    deciders,
    leads_to,
    steps_of,
    voices,
)
from portal.approvals.rules import given as give_voice
from portal.delegation.rules import Given, Organisation, Way

often = settings(max_examples=int(os.environ.get("KANTOR_TEST_EXAMPLES", "200")), deadline=None)
BOARD, OFFICE, STORES = 3, 2, 1
CHIEF, HEAD, KEEPER, DEWI, EKO, FARID, ADMIN = range(1, 8)
DAY, AT = date(2026, 3, 30), datetime(2026, 3, 30, 3, tzinfo=UTC)


def passes(number, principal, deputy, **more):
    days = {"from_on": DAY - timedelta(days=3), "last_on": DAY + timedelta(days=3)}
    return Given(id=number, principal_id=principal, deputy_id=deputy, **(days | more))


def place(*delegations, **more):
    facts = {
        "active": frozenset(range(1, 8)),
        "managers": {BOARD: (CHIEF,), OFFICE: (HEAD,), STORES: (KEEPER,)},
        "parents": {BOARD: None, OFFICE: BOARD, STORES: OFFICE},
        "fallback": frozenset({ADMIN}),
    } | more
    absent = frozenset(facts.pop("absent", ()))
    return Organisation(at=AT, day=DAY, given=delegations, absent=absent, **facts)


def who(circle, **more):
    step = {"deciding": MANAGER, "department_id": STORES} | more
    return set(deciders(circle, Step(**step)))


def numbers(found):
    return [rule.id for rule in found]


def test_without_a_rule_whoever_leads_the_department_decides_in_one_step():
    (step,) = steps_of(place(), (), STORES, 5)
    assert (step.who, step.needed) == ("manager", 1)
    assert (step.remind_hours, step.escalate_hours) == (REMIND, ESCALATE)


def test_a_band_begins_with_its_amount_and_its_steps_come_in_order():
    found = (Rule(id=3, from_amount=100, step=2), Rule(id=1), Rule(id=2, from_amount=100))
    assert numbers(steps_of(place(), found, STORES, 99)) == [1]
    assert numbers(steps_of(place(), found, STORES, 100)) == [2, 3]
    assert numbers(steps_of(place(), found, STORES, None)) == [1]


def test_the_nearest_department_with_rules_says_which_steps_there_are():
    found = (Rule(id=1), Rule(id=2, department_id=BOARD), Rule(id=3, department_id=OFFICE))
    assert numbers(steps_of(place(), found, STORES, 5)) == [3]
    assert numbers(steps_of(place(), found, BOARD, 5)) == [2]
    assert numbers(steps_of(place(), found, 99, 5)) == [1]


def test_below_the_lowest_band_whoever_leads_decides():
    found = (Rule(id=1, from_amount=100),)
    assert numbers(steps_of(place(), found, STORES, 99)) == [None]
    assert numbers(steps_of(place(), found, STORES, None)) == [1]


def test_who_holds_a_role_decides_where_it_reaches():
    rule = Rule(id=7, who="role", role_id=4)
    held = {4: ((DEWI, OFFICE), (EKO, None), (FARID, 99))}
    circle = Circle(org=place(), rules={7: rule}, holders=held)
    assert who(circle, deciding=7) == {DEWI, EKO}
    assert who(circle, deciding=7, department_id=BOARD) == {EKO}


def test_who_is_named_decides_and_whoever_stands_in_for_them():
    rule = Rule(id=7, who="people", people=(DEWI,))
    circle = Circle(org=place(passes(5, DEWI, EKO), absent={DEWI}), rules={7: rule})
    found = deciders(circle, Step(deciding=7, department_id=STORES))
    assert set(found) == {DEWI, EKO}
    assert (found[EKO].for_id, found[EKO].way) == (DEWI, Way.DEPUTY)


def test_if_all_who_are_named_are_concerned_it_goes_to_who_leads_and_then_to_the_fallback():
    rule = Rule(id=7, who="people", people=(DEWI,))
    circle = Circle(org=place(), rules={7: rule})
    assert who(circle, deciding=7, concerned=frozenset({DEWI})) == {KEEPER}
    alone = Circle(org=place(managers={}), rules={7: rule})
    assert who(alone, deciding=7, concerned=frozenset({DEWI})) == {ADMIN}


def test_after_a_while_the_superior_may_decide_too_and_their_deputy():
    circle = Circle(org=place())
    assert who(circle, escalated=True) == {KEEPER, HEAD}
    circle = Circle(org=place(passes(5, HEAD, EKO), absent={HEAD}))
    assert who(circle, escalated=True) == {KEEPER, HEAD, EKO}
    assert who(circle, escalated=True, concerned=frozenset({EKO})) == {KEEPER, HEAD, CHIEF}
    rule = Rule(id=7, who="people", people=(DEWI,))
    circle = Circle(org=place(), rules={7: rule})
    assert who(circle, deciding=7, escalated=True) == {DEWI, KEEPER}


def test_above_the_top_the_fallback_may_decide_too():
    circle = Circle(org=place())
    assert who(circle, department_id=BOARD, escalated=True) == {CHIEF, ADMIN}


def test_a_voice_is_given_once():
    assert give_voice("", 9, None) == "9"
    assert give_voice("9", 5, 7) == "5,7,9"
    assert voices("5,7") == {5, 7}
    assert concerned_by(1, None, "5") == {1, 5}
    assert concerned_by(1, 2, "") == {1, 2}


def test_what_has_ended_stays_as_it_is_but_what_is_approved_may_lose_its_subject():
    ended = set(STATES) - {"pending", "approved"}
    assert not {move.source for move in MOVES} & ended
    assert [m.target for m in MOVES if m.source == "approved"] == ["void"]
    assert leads_to("pending", "approve") == ("pending", "approved")
    assert leads_to("refused", "approve") == ()


def test_who_asks_can_only_withdraw_and_who_decides_only_decide():
    assert actions("pending", ["requester"]) == ("withdraw",)
    assert actions("pending", ["decider"]) == ("approve", "refuse")
    assert actions("approved", ["decider", "requester"]) == ()


people = st.integers(1, 7)
some = st.frozensets(people, max_size=7)
table = st.dictionaries(st.integers(1, 4), st.lists(people, max_size=2, unique=True).map(tuple))
amounts = st.sampled_from((None, 0, 4, 5, 6, 9, 10, 11))


@st.composite
def circles(draw):
    """Draw a small organisation in which everything may be missing, wrong or in a ring."""
    pairs = draw(st.lists(st.tuples(people, people), max_size=7))
    delegations = tuple(
        passes(
            number,
            principal,
            deputy,
            max_amount=draw(st.sampled_from((None, None, 5, 10))),
            scope=draw(st.sampled_from(("all", "approvals", "tasks"))),
            department_id=draw(st.sampled_from((None, None, 1, 2))),
            only_when_absent=draw(st.booleans()),
        )
        for number, (principal, deputy) in enumerate(pairs, start=1)
        if principal != deputy
    )
    org = place(
        *delegations,
        active=draw(some),
        absent=draw(some),
        managers=draw(table),
        standing=draw(table),
        parents={n: draw(st.sampled_from((None, 1, 2, 3, 4))) for n in range(1, 5)},
        fallback=draw(some),
    )
    named = Rule(id=8, who="people", people=tuple(sorted(draw(some))))
    holders = draw(st.lists(st.tuples(people, st.sampled_from((None, 1, 2, 3))), max_size=3))
    rules = {8: named, 9: Rule(id=9, who="role", role_id=1)}
    return Circle(org=org, rules=rules, holders={1: tuple(holders)})


@st.composite
def requests(draw):
    """Draw a request that waits: its open step, who asks, who gains, whose voice is given."""
    asks, gains = draw(people), draw(st.one_of(st.none(), people))
    spent = draw(st.sampled_from(("", "", "", "2", "3,4")))
    step = Step(
        deciding=draw(st.sampled_from((MANAGER, MANAGER, 8, 9))),
        department_id=draw(st.integers(1, 4)),
        amount=draw(amounts),
        concerned=concerned_by(asks, gains, spent),
        escalated=draw(st.booleans()),
    )
    return step, asks, gains, spent


@often
@given(circles(), st.lists(requests(), min_size=1, max_size=12), people)
def test_somebody_decides_exactly_what_their_arms_hold(circle, waiting, me):
    reckoning = Reckoning(circle, me)
    possible = reckoning.possible({(s.deciding, s.department_id) for s, *_ in waiting})
    matter = frozenset().union(*possible.values()) if possible else frozenset()
    cases = []
    for step, asks, gains, spent in waiting:
        people = (asks if asks in matter else 0, gains if gains in matter else 0)
        if any(people) or spent:
            case = Case(step.deciding, step.department_id, *people, spent, step.escalated)
            cases.append(case)
    arms = reckoning.arms(possible, cases, possible)
    for step, asks, gains, spent in waiting:
        assert covers(arms, step, asks, gains, spent) == (me in deciders(circle, step))


@often
@given(circles(), requests())
def test_nobody_decides_for_themselves_and_nothing_is_left_without_anybody(circle, request):
    step = request[0]
    found = deciders(circle, step)
    assert not set(found) & step.concerned
    assert set(found) <= circle.org.active
    if (circle.org.fallback & circle.org.active) - step.concerned:
        assert found
    later = deciders(circle, dataclasses.replace(step, escalated=True))
    assert set(found) <= set(later)
