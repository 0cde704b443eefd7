"""Numbers, money, dates and times as each language writes them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.numbers import NumberFormat, parse_money, parse_quantity
from portal.ui import formats
from portal.ui.fields import plain_number

JAKARTA = ZoneInfo("Asia/Jakarta")
NOW = datetime(2026, 11, 21, 9, 40, tzinfo=UTC)  # 16.40 in Jakarta


@pytest.mark.parametrize(
    ("minor", "currency", "indonesian", "english"),
    [
        (245_000_000, "IDR", "Rp 2.450.000", "Rp 2,450,000"),
        (245_000_050, "IDR", "Rp 2.450.000,50", "Rp 2,450,000.50"),
        (-99_900, "IDR", "−Rp 999", "−Rp 999"),
        (0, "IDR", "Rp 0", "Rp 0"),
        (1_250, "EUR", "€12,50", "€12.50"),
        (1_250, "JPY", "¥1.250", "¥1,250"),
        (1_250, "KWD", "KWD 1,250", "KWD 1.250"),
        (5, "XTS", "XTS 0,05", "XTS 0.05"),
    ],
)
def test_money_has_its_symbol_and_no_decimals_that_are_all_zero(
    minor, currency, indonesian, english
):
    assert formats.money(minor, currency, "id") == indonesian
    assert formats.money(minor, currency, "en") == english


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [
        (4_187_261_876, "IDR", "Rp 41,872,619"),
        (999_99, "IDR", "Rp 999.99"),
        (1_000_49, "EUR", "€1,000"),
        (-1_000_51, "EUR", "−€1,001"),
        (0, "IDR", "Rp 0"),
    ],
)
def test_amounts_beside_each_other_are_rounded_where_nobody_reads_the_rest(minor, currency, shown):
    assert formats.money_to_compare(minor, currency, "en") == shown


@pytest.mark.parametrize(
    ("thousandths", "indonesian", "english"),
    [
        (0, "0", "0"),
        (1_000, "1", "1"),
        (1_500, "1,5", "1.5"),
        (1_125, "1,125", "1.125"),
        (1_000_000, "1.000", "1,000"),
        (-2_000, "−2", "−2"),
        (-1_234_567_890, "−1.234.567,89", "−1,234,567.89"),
        (1, "0,001", "0.001"),
    ],
)
def test_a_quantity_keeps_the_decimals_it_has_and_no_more(thousandths, indonesian, english):
    assert formats.quantity(thousandths, "id") == indonesian
    assert formats.quantity(thousandths, "en") == english
    assert formats.quantity(thousandths, "id", "rim") == f"{indonesian} rim"


def test_a_change_always_shows_its_sign():
    assert formats.change(100_000, "en") == "+100"
    assert formats.change(-2_000, "en", "reams") == "−2 reams"


def test_a_count_is_exact_to_a_thousand():
    assert formats.count(999, "id") == "999"
    assert formats.count(1000, "id") == "1.000"
    assert formats.count(1001, "id") == "1.000+"
    assert formats.count(1001, "en") == "1,000+"


def test_dates_are_written_out():
    day = date(2026, 11, 21)
    assert formats.day(day, "id") == "21 November 2026"
    assert formats.day(day, "en") == "21 November 2026"
    assert formats.day(date(2026, 8, 24), "id") == "24 Agustus 2026"
    assert formats.day(date(2026, 8, 24), "id", "short") == "24 Agu 2026"
    assert formats.day(day, "id", "weekday") == "Sabtu 21 November"
    assert formats.day(day, "en", "month") == "November 2026"


def test_the_time_of_day_has_a_point_in_indonesian_and_a_colon_in_english():
    assert formats.clock(NOW.astimezone(JAKARTA), "id") == "16.40"
    assert formats.clock(NOW.astimezone(JAKARTA), "en") == "16:40"
    assert formats.moment(NOW, "id", JAKARTA) == "21 November 2026, 16.40"


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(seconds=30), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=2), "today 14:40"),
        (timedelta(hours=17), "yesterday 23:40"),
        (timedelta(hours=40), "yesterday 00:40"),
        (timedelta(hours=41), "19 Nov 2026"),
        (timedelta(days=400), "17 Oct 2025"),
        (timedelta(minutes=-5), "today 16:45"),
        (timedelta(hours=-20), "tomorrow 12:40"),
        (timedelta(days=-3), "24 Nov 2026"),
    ],
)
def test_an_instant_is_relative_for_two_days_and_then_a_date(ago, said):
    assert formats.instant(NOW - ago, "en", zone=JAKARTA, now=NOW) == said


def test_an_instant_without_a_zone_is_utc():
    naive = datetime(2026, 11, 21, 7, 40)  # noqa: DTZ001 - as SQLite gives it
    assert formats.instant(naive, "en", zone=JAKARTA, now=NOW) == "today 14:40"


def test_phone_numbers_are_written_as_they_are_dialled():
    assert formats.phone("+6281234567890") == "0812-3456-7890"
    assert formats.phone("0812 3456 7890") == "0812-3456-7890"
    assert formats.phone("+31 20 1234567") == "+31 20 123 4567"
    assert formats.phone("extension 110") == "extension 110"


def test_file_sizes_have_at_most_one_decimal():
    assert formats.size(0, "en") == "0 B"
    assert formats.size(999, "en") == "999 B"
    assert formats.size(1_540, "en") == "1.5 kB"
    assert formats.size(25_000_000, "id") == "25 MB"
    assert formats.size(3_200_000_000, "id") == "3.200 MB"


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Sari Wulandari", "SW"),
        ("dr. Lestari Tanjung", "LT"),
        ("Suharto", "S"),
        ("H. M.", "HM"),
        ("1+1", "?"),
        ("", "?"),
    ],
)
def test_initials_skip_titles(name, letters):
    assert formats.initials(name) == letters


@pytest.mark.parametrize("written", list(NumberFormat))
@pytest.mark.parametrize(
    "thousandths", [0, 1, 10, 100, 125, 999, 1_000, 1_001, 1_125, 1_500, 999_999, 1_000_125, 10**12]
)
def test_what_a_form_shows_for_editing_is_read_back_as_the_same(thousandths, written):
    assert parse_quantity(plain_number(thousandths, 3, written), written) == thousandths
    assert parse_money(plain_number(thousandths, 2, written), written, "IDR") == thousandths
