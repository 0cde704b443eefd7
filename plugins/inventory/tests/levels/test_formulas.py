"""The formulas of stock levels give the figures of the books they are from."""

from math import sqrt
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kantor_inventory.levels import formulas
from kantor_inventory.levels.formulas import Demand, Lead, Order

TEN_A_DAY = Demand(mean=10, sd=4)
WEEK = Lead(mean=7, sd=2)
Z95 = formulas.z_of(95)


def test_the_position_counts_what_comes_and_not_what_is_promised():
    assert (
        formulas.inventory_position(on_hand=10, reserved=3, on_order=20, in_transit=4, approved=5)
        == 36
    )


def test_a_reorder_point_with_a_steady_lead_time():
    steady = Lead(mean=7)
    stock = formulas.safety_stock(TEN_A_DAY, steady, z=Z95)
    assert stock == pytest.approx(Z95 * 4 * sqrt(7))
    assert formulas.reorder_point(TEN_A_DAY, steady, z=Z95) == pytest.approx(70 + stock)


def test_a_reorder_point_with_a_lead_time_that_varies():
    assert formulas.safety_stock(TEN_A_DAY, WEEK, z=Z95) == pytest.approx(37.22, abs=0.005)
    assert formulas.reorder_point(TEN_A_DAY, WEEK, z=Z95) == pytest.approx(107.22, abs=0.005)


def test_who_orders_every_two_weeks_needs_more():
    stock = formulas.safety_stock(TEN_A_DAY, WEEK, z=Z95, review=14)
    assert stock == pytest.approx(44.62, abs=0.005)
    point = formulas.reorder_point(TEN_A_DAY, WEEK, z=Z95, review=14)
    assert point == pytest.approx(254.62, abs=0.005)
    assert formulas.order_up_to(point, TEN_A_DAY, cover=14) == pytest.approx(394.62, abs=0.005)


def test_the_economic_quantity_and_how_flat_its_cost_is():
    best = formulas.economic_quantity(order_cost=8, holding=0.225, demand=1300)
    assert best == pytest.approx(304.0468, abs=0.0001)
    assert formulas.cost_against_best(1.5 * best, best) == pytest.approx(1.083, abs=0.0005)
    assert formulas.cost_against_best(best / 2, best) == pytest.approx(1.25)
    assert formulas.cost_against_best(best * 2, best) == pytest.approx(1.25)
    assert formulas.weeks_between_orders(54, 9) == 6


def test_a_point_and_a_quantity_of_the_textbook():
    lead = 1 / 12
    z = NormalDist().inv_cdf(7.5 / (7.5 + 0.225))
    year = Demand(mean=1300, sd=150)
    point = formulas.reorder_point(year, Lead(mean=lead), z=z)
    assert point == pytest.approx(190.337, abs=0.001)


def test_the_fill_rate_is_better_than_the_service_level():
    z = formulas.z_of(90)
    assert formulas.loss(0) == pytest.approx(0.3989, abs=0.0001)
    assert formulas.fill_rate(sd=20, z=z, quantity=100) == pytest.approx(
        1 - 20 * formulas.loss(z) / 100
    )
    assert formulas.fill_rate(sd=20, z=z, quantity=100) > 0.98


def test_usage_between_two_counts():
    assert formulas.used_between(40, 12, received=20, came=5, went=3, scrapped=2) == 48


def test_usage_as_if_there_had_always_been_stock():
    found = formulas.corrected_usage(515, months=6, days_out=3 * formulas.MONTH)
    assert found == pytest.approx(171.67, abs=0.005)
    assert formulas.corrected_usage(0, months=1, days_out=40) is None


def test_months_of_stock():
    assert formulas.months_rule(most=3, lead_months=1, usage=100, available=150) == 250
    assert formulas.months_rule(most=3, lead_months=1, usage=10, available=150) == 0
    assert formulas.months_of_stock(250, 100) == 2.5
    assert formulas.months_of_stock(250, 0) is None
    assert formulas.weeks_of_cover(45, 9) == 5


def test_croston_and_its_correction():
    found = formulas.intermittent([0, 4, 0, 0, 4, 0, 4], alpha=0.1)
    assert found is not None
    assert found.size == pytest.approx(4)
    assert found.interval == pytest.approx(2.09)
    assert found.croston == pytest.approx(4 / 2.09)
    assert found.sba == pytest.approx(0.95 * 4 / 2.09)
    assert formulas.intermittent([0, 0]) is None


@pytest.mark.parametrize(
    ("series", "name"),
    [
        ([9, 10, 11, 10], "smooth"),
        ([1, 1, 1, 20], "erratic"),
        ([0, 5, 0, 5, 0, 5], "intermittent"),
        ([0, 1, 0, 1, 0, 30], "lumpy"),
        ([0, 0, 0], "none"),
    ],
)
def test_the_class_of_a_demand(series, name):
    assert formulas.demand_class(series) == name


def test_the_quantile_is_a_value_that_was_there():
    assert formulas.quantile(range(1, 21), 0.95) == 19
    assert formulas.quantile([3], 0.5) == 3
    assert formulas.window_level([1, 2, 3, 4], 2, 1.0) == 7
    assert formulas.window_level([1, 2, 3, 4], 2, 0.5) == 5
    assert formulas.window_level([1, 2], 9, 0.5) == 3


def test_a_lead_time_is_measured_over_the_last_ten_and_has_a_floor():
    found = formulas.lead_time([99, *([6, 8] * 5)], floor=5)
    assert found.mean == 7
    assert found.sd == pytest.approx(1.054, abs=0.001)
    assert formulas.lead_time([0] * 10, floor=6).mean == 6
    assert formulas.lead_time([], floor=6) == Lead(mean=6)


@pytest.mark.parametrize(
    ("position", "more", "order"),
    [
        (41, {}, Order(0)),
        (40, {}, Order(20)),
        (33, {"multiple": 10}, Order(30)),
        (33, {"least": 40, "multiple": 25}, Order(50)),
        (33, {"multiple": 10, "cap": 55}, Order(20, capped=True)),
        (33, {"multiple": 50, "cap": 55}, Order(0, capped=True)),
    ],
)
def test_an_order_is_rounded_up_unless_a_cap_stands_in_the_way(position, more, order):
    assert formulas.order_quantity(position, 40, 60, **more) == order


@given(
    st.integers(0, 500), st.integers(1, 500), st.integers(0, 500), st.integers(1, 60),
    st.integers(1, 60),
)  # fmt: skip
def test_an_order_brings_the_place_up_to_its_level(position, point, gap, least, multiple):
    found = formulas.order_quantity(
        position, point, point + gap, least=least, multiple=multiple
    ).quantity
    if position > point:
        assert found == 0
        return
    assert found >= least
    assert found % multiple == 0
    assert position + found >= point + gap
    assert found - multiple < max(point + gap - position, least)


@given(st.lists(st.integers(0, 100), min_size=1), st.integers(1, 99))
def test_at_least_the_share_lies_at_or_below_the_quantile(values, percent):
    found = formulas.quantile(values, percent / 100)
    assert sum(value <= found for value in values) * 100 >= percent * len(values)
