"""Writing new values onto a row, and telling what that changed."""

from __future__ import annotations

from typing import Any


def put(row: Any, **values: Any) -> dict[str, list[Any]]:
    """Set ``values`` on ``row`` and return those that differ, as name -> [before, after]."""
    changed: dict[str, list[Any]] = {}
    for name, value in values.items():
        before = getattr(row, name)
        if before != value:
            changed[name] = [before, value]
            setattr(row, name, value)
    return changed
