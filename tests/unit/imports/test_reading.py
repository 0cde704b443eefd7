"""Files as offices really have them are read whole, or refused with a reason."""

import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.imports.grid import MAX_COLUMNS, Merged, UnreadableFile, build_grid, cell_name
from portal.imports.reading import read_table
from tests.unit.imports.files import HEADER, hostile_csv, stock_rows
from tests.unit.imports.oddfiles import encrypted_workbook

LIST = "Kode,Nama,Jumlah\nA1,Pena,5\nA2,Kertas,3\n"


def read(data, **options):
    return read_table(io.BytesIO(data if isinstance(data, bytes) else data.encode()), **options)


def cells(grid):
    return [row.cells for row in grid.rows]


def reason(data, **options):
    with pytest.raises(UnreadableFile) as caught:
        read(data, **options)
    return str(caught.value.message)


@pytest.mark.parametrize(
    ("column", "row", "name"),
    [(2, 14, "C14"), (0, 1, "A1"), (25, 9, "Z9"), (26, 9, "AA9"), (701, 1, "ZZ1")],
)
def test_cells_have_the_names_of_a_spreadsheet(column, row, name):
    assert cell_name(column, row) == name


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_common_dialect_is_read_alike(delimiter, end, encoding):
    text = LIST.replace("Pena", "Pena café").replace(",", delimiter).replace("\n", end)
    grid = read(text.encode(encoding))
    assert grid.header == ("Kode", "Nama", "Jumlah")
    assert cells(grid) == [("A1", "Pena café", "5"), ("A2", "Kertas", "3")]
    assert [row.number for row in grid.rows] == [2, 3]
    assert grid.delimiter == delimiter


def test_western_letters_are_read_when_the_file_is_not_utf_8():
    grid = read(LIST.replace("Pena", "Stylo à bille – 5 €").encode("cp1252"))
    assert grid.rows[0].cells[1] == "Stylo à bille – 5 €"
    assert grid.encoding == "cp1252"


def test_one_broken_letter_among_good_ones_is_named_by_its_line():
    broken = LIST.replace("Pena", "Café").encode() + b"A3,Caf\xe9,1\n"
    assert "Line 4 holds a letter" in reason(broken)


def test_a_file_in_no_known_encoding_is_refused():
    assert "cannot be read" in reason(b"Kode,Nama\nA1,\x81\x8d\n")


def test_a_quoted_line_break_stays_in_its_row():
    grid = read('Kode,Nama\nA1,"Pena\nbiru"\nA2,"tinta ""hitam"""\n')
    assert [(row.number, row.cells[1]) for row in grid.rows] == [
        (2, "Pena\nbiru"),
        (3, 'tinta "hitam"'),
    ]


def test_unbalanced_quotation_marks_are_named_by_their_row():
    assert "row 3 do not match" in reason('Kode,Nama\nA1,Pena\nA2,"Kertas\nA3,Map\n')
    assert "row 2 do not match" in reason('Kode,Nama\nA1,"Pena" biru\n')


def test_a_first_line_that_only_names_the_separator_is_obeyed():
    grid = read("sep=;\nKode;Nama, lengkap\nA1;Pena\n")
    assert grid.header == ("Kode", "Nama, lengkap")
    assert grid.rows[0].number == 2


def test_a_decimal_comma_does_not_pass_for_a_separator():
    grid = read("Kode;Jumlah\nA1;1,5\nA2;2,5\n")
    assert grid.header == ("Kode", "Jumlah")


def test_empty_rows_and_columns_go_and_numbers_stay():
    grid = read("\n\nKode,Nama,,\n,,,\nA1,Pena,,\n\n\nA2,Map,,\n,,,\n,,,\n")
    assert grid.header == ("Kode", "Nama")
    assert grid.header_row == 3
    assert [row.number for row in grid.rows] == [5, 8]
    assert grid.problems == ()


def test_a_title_above_the_list_is_skipped():
    grid = read("Daftar stok 2026\n\nKode,Nama,Satuan\nA1,Pena,pcs\n")
    assert grid.header == ("Kode", "Nama", "Satuan")


def test_short_rows_are_filled_up_and_long_ones_reported_by_cell():
    grid = read("Kode,Nama,Jumlah\nA1,Pena\nA2,Map, merah,4\nA3,Kertas,3\n")
    assert grid.rows[0].cells == ("A1", "Pena", "")
    assert [(p.cell, p.value) for p in grid.problems] == [("D3", "4")]
    assert "separator too many" in str(grid.problems[0].message)


def test_a_column_without_a_heading_is_kept():
    grid = read("Kode,Nama\nA1,Pena,x\nA2,Map,y\n")
    assert grid.header == ("Kode", "Nama", "")
    assert grid.problems == ()


