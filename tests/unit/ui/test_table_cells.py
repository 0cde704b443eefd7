"""What stands in a cell, for whom, and where it leads."""

from datetime import UTC, date, datetime
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from portal.messages import message
from portal.ui.table import Column
from portal.ui.table.cells import Reader, cell_maker, link_maker

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def reader(language="en"):
    return Reader(language, ZoneInfo("Asia/Jakarta"), NOW, "IDR")


def cell(column, row, language="en"):
    at = {name: i for i, name in enumerate(["value", "second", "third"])}
    return cell_maker(column, at, reader(language))(row)


@pytest.fixture
def routes():
    """Open a request on an app with three routes."""
    app = Flask("routes")
    for rule in ("/item/<code>", "/by/<int:number>/x", "/two/<a>/<b>", "/query"):
        app.add_url_rule(rule, rule)
    with app.test_request_context():
        yield


@pytest.mark.parametrize(
    ("kind", "value", "english", "indonesian"),
    [
        ("number", 1234567, "1,234,567", "1.234.567"),
        ("quantity", -1500, "−1.5", "−1,5"),
        ("quantity", 12_000_000, "12,000", "12.000"),
        ("money", 245_000_000, "Rp 2,450,000", "Rp 2.450.000"),
        ("money", 1050, "Rp 10.50", "Rp 10,50"),
        ("date", date(2026, 8, 1), "1 Aug 2026", "1 Agu 2026"),
        ("datetime", datetime(2026, 8, 1, 20, tzinfo=UTC), "2 Aug 2026", "2 Agu 2026"),
        ("text", "1500", "1500", "1500"),
        ("number", None, "", ""),
        ("money", None, "", ""),
    ],
)
def test_values_are_written_in_the_readers_language(kind, value, english, indonesian):
    column = Column("value", "Value", kind=kind)
    assert cell(column, (value,)).text == english
    assert cell(column, (value,), "id").text == indonesian


def test_an_amount_may_bring_its_own_currency():
    column = Column("value", "Value", kind="money", currency="second")
    assert cell(column, (1050, "EUR")).text == "€10.50"
    assert cell(column, (1050, "JPY")).text == "¥1,050"
    assert cell(column, (1050, None)).text == "Rp 10.50"


def test_stored_words_are_shown_as_the_words_declared_for_them():
    labels = {"ok": message("Fine"), True: message("On")}
    column = Column("value", "State", kind="pill", labels=labels, tone={"ok": "ok"})
    assert cell(column, ("ok",)) == ("Fine", None, None, "ok")
    assert cell(column, (True,)) == ("On", None, None, "mute")
    assert cell(column, ("odd",)) == ("odd", None, None, "mute")
    assert cell(column, (None,)).text == ""


def test_a_tone_comes_from_a_column_or_a_rule_too():
    beside = Column("value", "Value", tone="second")
    assert cell(beside, ("x", "warn")).tone == "warn"
    ruled = Column(
        "value", "Value", kind="quantity", tone=lambda value: "bad" if value <= 0 else None
    )
    assert [cell(ruled, (value,)).tone for value in (0, 1)] == ["bad", None]


def test_what_stands_beside_a_value_is_another_column():
    column = Column("value", "On hand", kind="quantity", meta="second")
    assert cell(column, (1500, "kg")) == ("1.5", None, "kg", None)


@pytest.mark.parametrize(
    ("endpoint", "arguments", "row", "expected"),
    [
        ("/item/<code>", {"code": "value"}, ("a b/ü?#%",), "/item/a b/ü?#%"),
        ("/item/<code>", {"code": "value"}, ("__0__",), "/item/__0__"),
        ("/by/<int:number>/x", {"number": "value"}, (7,), "/by/7/x"),
        ("/two/<a>/<b>", {"a": "second", "b": "value"}, ("v", "s"), "/two/s/v"),
        ("/query", {"page": "value"}, ("a&b=c",), "/query?page=a&b=c"),
    ],
)
def test_a_row_leads_to_its_own_page(routes, endpoint, arguments, row, expected):
    link = link_maker((endpoint, arguments), {"value": 0, "second": 1})
    assert unquote(link(row)) == expected


def test_no_value_can_leave_its_place_in_a_link(routes):
    link = link_maker(("/item/<code>", {"code": "value"}), {"value": 0})
    assert link(("../x?y#z&",)) == "/item/..%2Fx%3Fy%23z%26"


def test_a_row_without_the_value_leads_nowhere(routes):
    assert link_maker(("/item/<code>", {"code": "value"}), {"value": 0})((None,)) is None
    both = {"a": "value", "b": "second"}
    assert link_maker(("/two/<a>/<b>", both), {"value": 0, "second": 1})(("x", None)) is None
