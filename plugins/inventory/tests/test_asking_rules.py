"""What may become of a line, and which quantities are unusual, for any history."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kantor_inventory.asking import rules
from kantor_inventory.asking.models import LINE_STATES
from kantor_inventory.asking.rules import ANSWER, ASK, BUY, LEAST, OPEN, STEPS, NotPossible, usual

STATES = st.sampled_from(LINE_STATES)
ACTIONS = st.sampled_from([*rules.ACTIONS, "give away"])
QUANTITIES = st.integers(1, 10**9)


def test_every_state_and_action_of_the_table_is_known_to_pages_and_database():
    assert {step.state for step in STEPS} | {step.to for step in STEPS} == set(LINE_STATES)
    assert set(rules.LINE_STATES) == set(LINE_STATES)
    assert set(rules.ACTIONS) == {step.action for step in STEPS}


@given(STATES, ACTIONS)
def test_only_what_stands_in_the_table_is_possible(state, action):
    known = [step for step in STEPS if (step.state, step.action) == (state, action)]
    if known:
        assert rules.step(state, action) is known[0]
        assert action in rules.possible(state, known[0].permission)
    else:
        with pytest.raises(NotPossible):
            rules.step(state, action)


@given(st.lists(ACTIONS, max_size=8))
def test_a_line_is_settled_once_whatever_is_tried(actions):
    state, settled = "asked", 0
    for action in actions:
        try:
            state = rules.step(state, action).to
            settled += state not in OPEN
        except NotPossible:
            continue
    assert settled <= 1
    assert settled == (state not in OPEN)


@given(st.lists(STATES, min_size=1, max_size=20))
def test_a_request_is_open_as_long_as_one_line_is(states):
    status = rules.status(states)
    assert (status == "asked") == bool({*states} & {*OPEN})
    assert (status == "withdrawn") == (set(states) == {"withdrawn"})
    assert str(rules.summary(states))


def test_who_asks_withdraws_and_who_has_the_room_answers():
    assert rules.possible("asked", ASK) == ["withdraw"]
    assert rules.possible("asked", ANSWER) == ["hand_out", "decline", "order", "put_aside"]
    assert rules.possible("to_buy", ANSWER) == ["hand_out", "decline"]
    assert rules.possible("to_buy", BUY) == ["buy"]
    for state in set(LINE_STATES) - {*OPEN}:
        assert rules.possible(state, ASK) == rules.possible(state, ANSWER) == []


@given(st.lists(QUANTITIES, max_size=LEAST - 1))
def test_too_few_movements_teach_nothing(past):
    assert usual(past) is None


@given(st.lists(QUANTITIES, min_size=LEAST, max_size=60))
def test_what_is_usual_is_never_asked_about(past):
    known = usual(past)
    assert known.fits(known.middle)
    assert known.middle in past


@given(st.lists(QUANTITIES, min_size=LEAST, max_size=60), QUANTITIES)
def test_nothing_is_both_too_much_and_too_little(past, quantity):
    known = usual(past)
    assert not (known.too_much(quantity) and known.too_little(quantity))
    if known.too_much(quantity):
        assert known.too_much(quantity + 1)
        assert quantity > 4 * known.middle


@given(st.integers(1, 10**6), st.integers(0, 2), QUANTITIES)
def test_one_slip_of_the_pen_teaches_nothing_wrong(same, place, wrong):
    past = [same] * 5
    past.insert(place, wrong)
    assert usual(past).middle == same


def test_boxes_for_pieces_are_noticed_and_a_large_order_is_not():
    known = usual([12_000, 10_000, 12_000, 15_000, 12_000, 6_000])
    assert known.too_much(144_000)
    assert known.too_little(1_000)
    assert known.fits(36_000)
    assert known.fits(6_000)
