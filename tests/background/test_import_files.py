"""Files as offices and attackers send them: each has the right result, or a sentence that helps.

None is answered with a fault, and none leaves half an import behind.
"""

import codecs
import csv as csv_files
import gzip
import io
import random
import zipfile
from datetime import date, datetime
from functools import partial

import pytest
import xlsxwriter

from portal.testing import sign_in
from tests.unit.imports.files import (
    amplifier,
    bomb,
    declare,
    marked,
    replaced,
    sheet_xml,
    workbook,
    zip_of,
)
from tests.unit.imports.oddfiles import encrypted_workbook, ods, xls

from .test_import_pages import columns_of, run_checked, send, text_of

HEAD = ["Kode", "Nama barang", "Satuan", "Jumlah"]
ROW = ["A1", "Pena biru", "pcs", "2,5"]
TABLE = [HEAD, ROW]
TYPED = [HEAD, ["A1", "Pena biru", "pcs", 2.5]]
RIGHT = {"a1": ("Pena biru", 2_500, 0)}
SHEET = "xl/worksheets/sheet1.xml"


def csv(rows=TABLE, delimiter=";", end="\r\n"):
    return end.join(delimiter.join(row) for row in rows) + end


def book(write, **options):
    """Return a workbook that ``write(workbook, first sheet)`` has filled under the heading."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, options) as made:
        page = made.add_worksheet("Stok")
        page.write_row(0, 0, HEAD)
        page.write_row(1, 0, ["A1", "Pena biru", "pcs", 2.5])
        write(made, page)
    return buffer.getvalue()


def formula(shown, made, page):
    page.write_formula(1, 3, "=5/2", None, shown)


def running(made, page):
    page.write_formula(1, 1, "=cmd|' /C calc'!A0", None, "Pena biru")


def merged_heading():
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as made:
        page = made.add_worksheet("Stok")
        for column, title in enumerate(HEAD[:3]):
            page.merge_range(0, column, 1, column, title)
        page.merge_range(0, 3, 0, 4, "Stok")
        page.write_row(1, 3, ["Jumlah", "Minimum"])
        page.write_row(2, 0, ["A1", "Pena biru", "pcs", 2.5, 1])
    return buffer.getvalue()


def dated(made, page):
    page.write_datetime(1, 1, datetime(2026, 8, 24), made.add_format({"num_format": "d/m/yyyy"}))  # noqa: DTZ001


def lasting(made, page):
    page.write_number(1, 1, 1.5, made.add_format({"num_format": "[h]:mm"}))


def another_sheet(made, page):
    made.add_worksheet("Lama").write_row(0, 0, ["Catatan", "dari", "tahun", "lalu"])


def hidden_first(made, page):
    page.hide()
    other = made.add_worksheet("Isi")
    other.activate()
    other.write_row(0, 0, HEAD)
    other.write_row(1, 0, TYPED[1])


def with_cell(xml, column="B"):
    """Return a workbook whose cell in row 2 is written as this XML."""
    heads = "".join(f"<c t='inlineStr'><is><t>{title}</t></is></c>" for title in HEAD)
    cells = {
        c: f"<c r='{c}2' t='inlineStr'><is><t>{v}</t></is></c>"
        for c, v in zip("ABC", ROW[:3], strict=True)
    }
    cells["D"] = "<c r='D2'><v>2.5</v></c>"
    row = "".join((cells | {column: xml}).values())
    return replaced(
        workbook(TABLE), {SHEET: sheet_xml(f"<row>{heads}</row><row r='2'>{row}</row>")}
    )


def number(text):
    return with_cell(f"<c r='D2'><v>{text}</v></c>", "D")


def prefixed_formula():
    """Return a workbook as programs write one that give each element a prefix."""
    heads = "".join(f"<x:c t='inlineStr'><x:is><x:t>{t}</x:t></x:is></x:c>" for t in HEAD)
    cells = "".join(f"<x:c t='inlineStr'><x:is><x:t>{t}</x:t></x:is></x:c>" for t in ROW[:3])
    rows = f"<x:row>{heads}</x:row><x:row>{cells}<x:c r='D2'><x:f>5/2</x:f></x:c></x:row>"
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f"<x:worksheet xmlns:x='{space}'><x:sheetData>{rows}</x:sheetData></x:worksheet>"
    return replaced(workbook(TABLE), {SHEET: sheet.encode()})


def quantity(text):
    return csv([HEAD, [*ROW[:3], text]])


def endless_ods():
    """Return an ODS as one is saved whose last row and column were formatted to the very end."""
    with zipfile.ZipFile(io.BytesIO(ods(TYPED))) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    empty = '<table:table-cell table:number-columns-repeated="16380"/>'
    more = f'<table:table-row table:number-rows-repeated="1048570">{empty}</table:table-row>'
    content = parts["content.xml"].replace("</table:table-row>", f"{empty}</table:table-row>")
    parts["content.xml"] = content.replace("</table:table>", f"{more}</table:table>")
    return zip_of(parts)


JUNK = random.Random(7).randbytes(10_000)
XML_BOMB = (
    '<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + ']><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    "<si><t>&j;</t></si></sst>"
).encode()

# What is imported rightly: name -> (file, name of the file).
GOOD = {
    "commas": (csv([[c.replace(",", ".") for c in r] for r in TABLE], ","), "a.csv"),
    "semicolons": (csv(), "a.csv"),
    "tabs": (csv(delimiter="\t"), "a.tsv"),
    "bars": (csv(delimiter="|"), "a.txt"),
    "a line that names the separator": ("sep=;\r\n" + csv(), "a.csv"),
    "UTF-8 with a byte order mark": (codecs.BOM_UTF8 + csv().encode(), "a.csv"),
    "UTF-16 little end first": (codecs.BOM_UTF16_LE + csv().encode("utf-16-le"), "a.csv"),
    "UTF-16 big end first": (codecs.BOM_UTF16_BE + csv().encode("utf-16-be"), "a.csv"),
    "UTF-16 without a mark": (csv().encode("utf-16-le"), "a.csv"),
    "Windows letters": (csv([[*HEAD, "Catatan"], [*ROW, "Café"]]).encode("cp1252"), "a.csv"),
    "lines that end in CR only": (csv(end="\r"), "a.csv"),
    "lines that end in LF only": (csv(end="\n"), "a.csv"),
    "no line end after the last row": (csv().rstrip(), "a.csv"),
    "titles and empty rows above the heading": (
        "Daftar stok Klinik\r\n\r\n;;;\r\n" + csv() + ";;;\r\n\r\n",
        "a.csv",
    ),
    "a heading that stands twice": (csv([[*HEAD, "Jumlah"], [*ROW, "99"]]), "a.csv"),
    "a line break inside a cell": (csv([HEAD, ["A1", '"Pena\nbiru"', "pcs", "2,5"]]), "a.csv"),
    "a CSV that says it is XLSX": (csv(), "a.xlsx"),
    "an XLSX that says it is CSV": (workbook(TYPED), "a.csv"),
    "XLSX": (workbook(TYPED), "a.xlsx"),
    "XLSX with numbers as text": (workbook(TABLE), "a.xlsx"),
    "XLS": (xls(TYPED), "a.xls"),
    "ODS": (ods(TYPED), "a.ods"),
    "titles above the heading of a workbook": (
        workbook([["Daftar stok Klinik"], [], [], *TYPED]),
        "a.xlsx",
    ),
    "a merged heading in two rows": (merged_heading(), "a.xlsx"),
    "a formula with its result": (book(partial(formula, 2.5)), "a.xlsx"),
    "a formula that would start a program": (book(running), "a.xlsx"),
    "a second sheet": (book(another_sheet), "a.xlsx"),
    "a sheet that is hidden": (book(hidden_first), "a.xlsx"),
    "empty rows between the rows": (csv([HEAD, [""] * 4, [" "] * 4, ROW, ["", "\u00a0"]]), "a.csv"),
    "UTF-16 with tabs, as Unicode text is saved": (
        codecs.BOM_UTF16_LE + csv(delimiter="\t").encode("utf-16-le"),
        "a.txt",
    ),
    "byte order marks in the middle": (
        csv([["\ufeffKode", *HEAD[1:]], ["\ufeffA1", *ROW[1:]]]),
        "a",
    ),
    "invisible letters": (
        csv(
            [["Ko\u200bde", *HEAD[1:]], ["\u200fA\u200b1\u202c", "\u202aPena\u2060 biru", *ROW[2:]]]
        ),
        "a.csv",
    ),
    "letters in their wide form": (csv([["Ｋｏｄｅ", *HEAD[1:]], ROW]), "a.csv"),
    "blanks around everything": (csv([[f"  {c} " for c in r] for r in TABLE]), "a.csv"),
    "everything in quotation marks": (csv([[f'"{c}"' for c in r] for r in TABLE]), "a.csv"),
    "a CSV that says it is XLS": (csv(), "a.xls"),
    "an XLS that says it is CSV": (xls(TYPED), "a.csv"),
    "a workbook with macros": (
        replaced(workbook(TYPED), {"xl/vbaProject.bin": b"Sub Auto_Open()" * 90}),
        "a.xlsm",
    ),
    "a number written with an exponent": (number("25E-1"), "a.xlsx"),
    "an ODS formatted to its last row": (endless_ods(), "a.ods"),
    "a name that is a path": (csv(), "..\\..\\etc/passwd"),
    "a heading that begins like a zip": (csv([["PK", *HEAD], ["1", *ROW]]), "a.csv"),
    "a first line that names no separator": ("sep=\r\n" + csv(), "a.csv"),
    "no name to speak of": (csv(), "\u202e .csv"),
}

# What is refused when it is sent: name -> (file, words of the answer).
REFUSED = {
    "nothing at all": (b"", "The file is empty"),
    "blanks and line ends": (b" \r\n\r\n;;;\r\n", "The file is empty"),
    "a heading alone": (csv([HEAD]), "a heading but no rows"),
    "a heading alone in a workbook": (workbook([HEAD]), "a heading but no rows"),
    "an empty workbook": (workbook([]), "The file is empty"),
    "10,001 rows": (csv([HEAD, *[ROW] * 10_001]), "more than 10000 rows. Split it"),
    "10,001 rows in a workbook": (workbook([HEAD, *[ROW] * 10_001]), "more than 10000 rows"),
    "300 columns": (csv([[f"K{n}" for n in range(300)], ["1"] * 300]), "more than 100 columns"),
    "300 columns in a workbook": (workbook([["K"] * 300, ["1"] * 300]), "more than 100 columns"),
    "16,384 columns": (csv([["K"] * 16_384, ["1"] * 16_384]), "more than 100 columns"),
    "200,000 empty rows": (csv([HEAD]) + "\n" * 200_000 + csv([ROW]), "too many empty rows"),
    "a cell of 1 MB": (csv([HEAD, ["A1", "x" * 1_000_000, "pcs", "1"]]), "too long for a list"),
    "a cell of 200 kB": (csv([HEAD, ["A1", "x" * 200_000, "pcs", "1"]]), "too long for a list"),
    "a zip bomb": (bomb(), "too large when unpacked"),
    "a bomb of shared text": (amplifier(), "too large when unpacked"),
    "an XML bomb": (replaced(workbook(TABLE), {"xl/sharedStrings.xml": XML_BOMB}), ""),
    "a zip in a zip": (replaced(workbook(TABLE), {"x.zip": workbook(TABLE)}), "does not need"),
    "a plain zip": (zip_of({"a.csv": csv()}), "not a workbook with a list"),
    "a text document": (zip_of({"mimetype": "x", "word/document.xml": "<a/>"}), "not a workbook"),
    "a false size in the directory": (declare(workbook(TABLE), SHEET, 60_000_000), "too large"),
    "a workbook cut off": (workbook(TABLE)[:-300], "damaged"),
    "a workbook with a broken sheet": (replaced(workbook(TABLE), {SHEET: b"<worksheet"}), ""),
    "a zip of a kind to come": (marked(workbook(TABLE), "version", 64), "damaged"),
    "a zip with a password of the new kind": (marked(workbook(TABLE), "flags", 0x40), "protected"),
    "a cell at the far end": (
        replaced(workbook(TABLE), {SHEET: sheet_xml('<row r="1"><c r="XFD1"><v>1</v></c></row>')}),
        "columns",
    ),
    "an XLSX with a password": (encrypted_workbook(), "protected by a password"),
    "an ODS with a password": (ods(TABLE, protected=True), "protected by a password"),
    "an old workbook cut off": (xls(TYPED)[:2_000], "damaged"),
    "a PDF": (b"%PDF-1.7 " + JUNK, "not a list"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + JUNK, "not a list"),
    "a program": (b"\x7fELF" + JUNK, "not a list"),
    "binary junk": (JUNK, "not a list"),
    "a web page that says it is XLS": (b"<html><table><tr><td>Kode", "This is a web page"),
    "a web page behind a byte order mark": (b"\xef\xbb\xbf <table>", "This is a web page"),
    "a packed CSV": (gzip.compress(csv().encode()), "not a list"),
    "UTF-32": (codecs.BOM_UTF32_LE + csv().encode("utf-32-le"), "not a list"),
    "a workbook without its sheet": (replaced(workbook(TABLE), {SHEET: None}), ""),
    "a zip cut off at its first part": (workbook(TABLE)[:400], "damaged"),
    "letters that cannot be read": (
        csv([HEAD, ["A1", "Café Ångström", "pcs", "1"]]).encode() + b"\xff\xfe\x81;;;",
        "letter that cannot be read",
    ),
    "quotation marks that do not match": (
        csv([HEAD, ["A1", '"Pena"x', "pcs", "1"]]),
        "do not match",
    ),
}

# What is taken, shown, and has a cell to be mended: name -> (file, words of the check page).
WRONG = {
    "a zero byte in a cell": (csv([HEAD, ["A1", "Pe\0na", "pcs", "1"]]), "cannot be stored"),
    "a formula without a result": (book(partial(formula, "")), "a formula without a result"),
    "a formula that ends in an error": (book(partial(formula, "#DIV/0!")), "ends in an error"),
    "a date for a name": (book(dated), "turned this cell into a date"),
    "a date of the 1904 calendar for a name": (book(dated, date_1904=True), "into a date"),
    "a yes for a name": (workbook([HEAD, ["A1", True, "pcs", 1]]), "holds a yes or no"),
    "a date for a number": (workbook([HEAD, ["A1", "Pena", "pcs", date(2026, 8, 24)]]), "date"),
    "a length of time for a name": (book(lasting), "turned this cell into a date"),
    "no number for a name": (with_cell("<c r='B2'><v>NaN</v></c>"), "“nan” is not a number"),
    "a separator too many": (
        csv([HEAD, *[[f"B{n}", *ROW[1:]] for n in range(3)], [*ROW, "", "x"]]),
        "separator too many",
    ),
    "a zero byte in a workbook": (
        with_cell("<c r='B2' t='inlineStr'><is><t>Pe_x0000_na</t></is></c>"),
        "",
    ),
    "an error for a number": (
        with_cell("<c r='D2' t='e'><v>#N/A</v></c>", "D"),
        "ends in an error",
    ),
    "a formula without a result, written with a prefix": (prefixed_formula(), "without a result"),
    "less than nothing": (quantity("-1"), "negative"),
    "less than nothing in a workbook": (number("-1"), "negative"),
    "four decimals": (quantity("0,0001"), "more than 3 decimals"),
    "four decimals in a workbook": (number("0.0001"), "more than 3 decimals"),
    "an exponent": (quantity("1E3"), "leaves digits out"),
    "2 to the power of 63": (quantity("9223372036854775808"), "too large"),
    "2 to the power of 63 in a workbook": (number("9223372036854775808"), "too large"),
    "endless": (quantity("inf"), "not a number"),
    "endless in a workbook": (number("1E400"), ""),
    "no number": (quantity("NaN"), "not a number"),
    "digits of another script": (quantity("\u0663"), "not a number"),
    "one or a thousand": (quantity("1.000"), "more than one meaning"),
    "a code that has lost digits": (csv([HEAD, ["3,01E+13", *ROW[1:]]]), "lost digits"),
    "a code without an end": (csv([HEAD, ["A" * 41, *ROW[1:]]]), "40 are allowed"),
    "an unknown unit": (csv([HEAD, ["A1", "Pena", "parsec", "1"]]), "There is no unit"),
    "a code twice": (csv([*TABLE, ["a1", *ROW[1:]]]), "is already in row 2"),
    "a code twice, once in wide letters": (
        csv([*TABLE, ["\uff21\uff11", *ROW[1:]]]),
        "already in row",
    ),
    "a code twice, once with a letter composed": (
        csv([HEAD, ["Caf\u00e9", *ROW[1:]], ["Cafe\u0301", *ROW[1:]]]),
        "already in row 2",
    ),
    "a code twice, once with an invisible letter": (
        csv([*TABLE, ["A\u200b1", *ROW[1:]]]),
        "already in",
    ),
    "nothing but a code": (csv([HEAD, *[[f"A{n}", "", "", ""] for n in range(3)]]), "must not be"),
    "a text too long": (csv([HEAD, ["A1", "x" * 9_000, "pcs", "1"]]), "80 are allowed"),
}


@pytest.fixture
def assistant(app, world):
    return sign_in(app, world.people["assistant"])


def data_of(file):
    return file.encode() if isinstance(file, str) else file


def chosen_of(client, file, name="stok.csv"):
    """Send a file; return its address and the choices, with what must be said said."""
    url, chosen = columns_of(client, data_of(file), name)
    chosen.setdefault("number_format", "comma")
    return url, chosen


@pytest.mark.parametrize("what", GOOD)
def test_a_file_is_read_rightly(app, assistant, things, what):
    file, name = GOOD[what]
    url, chosen = chosen_of(assistant, file, name)
    answer = run_checked(app, assistant, url, chosen)
    assert "1 new" in text_of(answer.text)
    found = things()
    found.pop("heard-1", None)
    assert found == RIGHT


@pytest.mark.parametrize("what", REFUSED)
def test_a_file_that_is_no_list_is_refused_with_a_reason(assistant, things, jobs, what):
    file, words = REFUSED[what]
    answer = send(assistant, data_of(file))
    assert answer.status_code == 422
    assert words in text_of(answer.text)
    assert (things(), jobs()) == ({}, [])


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_cell_is_told_and_nothing_is_imported(app, assistant, things, what):
    file, words = WRONG[what]
    url, chosen = chosen_of(assistant, file)
    page = text_of(assistant.get(f"{url}/check", query_string=chosen).text)
    assert words in page
    assert "nothing is imported yet" in page
    assert "Nothing was imported" in text_of(run_checked(app, assistant, url, chosen).text)
    assert things() == {}


def test_more_than_a_hundred_hostile_files_are_known():
    assert len(GOOD) + len(REFUSED) + len(WRONG) > 100


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_file_of_wrong_rows_runs_nothing(assistant, kind):
    evil = ["=cmd|' /C calc'!A0", "+1+1", "@SUM(1)", "\u200b=1", "-2+3"]
    rows = [[f"A{n}", f'"{text}"', "pcs", "none"] for n, text in enumerate(evil)]
    url, chosen = chosen_of(assistant, csv([[*HEAD[:3], '"=1+1"'], *rows]))
    chosen |= {"c_quantity": "3", "format": kind}
    data = assistant.get(f"{url}/check", query_string=chosen).data
    if kind == "csv":
        found = list(csv_files.reader(io.StringIO(data.decode("utf-8-sig"))))
        cells = [found[0][3], *(row[1] for row in found[1:])]
        assert all(cell.startswith("'") for cell in cells)
        assert [cell[1:] for cell in cells] == ["=1+1", *evil]
    else:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            assert not any(b"<f" in book.read(name) for name in book.namelist() if "sheet" in name)
            assert not any("vba" in name.casefold() for name in book.namelist())


def test_formulas_are_told(assistant):
    url, _ = columns_of(assistant, book(partial(formula, 2.5)))
    assert "1 cell of this sheet holds a formula" in text_of(assistant.get(url).text)


def test_a_sheet_is_chosen(app, assistant, things):
    def other(made, page):
        sheet = made.add_worksheet("Gudang & <baru>")
        sheet.write_row(0, 0, HEAD)
        sheet.write_row(1, 0, ["B2", "Map", "box", 4])

    url, _ = columns_of(assistant, book(other), "stok.xlsx")
    page = assistant.get(url, query_string={"sheet": "Gudang & <baru>"}).text
    assert "Map" in page
    assert "Pena biru" not in page
    chosen = {"c_code": 0, "c_name": 1, "c_unit": 2, "c_quantity": 3, "number_format": "point"}
    run_checked(app, assistant, url, chosen | {"sheet": "Gudang & <baru>"})
    assert set(things()) == {"b2", "heard-1"}


@pytest.mark.parametrize("sheet", ["Bulan", "x" * 200_000, "../../etc/passwd", "--help"])
def test_a_sheet_that_is_not_there_gives_the_first(assistant, sheet):
    url, _ = columns_of(assistant, workbook(TYPED), "stok.xlsx")
    answer = assistant.get(url, query_string={"sheet": sheet[:4_000]})
    assert answer.status_code == 200
    assert "Pena biru" in answer.text
    assert assistant.post(f"{url}/run", data={"sheet": sheet}).status_code == 422
