"""Workbooks that no library at hand writes: ODS, XLS of 1997, one with a password; by code."""

import struct
from xml.sax.saxutils import escape

from tests.unit.imports.files import zip_of

ODS = "application/vnd.oasis.opendocument.spreadsheet"
_SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{what}:1.0"'
    for name, what in (("office", "office"), ("table", "table"), ("text", "text"))
)


def ods(rows, *, formula="", protected=False):
    """Return an ODS whose first sheet holds ``rows``; ``formula`` stands in the last number."""
    lines = "".join(
        f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows
    )
    if formula:
        lines = lines.replace(
            'office:value-type="float"', f'table:formula="{formula}" office:value-type="float"'
        )
    content = (
        f'<?xml version="1.0"?><office:document-content {_SPACES}><office:body>'
        f'<office:spreadsheet><table:table table:name="Stok">{lines}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    secret = "<manifest:encryption-data/>" if protected else ""
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="content.xml">{secret}</manifest:file-entry>'
        "</manifest:manifest>"
    )
    return zip_of({"mimetype": ODS, "content.xml": content, "META-INF/manifest.xml": manifest})


def _ods_cell(cell):
    if isinstance(cell, (int, float)):
        return f'<table:table-cell office:value-type="float" office:value="{cell}"/>'
    return (
        '<table:table-cell office:value-type="string">'
        f"<text:p>{escape(cell or '')}</text:p></table:table-cell>"
    )


def xls(rows, *, dates_from_1904=False):
    """Return an XLS (BIFF8) whose one sheet holds ``rows`` of text and numbers."""
    book = _record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 1997, 0, 6))
    book += _record(0x22, struct.pack("<H", dates_from_1904))
    name = b"\x04\x00Stok"
    sheets = _record(0x85, struct.pack("<IH", 0, 0) + name)
    end = _record(0x0A, b"")
    at = len(book) + len(sheets) + len(end)
    book += _record(0x85, struct.pack("<IH", at, 0) + name) + end
    sheet = _record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 1997, 0, 6))
    sheet += _record(0x200, struct.pack("<IIHHH", 0, len(rows), 0, 20, 0))
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            place = struct.pack("<HHH", number, column, 0)
            if isinstance(cell, str):
                text = cell.encode("utf-16-le")
                sheet += _record(0x204, place + struct.pack("<HB", len(cell), 1) + text)
            elif cell is not None:
                sheet += _record(0x203, place + struct.pack("<d", cell))
    return compound({"Workbook": book + sheet + end})


def _record(kind, content):
    return struct.pack("<HH", kind, len(content)) + content


def encrypted_workbook():
    """Return what a spreadsheet writes when an XLSX gets a password."""
    return compound({"EncryptedPackage": b"x" * 6000, "EncryptionInfo": b"y" * 5000})


def compound(streams):
    """Return an OLE file with these streams, each padded to whole sectors."""
    padded = {n: c.ljust(max(4096, -(-len(c) // 512) * 512), b"\0") for n, c in streams.items()}
    fat, sectors, entries = [], b"", []
    for name, content in padded.items():
        start, count = len(fat), len(content) // 512
        fat += [*range(start + 1, start + count), 0xFFFFFFFE]
        sectors += content
        entries.append((name, 2, start, len(content)))
    directory = len(fat)
    fat += [0xFFFFFFFE]
    root = _entry("Root Entry", 5, 0xFFFFFFFE, 0, child=1)
    last = len(entries)
    listed = [
        _entry(*one, right=number + 1 if number < last else 0xFFFFFFFF)
        for number, one in enumerate(entries, 1)
    ]
    sectors += b"".join([root, *listed]).ljust(512, b"\0")
    table = len(fat)
    fat += [0xFFFFFFFD]
    assert len(fat) <= 128
    sectors += struct.pack("<128I", *fat, *[0xFFFFFFFF] * (128 - len(fat)))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, 1, directory, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    head += struct.pack("<109I", table, *[0xFFFFFFFF] * 108)
    return head + sectors


def _entry(name, kind, start, size, *, child=0xFFFFFFFF, right=0xFFFFFFFF):
    text = (name + "\0").encode("utf-16-le")
    return (
        text.ljust(64, b"\0")
        + struct.pack("<HBB", len(text), kind, 1)
        + struct.pack("<III", 0xFFFFFFFF, right, child)
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )
