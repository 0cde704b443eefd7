"""Which column is which: a guess from the headings that the person confirms."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from portal import numbers
from portal.messages import LANGUAGES
from portal.numbers import DateOrder, NumberFormat, Unreadable, parse_date, parse_quantity

from .grid import UNSEEN, Grid
from .rules import ImportField, Kind

_BRACKETS = re.compile(r"[(\[].*?[)\]]")
_NO_WORD = re.compile(r"[\W_]+")
_NUMBERS = {Kind.QUANTITY, Kind.MONEY, Kind.INTEGER}
_EVIDENCE = 500  # rows looked at for a suggestion


def guess_columns(header: Sequence[str], fields: Sequence[ImportField]) -> dict[str, int]:
    """Return field key -> column for the headings that are known, exact ones first."""
    found: dict[str, int] = {}
    free = dict.fromkeys(range(len(header)))
    for spell in (plain_heading, _bare, _singular):
        for one in fields:
            if one.key in found:
                continue
            names = {spell(name) for name in known_names(one)}
            for column in free:
                if (heading := spell(header[column])) and heading in names:
                    found[one.key] = column
                    del free[column]
                    break
    return found


def known_names(one: ImportField) -> Iterator[str]:
    """Yield each heading that means the field: its key, its title in all languages, aliases."""
    yield one.key
    yield from (one.title.in_language(language) for language in LANGUAGES)
    yield from one.aliases


def duplicate_headings(header: Sequence[str]) -> tuple[str, ...]:
    """Return headings that stand above more than one column."""
    times = Counter(plain_heading(heading) for heading in header)
    again = {
        plain_heading(heading): heading for heading in header if times[plain_heading(heading)] > 1
    }
    again.pop("", None)
    return tuple(again.values())


def needs_number_format(fields: Sequence[ImportField], columns: Mapping[str, int]) -> bool:
    """Say whether a chosen column holds numbers, whose format the person must then say."""
    return any(one.kind in _NUMBERS and one.key in columns for one in fields)


def needs_date_order(fields: Sequence[ImportField], columns: Mapping[str, int]) -> bool:
    """Say whether a chosen column holds dates."""
    return any(one.kind is Kind.DATE and one.key in columns for one in fields)


def has_two_meanings(grid: Grid) -> bool:
    """Say whether the file has numbers like ``1.000``, which only its author can explain."""
    return any(
        isinstance(cell, str) and numbers.has_two_meanings(cell)
        for row in grid.rows[:_EVIDENCE]
        for cell in row.cells
    )


def suggest_number_format(
    grid: Grid, fields: Sequence[ImportField], columns: Mapping[str, int]
) -> NumberFormat | None:
    """Return the one format that the file itself proves, or None if it proves none or both."""
    proof: Counter[NumberFormat] = Counter()
    for text in _texts(grid, fields, columns, _NUMBERS):
        readable = {f for f in NumberFormat if _reads(text, f)}
        if len(readable) == 1:
            proof.update(readable)
    if len(proof) == 1:
        return next(iter(proof))
    # One slip of the pen must not hide what all other rows say.
    (first, many), (_, few) = proof.most_common(2) if len(proof) == 2 else ((None, 0), (None, 0))
    return first if many >= 10 * max(few, 1) else None


def suggest_date_order(
    grid: Grid, fields: Sequence[ImportField], columns: Mapping[str, int]
) -> DateOrder | None:
    """Return the order in which all dates of the file exist, or None if more than one fits."""
    possible = {DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST}
    seen = False
    for text in _texts(grid, fields, columns, {Kind.DATE}):
        orders = {order for order in possible if _is_date(text, order)}
        if len(orders) == 1:
            possible, seen = orders, True
    return next(iter(possible)) if seen else None


def _texts(
    grid: Grid, fields: Sequence[ImportField], columns: Mapping[str, int], kinds: set[Kind]
) -> Iterator[str]:
    used = [columns[one.key] for one in fields if one.kind in kinds and one.key in columns]
    for row in grid.rows[:_EVIDENCE]:
        for column in used:
            cell = row.cells[column]
            if isinstance(cell, str) and cell.strip():
                yield cell


def _reads(text: str, number_format: NumberFormat) -> bool:
    try:
        parse_quantity(text, number_format)
    except Unreadable:
        return False
    return True


def _is_date(text: str, order: DateOrder) -> bool:
    try:
        parse_date(text, order)
    except Unreadable:
        return False
    return True


def plain_heading(heading: str) -> str:
    """Return a heading without what makes no difference: capitals, signs, blanks."""
    seen = UNSEEN.sub("", unicodedata.normalize("NFKC", heading))
    return _NO_WORD.sub(" ", seen.casefold()).strip()


def _bare(heading: str) -> str:
    """Leave out what stands in brackets: ``Qty (pcs)`` is ``qty``."""
    return plain_heading(_BRACKETS.sub(" ", heading))


def _singular(heading: str) -> str:
    """Leave out plural endings and blanks: ``Item Codes`` is ``itemcode``."""
    return "".join(
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
        for word in _bare(heading).split()
    )
