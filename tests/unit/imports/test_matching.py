"""Headings are recognised in both languages; nothing is settled without the person."""

import pytest

from portal.imports.grid import Grid, GridRow
from portal.imports.matching import (
    duplicate_headings,
    guess_columns,
    needs_date_order,
    needs_number_format,
    suggest_date_order,
    suggest_number_format,
)
from portal.imports.rules import ImportField, Kind
from portal.messages import message

FIELDS = (
    ImportField(
        key="code",
        title=message("Code"),
        aliases=("Kode", "Kode barang", "SKU", "Item no.", "Article number"),
    ),
    ImportField(key="name", title=message("Name"), aliases=("Nama", "Nama barang", "Description")),
    ImportField(
        key="quantity",
        title=message("On hand"),
        aliases=("Jumlah", "Qty", "Stok"),
        kind=Kind.QUANTITY,
    ),
    ImportField(
        key="bought", title=message("Bought on"), aliases=("Tanggal beli",), kind=Kind.DATE
    ),
)


def grid(header, *rows):
    return Grid(
        header=tuple(header),
        header_row=1,
        rows=tuple(GridRow(number, tuple(row)) for number, row in enumerate(rows, start=2)),
    )


@pytest.mark.parametrize(
    "header",
    [
        ["Kode", "Nama barang", "Jumlah", "Tanggal beli"],
        ["CODE", "NAME", "QTY", "BOUGHT ON"],
        ["sku", "description", "on-hand", "bought_on"],
        ["Item No", "Names", "Qty (pcs)", "Bought on:"],
        ["Article Numbers", "  nama   barang ", "[stok]  Stok", "Bought On [d/m/y]"],
        ["code", "name", "quantity", "bought"],
    ],
)
def test_headings_are_recognised_whatever_their_spelling(header):
    assert guess_columns(header, FIELDS) == {"code": 0, "name": 1, "quantity": 2, "bought": 3}


def test_an_unknown_heading_is_left_to_the_person():
    assert guess_columns(["Foo", "Kode", ""], FIELDS) == {"code": 1}


def test_an_exact_heading_wins_over_a_similar_one_before_it():
    assert guess_columns(["Names", "Name"], FIELDS) == {"name": 1}


def test_of_two_equal_headings_the_first_is_proposed_and_both_are_named():
    assert guess_columns(["Name", "name "], FIELDS) == {"name": 0}
    assert duplicate_headings(["Name", "name ", "Kode", "", ""]) == ("name ",)


def test_a_column_serves_one_field_only():
    twins = (FIELDS[0], ImportField(key="other", title=message("Code")))
    assert guess_columns(["Code"], twins) == {"code": 0}


@pytest.mark.parametrize(
    ("texts", "format_"),
    [
        (["1,5", "20", "1.234,5"], "comma"),
        (["1.5", "20", "1,234.5"], "point"),
        (["1.000", "2.000", "30"], None),
        (["10", "20"], None),
        (["1,5", "1.5"], None),
        (["1,5"] * 20 + ["1.5"], "comma"),
        (["viele", "1,5"], "comma"),
        ([12.5, 3], None),
    ],
)
def test_a_number_format_is_proposed_only_when_the_file_proves_it(texts, format_):
    table = grid(["Jumlah"], *[[text] for text in texts])
    assert suggest_number_format(table, FIELDS, {"quantity": 0}) == format_


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["24/8/2026", "3/4/2026"], "dmy"),
        (["8/24/2026"], "mdy"),
        (["3/4/2026"], None),
        (["2026-08-24"], None),
    ],
)
def test_a_date_order_is_proposed_only_when_the_file_proves_it(texts, order):
    table = grid(["Tanggal beli"], *[[text] for text in texts])
    assert suggest_date_order(table, FIELDS, {"bought": 0}) == order


def test_only_what_is_needed_is_asked():
    assert needs_number_format(FIELDS, {"quantity": 0})
    assert not needs_number_format(FIELDS, {"code": 0})
    assert needs_date_order(FIELDS, {"bought": 0})
    assert not needs_date_order(FIELDS, {"quantity": 0})
