"""Who may decide when people are away, leave, stand in for one another, or ask themselves."""

from __future__ import annotations

import dataclasses
import os
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portal.delegation.rules import (
    DEPTH,
    Decider,
    Given,
    Matter,
    Organisation,
    Way,
    act_for,
    deciders,
    holders,
    may_decide,
)

often = settings(max_examples=int(os.environ.get("KANTOR_TEST_EXAMPLES", "200")), deadline=None)
BOARD, OFFICE, STORES = 100, 10, 1  # the stores below the office below the board
CHIEF, HEAD, KEEPER, DEWI, EKO, FARID, ADMIN = range(1, 8)
DAY = date(2026, 3, 30)
AT = datetime(2026, 3, 30, 3, tzinfo=UTC)
EVERYBODY = frozenset(range(1, 8))
STORE = Matter(department_id=STORES)


def passes(number, principal, deputy, **more):
    """Return a delegation of the days around the one of the tests."""
    days = {"from_on": DAY - timedelta(days=3), "last_on": DAY + timedelta(days=3)}
    return Given(id=number, principal_id=principal, deputy_id=deputy, **(days | more))


def place(*given, **more):
    """Return the organisation: each department with its manager, an administrator to fall back
    to.
    """
    facts = {
        "active": EVERYBODY,
        "managers": {BOARD: (CHIEF,), OFFICE: (HEAD,), STORES: (KEEPER,)},
        "parents": {BOARD: None, OFFICE: BOARD, STORES: OFFICE},
        "fallback": frozenset({ADMIN}),
    } | more
    absent = frozenset(facts.pop("absent", ()))
    return Organisation(at=AT, day=DAY, given=given, absent=absent, **facts)


def who(org, matter=STORE, **concerned):
    return set(deciders(org, matter, **concerned))


def test_who_leads_the_department_decides():
    assert deciders(place(), STORE) == {KEEPER: Decider(person_id=KEEPER)}


def test_a_department_without_a_manager_is_decided_for_above():
    assert who(place(managers={BOARD: (CHIEF,)})) == {CHIEF}
    assert who(place(managers={})) == {ADMIN}
    assert who(place(), Matter(department_id=None)) == {ADMIN}


def test_of_two_managers_both_decide():
    assert who(place(managers={STORES: (KEEPER, DEWI)})) == {KEEPER, DEWI}


def test_a_deputy_decides_for_who_is_away_and_both_may():
    org = place(passes(5, KEEPER, DEWI), absent={KEEPER})
    assert deciders(org, STORE) == {
        KEEPER: Decider(person_id=KEEPER),
        DEWI: Decider(person_id=DEWI, way=Way.DEPUTY, for_id=KEEPER, delegations=(5,)),
    }


def test_the_principal_who_comes_back_early_decides_alone_at_once():
    org = place(passes(5, KEEPER, DEWI), absent={KEEPER})
    assert who(dataclasses.replace(org, absent=frozenset())) == {KEEPER}


def test_a_deputy_for_always_decides_beside_who_is_here():
    assert who(place(passes(5, KEEPER, DEWI, only_when_absent=False))) == {KEEPER, DEWI}


def test_of_two_overlapping_delegations_both_deputies_decide():
    org = place(passes(5, KEEPER, DEWI), passes(6, KEEPER, EKO), absent={KEEPER})
    assert who(org) == {KEEPER, DEWI, EKO}


def test_a_deputy_who_is_away_passes_it_on_with_both_delegations():
    org = place(passes(5, KEEPER, DEWI), passes(6, DEWI, EKO), absent={KEEPER, DEWI})
    assert deciders(org, STORE)[EKO] == Decider(
        person_id=EKO, way=Way.DEPUTY, for_id=KEEPER, delegations=(5, 6)
    )
    assert DEWI not in deciders(org, STORE)


def test_a_deputy_who_is_here_does_not_pass_it_on_at_will():
    org = place(passes(5, KEEPER, DEWI), passes(6, DEWI, EKO), absent={KEEPER})
    assert EKO not in deciders(org, STORE)


def test_two_who_stand_in_for_one_another_and_are_both_away_leave_it_to_the_superior():
    org = place(passes(5, KEEPER, DEWI), passes(6, DEWI, KEEPER), absent={KEEPER, DEWI})
    assert who(org) == {KEEPER, HEAD}
    assert deciders(org, STORE)[HEAD].way is Way.SUPERIOR


def test_a_chain_of_more_than_three_falls_back():
    ring = [passes(n, n, n + 1) for n in (HEAD, KEEPER, DEWI, EKO)]  # from the head to Farid
    more = {"managers": {STORES: (HEAD,)}, "fallback": frozenset({CHIEF})}
    org = place(*ring, absent={HEAD, KEEPER, DEWI}, **more)
    assert DEPTH == 3
    assert who(org) == {HEAD, EKO}
    assert who(dataclasses.replace(org, absent=org.absent | {EKO})) == {HEAD, CHIEF}


def test_a_superior_who_is_away_leaves_it_to_the_standing_deputy_there():
    org = place(absent={KEEPER, HEAD}, standing={OFFICE: (EKO,)})
    assert who(org) == {KEEPER, EKO}


