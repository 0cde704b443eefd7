"""Runs alone in a child process: read a workbook from standard input, print its rows as JSON lines.

It imports nothing of the portal, so that it starts fast and its memory limit is the parser's.
"""

from __future__ import annotations

import datetime
import io
import json
import sys
from typing import Any

MEMORY = 512 * 1024 * 1024
CPU_SECONDS = 20
MAX_ROWS = 50_000
MAX_COLUMNS = 101  # one more than the portal accepts, so that it notices
MAX_TEXT = 10_001


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
    return str(value)


def say(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")


def print_rows(data: bytes) -> None:
    """Print the first visible sheet that has cells: about it, then ``[number, cells]`` each."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum, load_workbook

    book = load_workbook(io.BytesIO(data))
    visible = [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
    ]
    for name in visible:
        sheet = book.get_sheet_by_name(name)
        if sheet.start is not None:
            break
    else:
        say({"sheet": "", "others": []})
        return
    say({"sheet": name, "others": [other for other in visible if other != name][:20]})
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


def main() -> int:
    """Answer ``end`` at the end; what breaks the parser ends the process without it."""
    limit()
    try:
        print_rows(sys.stdin.buffer.read())
    except MemoryError:
        say("memory")
    say("end")
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
