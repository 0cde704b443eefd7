from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kantor_inventory import rules
from kantor_inventory.rules import BASE, Factor, Rounding, State

BOX_OF_12 = Factor(12)
THIRD = Factor(1, 3)
quantities = st.integers(min_value=1, max_value=rules.LARGEST)
values = st.integers(min_value=0, max_value=10**13)


def test_a_box_of_twelve_holds_twelve_pens():
    assert rules.to_base(1000, BOX_OF_12) == 12_000


def test_half_a_box_of_twelve_is_six_pens():
    assert rules.to_base(500, BOX_OF_12) == 6_000


def test_three_thirds_make_one_and_nothing_is_lost():
    assert rules.to_base(3000, THIRD) == 1000


def test_one_third_is_refused_rather_than_rounded():
    with pytest.raises(rules.UnevenQuantity) as refused:
        rules.to_base(1000, THIRD)
    assert "quantity" in refused.value.fields


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [(Rounding.UP, 334), (Rounding.DOWN, 333), (Rounding.NEAREST, 333)],
)
def test_one_third_is_rounded_only_when_asked(rounding, expected):
    assert rules.to_base(1000, THIRD, rounding=rounding) == expected


def test_a_missing_factor_never_becomes_one():
    with pytest.raises(rules.MissingFactor):
        rules.to_base(1000, None)


@pytest.mark.parametrize(("num", "den"), [(0, 1), (-12, 1), (1, 0)])
def test_a_factor_is_a_positive_fraction(num, den):
    with pytest.raises(ValueError, match="positive"):
        Factor(num, den)


def test_factors_are_kept_in_lowest_terms():
    assert Factor(24, 36) == Factor(2, 3)


@given(quantities, st.integers(1, 500), st.integers(1, 500))
def test_a_conversion_is_exact_or_refused(entered, num, den):
    factor = Factor(num, den)
    exact = Fraction(entered * num, den)
    try:
        assert rules.to_base(entered, factor) == exact
    except rules.UnevenQuantity:
        assert exact.denominator != 1
        assert rules.to_base(entered, factor, rounding=Rounding.UP) - exact < 1


@pytest.mark.parametrize("quantity", [0, -1, -1000, rules.LARGEST + 1, 10**15])
def test_quantities_that_cannot_be_posted(quantity):
    with pytest.raises(rules.QuantityOutOfRange):
        rules.checked(quantity)


@pytest.mark.parametrize("quantity", [1, 500, 1000, rules.LARGEST])
def test_quantities_that_can_be_posted(quantity):
    assert rules.checked(quantity) == quantity


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [(1, 2, 0), (3, 2, 2), (5, 2, 2), (7, 2, 4), (10, 3, 3), (11, 3, 4), (0, 7, 0)],
)
def test_ties_go_to_the_even_number(numerator, denominator, expected):
    assert rules.half_even(numerator, denominator) == expected


@pytest.mark.parametrize(
    ("on_hand", "value", "quantity", "expected"),
    [
        (3000, 1000, 1000, 333),
        (3000, 1000, 2000, 667),
        (3000, 1000, 3000, 1000),
        (2000, 1, 1000, 0),
        (1000, 1, 1000, 1),
        (8000, 4, 1000, 0),
        (8000, 12, 1000, 2),
        (10_000, 520_000_00, 2_500, 130_000_00),
    ],
)
def test_an_issue_takes_its_share_of_the_value(on_hand, value, quantity, expected):
    assert rules.value_of_issue(on_hand=on_hand, value=value, quantity=quantity) == expected


@given(st.lists(quantities, min_size=1, max_size=30), values)
def test_issuing_everything_bit_by_bit_leaves_no_value(parts, value):
    on_hand, left, taken = sum(parts), value, 0
    for part in parts:
        out = rules.value_of_issue(on_hand=on_hand, value=left, quantity=part)
        assert 0 <= out <= left
        on_hand, left, taken = on_hand - part, left - out, taken + out
    assert (on_hand, left, taken) == (0, 0, value)


@pytest.mark.parametrize(
    ("on_hand", "value", "quantity", "original", "expected"),
    [
        (20_000, 1010, 10_000, 1000, 1000),
        (10_000, 505, 10_000, 1000, 505),
        (10_000, 505, 10_000, 10, 505),
        (15_000, 600, 10_000, 1000, 600),
        (15_000, 600, 10_000, 10, 10),
    ],
)
def test_a_reversal_takes_back_what_it_brought_but_never_strands_value(
    on_hand, value, quantity, original, expected
):
    taken = rules.value_of_reversal(
        on_hand=on_hand, value=value, quantity=quantity, original=original
    )
    assert taken == expected


def test_a_receipt_is_not_worth_more_than_the_ledger_can_add_up():
    assert rules.value_of_receipt(entered=rules.ONE, price=10**15) == rules.LARGEST_VALUE
    with pytest.raises(rules.ValueOutOfRange):
        rules.value_of_receipt(entered=rules.LARGEST, price=10**15)


@pytest.mark.parametrize(
    ("entered", "price", "expected"),
    [(10_000, 52_000_00, 520_000_00), (500, 3, 2), (1500, 1, 2), (333, 100, 33), (1000, 0, 0)],
)
def test_a_receipt_is_worth_its_price(entered, price, expected):
    assert rules.value_of_receipt(entered=entered, price=price) == expected


