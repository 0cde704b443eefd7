"""What is other in an order than it was: snapshots compared, and what they cost.

A snapshot is plain data, as it is kept. Quantities are thousandths of the base unit, money minor
units; a line's ``given_up`` is what of its ``quantity`` will not come any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..rules import half_even

Snapshot = Mapping[str, Any]
Line = Mapping[str, Any]


def cost_of(line: Line) -> int | None:
    """Return what a line costs without what was given up of it, None without a price."""
    if line.get("price") is None:
        return None
    whole: int = line["price"] * line["packs"]
    given_up = line.get("given_up") or 0
    return half_even(whole * (line["quantity"] - given_up), line["quantity"]) if given_up else whole


def total_of(snapshot: Snapshot) -> int:
    """Return what all lines with a price cost together."""
    return sum(cost_of(line) or 0 for line in snapshot["lines"])


def differences(before: Snapshot, after: Snapshot) -> list[dict[str, Any]]:
    """Return line by line what is other: ``what``, ``item``, ``unit``, ``before``, ``after``.

    ``what`` is added, cancelled, packs, price or expected_on. A line is known by its ``line``.
    """
    known = {line["line"]: line for line in before["lines"] if line.get("line")}
    found: list[dict[str, Any]] = []
    for line in after["lines"]:
        old = known.get(line["line"])
        if old is None:
            found.append(_change("added", line, None, line["packs"]))
            continue
        more = (line.get("given_up") or 0) - (old.get("given_up") or 0)
        if more > 0:
            found.append(_change("cancelled", line, None, more) | {"unit": line["base"]})
        found += [
            _change(what, line, old.get(what), line.get(what))
            for what in ("packs", "price", "expected_on")
            if line.get(what) != old.get(what)
        ]
    return found


def _change(what: str, line: Line, before: Any, after: Any) -> dict[str, Any]:
    said = {"what": what, "item": line["item"], "unit": line["unit"]}
    return said | {"before": before, "after": after}


def needs_new_approval(before: Snapshot, after: Snapshot, *, tolerance: int = 0) -> bool:
    """Return whether a change is larger than what was agreed to: the one place that decides it.

    It is when the whole costs more than ``tolerance`` percent more than before, or when more than
    that is ordered of a line that has no price, so that nobody can say what it costs.
    """
    limit = 100 + tolerance
    if total_of(after) * 100 > total_of(before) * limit:
        return True
    known = {line.get("line"): line for line in before["lines"]}
    for line in after["lines"]:
        if line.get("price") is not None:
            continue
        old = known.get(line["line"])
        if old is None or line["quantity"] * 100 > old["quantity"] * limit:
            return True
    return False