def test_a_merged_cell_above_the_heading_may_be_empty():
    rows = [["Kode", "Nama"], ["", "", "", "Jumlah", "Jumlah"], ["A1", "Pena", "", "5"]]
    grid = build_grid(enumerate(rows, 1), merged=[Merged(0, 3, 0, 4)])
    assert grid.header == ("Kode", "Nama", "", "Jumlah", "Jumlah")


def test_headings_may_appear_twice():
    assert read("Nama,Nama\nA,B\n").header == ("Nama", "Nama")


def test_cells_are_given_as_they_stand():
    grid = read("Kode,Nama\n007,=cmd|' /C calc'!A0\n3.01043E+13,  Pena  \n")
    assert cells(grid) == [("007", "=cmd|' /C calc'!A0"), ("3.01043E+13", "  Pena  ")]


@pytest.mark.parametrize("data", [b"", b"\n\n\n", b"\xef\xbb\xbf", b",,,\n,,,\n", b"   \n\t\n"])
def test_an_empty_file_is_refused(data):
    assert "empty" in reason(data)


def test_a_heading_alone_is_refused():
    assert "no rows" in reason("Kode,Nama\n")


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7\n",
        b"\x89PNG\r\n\x1a\n" + bytes(50),
        b"\xff\xd8\xff\xe0" + bytes(50),
        b"<html><table></table></html>",
        b"\n <?xml version='1.0'?><a/>",
        b"\x1f\x8b\x08\x00",
    ],
)
def test_other_kinds_of_files_are_refused(data):
    assert "not a list" in reason(data)


def test_old_and_protected_excel_files_are_told_apart():
    assert "damaged" in reason(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    assert "password" in reason(encrypted_workbook())


def test_too_many_rows_are_refused_and_as_many_as_allowed_are_read():
    lines = "Kode\n" + "A\n" * 10_001
    assert "more than 10000 rows" in reason(lines)
    assert len(read("Kode\n" + "A\n" * 10_000).rows) == 10_000


def test_too_many_columns_are_refused():
    assert "more than 100 columns" in reason("a," * (MAX_COLUMNS + 1) + "b\n1\n")


def test_an_endless_line_is_refused():
    assert "Line 2 is too long" in reason("Kode,Nama\n" + "x" * 2_000_000)
    assert "Line 2 is too long" in reason("Kode,Nama\n" + "," * 5_000_000)


def test_a_file_above_the_limit_is_refused():
    assert "larger than 25 MB" in reason(b"x" * (25 * 1024 * 1024 + 1))


def test_a_stray_nul_does_not_stop_the_reading():
    assert read("Kode,Nama\nA1,Pe\x00na\n").rows[0].cells == ("A1", "Pe\x00na")


def test_the_hostile_stock_list_is_read_whole():
    rows = stock_rows(300)
    grid = read(hostile_csv(rows))
    assert grid.header == tuple(HEADER)
    assert (grid.encoding, grid.delimiter) == ("utf-8", ";")
    assert cells(grid) == [tuple(row) for row in rows]


@given(st.binary(max_size=400))
def test_no_bytes_ever_break_the_reader(data):
    try:
        grid = read(data)
    except UnreadableFile as refused:
        assert str(refused.message)  # noqa: PT017
    else:
        assert all(len(row.cells) == len(grid.header) for row in grid.rows)


CELL = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00\ufeff"), min_size=1, max_size=8
)


@given(
    st.lists(st.lists(CELL.filter(str.strip), min_size=3, max_size=3), min_size=2, max_size=6),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_whatever_is_written_is_read_back(rows, delimiter, encoding):
    quoted = [['"' + cell.replace('"', '""') + '"' for cell in row] for row in rows]
    text = f"sep={delimiter}\r\n" + "\r\n".join(delimiter.join(row) for row in quoted)
    grid = read(text.encode(encoding))
    assert [tuple(row) for row in rows[1:]] == cells(grid)


def test_utf_16_is_text_whichever_byte_of_a_letter_is_zero():
    rows = [["Kode", "Nama", "Satuan"], *[["A1", "ĀĀĀĀĀ", "Ā"]] * 3]
    text = "\n".join(",".join(row) for row in rows)
    assert cells(read(text.encode("utf-16"))) == [tuple(row) for row in rows[1:]]


def test_dates_stay_text_in_a_csv():
    assert read("Kode,Tanggal\nA1,2026-08-24\n").rows[0].cells[1] == "2026-08-24"
    assert not isinstance(read("K,T\nA,2026-08-24\n").rows[0].cells[1], date)
