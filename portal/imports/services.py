"""The import road without its pages: what was sent, what it means, what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from portal.errors import NotFound
from portal.files import services as files
from portal.files.services import KeptFile
from portal.files.store import Store
from portal.numbers import DateOrder, NumberFormat
from portal.work import UnitOfWork

from .grid import Grid, without_remarks
from .reading import read_table
from .rules import Checked, Import, Mode, Reading, ReadingOptions, conclude
from .understanding import understand
from .updating import ADDING, Wanted, concluded, needed, recognise

KEPT = timedelta(days=30)
JOB = "core.import"


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the person said about a file: which column is what, and how it is written."""

    columns: Mapping[str, int]
    number_format: NumberFormat | None = None
    date_order: DateOrder | None = None
    grouped: bool = False
    sheet: str = ""  # the one that is read; the first with cells unless said
    wanted: Wanted = ADDING

    def plain(self) -> dict[str, Any]:
        """Return the choices as JSON can hold them."""
        return {
            "columns": dict(self.columns),
            "number_format": self.number_format,
            "date_order": self.date_order,
            "grouped": self.grouped,
            "sheet": self.sheet,
            "mode": self.wanted.mode,
            "by": self.wanted.by,
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Choices:
        """Return the choices that ``plain()`` gave."""
        return cls(
            columns=dict(plain["columns"]),
            number_format=NumberFormat(plain["number_format"]) if plain["number_format"] else None,
            date_order=DateOrder(plain["date_order"]) if plain["date_order"] else None,
            grouped=plain["grouped"],
            sheet=plain.get("sheet", ""),
            wanted=Wanted(Mode(plain.get("mode", Mode.ADD)), plain.get("by", "")),
        )


def purpose(declared: Import) -> str:
    """Return what uploads of this import are kept for, so that no other page takes them."""
    return f"import {declared.name}"


def find_upload(tx: UnitOfWork, declared: Import, public_id: str) -> KeptFile:
    """Return the file the actor sent for this import, or raise NotFound."""
    return files.find(tx, public_id, purpose=purpose(declared))


def open_grid(store: Store, kept: KeptFile, sheet: str = "") -> Grid:
    """Return the rows of a file that was sent, or raise UnreadableFile."""
    with store.open(kept.sha256) as source:
        return without_remarks(read_table(source, sheet=sheet))


def read(grid: Grid, declared: Import, choices: Choices, currency: str) -> Reading:
    """Return what the rows mean under these choices."""
    columns = {
        key: column
        for key, column in choices.columns.items()
        if 0 <= column < len(grid.header) and key in {one.key for one in declared.fields}
    }
    options = ReadingOptions(
        number_format=choices.number_format,
        date_order=choices.date_order,
        currency=currency,
        grouped=choices.grouped,
    )
    wanted = needed(declared, choices.wanted) if declared.known else None
    return understand(grid, declared.fields, columns, options, wanted)


def check(tx: UnitOfWork, declared: Import, reading: Reading, wanted: Wanted = ADDING) -> Checked:
    """Return everything that is wrong with the rows, and what the good ones would do."""
    if declared.known is None:
        return conclude(reading, declared.check(tx, reading.rows))
    problems = recognise(tx, declared, reading, wanted)
    findings = declared.check(tx, reading.rows)
    return conclude(reading, concluded(reading, findings, problems, wanted))


def find_import(plugins: Mapping[str, Any], name: str) -> Import:
    """Return a declared import by its name, or raise NotFound."""
    plugin = plugins.get(name.partition(".")[0])
    for declared in plugin.imports if plugin is not None else ():
        if declared.name == name:
            found: Import = declared
            return found
    raise NotFound
