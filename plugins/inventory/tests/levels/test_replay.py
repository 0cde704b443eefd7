"""The replay shows what it is there to show, on a few seeds."""

import pytest

from bench import reorder

SEEDS = 2


def test_computed_levels_follow_a_slower_supplier_and_fixed_ones_do_not():
    computed = reorder.lost(reorder.COMPUTED, SEEDS)
    fixed = reorder.lost(reorder.FIXED_40, SEEDS)
    assert computed < 3
    assert fixed > 5
    assert "Computed levels follow" in reorder.verdict(computed, fixed)
    assert "DO NOT FOLLOW" in reorder.verdict(fixed, computed)


def test_a_gap_between_minimum_and_maximum_saves_orders():
    without, gap = (
        reorder.replay(policy, reorder.FAST, SEEDS)
        for policy in reorder.POLICIES
        if policy.name.startswith(("fixed minimum of 40", "fixed minimum of 35"))
    )
    assert gap.lines < 0.7 * without.lines
    assert gap.fill == pytest.approx(without.fill, abs=2)


def test_without_safety_stock_much_is_lost():
    assert reorder.replay(reorder.POLICIES[-1], reorder.FAST, SEEDS).fill < 90


@pytest.mark.parametrize("kind", reorder.KINDS)
def test_usage_is_the_same_for_the_same_seed_and_differs_for_another(kind):
    assert reorder.usage(kind, 1) == reorder.usage(kind, 1) != reorder.usage(kind, 2)
