"""Cells become values strictly; every problem is reported at once, with its cell."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.imports.grid import Grid, GridRow
from portal.imports.reading import read_table
from portal.imports.rules import (
    EXPLAINED,
    NOT_EXPLAINED,
    Import,
    ImportField,
    ImportFindings,
    Kind,
    ReadingOptions,
    Verdict,
    bounded,
    conclude,
    repeated,
)
from portal.imports.understanding import clean_text, understand
from portal.messages import message
from portal.numbers import DateOrder, NumberFormat
from portal.ui.export import inert
from tests.unit.imports.files import HEADER, hostile_csv, stock_rows, workbook

COMMA = ReadingOptions(number_format=NumberFormat.COMMA, date_order=DateOrder.DAY_FIRST)
UNITS = {"pcs": 1, "box": 2, "rim": 3, "liter": 4}
PLACES = {"gudang": 1, "lantai 2": 2}
EXISTING = {"lama-01": 77}


def field(key, **options):
    return ImportField(key=key, title=message(key.capitalize()), **options)


FIELDS = (
    field("code", required=True, kind=Kind.CODE, unique=True, max_length=40),
    field("name", required=True, max_length=80),
    field("unit", required=True),
    field("category"),
    field("place"),
    field("quantity", kind=Kind.QUANTITY, minimum=0),
    field("minimum", kind=Kind.QUANTITY, minimum=0),
    field("price", kind=Kind.MONEY, minimum=0),
)
COLUMNS = {one.key: column for column, one in enumerate(FIELDS)}


def check(_tx, rows):
    """Look units, places and codes up, as a plugin would in its tables."""
    problems, verdicts = [], {}
    for row in rows:
        unit, place, code = row.get("unit"), row.get("place"), row.get("code")
        if unit and unit.casefold() not in UNITS:
            problems.append(row.problem("unit", message("There is no unit “{unit}”.", unit=unit)))
        if place and place.casefold() not in PLACES:
            problems.append(
                row.problem("place", message("There is no place “{place}”.", place=place))
            )
        if code and code.casefold() in EXISTING:
            problems.append(row.problem("code", message("“{code}” exists already.", code=code)))
        verdicts[row.number] = Verdict.NEW
    return ImportFindings(problems=tuple(problems), verdicts=verdicts)


def checked(data, options=COMMA):
    import io

    reading = understand(read_table(io.BytesIO(data)), FIELDS, COLUMNS, options)
    return conclude(reading, check(None, reading.rows))


def grid(*rows, header=None):
    return Grid(
        header=tuple(header or HEADER),
        header_row=1,
        rows=tuple(GridRow(number, tuple(row)) for number, row in enumerate(rows, start=2)),
    )


def one_cell(cell, options=COMMA, **declared):
    reading = understand(grid([cell], header=["X"]), [field("x", **declared)], {"x": 0}, options)
    (row,) = reading.rows
    return row.get("x"), [str(problem.message) for problem in reading.problems]


def value_of(cell, **declared):
    value, problems = one_cell(cell, **declared)
    assert problems == []
    return value


def problem_of(cell, **declared):
    value, problems = one_cell(cell, **declared)
    assert value is None
    assert len(problems) == 1
    return problems[0]


def test_a_hostile_list_without_errors_is_understood_exactly():
    result = checked(hostile_csv(stock_rows(300)))
    assert (result.new, result.changed, result.same, result.wrong) == (300, 0, 0, 0)
    assert result.problems == ()
    third, fiftieth = result.rows[2], result.rows[49]
    assert third.values == {
        "code": "ATK-0003",
        "name": "Barang nomor 3",
        "unit": "liter",
        "category": "Alat tulis",
        "place": "Gudang",
        "quantity": 3_750,
        "minimum": 10_000,
        "price": 1_250_000,
    }
    assert fiftieth.get("minimum") == 1_234_500


PLANTED = {
    # (row in the list, column): what stands there instead, and what is said about it
    (5, 0): ("3.01043E+13", "lost digits"),
    (20, 0): ("ATK-0010", "already in row 11"),
    (30, 0): ("LAMA-01", "exists already"),
    (40, 1): ("", "must not be empty"),
    (50, 1): ("x" * 81, "81 characters; 80 are allowed"),
    (60, 2): ("lusin", "no unit “lusin”"),
    (70, 4): ("Bulan", "no place “Bulan”"),
    (80, 5): ("-4", "negative"),
    (90, 5): ("1,2345", "more than 3 decimals"),
    (100, 6): ("1.000", "more than one meaning"),
    (110, 7): ("12.5OO,00", "not a number"),
    (120, 5): ("sepuluh", "not a number"),
}


def with_planted_errors():
    rows = stock_rows(300)
    for (number, column), (text, _) in PLANTED.items():
        rows[number - 1][column] = text
    rows[199][1] = "=cmd|' /C calc'!A0"
    return rows


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_twelve_planted_errors_are_each_reported_with_their_cell(kind):
    rows = with_planted_errors()
    result = checked(hostile_csv(rows) if kind == "csv" else workbook([HEADER, *rows]))
    reported = {problem.cell: str(problem.message) for problem in result.problems}
    assert len(result.problems) == len(PLANTED)
    for (number, column), (_, words) in PLANTED.items():
        assert words in reported[f"{'ABCDEFGH'[column]}{number + 1}"]
    assert (result.new, result.changed, result.wrong) == (288, 0, 12)


def test_a_formula_in_a_name_is_kept_as_text():
    result = checked(hostile_csv(with_planted_errors()))
    assert result.rows[199].get("name") == "=cmd|' /C calc'!A0"


def test_problems_carry_heading_and_value_for_the_reader():
    result = checked(hostile_csv(with_planted_errors()))
    negative = next(problem for problem in result.problems if problem.cell == "F81")
    assert (negative.column, negative.value, negative.row) == ("Jumlah", "-4", 81)


def test_a_row_with_two_problems_counts_once():
    rows = stock_rows(3)
    rows[0][0], rows[0][5] = "", "viele"
    result = checked(hostile_csv(rows))
    assert (result.new, result.wrong, len(result.problems)) == (2, 1, 2)


def test_strays_beyond_the_heading_are_problems_too():
    rows = stock_rows(3)
    rows[1].append("stray")
    result = checked(hostile_csv(rows))
    assert [(p.cell, p.value) for p in result.problems] == [("I3", "stray")]


def test_numbers_cannot_be_read_before_their_format_is_known():
    _, problems = one_cell("5", ReadingOptions(), kind=Kind.QUANTITY)
    assert problems == ["Say how numbers are written in this file."]


@pytest.mark.parametrize(
    ("cell", "declared", "value"),
    [
        ("  Pena \u00a0 biru ", {}, "Pena biru"),
        ("Cafe\u0301", {}, "Café"),
        ("'=1+1", {}, "=1+1"),
        ("'t Hooft", {}, "'t Hooft"),
        ("line\r\ntwo", {}, "line two"),
        ("line  \r\ntwo", {"multiline": True}, "line\ntwo"),
        ("007", {"kind": Kind.CODE}, "007"),
        (1001.0, {"kind": Kind.CODE}, "1001"),
        (8991234567890.0, {"kind": Kind.CODE}, "8991234567890"),
        (12.5, {"kind": Kind.QUANTITY}, 12_500),
        (12500, {"kind": Kind.MONEY}, 1_250_000),
        ("Rp 12.500,00", {"kind": Kind.MONEY}, 1_250_000),
        (7.0, {"kind": Kind.INTEGER}, 7),
        (date(2026, 8, 24), {"kind": Kind.DATE}, date(2026, 8, 24)),
        ("24/8/2026", {"kind": Kind.DATE}, date(2026, 8, 24)),
        (True, {"kind": Kind.BOOLEAN}, True),
        ("tidak", {"kind": Kind.BOOLEAN}, False),
        (0, {"kind": Kind.BOOLEAN}, False),
        ("abc", {"parse": str.upper}, "ABC"),
        (5.0, {"parse": str.upper}, "5"),
    ],
)
def test_a_cell_is_read_as_its_field_says(cell, declared, value):
    assert value_of(cell, **declared) == value


@pytest.mark.parametrize(
    ("cell", "declared", "words"),
    [
        ("Pe\x00na", {}, "cannot be stored"),
        ("Pe\x1bna", {}, "cannot be stored"),
        ("3.01043E+13", {"kind": Kind.CODE}, "lost digits"),
        (8.9912345678901234e17, {"kind": Kind.CODE}, "lost digits"),
        (date(2026, 3, 4), {"kind": Kind.CODE}, "turned this cell into a date"),
        (date(2026, 3, 4), {"kind": Kind.QUANTITY}, "turned this cell into a date"),
        (46000, {"kind": Kind.DATE}, "a number, not a date"),
        (True, {}, "yes or no"),
        (1.2345, {"kind": Kind.QUANTITY}, "more than 3 decimals"),
        (-1, {"kind": Kind.QUANTITY, "minimum": 0}, "negative"),
        ("x" * 201, {}, "201 characters; 200 are allowed"),
        ("8/24/22", {"kind": Kind.DATE}, "more than one date"),
        ("maybe", {"kind": Kind.BOOLEAN}, "neither yes nor no"),
    ],
)
def test_a_cell_that_does_not_fit_is_a_problem(cell, declared, words):
    assert words in problem_of(cell, **declared)


@pytest.mark.parametrize("cell", ["", "   ", "\u00a0", "\n"])
def test_an_empty_cell_is_no_value_and_a_problem_only_where_one_is_required(cell):
    assert one_cell(cell) == (None, [])
    assert one_cell(cell, required=True) == (None, ["This cell must not be empty."])


def test_a_required_field_without_a_column_is_a_problem():
    reading = understand(grid(["A"], header=["Kode"]), FIELDS[:2], {"code": 0}, COMMA)
    assert [str(problem.message) for problem in reading.problems] == [
        "No column was chosen for “Name”."
    ]


def test_repetition_ignores_case_and_may_span_two_fields():
    rows = understand(
        grid(["a", "x"], ["A", "y"], ["b", "x"], ["B", "X"], ["", "x"], header=["K", "N"]),
        [field("k"), field("n")],
        {"k": 0, "n": 1},
        COMMA,
    ).rows
    assert [problem.cell for problem in repeated(rows, "k")] == ["A3", "A5"]
    assert [problem.cell for problem in repeated(rows, "k", "n")] == ["A5"]


@given(st.text(max_size=30), st.sampled_from(Kind))
def test_no_cell_breaks_a_reader(text, kind):
    value, problems = one_cell(text, kind=kind)
    assert value is None or problems == []


@given(st.text("='+-@\t ab\u00a0\u200b\uff1d\u2212", max_size=6).map(clean_text).filter(bool))
def test_what_an_export_has_made_inert_is_read_as_it_was(text):
    twice = text.startswith("'") and inert(text[1:]) != text[1:]
    assert twice or value_of(inert(text)) == text


def declared(**changes):
    whole = {
        "name": "inventory.items",
        "title": message("Stock list"),
        "permission": "inventory.item.import",
        "fields": FIELDS,
        "check": check,
        "run": lambda tx, rows, progress: {},
        "done": "inventory.items",
    }
    return Import(**whole | changes)


def test_an_import_is_declared_once_and_checked_at_once():
    assert declared().slug == "items"
    assert declared(name="inventory.opening_stock").slug == "opening-stock"
    with pytest.raises(ValueError, match=r"the name must be .* declares a field twice; needs"):
        declared(name="Items", fields=(field("a"), field("a")))


def test_a_list_that_is_wrong_everywhere_is_explained_up_to_a_number_of_problems():
    much = EXPLAINED // 4 + 3
    cells = ("x" * 41, "y" * 81, "pcs", "", "", "a", "b", "")
    meaning = understand(grid(*[cells] * much), FIELDS, COLUMNS, COMMA)
    assert len(meaning.rows) == much - 3
    assert len(meaning.problems) == EXPLAINED + 3
    assert [p.row for p in meaning.problems if p.message is NOT_EXPLAINED] == [
        row.number for row in grid(*[cells] * much).rows[-3:]
    ]
    checked = conclude(meaning, check(None, meaning.rows))
    assert checked.wrong == much


def test_what_a_plugin_finds_is_bounded_too():
    meant = understand(grid(["A", "B", "pcs", "", "", "", "", ""]), FIELDS, COLUMNS, COMMA)
    (row,) = meant.rows
    found = [replace(row.problem("code", message("No.")), row=n // 2) for n in range(2 * EXPLAINED)]
    kept = list(bounded(found))
    assert kept[:EXPLAINED] == found[:EXPLAINED]
    assert [p.row for p in kept[EXPLAINED:]] == [*range(EXPLAINED // 2, EXPLAINED)]
    assert {p.message for p in kept[EXPLAINED:]} == {NOT_EXPLAINED}