def test_who_leads_two_steps_and_is_away_is_not_their_own_superior_or_standing_deputy():
    managers = {BOARD: (CHIEF,), OFFICE: (KEEPER,), STORES: (KEEPER,)}
    org = place(absent={KEEPER}, managers=managers, standing={STORES: (KEEPER,)})
    assert who(org) == {KEEPER, CHIEF}


def test_without_a_deputy_the_standing_deputy_decides_then_the_superior_then_the_fallback():
    org = place(absent={KEEPER}, standing={STORES: (DEWI,)})
    assert who(org) == {KEEPER, DEWI}
    assert who(place(absent={KEEPER})) == {KEEPER, HEAD}
    assert who(place(absent={KEEPER}, managers={STORES: (KEEPER,)})) == {KEEPER, ADMIN}


def test_a_superior_who_is_away_has_a_deputy_too():
    org = place(passes(5, HEAD, EKO), absent={KEEPER, HEAD})
    assert deciders(org, STORE)[EKO] == Decider(
        person_id=EKO, way=Way.SUPERIOR, for_id=KEEPER, delegations=(5,)
    )


def test_when_the_deputy_asks_it_goes_to_the_superior_and_not_to_nobody():
    org = place(passes(5, KEEPER, DEWI), absent={KEEPER})
    assert who(org, requester_id=DEWI) == {KEEPER, HEAD}
    assert who(org, beneficiary_id=DEWI) == {KEEPER, HEAD}


def test_when_the_manager_asks_the_superior_decides_and_no_deputy_the_manager_chose():
    for org in (
        place(passes(5, KEEPER, DEWI), absent={KEEPER}),
        place(passes(5, KEEPER, DEWI, only_when_absent=False)),
    ):
        assert who(org, requester_id=KEEPER) == {HEAD}
        assert who(org, requester_id=EKO, beneficiary_id=KEEPER) == {HEAD}


def test_a_manager_of_every_step_above_does_not_decide_for_themselves():
    org = place(managers={BOARD: (KEEPER,), OFFICE: (KEEPER,), STORES: (KEEPER,)})
    assert who(org, requester_id=KEEPER) == {ADMIN}


def test_only_who_is_the_whole_fallback_and_asks_finds_nobody():
    assert who(place(managers={}), requester_id=ADMIN) == set()
    assert who(place(managers={}, fallback=frozenset({ADMIN, CHIEF})), requester_id=ADMIN) == {
        CHIEF
    }


def test_a_deputy_who_leaves_in_the_middle_leaves_it_to_the_superior():
    org = place(passes(5, KEEPER, DEWI), absent={KEEPER}, active=EVERYBODY - {DEWI})
    assert who(org) == {KEEPER, HEAD}


def test_who_left_gives_nothing_on():
    org = place(passes(5, KEEPER, DEWI), active=EVERYBODY - {KEEPER})
    assert who(org) == {HEAD}
    assert set(act_for(org, KEEPER, STORE)) == {HEAD}


def test_what_costs_more_than_the_deputy_may_decide_goes_to_the_superior():
    org = place(passes(5, KEEPER, DEWI, max_amount=1000), absent={KEEPER})
    assert who(org, dataclasses.replace(STORE, amount=1000)) == {KEEPER, DEWI}
    assert who(org, dataclasses.replace(STORE, amount=1001)) == {KEEPER, HEAD}


def test_the_lowest_amount_of_a_chain_counts():
    for first, second in ((1000, 500), (500, 1000), (None, 500), (500, None)):
        org = place(
            passes(5, KEEPER, DEWI, max_amount=first),
            passes(6, DEWI, EKO, max_amount=second),
            absent={KEEPER, DEWI},
        )
        assert EKO in deciders(org, dataclasses.replace(STORE, amount=500))
        assert EKO not in deciders(org, dataclasses.replace(STORE, amount=501))
        assert deciders(org, STORE)[EKO].limit == 500


@pytest.mark.parametrize(
    ("more", "fits"),
    [
        ({"scope": "approvals"}, True),
        ({"scope": "tickets"}, False),
        ({"department_id": STORES}, True),
        ({"department_id": OFFICE}, True),
        ({"department_id": 999}, False),
        ({"last_on": DAY}, True),
        ({"last_on": DAY - timedelta(days=1)}, False),
        ({"from_on": DAY}, True),
        ({"from_on": DAY + timedelta(days=1)}, False),
        ({"revoked_at": AT}, False),
        ({"revoked_at": AT + timedelta(seconds=1)}, True),
    ],
)
def test_a_delegation_fits_by_kind_department_and_days(more, fits):
    org = place(passes(5, KEEPER, DEWI, **more), absent={KEEPER})
    assert (DEWI in deciders(org, STORE)) is fits


def test_a_delegation_of_a_department_says_nothing_of_the_one_above():
    org = place(passes(5, HEAD, DEWI, department_id=STORES), absent={HEAD})
    assert who(org, Matter(department_id=OFFICE)) == {HEAD, CHIEF}


