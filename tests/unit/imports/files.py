"""Files that offices and attackers send, made by code."""

import io
import random
import stat
import struct
import zipfile

import xlsxwriter

HEADER = ["Kode", "Nama barang", "Satuan", "Kategori", "Lokasi", "Jumlah", "Minimum", "Harga"]


def stock_rows(count=300):
    """Return ``count`` rows of stock as an Indonesian office keeps them, with decimal commas."""
    units = ["pcs", "box", "rim", "liter"]
    return [
        [
            f"ATK-{number:04}",
            f"Barang nomor {number}",
            units[number % 4],
            "Alat tulis",
            "Gudang",
            f"{number},{number % 4 * 25:02}",
            "1.234,5" if number % 50 == 0 else "10",
            "12.500,00",
        ]
        for number in range(1, count + 1)
    ]


def hostile_csv(rows, header=HEADER):
    """Return a CSV with BOM, semicolons and every cell quoted."""
    lines = [";".join(f'"{cell}"' for cell in row) for row in [header, *rows]]
    return "\r\n".join(lines).encode("utf-8-sig")


def workbook(rows, *, sheet="Stok", before=()):
    """Return an XLSX of typed cells; ``before`` are names of sheets that stay empty."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"default_date_format": "yyyy-mm-dd"}) as book:
        for name in before:
            book.add_worksheet(name)
        page = book.add_worksheet(sheet)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    page.write_string(number, column, cell)
                elif cell is not None:
                    page.write(number, column, cell)
    return buffer.getvalue()


def zip_of(parts, *, compression=zipfile.ZIP_DEFLATED, links=()):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = compression
            if name in links:
                entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def replaced(data, changes):
    """Return a workbook with parts replaced, added or (None) left out."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts |= changes
    return zip_of({name: content for name, content in parts.items() if content is not None})


def sheet_xml(cells):
    """Return a worksheet whose sheetData is ``cells``."""
    return (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{cells}</sheetData></worksheet>"
    ).encode()


def bomb():
    """Return a small workbook whose sheet unpacks to 200 MB, honestly declared."""
    return replaced(
        workbook([["Kode"], ["A"]]),
        {"xl/worksheets/sheet1.xml": sheet_xml("<row/>" + " " * 200_000_000)},
    )


def amplifier():
    """Return a workbook that passes every limit of its directory and needs 900 MB when read.

    One shared text of 1,000 letters stands in 900,000 cells; random letters in a comment keep the
    packing loose enough.
    """
    cells = "".join(
        f'<row r="{r}">' + '<c t="s"><v>0</v></c>' * 90 + "</row>" for r in range(1, 10_001)
    )
    noise = random.Random(1).randbytes(250_000).hex()
    shared = (
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="1" '
        f'uniqueCount="1"><si><t>{"x" * 1000}</t></si></sst>'
    )
    return replaced(
        workbook([["Kode"], ["A"]]),
        {
            "xl/worksheets/sheet1.xml": sheet_xml(cells + f"<!--{noise}-->"),
            "xl/sharedStrings.xml": shared.encode(),
        },
    )


def marked(data, field, value):
    """Return the zip with 16 bits of every entry in its directory set to ``value``."""
    changed = bytearray(data)
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        struct.pack_into("<H", changed, at + {"version": 6, "flags": 8}[field], value)
        at += 4
    return bytes(changed)


def declare(data, name, size):
    """Return the zip with another unpacked size written into its directory and local header."""
    changed = bytearray(data)
    for signature, length, field in ((b"PK\x01\x02", 46, 24), (b"PK\x03\x04", 30, 22)):
        at = 0
        while (at := data.find(signature, at)) >= 0:
            if data[at + length : at + length + len(name)] == name.encode():
                struct.pack_into("<L", changed, at + field, size)
            at += 4
    return bytes(changed)
