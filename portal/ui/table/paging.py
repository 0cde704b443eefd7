"""Keyset pages: an order, a place in it, and the statement that reads on from there."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Integer, Select, SmallInteger, bindparam, tuple_
from sqlalchemy.types import BigInteger, TypeEngine

PAGE_ROWS = 50
LONGEST_CURSOR = 4000
_LIMIT = "page_rows"
_BITS: tuple[tuple[type[TypeEngine[Any]], int], ...] = ((BigInteger, 63), (SmallInteger, 15))


@dataclass(frozen=True)
class Order:
    """One of the orders a list offers, and the direction asked for."""

    key: str
    columns: tuple[Any, ...]
    descending: bool = False

    @property
    def name(self) -> str:
        """How the address bar spells it."""
        return f"-{self.key}" if self.descending else self.key

    def runs_back(self, step: str) -> bool:
        """Return whether a page in this step is read from the greater values to the smaller."""
        return self.descending != (step == "before")


@dataclass(frozen=True)
class Place:
    """Where a page begins: after or before the row with these keyset values."""

    step: str = "first"  # first, after, before
    values: tuple[Any, ...] = ()


FIRST = Place()


def ordered(statement: Select[Any], order: Order, step: str) -> Select[Any]:
    """Return ``statement`` in order, from a place given as parameters, its keyset selected last."""
    return arranged(marked(statement, order, step), order.columns, order, step)


def marked(statement: Select[Any], order: Order, step: str) -> Select[Any]:
    """Return ``statement`` from a place given as parameters, its keyset selected last."""
    columns = order.columns
    statement = statement.add_columns(*[c.label(f"mark_{i}") for i, c in enumerate(columns)])
    if step == "first":
        return statement
    marks = [bindparam(f"at_{i}", type_=c.type) for i, c in enumerate(columns)]
    # Row values, because the same comparison written with OR is read from no index.
    here: Any = columns[0] if len(columns) == 1 else tuple_(*columns)
    there: Any = marks[0] if len(columns) == 1 else tuple_(*marks)
    return statement.where(here < there if order.runs_back(step) else here > there)


def arranged(
    statement: Select[Any], columns: Sequence[Any], order: Order, step: str
) -> Select[Any]:
    """Return ``statement`` sorted by the keyset in ``columns``, limited by a parameter."""
    back = order.runs_back(step)
    statement = statement.order_by(*[c.desc() if back else c.asc() for c in columns])
    return statement.limit(bindparam(_LIMIT, type_=Integer(), literal_execute=True))


def parameters(place: Place, rows: int) -> dict[str, Any]:
    """Return what a statement of ``ordered`` is executed with."""
    return {f"at_{i}": value for i, value in enumerate(place.values)} | {_LIMIT: rows}


def cursor(order: Order, values: Sequence[Any]) -> str:
    """Return the place of a row as text for a URL."""
    plain = [value.isoformat() if isinstance(value, date) else value for value in values]
    packed = json.dumps([order.name, *plain], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def place(arguments: Mapping[str, str], order: Order) -> Place:
    """Return where the page begins; whatever is no cursor of this order means the first page."""
    for step in ("after", "before"):
        if text := arguments.get(step):
            values = _values(text, order)
            return Place(step, values) if values else FIRST
    return FIRST


def _values(text: str, order: Order) -> tuple[Any, ...] | None:
    if len(text) > LONGEST_CURSOR:
        return None
    try:
        unpacked = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
        if not isinstance(unpacked, list) or len(unpacked) != len(order.columns) + 1:
            return None
        if unpacked[0] != order.name:
            return None
        return tuple(_value(v, c.type) for v, c in zip(unpacked[1:], order.columns, strict=True))
    except (ValueError, OverflowError, RecursionError, binascii.Error):
        return None


def _value(value: Any, kind: TypeEngine[Any]) -> Any:
    """Return a cursor's value as its column stores it; raise ValueError for what it cannot hold."""
    wanted = kind.python_type
    if wanted is datetime:
        return datetime.fromisoformat(_text(value)).astimezone(UTC)
    if wanted is date:
        return date.fromisoformat(_text(value))
    if wanted is str:
        return _text(value)
    if wanted is bool and isinstance(value, bool):
        return value
    if wanted is int and isinstance(value, int) and not isinstance(value, bool):
        bits = next((bits for size, bits in _BITS if isinstance(kind, size)), 31)
        if -(2**bits) <= value < 2**bits:
            return value
    raise ValueError("not a value of this column")


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError("not text that a database holds")
    value.encode()  # A lone surrogate is a UnicodeEncodeError, which is a ValueError.
    return value
