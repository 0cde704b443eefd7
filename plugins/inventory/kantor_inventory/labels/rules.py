"""Sheets of labels: what fits on a page, and where on a half-used one printing begins. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from portal.api import Message, message

Printed = TypeVar("Printed")
MOST = 240  # things on one order to print: their codes stand in one address
MOST_LABELS = 480  # with all copies: a PDF of them takes some seconds


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A format that shops sell; ``labels.css`` knows its measures by the name ``key``."""

    key: str
    title: Message
    columns: int = 1
    rows: int = 1

    @property
    def each(self) -> int:
        """How many labels a page has."""
        return self.columns * self.rows


def _on_a4(key: str, columns: int, rows: int, size: str) -> Sheet:
    title = message("A4, {count} labels of {size} mm", count=columns * rows, size=size)
    return Sheet(key=key, title=title, columns=columns, rows=rows)


def _roll(key: str, size: str) -> Sheet:
    return Sheet(key=key, title=message("Roll, one label of {size} mm a page", size=size))


SHEETS = {
    sheet.key: sheet
    for sheet in (
        _on_a4("a4-3x8", 3, 8, "70 × 37"),
        _on_a4("a4-3x7", 3, 7, "63.5 × 38.1"),
        _on_a4("a4-2x7", 2, 7, "99.1 × 38.1"),
        _on_a4("a4-2x4", 2, 4, "99.1 × 67.7"),
        Sheet(key="a4-2x2", title=message("A4, 4 cards of A6 to cut apart"), columns=2, rows=2),
        Sheet(key="a6", title=message("A6, one card a page")),
        _roll("roll-50x30", "50 × 30"),
        _roll("roll-62x29", "62 × 29"),
        _roll("roll-100x50", "100 × 50"),
    )
}


def pages(
    labels: Sequence[Printed], sheet: Sheet, *, start: int = 1, copies: int = 1
) -> Iterator[list[Printed | None]]:
    """Yield the labels of each page; the first one begins at ``start``, counted line by line.

    None stands for a label that was used before. Copies follow one another.
    """
    used: list[Printed | None] = [None] * (min(start, sheet.each) - 1)
    queue = [*used, *(label for label in labels for _ in range(copies))]
    for at in range(0, len(queue), sheet.each):
        yield queue[at : at + sheet.each]


def length_class(name: str) -> str:
    """Return how long a name is, so that it is printed in letters that fit."""
    if len(name) > 60:
        return "longest"
    return "long" if len(name) > 32 else ""
