"""What is remembered of a list, as plain values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

HEIGHTS = ("normal", "compact")
MOST_COLUMNS = 100
LONGEST_KEY = 60


@dataclass(frozen=True, slots=True)
class Liking:
    """How a person likes a list; no columns means: as delivered."""

    columns: tuple[str, ...] = ()
    height: str = "normal"
    opens: str = ""  # the view it opens with; empty: all rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A saved view as its reader knows it."""

    public_id: str
    name: str
    asked: tuple[tuple[str, str], ...]
    mine: bool
    audience: str
    role: str  # public id, empty for none
    version: int


AS_DELIVERED = Liking()


def column_keys(given: Iterable[object]) -> tuple[str, ...]:
    """Return what can be keys of columns, each once, in their order."""
    plain = (key for key in given if isinstance(key, str) and 0 < len(key) <= LONGEST_KEY)
    return tuple(dict.fromkeys(plain))[:MOST_COLUMNS]


def moved(keys: Iterable[str], key: str, by: int) -> list[str]:
    """Return ``keys`` with one of them moved up (-1) or down (1)."""
    found = list(keys)
    if key in found:
        at = found.index(key)
        found.insert(max(at + by, 0), found.pop(at))
    return found


def pairs_of(given: object) -> tuple[tuple[str, str], ...]:
    """Return what is stored of a view as (name, value); whatever is none is left out."""
    found = given if isinstance(given, list) else []
    pairs = (one for one in found if isinstance(one, list) and len(one) == 2)
    return tuple((a, b) for a, b in pairs if isinstance(a, str) and isinstance(b, str))
