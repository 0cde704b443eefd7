"""Charts as plain numbers: what is drawn where. ``macros/chart.html`` turns them into SVG.

Nothing here is known of a request: a view makes a chart, its template draws it with ``chart``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal.messages import Message

Text = Message | str
LEFT, RIGHT, TOP, BOTTOM = 40, 716, 20, 170  # of the drawing, in a view of 720 by 200
LINES = 3  # above the ground line
LEADS = (1, 2, 3, 4, 5, 6, 8)
WIDEST = 28
THOUSANDTHS = 1000
MANY = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """One rectangle of a chart."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """What stands above one label: the values and the rectangles that show them."""

    label: Text | date
    values: tuple[int, ...]
    middle: float
    blocks: tuple[Block, ...]
    labelled: bool
    sparsely: bool  # labelled where there is little room, too


@dataclass(frozen=True, kw_only=True, slots=True)
class BarChart:
    """Bars side by side with their axis, the sentence that says the same, and the table's head."""

    bars: tuple[Bar, ...]
    names: tuple[Text, ...]
    sentence: Text
    head: Text
    ticks: tuple[tuple[int, float], ...]
    limit: tuple[float, Text] | None
    quantities: bool
    money: bool
    line: bool
    months: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One label of a chart that lies on its side, and how long its bars are, of a hundred."""

    label: Text
    values: tuple[int, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RowChart:
    """Bars under each other, each with its label and its first value above it."""

    rows: tuple[Row, ...]
    names: tuple[Text, ...]
    sentence: Text
    head: Text
    quantities: bool
    money: bool


def bar_chart(
    bars: Iterable[tuple[Text | date, *tuple[int, ...]]],
    *,
    names: Sequence[Text],
    sentence: Text,
    head: Text = "",
    limit: tuple[int, Text] | None = None,
    quantities: bool = False,
    money: bool = False,
    line: bool = False,
    months: bool = False,
) -> BarChart:
    """Return a chart of ``bars``: a label, then one value or two, none below nothing.

    ``names`` are what the values are; ``sentence`` says in words what the picture shows, to those
    who do not see it; ``head`` is the title of the labels in the table below. ``limit`` is a line
    at a value, with its label. ``quantities`` are thousandths of a unit, as stock is counted,
    ``money`` the smallest units of the organisation's currency. ``line`` joins the values to a
    line instead; with ``months`` a label that is a date stands for its month.
    """
    rows = _checked(bars, names)
    heights = [value for _, values in rows for value in values] + ([limit[0]] if limit else [])
    step = line_step(max(heights, default=0), whole=THOUSANDTHS if quantities else 1)
    top = step * LINES
    return BarChart(
        bars=_bars(rows, top, len(names)),
        names=tuple(names),
        sentence=sentence,
        head=head,
        ticks=tuple((step * n, _height(step * n, top)) for n in range(LINES + 1)),
        limit=(_height(limit[0], top), limit[1]) if limit else None,
        quantities=quantities,
        money=money,
        line=line,
        months=months,
    )


def row_chart(
    rows: Iterable[tuple[Text, *tuple[int, ...]]],
    *,
    names: Sequence[Text],
    sentence: Text,
    head: Text = "",
    quantities: bool = False,
    money: bool = False,
) -> RowChart:
    """Return a chart of ``rows``, for labels that are names: a label, then one value or two.

    The rest is as for ``bar_chart``.
    """
    told = _checked(rows, names)
    most = max((value for _, values in told for value in values), default=0) or 1
    return RowChart(
        rows=tuple(
            Row(
                label=label,
                values=values,
                shares=tuple(round(100 * value / most, 1) for value in values),
            )
            for label, values in told
        ),
        names=tuple(names),
        sentence=sentence,
        head=head,
        quantities=quantities,
        money=money,
    )


def _checked(rows: Iterable[Any], names: Sequence[Text]) -> list[tuple[Any, tuple[int, ...]]]:
    """Return the labels with their values, or raise ValueError where nothing can be drawn."""
    told = [(label, tuple(values)) for label, *values in rows]
    if len(told) > MANY:
        raise ValueError(f"a chart of {len(told)} bars says nothing; {MANY} at most")
    if any(len(values) != len(names) for _, values in told) or not 1 <= len(names) <= 2:
        raise ValueError("every bar has one value or two, and each has a name")
    if any(value < 0 for _, values in told for value in values):
        raise ValueError("a bar cannot stand below nothing")
    return told


def _bars(rows: Sequence[tuple[Any, tuple[int, ...]]], top: int, each: int) -> tuple[Bar, ...]:
    width = (RIGHT - LEFT) / (len(rows) or 1)
    bar = min(width * (0.3 if each > 1 else 0.5), WIDEST)
    every = len(rows) // 13 + 1
    return tuple(
        Bar(
            label=label,
            values=values,
            middle=round(LEFT + width * (number + 0.5), 1),
            blocks=_blocks(LEFT + width * (number + 0.5), bar, values, top),
            labelled=(len(rows) - 1 - number) % every == 0,
            sparsely=(len(rows) - 1 - number) % (every * 3) == 0,
        )
        for number, (label, values) in enumerate(rows)
    )


def line_step(highest: int, *, whole: int = 1) -> int:
    """Return the distance of a chart's lines: round, and three of them reach ``highest``.

    It is a multiple of ``whole``: half a pen is no line.
    """
    size = whole
    while True:
        for lead in LEADS:
            if size * lead * LINES >= highest:
                return size * lead
        size *= 10


def _height(value: int, top: int) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * value / top, 1)


def _blocks(middle: float, bar: float, values: Sequence[int], top: int) -> tuple[Block, ...]:
    """Return the rectangles of one label, side by side around its middle."""
    starts = (middle - bar / 2,) if len(values) == 1 else (middle - bar - 1, middle + 1)
    return tuple(
        Block(
            x=round(start, 1),
            y=_height(value, top),
            width=round(bar, 1),
            height=round(BOTTOM - _height(value, top), 1),
        )
        for start, value in zip(starts, values, strict=True)
    )
