"""Where a line of a request is, step by step, in words for who asked: no right on orders needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.api import Message, UnitOfWork, approval_waits_for, message

from ..ordering.services import requested
from ..ordering.services.requested import Share
from ..rules import Amount, Day, Listed
from ..services import reserving
from .rules import KIND


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that happened, or what is waited for now: that has no ``at``."""

    text: Message | str
    at: datetime | None = None
    note: str = ""


def of_request(tx: UnitOfWork, told: Any, lines: Sequence[Any]) -> dict[int, list[Step]]:
    """Return for each line, by id, what happened to it and what it waits for."""
    ids = [line.id for line in lines]
    shares, aside = requested.of_lines(tx, ids), reserving.of_lines(tx, ids)
    begun = _begun(tx, told)
    return {
        line.id: [
            *begun,
            *(step for share in shares.get(line.id, ()) for step in _ordered(share, line.unit)),
            *_now(line, told, shares.get(line.id, ()), aside.get(line.id, ())),
        ]
        for line in lines
    }


def decided_by(told: Any) -> str | Message:
    """Return who decided a request: ``B for A`` if B stood in for A."""
    if told.decided_for is None:
        return told.decided_by or ""
    return message("{deputy} for {name}", deputy=told.decided_by, name=told.decided_for)


def _begun(tx: UnitOfWork, told: Any) -> list[Step]:
    found = [Step(text=message("Asked"), at=told.asked_at)]
    if told.status == "waiting":
        found.append(Step(text=_waiting_for(tx, told.public_id)))
    elif told.decided_at is not None:
        facts = {"name": decided_by(told)}
        said = message("Approved by {name}", **facts)
        if told.status == "refused":
            said = message("Refused by {name}", **facts)
            if not told.decided_by:
                said = message("Nobody decided in time. Ask again.")
        found.append(Step(text=said, at=told.decided_at, note=told.decided_note))
    return found


def _waiting_for(tx: UnitOfWork, public_id: str) -> Message:
    """Return who may approve a request today."""
    who = approval_waits_for(tx, kind=KIND, subject=public_id)
    if not who:
        return message("Waiting for approval")
    names = [
        message("{deputy} for {name}", deputy=one.name, name=one.for_name)
        if one.for_name
        else Message("{name}", {"name": one.name})
        for one in who
    ]
    return message("Waiting for approval of {names}", names=Listed(tuple(names)))


def _ordered(share: Share, unit: str) -> list[Step]:
    """Return what an order does for a line: when it went out, when it is expected, what came."""
    if share.state == "draft":
        return [Step(text=message("On the order list, not ordered yet"))]
    if share.placed_at is None:
        return []
    amount = Amount(share.quantity, unit)
    facts: dict[str, Any] = {"amount": amount}
    if share.state == "open" and share.expected_on is not None and share.to_come:
        facts["day"] = Day(share.expected_on)
        text = message("{amount} ordered, expected {day}", **facts)
    else:
        text = message("{amount} ordered", **facts)
    found = [Step(text=text, at=share.placed_at)]
    if share.came >= share.quantity:
        found.append(Step(text=message("All of it came")))
    elif share.came:
        came = {"came": Amount(share.came, unit), "amount": amount}
        found.append(Step(text=message("{came} of {amount} came", **came)))
    if share.state in ("short", "cancelled") and share.came < share.quantity:
        missing = Amount(share.quantity - share.came, unit)
        text = message("{missing} will not come: the order was ended", missing=missing)
        found.append(Step(text=text, at=share.closed_at))
    return found


def _now(
    line: Any, told: Any, shares: Sequence[Share], aside: Sequence[tuple[Any, int]]
) -> list[Step]:
    """Return what became of a line in the end, or what it waits for."""
    if line.state not in ("asked", "to_buy"):
        return []  # Said beside the line, with who did it.
    if told.status == "waiting":
        return []
    found = []
    kept = sum(quantity for _, quantity in aside)
    if kept:
        text = message("{amount} put aside for you", amount=Amount(kept, line.unit))
        found.append(Step(text=text))
    if kept >= line.quantity:
        return found
    if line.state == "asked":
        found.append(Step(text=message("Waiting for the stock room")))
    elif kept + sum(share.to_come for share in shares) < line.quantity:
        found.append(Step(text=message("Waits to be ordered")))
    return found
