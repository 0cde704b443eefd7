"""Workbooks give typed cells; whatever is wrapped in one, the portal stays small and fast."""

import io
import resource
import sys
import time
import tracemalloc
import zipfile
from datetime import date, datetime

import pytest

from portal.imports.grid import UnreadableFile
from portal.imports.reading import read_table
from portal.imports.workbook import check_archive
from tests.unit.imports.files import amplifier, bomb, declare, replaced, sheet_xml, workbook, zip_of

SMALL = [["Kode", "Nama"], ["A1", "Pena"]]


def read(data, **options):
    return read_table(io.BytesIO(data), **options)


def reason(data):
    with pytest.raises(UnreadableFile) as caught:
        read(data)
    return str(caught.value.message)


def test_cells_keep_their_types():
    grid = read(
        workbook(
            [
                ["Kode", "Jumlah", "Tanggal", "Aktif", "Nama"],
                ["007", 12.5, date(2026, 8, 24), True, "=cmd"],
                ["A2", 3, datetime(2026, 8, 24, 13, 5), False, "3.01043E+13"],  # noqa: DTZ001
            ]
        )
    )
    assert grid.rows[0].cells == ("007", 12.5, date(2026, 8, 24), True, "=cmd")
    assert grid.rows[1].cells[:2] == ("A2", 3)
    assert grid.rows[1].cells[4] == "3.01043E+13"


def test_a_formula_gives_what_it_last_showed():
    buffer = io.BytesIO()
    import xlsxwriter

    with xlsxwriter.Workbook(buffer) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["Kode", "Jumlah"])
        page.write_string(1, 0, "A1")
        page.write_formula(1, 1, "=6*7", None, 42)
    assert read(buffer.getvalue()).rows[0].cells == ("A1", 42)


def test_cells_are_named_as_in_the_spreadsheet():
    rows = [
        [None] * 3,
        [None] * 3,
        [None, "Kode", "Nama"],
        [None, "A1", "Pena"],
        [],
        [None, "A2", "Map"],
    ]
    grid = read(workbook(rows))
    assert grid.header == ("", "Kode", "Nama")
    assert [(row.number, row.cells) for row in grid.rows] == [
        (4, ("", "A1", "Pena")),
        (6, ("", "A2", "Map")),
    ]


def test_the_first_sheet_with_cells_is_read_and_the_others_named():
    grid = read(workbook(SMALL, before=("Kosong",)))
    assert (grid.sheet, grid.other_sheets) == ("Stok", ("Kosong",))


def test_an_empty_workbook_is_refused():
    assert "empty" in reason(workbook([]))


def test_more_rows_than_allowed_are_refused():
    assert "more than 10000 rows" in reason(workbook([["Kode"], *[["A"]] * 10_001]))


def test_ten_thousand_rows_are_read():
    rows = [[f"A{number}", "Pena", number / 4] for number in range(10_000)]
    grid = read(workbook([["Kode", "Nama", "Jumlah"], *rows]))
    assert len(grid.rows) == 10_000
    assert grid.rows[-1].cells == ("A9999", "Pena", 2499.75)


def test_a_bomb_is_refused_fast_and_small():
    data = bomb()
    assert len(data) < 400_000
    tracemalloc.start()
    begun = time.perf_counter()
    assert "too large" in reason(data)
    seconds, (_, peak) = time.perf_counter() - begun, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000
    assert seconds < 2


def test_a_bomb_that_only_the_parser_can_notice_dies_in_the_child():
    data = amplifier()
    check_archive(io.BytesIO(data))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    assert "too large" in reason(data)
    assert time.perf_counter() - begun < 10
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 50_000, "the portal itself must not grow with the workbook"


def test_a_cell_at_the_far_end_of_the_sheet_does_no_harm():
    far = sheet_xml(
        '<row r="1"><c r="A1" t="inlineStr"><is><t>Kode</t></is></c></row>'
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    )
    assert reason(replaced(workbook(SMALL), {"xl/worksheets/sheet1.xml": far}))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (replaced(workbook(SMALL), {"inner.xlsx": workbook(SMALL)}), "does not need"),
        (zip_of({"a.txt": "x"}), "not a workbook"),
        (replaced(workbook(SMALL), {f"a/{n}": b"" for n in range(1_000)}), "does not need"),
        (replaced(workbook(SMALL), {f"a/{n}": b"" for n in range(30_000)}), "does not need"),
        (replaced(workbook(SMALL), {"xl/worksheets/sheet1.xml": b"<worksheet"}), ""),
        (replaced(workbook(SMALL), {"xl/worksheets/sheet1.xml": None}), ""),
        (workbook(SMALL)[:-200], "damaged"),
        (b"PK\x03\x04" + bytes(500), "damaged"),
        (b"PK\x05\x06" + bytes(18), "not a workbook"),
        (
            zip_of(
                {"[Content_Types].xml": "", "xl/workbook.xml": ""}, compression=zipfile.ZIP_BZIP2
            ),
            "does not need",
        ),
        (
            zip_of(
                {"[Content_Types].xml": "", "xl/workbook.xml": "/etc/passwd"},
                links={"xl/workbook.xml"},
            ),
            "does not need",
        ),
        (zip_of({"mimetype": "application/vnd.oasis.opendocument.text"}), "not a workbook"),
    ],
    ids=[
        "zip in zip",
        "plain zip",
        "many entries",
        "huge directory",
        "broken sheet",
        "missing sheet",
        "cut off",
        "zip without end",
        "empty zip",
        "other packing",
        "symlink",
        "another office document",
    ],
)
def test_what_is_no_harmless_workbook_is_refused(data, words):
    assert words in reason(data)


def test_a_protected_part_is_refused():
    data = bytearray(workbook(SMALL))
    at = data.find(b"PK\x01\x02")
    data[at + 8] |= 0x1
    assert "password" in reason(bytes(data))


def test_a_directory_that_lies_about_its_own_size_is_not_read():
    data = bytearray(workbook(SMALL))
    at = data.rfind(b"PK\x05\x06")
    data[at + 12 : at + 16] = (1 << 24).to_bytes(4, "little")
    assert "does not need" in reason(bytes(data))


def test_external_entities_are_not_fetched():
    xml = (
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
        b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        b"<si><t>Kode</t></si><si><t>&x;</t></si><si><t>A1</t></si><si><t>&x;</t></si></sst>"
    )
    data = replaced(workbook(SMALL), {"xl/sharedStrings.xml": xml})
    try:
        grid = read(data)
    except UnreadableFile:
        return
    with open("/etc/hostname") as file:  # noqa: PTH123
        name = file.read().strip()
    assert name not in {cell for row in grid.rows for cell in row.cells}


def test_a_declared_size_that_is_too_small_is_noticed():
    data = declare(workbook([["Kode"], *[["A"]] * 5_000]), "xl/worksheets/sheet1.xml", 1024)
    assert "damaged" in reason(data)


def test_a_declared_size_beyond_the_limit_is_enough_to_refuse():
    data = declare(workbook(SMALL), "xl/worksheets/sheet1.xml", 60 * 1024 * 1024)
    assert "too large" in reason(data)


def test_reading_workbooks_does_not_load_the_parser_into_the_portal(monkeypatch):
    monkeypatch.delitem(sys.modules, "python_calamine", raising=False)  # other tests use it
    read(workbook(SMALL))
    assert "python_calamine" not in sys.modules
