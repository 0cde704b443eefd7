"""Workbooks, read back by a reader that is not ours."""

import io
import re
import zipfile
from datetime import UTC, date, datetime
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from portal.ui import xlsx

JAKARTA = ZoneInfo("Asia/Jakarta")


def column(kind, place=0, digits=0):
    return xlsx.Column(f"{kind} {place}", kind, digits, lambda row: row[place])


def written(columns, *chunks):
    return b"".join(xlsx.workbook("Items", columns, chunks, JAKARTA))


def read(content):
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()


def test_every_kind_comes_back_as_what_it_is():
    kinds = ("text", "whole", "decimal", "date", "instant")
    at = datetime(2026, 11, 21, 17, 30, tzinfo=UTC)
    row = ("Paper", -12, "-1.005", date(2026, 11, 21), at)
    content = written([column(k, i) for i, k in enumerate(kinds)], [row])
    assert read(content)[1] == [
        "Paper",
        -12,
        -1.005,
        date(2026, 11, 21),
        datetime(2026, 11, 22, 0, 30),  # noqa: DTZ001 - a cell has no zone
    ]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "<b>&amp;</b>",
        "'x",
        '"',
        "007",
        "3.01043E+13",
        " x ",
    ],
)
def test_text_stays_text_to_the_letter(text):
    content = written([column("text")], [(text,)])
    assert read(content)[1] == [text]
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert sheet.count('t="inlineStr"') == 2


@given(st.text(max_size=60))
def test_any_text_makes_a_readable_file(text):
    kept = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]", "", text)
    content = written([column("text"), column("whole", 1)], [(text, 7)])
    found = read(content)[1]
    assert found[-1] == 7
    assert found[0].replace("_x005F_", "_") == kept.replace("_x005F_", "_")


def test_rows_of_all_chunks_follow_each_other_and_empty_cells_stay_empty():
    rows = [(f"r{i}", None if i % 2 else i) for i in range(25)]
    content = written([column("text"), column("whole", 1)], rows[:10], [], rows[10:])
    assert [line[0] for line in read(content)[1:]] == [row[0] for row in rows]
    assert [line[1] for line in read(content)[1:5]] == [0, "", 2, ""]


def test_a_list_without_rows_is_a_sheet_with_its_heads():
    assert read(written([column("text"), column("date", 1)])) == [["text 0", "date 1"]]


def test_more_than_twenty_six_columns_have_letters():
    columns = [column("whole", i) for i in range(60)]
    assert read(written(columns, [tuple(range(60))]))[1] == list(range(60))


def test_text_longer_than_a_cell_ends_with_an_ellipsis():
    found = read(written([column("text")], [("x" * 40_000,)]))[1][0]
    assert len(found) == xlsx.LONGEST_TEXT
    assert found.endswith("x…")


def test_days_that_spreadsheets_count_wrongly_are_written_out():
    assert read(written([column("date")], [(date(1899, 12, 31),)]))[1] == ["1899-12-31"]


def test_every_part_is_well_formed_and_the_archive_is_sound():
    archive = zipfile.ZipFile(io.BytesIO(written([column("text")], [("&",)])))
    assert archive.testzip() is None
    for name in archive.namelist():
        ElementTree.fromstring(archive.read(name))


def test_the_bytes_come_while_the_rows_are_read():
    def chunks():
        for _ in range(5):
            asked.append(1)
            yield [("row",)] * 2000

    asked: list[int] = []
    stream = xlsx.workbook("Items", [column("text")], chunks(), JAKARTA)
    next(stream)
    assert len(asked) == 1
    stream.close()


@pytest.mark.parametrize("title", ["A/B:C?", "x" * 60, '"&<>', "[a]*"])
def test_any_name_is_made_fit_for_a_sheet(title):
    content = b"".join(xlsx.workbook(title, [column("text")], [[("x",)]], JAKARTA))
    name = CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names[0]
    assert len(name) <= 31
    assert not set(name) & set("[]:*?/\\")
