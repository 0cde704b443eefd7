"""How much to order: the figures of the textbooks, and what must always hold."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kantor_inventory.ordering import rules
from kantor_inventory.ordering.rules import Day, Suggestion, Terms
from kantor_inventory.rules import Factor

PACK_OF_5 = Terms(pack=Factor(5))
ONE_BY_ONE = Terms(pack=Factor(1))
TODAY = date(2026, 11, 29)


@pytest.mark.parametrize(
    ("position", "minimum", "maximum", "missing"),
    [
        (20_000, 20_000, 60_000, 0),  # exactly the minimum is enough
        (19_999, 20_000, 60_000, 40_001),
        (0, 20_000, None, 20_000),  # without a maximum up to the minimum
        (5_000, None, 60_000, 0),  # without a minimum nothing is asked for
        (0, 0, 10_000, 0),
    ],
)
def test_one_orders_up_to_the_maximum_once_the_minimum_is_passed(
    position, minimum, maximum, missing
):
    assert rules.needed(position, minimum, maximum) == missing


def test_what_is_on_order_counts_as_if_it_were_there():
    position = rules.position(on_hand=2_000, on_order=10_000)
    assert rules.suggest(position, 12_000, 40_000, ONE_BY_ONE) is None


@pytest.mark.parametrize(
    ("position", "minimum", "maximum", "terms", "expected"),
    [
        # Nine are missing, the pack is five: two packs, because it is rounded up.
        (1_000, 10_000, None, PACK_OF_5, Suggestion(2, 10_000)),
        (18_000, 71_000, 108_000, PACK_OF_5, Suggestion(18, 90_000)),
        # Twelve are missing and three packs would pass the maximum, so two come.
        (8_000, 10_000, 20_000, PACK_OF_5, Suggestion(2, 10_000, "fitted")),
        # One pack more than the maximum, because none would leave the place below its minimum.
        (3_000, 4_000, 6_000, PACK_OF_5, Suggestion(1, 5_000, "over")),
        # The least they sell is more than the place should hold.
        (0, 5_000, 10_000, Terms(pack=Factor(1), least=24), Suggestion(24, 24_000, "over")),
        (0, 10_000, 50_000, Terms(pack=Factor(5), multiple=4), Suggestion(8, 40_000, "fitted")),
        (0, 1_000, None, Terms(pack=Factor(1), least=5, multiple=4), Suggestion(8, 8_000)),
        # Three sachets hold one piece: packs come in threes, so that it comes out even.
        (0, 1_000, None, Terms(pack=Factor(1, 3)), Suggestion(3, 1_000)),
    ],
)
def test_packs_are_rounded_up_and_never_pass_the_maximum_without_need(
    position, minimum, maximum, terms, expected
):
    assert rules.suggest(position, minimum, maximum, terms) == expected


factors = st.builds(Factor, st.integers(1, 60), st.integers(1, 12))
terms = st.builds(Terms, pack=factors, least=st.integers(1, 40), multiple=st.integers(1, 12))


@given(st.integers(0, 200_000), st.integers(1, 200_000), st.integers(0, 200_000), terms)
def test_a_suggestion_reaches_the_minimum_in_packs_one_may_order(position, minimum, gap, terms):
    maximum = minimum + gap
    found = rules.suggest(position, minimum, maximum, terms)
    if position >= minimum:
        assert found is None
        return
    assert rules.allowed(found.packs, terms)
    assert found.quantity == terms.base(found.packs)
    reached = position + found.quantity
    assert reached >= minimum
    fewer = found.packs - terms.step
    if reached > maximum:  # Then nothing smaller would have done.
        assert found.rounded == "over"
        assert fewer < terms.smallest or position + terms.base(fewer) < minimum
    else:  # Then nothing larger would have fitted, or nothing more was missing.
        assert reached == maximum or reached + terms.base(terms.step) > maximum


@given(st.integers(0, 200_000), st.integers(1, 200_000), terms)
def test_without_a_maximum_the_fewest_packs_are_taken_that_reach_the_minimum(
    position, minimum, terms
):
    found = rules.suggest(position, minimum, None, terms)
    if found is None:
        assert position >= minimum
        return
    fewer = found.packs - terms.step
    assert position + found.quantity >= minimum
    assert fewer < terms.smallest or position + terms.base(fewer) < minimum


def test_usage_is_corrected_for_the_time_without_stock():
    # 515 in six months of which three were without stock (MSH): 171.67 a month.
    days = 61  # of a month, doubled so that half a day is a whole number
    found = rules.per_period(515, days=6 * days, out=3 * days, period=days)
    assert found == Fraction(515, 3)
    assert rules.per_period(1, days=10, out=10, period=7) is None


def days(*known):
    return {TODAY - timedelta(days=back): Day(used, change) for back, used, change in known}


def weekly(known, *, on_hand, back=84, until=TODAY):
    since = TODAY - timedelta(days=back)
    return rules.weekly_use(known, on_hand=on_hand, since=since, until=until, now=TODAY)


def test_twelve_a_week_are_twelve_a_week():
    known = days(*((back, 12_000, -12_000) for back in range(1, 85, 7)))
    assert weekly(known, on_hand=10_000) == 12_000


def test_the_time_before_the_first_receipt_does_not_count():
    # Nothing until six weeks ago; since then 84 of 100 were used.
    known = days((42, 0, 100_000), *((back, 14_000, -14_000) for back in range(1, 42, 7)))
    assert weekly(known, on_hand=16_000) == 14_000


def test_of_three_weeks_of_history_nothing_is_said():
    known = days((21, 0, 100_000), *((back, 14_000, -14_000) for back in range(1, 21, 7)))
    assert weekly(known, on_hand=58_000) is None


def test_what_is_only_counted_is_known_up_to_its_last_count():
    counted = TODAY - timedelta(days=28)
    known = days((29, 56_000, -56_000), (10, 0, 40_000))
    assert weekly(known, on_hand=60_000, until=counted) == 7_000


def test_nothing_used_is_nothing_known():
    assert weekly({}, on_hand=5_000) is None


def test_cover_is_how_long_a_position_lasts():
    assert rules.cover(18_000, 9_000) == 2
    assert rules.cover(18_000, None) is None


def test_soon_due_is_what_passes_its_minimum_before_the_next_order():
    assert rules.soon_due(25_000, 20_000, 7_000, 14)
    assert not rules.soon_due(40_000, 20_000, 7_000, 14)
    assert not rules.soon_due(19_000, 20_000, 7_000, 14)  # that is due now
    assert not rules.soon_due(25_000, 20_000, None, 14)


WHY = {
    "on_hand": 2_000,
    "on_order": 10_000,
    "minimum": 30_000,
    "maximum": 60_000,
    "weekly": 9_000,
    "lead_days": 6,
    "every": 14,
    "pack": [5, 1],
    "base": "ream",
    "unit": "box",
    "suggested": 8,
    "rounded": "",
}


def test_why_is_one_sentence_in_either_language(portal_app):
    assert rules.explain(WHY).in_language("en") == (
        "You use about 9 ream a week; the supplier takes 6 days and you order every 14;"
        " 2 ream are left and 10 ream on order; between 30 ream and 60 ream are wanted;"
        " the pack is 5 ream."
    )
    assert rules.explain(WHY).in_language("id").startswith("Pemakaian ")


def test_why_says_nothing_of_what_nobody_knows():
    why = WHY | {"weekly": None, "on_order": 0, "maximum": None, "pack": [1, 1]}
    assert rules.explain(why).in_language("en") == (
        "2 ream are left and none on order; at least 30 ream are wanted."
    )