def test_the_cost_of_one_is_shown_rounded():
    assert rules.unit_cost(on_hand=3000, value=1000) == 333
    assert rules.unit_cost(on_hand=0, value=0) is None


@pytest.mark.parametrize(
    ("on_hand", "value", "quantity", "price", "expected"),
    [
        (10_000, 1000, 10_000, 200, 150),
        (30_000, 3000, 10_000, 140, 110),
        (0, 0, 5000, 90, 90),
        (-2000, 0, 5000, 90, 90),
    ],
)
def test_the_moving_average(on_hand, value, quantity, price, expected):
    assert (
        rules.cost_after_receipt(on_hand=on_hand, value=value, quantity=quantity, price=price)
        == expected
    )


@given(quantities, values, quantities, st.integers(0, 10**10))
def test_the_moving_average_lies_between_old_and_new_cost(on_hand, value, quantity, price):
    old = rules.unit_cost(on_hand=on_hand, value=value)
    new = rules.cost_after_receipt(on_hand=on_hand, value=value, quantity=quantity, price=price)
    assert min(old, price) - 1 <= new <= max(old, price) + 1


@pytest.mark.parametrize(
    ("quantity", "minimum", "maximum", "expected"),
    [
        (0, None, None, State.OUT),
        (0, 0, None, State.OUT),
        (-500, None, None, State.OUT),
        (1, 1000, None, State.LOW),
        (999, 1000, 5000, State.LOW),
        (1000, 1000, 5000, State.ENOUGH),
        (5000, 1000, 5000, State.ENOUGH),
        (5001, 1000, 5000, State.TOO_MUCH),
        (7, None, None, State.ENOUGH),
    ],
)
def test_the_state_of_a_place(quantity, minimum, maximum, expected):
    assert rules.state(quantity, minimum, maximum) is expected


def test_exactly_the_minimum_is_not_below_it():
    assert not rules.is_below(4000, 4000)
    assert rules.is_below(3999, 4000)
    assert not rules.is_below(0, None)


@pytest.mark.parametrize(
    ("digits", "check"),
    [
        ("400638133393", 1),
        ("01234567890", 5),
        ("9638507", 4),
        ("1001234567890", 2),
        ("200000000001", 5),
    ],
)
def test_known_check_digits(digits, check):
    assert rules.gtin_check_digit(digits) == check
    assert rules.is_gtin(f"{digits}{check}")
    assert not rules.is_gtin(f"{digits}{(check + 1) % 10}")


@given(st.integers(0, 10**12 - 1), st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(body, place, shift):
    digits = f"{body:012d}"
    code = digits + str(rules.gtin_check_digit(digits))
    wrong = code[:place] + str((int(code[place]) + shift) % 10) + code[place + 1 :]
    assert rules.is_gtin(code)
    assert not rules.is_gtin(wrong)


def test_a_leading_zero_makes_no_second_code():
    assert (
        rules.barcode_key("012345678905") == rules.barcode_key("0012345678905") == "00012345678905"
    )


def test_a_code_of_the_house_is_kept_as_it_is():
    assert rules.barcode_key(" SHELF-7/b ") == "SHELF-7/b"


@pytest.mark.parametrize(
    "code", ["", "   ", "3.01043E+13", "4,00638E12", "4006381333932", "a\tb", "x" * 81]
)
def test_codes_that_are_refused(code):
    with pytest.raises(rules.BadBarcode):
        rules.barcode_key(code)


@pytest.mark.parametrize(
    ("quantity", "language", "expected"),
    [
        (0, "en", "0"),
        (12_000, "en", "12"),
        (1_234_500, "en", "1,234.5"),
        (1_234_500, "id", "1.234,5"),
        (5, "id", "0,005"),
        (-2_000, "en", "−2"),
    ],
)
def test_numbers_are_written_as_people_write_them(quantity, language, expected):
    assert rules.number(quantity, language) == expected


def test_how_forty_became_twelve():
    sums = {"receive": 20_000, "issue": 45_000, "scrap": 3_000}
    told = rules.explain_change(40_000, 12_000, sums, "ream")
    assert told.in_language("en") == (
        "40 ream became 12 ream: 20 ream received, 45 ream issued, 3 ream scrapped."
    )


def test_a_quiet_month_is_told_as_one():
    assert (
        str(rules.explain_change(5000, 5000, {}, "pen")) == "Nothing moved: 5 pen before and after."
    )


@pytest.mark.parametrize(
    ("quantity", "minimum", "maximum", "expected"),
    [
        (0, 10_000, None, "None left; 10 pen are wanted."),
        (0, None, None, "None left."),
        (3_000, 10_000, None, "3 pen left, fewer than the 10 pen wanted."),
        (70_000, 10_000, 60_000, "70 pen here, more than the 60 pen that should be."),
        (20_000, 10_000, 60_000, "Between 10 pen and 60 pen are wanted."),
        (20_000, 10_000, None, "At least 10 pen are wanted."),
        (20_000, None, 60_000, "At most 60 pen are wanted."),
        (20_000, None, None, "No limit is set."),
    ],
)
def test_why_a_place_is_in_its_state(quantity, minimum, maximum, expected):
    assert rules.explain_state(quantity, minimum, maximum, "pen").in_language("en") == expected


def test_one_base_unit_is_itself():
    assert rules.to_base(7_250, BASE) == 7_250
