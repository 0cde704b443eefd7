"""Files as offices and attackers send them: each has the right result, or a sentence that helps.

None is answered with a fault, and none leaves half an import behind.
"""

import codecs
import io
import random
from datetime import date, datetime
from functools import partial

import pytest
import xlsxwriter

from portal.testing import sign_in
from tests.unit.imports.files import amplifier, bomb, declare, replaced, sheet_xml, workbook, zip_of
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


def another_sheet(made, page):
    made.add_worksheet("Lama").write_row(0, 0, ["Catatan", "dari", "tahun", "lalu"])


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
    "a separator too many": (
        csv([HEAD, *[[f"B{n}", *ROW[1:]] for n in range(3)], [*ROW, "", "x"]]),
        "separator too many",
    ),
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


@pytest.mark.parametrize("sheet", ["Bulan", "x" * 5_000, "../../etc/passwd", "--help"])
def test_a_sheet_that_is_not_there_gives_the_first(assistant, sheet):
    url, _ = columns_of(assistant, workbook(TYPED), "stok.xlsx")
    answer = assistant.get(url, query_string={"sheet": sheet[:4_000]})
    assert answer.status_code == 200
    assert "Pena biru" in answer.text
