"""In which order a pair of records is kept. No database here."""

from __future__ import annotations

from portal.subjects.services import Key


def in_order(one: Key, other: Key) -> tuple[Key, Key]:
    """Return two records as their pair is kept, whichever was named first."""
    return (one, other) if one < other else (other, one)
