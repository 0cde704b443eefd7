"""Which columns a page shows, in which order, and how high its rows are.

The address says it (``columns=``, ``height=``), else what the reader chose for this list, else the
declaration. The columns that name a row stay; what the reader may not see is never among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.lists.rules import HEIGHTS, Liking, column_keys

from .declaration import Column

COLUMNS, HEIGHT = "columns", "height"
LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Arranged:
    """The columns shown, in order, of those the reader may see, and the row height."""

    shown: Sequence[Column]
    others: Sequence[Column]
    height: str
    chosen: bool  # not as delivered

    @property
    def keys(self) -> list[str]:
        return [column.key for column in self.shown]


def arrange(columns: Sequence[Column], arguments: Mapping[str, str], liking: Liking) -> Arranged:
    """Return how the list is shown; what is unknown or hidden from the reader is left out."""
    said = arguments.get(COLUMNS, "")[:LONGEST]
    wanted = column_keys(said.split(",")) or liking.columns
    height = arguments.get(HEIGHT, "")
    if height not in HEIGHTS:
        height = liking.height
    delivered = [column for column in columns if column.shown]
    known = {column.key: column for column in columns}
    found = [known[key] for key in wanted if key in known]
    if found:
        name = naming(columns)
        shown = found if name in found else [name, *found]
    else:
        shown = delivered
    others = [column for column in columns if column not in shown]
    return Arranged(shown, others, height, shown != delivered)


def naming(columns: Sequence[Column]) -> Column:
    """Return the column that names a row, which leads to it and is always there."""
    return next((c for c in columns if c.primary), next(c for c in columns if c.shown))
