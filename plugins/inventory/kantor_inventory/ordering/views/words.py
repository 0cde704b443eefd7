"""What was changed of an order, in words."""

from __future__ import annotations

from datetime import date
from typing import Any

from portal.api import message

WHAT = {
    "added": message("added"),
    "cancelled": message("not wanted any more"),
    "packs": message("quantity"),
    "price": message("price for one"),
    "expected_on": message("expected on"),
}


def readable(kept: Any, *, priced: bool) -> list[dict[str, Any]]:
    """Return the changes of an amendment with ``was`` and ``now``, without prices unless priced."""
    return [
        change | {"was": _value(change, "before"), "now": _value(change, "after")}
        for change in kept
        if priced or change["what"] != "price"
    ]


def _value(change: dict[str, Any], side: str) -> Any:
    return day_of(change[side]) if change["what"] == "expected_on" else change[side]


def day_of(kept: str | None) -> date | None:
    """Return a day as it was kept in plain data."""
    return None if kept is None else date.fromisoformat(kept)
