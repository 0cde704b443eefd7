"""Files made to fill the memory of whoever reads them, each within what may be sent."""

from __future__ import annotations

import codecs
import io
import random
import zipfile
from collections.abc import Callable, Iterable

from tests.unit.imports.files import (
    amplifier,
    bomb,
    declare,
    replaced,
    sheet_xml,
    workbook,
    zip_of,
)
from tests.unit.imports.oddfiles import ods, xls

SHEET = "xl/worksheets/sheet1.xml"
SMALL = [["Kode", "Nama barang"], ["A1", "Pena"]]
HEAD = ",".join(f"K{number}" for number in range(100))
MUCH = 120_000_000


def entities(times: int, letters: int) -> bytes:
    """Return an XML whose one long entity stands in it again and again."""
    return (
        f'<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a "{"x" * letters}">]>'
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<si><t>{'&a;' * times}</t></si></sst>"
    ).encode()


def laughs() -> bytes:
    """Return an XML of entities that stand for ten of another, nine times over."""
    names = [chr(98 + n) for n in range(9)]
    before = ["a", *names]
    made = "".join(f'<!ENTITY {name} "{f"&{before[n]};" * 10}">' for n, name in enumerate(names))
    return (
        f'<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a "ha">{made}]>'
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        "<si><t>&j;</t></si></sst>"
    ).encode()


def noise(count: int) -> str:
    return random.Random(1).randbytes(count // 2).hex()


def many_sheets() -> bytes:
    sheets = {f"xl/worksheets/more{n}.xml": sheet_xml("<row/>" * 3_000) for n in range(980)}
    return replaced(workbook(SMALL), sheets)


def nested() -> bytes:
    inner = bomb()
    for _ in range(4):
        inner = zip_of({f"{n}.zip": inner for n in range(8)})
    return replaced(workbook(SMALL), {"xl/media/inner.bin": inner})


def lying() -> bytes:
    """Return a bomb whose directory says that it is small."""
    data = replaced(workbook(SMALL), {SHEET: sheet_xml("<row/>" + " " * MUCH)})
    return declare(data, SHEET, 90_000)


def loose() -> bytes:
    """Return a workbook that stays below every limit and holds as many texts as it may."""
    rows = "".join(
        f'<row r="{r}">'
        + "".join(f'<c t="inlineStr"><is><t>{r}-{c}</t></is></c>' for c in range(100))
        + "</row>"
        for r in range(1, 9_000)
    )
    return replaced(workbook(SMALL), {SHEET: sheet_xml(rows + f"<!--{noise(400_000)}-->")})


def numbers() -> bytes:
    rows = ([r * 100 + c + 0.5 for c in range(100)] for r in range(9_990))
    return workbook([["K"] * 100, *rows])


def ods_with(content: Callable[[str], str]) -> bytes:
    """Return an ODS with its content changed."""
    with zipfile.ZipFile(io.BytesIO(ods(SMALL))) as archive:
        parts: dict[str, object] = {n: archive.read(n).decode() for n in archive.namelist()}
    parts["content.xml"] = content(str(parts["content.xml"]))
    return zip_of(parts)


def repeated(content: str) -> str:
    cell = 'table:number-columns-repeated="16000" office:value-type="string"'
    row = "<table:table-row"
    content = content.replace('office:value-type="string"', cell)
    return content.replace(row, f'{row} table:number-rows-repeated="1000000"')


def csv_of(rows: Iterable[str]) -> bytes:
    return "\n".join([HEAD, *rows]).encode()


def random_cells() -> bytes:
    dice = random.Random(1)
    return csv_of(",".join(dice.randbytes(9).hex() for _ in range(100)) for _ in range(10_000))


def wide_letters() -> bytes:
    """Return few endless lines, each with a letter for which all others take four bytes."""
    return "\n".join(["a,b", *["x" * 990_000 + "\U0001f600,1"] * 24]).encode()


# Name -> how it is made.
BOMBS: dict[str, Callable[[], bytes]] = {
    "a sheet of blanks": bomb,
    "a sheet of blanks that is said to be small": lying,
    "a shared text in 900,000 cells": amplifier,
    "900,000 short texts": loose,
    "a million numbers": numbers,
    "a thousand sheets": many_sheets,
    "archives in archives": nested,
    "an entity, 50,000 letters long, 20,000 times": lambda: replaced(
        workbook(SMALL), {"xl/sharedStrings.xml": entities(20_000, 50_000)}
    ),
    "a billion laughs": lambda: replaced(workbook(SMALL), {"xl/sharedStrings.xml": laughs()}),
    "an ODS of blanks": lambda: ods_with(lambda text: text + " " * MUCH),
    "an ODS whose cells are repeated": lambda: ods_with(repeated),
    "an ODS of entities": lambda: ods_with(
        lambda text: text.replace("Pena", "&a;" * 20_000).replace(
            "<office:document-content",
            f'<!DOCTYPE z [<!ENTITY a "{"x" * 50_000}">]><office:document-content',
            1,
        )
    ),
    "an XLS of zeros": lambda: xls(SMALL)[:1_024] + bytes(24_000_000),
    "a CSV of a million texts": random_cells,
    "a CSV of endless lines": wide_letters,
    "a CSV of nothing but line ends": lambda: b"Kode,Nama\n" + b"\n" * 24_000_000 + b"a,b\n",
    "a CSV of nothing but separators": lambda: b"Kode,Nama\n" + b"," * 990_000 + b"\n,\n",
    "a UTF-16 of zeros": lambda: codecs.BOM_UTF16_LE + bytes(24_000_000),
}