def test_a_department_that_moves_takes_its_open_matters_along():
    org = place(absent={KEEPER})
    moved = dataclasses.replace(org, parents={BOARD: None, OFFICE: BOARD, STORES: BOARD})
    assert who(moved) == {KEEPER, CHIEF}


def test_a_tree_that_bites_its_tail_ends():
    org = place(managers={}, parents={STORES: OFFICE, OFFICE: STORES})
    assert holders(org, STORES) == (None, ())
    assert who(org) == {ADMIN}


def test_one_in_their_own_right_is_not_called_a_deputy():
    org = place(passes(5, KEEPER, DEWI), absent={KEEPER}, managers={STORES: (KEEPER, DEWI)})
    assert deciders(org, STORE)[DEWI] == Decider(person_id=DEWI)
    assert may_decide(org, DEWI, STORE) == Decider(person_id=DEWI)
    assert may_decide(org, EKO, STORE) is None


people = st.integers(1, 6)
some = st.frozensets(people, max_size=6)
table = st.dictionaries(st.integers(1, 4), st.lists(people, max_size=2, unique=True).map(tuple))


@st.composite
def organisations(draw):
    """Draw a small organisation in which everything may be missing, wrong or in a ring."""
    pairs = draw(st.lists(st.tuples(people, people), max_size=7))
    given = tuple(
        passes(
            number,
            principal,
            deputy,
            max_amount=draw(st.sampled_from((None, None, 5))),
            scope=draw(st.sampled_from(("all", "approvals", "tasks"))),
            department_id=draw(st.sampled_from((None, None, 1, 2))),
            only_when_absent=draw(st.booleans()),
        )
        for number, (principal, deputy) in enumerate(pairs, start=1)
        if principal != deputy
    )
    parents = {n: draw(st.sampled_from((None, 1, 2, 3, 4))) for n in range(1, 5)}
    return place(
        *given,
        active=draw(some),
        absent=draw(some),
        managers=draw(table),
        standing=draw(table),
        parents=parents,
        fallback=draw(some),
    )


def naive(org, matter, concerned):
    """Return who may decide, by following every way one step at a time until none is left."""
    works = org.active - concerned
    above, at = [], matter.department_id
    while at is not None and at not in above:
        above.append(at)
        at = org.parents.get(at)
    leading = [(at, set(org.managers.get(at, ())) & works) for at in above]
    leading = [(at, found) for at, found in leading if found]
    if not leading:
        return org.fallback & works
    at, found = leading[0]
    allowed, open_ways = set(found), [((person,), at) for person in found]
    while open_ways:
        way, at = open_ways.pop()
        last = way[-1]
        chosen = [
            one
            for one in org.given
            if one.principal_id == last
            and one.scope in ("all", matter.scope)
            and one.department_id in (None, *above)
            and one.deputy_id in works - set(way)
        ]
        chosen = [one for one in chosen if one.max_amount is None or (matter.amount or 0) <= 5]
        if last not in org.absent:
            allowed |= {last} | {one.deputy_id for one in chosen if not one.only_when_absent}
            continue
        following = [((*way, one.deputy_id), at) for one in chosen]
        here = at
        if not following:
            stand = set(org.standing.get(at, ())) & works - set(way)
            following = [((*way, person), at) for person in stand]
        passed = {at}
        while not following and (here := org.parents.get(here)) is not None and here not in passed:
            passed.add(here)
            lead = set(org.managers.get(here, ())) & works - set(way)
            following = [((*way, person), here) for person in lead]
        if len(way) > 3 or not following:
            allowed |= org.fallback & works
        else:
            open_ways += following
    return allowed


@often
@given(organisations(), st.sampled_from((None, 5, 6)), some)
@example(place(managers={}), None, frozenset())
def test_what_is_found_is_what_a_naive_search_finds(org, amount, concerned):
    matter = Matter(department_id=1, amount=amount)
    asks, gains = [*concerned, None, None][:2]
    concerned = frozenset({asks, gains} - {None})
    found = deciders(org, matter, requester_id=asks, beneficiary_id=gains)
    assert set(found) == naive(org, matter, concerned)
    assert not set(found) & concerned
    assert set(found) <= org.active
    if (org.fallback & org.active) - concerned:
        assert found
    for person_id in holders(org.without(concerned), 1)[1]:
        assert found[person_id] == Decider(person_id=person_id)
    by_id = {given.id: given for given in org.given}
    for decider in found.values():
        assert len(decider.delegations) <= DEPTH
        limits = [by_id[n].max_amount for n in decider.delegations]
        assert decider.limit == min((n for n in limits if n is not None), default=None)
        assert decider.for_id != decider.person_id
        assert decider.way is not Way.DEPUTY or by_id[decider.delegations[-1]].deputy_id == (
            decider.person_id
        )


@often
@given(organisations(), people)
def test_for_anybody_somebody_acts_while_the_fallback_works_here(org, person_id):
    found = act_for(org, person_id, Matter(department_id=1))
    assert found or not org.fallback & org.active
    assert (person_id in found) or person_id not in org.active
