"""Runs alone in a child process: read a workbook from standard input, print its rows as JSON lines.

It imports nothing of the portal, so that it starts fast and its memory limit is the parser's.
XLSX, XLS and ODS are told apart by their content. The sheet to read may be named as an argument.
"""

from __future__ import annotations

import datetime
import io
import json
import re
import sys
import zipfile
from typing import Any

MEMORY = 512 * 1024 * 1024
CPU_SECONDS = 20
MAX_ROWS = 50_000
MAX_COLUMNS = 101  # one more than the portal accepts, so that it notices
MAX_TEXT = 10_001
MERGED_UNTIL = 60  # rows in which a heading may be merged
MOST_MISSING = 500


def limit() -> None:
    """Take away what a parser does not need: memory, time, files to write, further processes."""
    try:
        import resource
    except ImportError:  # Windows has no such limits; the parent's clock still runs.
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def plain(value: Any) -> Any:
    """Return a cell as JSON; dates and times are marked as such."""
    if value == "":
        return None
    if isinstance(value, str):
        return value[:MAX_TEXT]
    if isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, datetime.datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, datetime.date):
        return {"date": value.isoformat()}
    if isinstance(value, datetime.time):
        return {"time": value.isoformat()}
    if isinstance(value, datetime.timedelta):
        return {"seconds": str(value.total_seconds())}
    return str(value)


def say(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")


def print_rows(data: bytes, wanted: str) -> None:
    """Print one visible sheet, the wanted or else the first that has cells: about it, then rows."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum, load_workbook

    book = load_workbook(io.BytesIO(data))
    visible = [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
    ]
    for name in sorted(visible, key=lambda name: name != wanted):
        sheet = book.get_sheet_by_name(name)
        if sheet.start is not None:
            break
    else:
        say({"sheet": "", "others": []})
        return
    merged = [
        [list(first), list(last)]
        for first, last in sheet.merged_cell_ranges or ()
        if first[0] < MERGED_UNTIL
    ]
    others = [other for other in visible if other != name][:20]
    about = {"sheet": name, "others": others, "merged": merged[:200]}
    say(about | formulas_of(data, name))
    before = [None] * min(sheet.start[1], MAX_COLUMNS)
    printed = 0
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        row = (before + [plain(cell) for cell in cells[:MAX_COLUMNS]])[:MAX_COLUMNS]
        while row and row[-1] is None:
            row.pop()
        if row:
            say([number, row])
            printed += 1
        if printed > MAX_ROWS:
            return


def formulas_of(data: bytes, name: str) -> dict[str, Any]:
    """Return how many formulas a sheet has, and which cells keep no result or hold an error."""
    if data.startswith(b"\xd0\xcf"):
        return {}  # An old workbook keeps the result in the same record as the formula.
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        if "content.xml" in book.namelist():
            return {"formulas": book.read("content.xml").count(b"table:formula=")}
        part = part_of(book, name)
        sheet = book.read(part) if part in book.namelist() else b""
    formulas, missing, failed = 0, [], []
    # Most lists have neither: then nothing is looked at cell by cell.
    for found in CELL.finditer(sheet) if SPECIAL.search(sheet) else ():
        about, content = found[1], found[2] or b""
        if is_formula := FORMULA.search(content) is not None:
            formulas += 1
        if FAILED.search(about):
            failed.append(place(about))
        elif is_formula and not has_result(about, content):
            missing.append(place(about))
    told = {"missing": missing[:MOST_MISSING], "failed": failed[:MOST_MISSING]}
    return {"formulas": formulas} | told


# However a program writes them: with a prefix or without, with either quotation mark.
FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
FAILED = re.compile(rb"""\st=["']e["']""")
SPECIAL = re.compile(FORMULA.pattern + rb"|" + FAILED.pattern)
CELL = re.compile(rb"<(?:\w+:)?c(\s[^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
RESULT = re.compile(rb"<(?:\w+:)?v>[^<]+</")
TEXT = re.compile(rb"""\st=["']str["']""")
PLACE = re.compile(rb"""\sr=["']([A-Z]{1,3}[0-9]{1,7})["']""")


def place(about: bytes) -> str:
    found = PLACE.search(about)
    return found[1].decode() if found else ""


def has_result(about: bytes, content: bytes) -> bool:
    """Return whether a cell keeps what its formula last gave; empty text counts."""
    if RESULT.search(content):
        return True
    return re.search(rb"<(?:\w+:)?v", content) is not None and TEXT.search(about) is not None


def part_of(book: zipfile.ZipFile, name: str) -> str:
    """Return the part of the archive that holds the sheet of this name."""
    import html

    listed = book.read("xl/workbook.xml").decode("utf-8", "replace")
    related = book.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    for sheet in re.findall(r"<(?:\w+:)?sheet\b[^>]*>", listed):
        if html.unescape(attribute(sheet, "name")) == name:
            for relation in re.findall(r"<(?:\w+:)?Relationship\b[^>]*>", related):
                if attribute(relation, "Id") == attribute(sheet, r"\w+:id"):
                    target = attribute(relation, "Target")
                    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return ""


def attribute(tag: str, name: str) -> str:
    found = re.search(rf"""\s{name}=(?:"([^"]*)"|'([^']*)')""", tag)
    return (found[1] or found[2] or "") if found else ""


def is_protected(data: bytes) -> bool:
    """Return whether an ODS says that its parts are encrypted."""
    manifest = "META-INF/manifest.xml"
    if not data.startswith(b"PK"):
        return False
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return manifest in book.namelist() and b"encryption-data" in book.read(manifest)


def main() -> int:
    """Answer ``end`` at the end; what breaks the parser ends the process without it."""
    limit()
    from python_calamine import PasswordError

    try:
        data = sys.stdin.buffer.read()
        if is_protected(data):
            raise PasswordError
        print_rows(data, sys.argv[1] if len(sys.argv) > 1 else "")
    except MemoryError:
        say("memory")
    except PasswordError:
        say("password")
    say("end")
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
