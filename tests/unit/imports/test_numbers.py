"""Numbers, amounts, dates and yes/no are read in one way or not at all."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.numbers import (
    LARGEST_AMOUNT,
    LARGEST_QUANTITY,
    NumberFormat,
    Unreadable,
    exact_integer,
    exact_money,
    exact_thousandths,
    has_two_meanings,
    looks_damaged,
    minor_digits,
    number_as_text,
    parse_boolean,
    parse_date,
    parse_integer,
    parse_money,
    parse_quantity,
)

FORMATS = st.sampled_from(NumberFormat)


def written(value: int, digits: int, number_format: NumberFormat, *, grouped: bool) -> str:
    """Write a scaled integer as a careful person would."""
    whole, fraction = divmod(abs(value), 10**digits)
    text = f"{whole:,}".replace(",", number_format.group) if grouped else str(whole)
    if fraction:
        text += number_format.decimal + f"{fraction:0{digits}d}".rstrip("0")
    return ("-" if value < 0 else "") + text


def problem_of(call, *arguments, **keywords) -> str:
    with pytest.raises(Unreadable) as caught:
        call(*arguments, **keywords)
    return str(caught.value.problem)


def read_or_ambiguous(call):
    try:
        return call()
    except Unreadable as refused:
        return "ambiguous" if "more than one meaning" in str(refused.problem) else refused


@pytest.mark.parametrize(
    ("text", "number_format", "thousandths"),
    [
        ("40", "comma", 40_000),
        ("1.234,5", "comma", 1_234_500),
        ("1,234.5", "point", 1_234_500),
        ("1.234.567", "comma", 1_234_567_000),
        ("1.234,567", "comma", 1_234_567),
        ("1 234,5", "comma", 1_234_500),
        ("1\u00a0234,5", "comma", 1_234_500),
        ("1234,125", "comma", 1_234_125),
        ("0,125", "comma", 125),
        ("01,125", "comma", 1_125),
        ("0.125", "point", 125),
        ("3,5", "comma", 3_500),
        ("3.5", "point", 3_500),
        ("-2,25", "comma", -2_250),
        ("\u22122", "comma", -2_000),
        ("  7 ", "point", 7_000),
        ("+7", "point", 7_000),
    ],
)
def test_a_quantity_with_one_meaning_is_read(text, number_format, thousandths):
    assert parse_quantity(text, number_format) == thousandths


@pytest.mark.parametrize("number_format", ["comma", "point"])
@pytest.mark.parametrize("text", ["1.000", "1,000", "1.234", "12,345", "999.999", "-1.000"])
def test_one_separator_before_three_digits_is_never_guessed(text, number_format):
    assert "more than one meaning" in problem_of(parse_quantity, text, number_format)
    assert "more than one meaning" in problem_of(parse_money, text, number_format, "IDR")
    assert "more than one meaning" in problem_of(parse_integer, text, number_format)


def test_a_double_meaning_is_settled_by_asking():
    assert parse_quantity("1.000", "comma", grouped=True) == 1_000_000
    assert parse_quantity("1,000", "point", grouped=True) == 1_000_000
    assert parse_money("Rp 12.500", "comma", "IDR", grouped=True) == 1_250_000
    assert parse_integer("1.000", "comma", grouped=True) == 1_000
    assert "more than one meaning" in problem_of(parse_quantity, "1,125", "comma", grouped=True)
    assert "not written like" in problem_of(parse_quantity, "0.500", "comma", grouped=True)
    assert [has_two_meanings(text) for text in ("1.000", " -1,000", "1.000,5", "0,125", "x")] == [
        True,
        True,
        False,
        False,
        False,
    ]


@given(st.from_regex(r"\A[1-9][0-9]{0,2}[.,][0-9]{3}\Z"), FORMATS)
def test_what_the_refusal_of_a_double_meaning_proposes_can_be_read(text, number_format):
    with pytest.raises(Unreadable) as caught:
        parse_quantity(text, number_format)
    proposed = caught.value.problem.params
    whole, decimals = text.replace(",", ".").split(".")
    assert parse_quantity(proposed["large"], number_format) == int(whole + decimals) * 1000
    assert parse_quantity(proposed["small"], number_format) == int(whole + decimals)


@pytest.mark.parametrize(
    ("text", "number_format", "words"),
    [
        ("1,2345", "comma", "more than 3 decimals"),
        ("1.2345", "point", "more than 3 decimals"),
        ("0,0005", "comma", "more than 3 decimals"),
        ("3.5", "comma", "not written like 1.234,5"),
        ("3,5", "point", "not written like 1,234.5"),
        ("0.125", "comma", "not written like 1.234,5"),
        ("01.000", "comma", "not written like 1.234,5"),
        ("1.23.456", "comma", "not written like 1.234,5"),
        ("1234.567,5", "comma", "not written like 1.234,5"),
        ("1,234.567.890", "comma", "not written like 1.234,5"),
        ("1.234 567,5", "comma", "not written like 1.234,5"),
        ("1,2,3", "comma", "not written like 1.234,5"),
        ("1,,5", "comma", "not written like 1.234,5"),
        ("12 5", "comma", "not written like 1.234,5"),
        ("3.01043E+13", "point", "leaves digits out"),
        ("3,01043e13", "comma", "leaves digits out"),
        ("", "comma", "not a number"),
        ("-", "comma", "not a number"),
        (",5", "comma", "not a number"),
        ("5,", "comma", "not a number"),
        ("5-", "comma", "not a number"),
        ("(5)", "comma", "not a number"),
        ("--5", "comma", "not a number"),
        ("5 pcs", "comma", "not a number"),
        ("5%", "comma", "not a number"),
        ("NaN", "point", "not a number"),
        ("Infinity", "point", "not a number"),
        ("1_000", "point", "not a number"),
        ("\uff15", "point", "not a number"),
        ("\u0665", "point", "not a number"),
        ("½", "point", "not a number"),
        ("0x10", "point", "not a number"),
        ("=1+1", "point", "not a number"),
        ("1000000000001", "point", "too large"),
        ("9" * 41, "point", "not a number"),
    ],
)
def test_anything_else_is_a_problem_in_words(text, number_format, words):
    assert words in problem_of(parse_quantity, text, number_format)


def test_a_negative_quantity_is_named_when_it_must_not_be():
    assert "negative" in problem_of(parse_quantity, "-5", "comma", minimum=0)
    assert parse_quantity("0", "comma", minimum=0) == 0
    assert "too small" in problem_of(parse_quantity, "0", "comma", minimum=1)


def test_an_integer_has_no_decimals():
    assert parse_integer("12", "comma") == 12
    assert parse_integer("1.234.567", "comma") == 1_234_567
    assert "whole number" in problem_of(parse_integer, "1,5", "comma")


@pytest.mark.parametrize(
    ("text", "number_format", "currency", "minor"),
    [
        ("Rp 2.450.000", "comma", "IDR", 245_000_000),
        ("Rp. 12.500,00", "comma", "IDR", 1_250_000),
        ("Rp 12.500,-", "comma", "IDR", 1_250_000),
        ("12500 IDR", "comma", "IDR", 1_250_000),
        ("12500", "point", "IDR", 1_250_000),
        ("12,5", "comma", "EUR", 1_250),
        ("12,50 €", "comma", "EUR", 1_250),
        ("$1,234.50", "point", "USD", 123_450),
        ("1234567", "point", "JPY", 1_234_567),
        ("0.125", "point", "KWD", 125),
    ],
)
def test_an_amount_is_read_in_minor_units(text, number_format, currency, minor):
    assert parse_money(text, number_format, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "words"),
    [
        ("12,505", "EUR", "more than one meaning"),
        ("12,5051", "EUR", "more than 2 decimals"),
        ("12,5", "JPY", "whole number"),
        ("12 USD", "IDR", "not a number"),
        ("Rp", "IDR", "not a number"),
        ("12.5OO", "IDR", "not a number"),
    ],
)
def test_a_broken_amount_is_a_problem(text, currency, words):
    assert words in problem_of(parse_money, text, "comma", currency)


def test_minor_units_follow_iso_4217():
    assert [minor_digits(c) for c in ("IDR", "EUR", "JPY", "KWD", "jpy")] == [2, 2, 0, 3, 0]


@given(st.integers(-LARGEST_QUANTITY, LARGEST_QUANTITY), FORMATS, st.booleans())
def test_every_quantity_survives_being_written_and_read(value, number_format, grouped):
    text = written(value, 3, number_format, grouped=grouped)
    assert read_or_ambiguous(lambda: parse_quantity(text, number_format)) in (value, "ambiguous")


@given(st.integers(0, LARGEST_AMOUNT), FORMATS, st.sampled_from(["IDR", "JPY", "KWD"]))
def test_every_amount_survives_being_written_and_read(value, number_format, currency):
    text = written(value, minor_digits(currency), number_format, grouped=False)
    assert read_or_ambiguous(lambda: parse_money(text, number_format, currency)) in (
        value,
        "ambiguous",
    )


@given(st.text(max_size=60), FORMATS)
def test_no_text_ever_breaks_the_readers(text, number_format):
    for call in (
        lambda: parse_quantity(text, number_format),
        lambda: parse_money(text, number_format, "IDR"),
        lambda: parse_integer(text, number_format),
        lambda: parse_date(text, "dmy"),
        lambda: parse_boolean(text),
    ):
        with suppress(Unreadable):
            call()


@given(st.text("0123456789., -", max_size=16))
def test_no_text_means_one_thing_in_one_format_and_another_in_the_other(text):
    found = set()
    for number_format in NumberFormat:
        try:
            found.add(parse_quantity(text, number_format))
        except Unreadable:
            continue
    assert len(found) <= 1


@pytest.mark.parametrize(
    ("value", "thousandths"),
    [(5, 5_000), (2.5, 2_500), (0.1 + 0.2, 300), (1.125, 1_125), (1e6, 10**9)],
)
def test_a_typed_number_is_exact(value, thousandths):
    assert exact_thousandths(value) == thousandths


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.2345, "more than 3 decimals"),
        (1e12, "too large"),
        (-1, "negative"),
        (float("nan"), "not a number"),
        (float("inf"), "not a number"),
    ],
)
def test_a_typed_number_is_no_excuse(value, words):
    assert words in problem_of(exact_thousandths, value, minimum=0)


def test_typed_integers_and_amounts():
    assert exact_integer(12.0) == 12
    assert "whole number" in problem_of(exact_integer, 12.5)
    assert exact_money(12_500.0, "IDR") == 1_250_000
    assert "more than 2 decimals" in problem_of(exact_money, 0.125, "IDR")


def test_a_typed_code_keeps_its_digits():
    assert number_as_text(30104300000000.0) == "30104300000000"
    assert number_as_text(1001.0) == "1001"
    assert number_as_text(8_991_234_567_890) == "8991234567890"


@given(st.integers(-LARGEST_QUANTITY, LARGEST_QUANTITY))
def test_a_typed_number_and_its_text_mean_the_same(value):
    assert exact_thousandths(value / 1000) == value


def test_a_damaged_code_is_noticed():
    assert looks_damaged("3.01043E+13")
    assert looks_damaged(" 8,99E+12 ")
    assert not looks_damaged("E-13")
    assert not looks_damaged("PEN-1E2")


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("2026-08-24", None, date(2026, 8, 24)),
        ("2026-08-24 00:00:00", "dmy", date(2026, 8, 24)),
        ("24/8/2026", None, date(2026, 8, 24)),
        ("8/24/2026", None, date(2026, 8, 24)),
        ("5/5/2026", None, date(2026, 5, 5)),
        ("3/4/2026", "dmy", date(2026, 4, 3)),
        ("3/4/2026", "mdy", date(2026, 3, 4)),
        ("03.04.2026", "dmy", date(2026, 4, 3)),
        ("2026/4/3", "ymd", date(2026, 4, 3)),
    ],
)
def test_a_date_with_one_meaning_is_read(text, order, day):
    assert parse_date(text, order) == day


@pytest.mark.parametrize(
    ("text", "order", "words"),
    [
        ("8/24/22", "mdy", "more than one date"),
        ("8/24/22", None, "more than one date"),
        ("3/4/2026", None, "which number is the day"),
        ("3/4/2026", "ymd", "which number is the day"),
        ("8/24/2026", "dmy", "no date"),
        ("31/2/2026", "dmy", "no date"),
        ("2026-13-01", None, "no date"),
        ("1/1/0026", "dmy", "cannot be right"),
        ("tomorrow", "dmy", "not a date"),
        ("3/4-2026", "dmy", "not a date"),
        ("45000", "dmy", "not a date"),
    ],
)
def test_any_other_date_is_a_problem(text, order, words):
    assert words in problem_of(parse_date, text, order)


def test_yes_and_no_in_both_languages():
    assert [parse_boolean(word) for word in ("Ya", "YES", "x")] == [True] * 3
    assert [parse_boolean(word) for word in ("tidak", "No", "0")] == [False] * 3
    assert "neither yes nor no" in problem_of(parse_boolean, "maybe")
