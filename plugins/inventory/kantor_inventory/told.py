"""What happened to an item in the stock: movements and late slips, as sentences."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from portal.api import UnitOfWork, message
from portal.plugin import Told

from . import rules
from .asking import slips
from .forms import TYPES
from .models import Item
from .rules import Amount
from .services import lists

ICONS = {
    "receive": "package-import",
    "issue": "package-export",
    "transfer": "transfer",
    "scrap": "trash",
    "opening": "flag",
    "reversal": "arrow-back-up",
    "usage": "list-check",
    "variance": "list-check",
}


def of_item(
    tx: UnitOfWork, item: Item, most: int, before: datetime | None = None
) -> Iterable[Told]:
    """Return the newest movements and late slips that this person may see, newest first; only
    those from before an instant if one is given.
    """
    if not tx.actor.holds("inventory.stock.view"):
        return []
    moved = [_line(row) for row in lists.newest_movements(tx, item, most=most, before=before)]
    late = [_slip(tx, row) for row in slips.newest(tx, item, most=most)]
    late = [one for one in late if before is None or one.at < before]
    told = sorted(moved + late, key=lambda one: one.at, reverse=True) if late else moved
    return told[:most]


def _slip(tx: UnitOfWork, row: Any) -> Told:
    """Return a slip that came too late to be a movement."""
    return Told(
        person=row.actor or "",
        icon="note",
        text=message(
            "noted a late slip: {what} {amount} on {day}, already in the count of {counted}",
            what=TYPES[row.type],
            amount=Amount(row.entered, row.entered_unit),
            day=rules.Day(row.occurred_on),
            counted=rules.Day(row.counted_at.astimezone(tx.zone).date()),
        ),
        at=row.noted_at,
        note=row.note,
        detail=row.place,
    )


def _line(row: Any) -> Told:
    moved = Amount(row.quantity, row.unit)
    entered = Amount(row.entered, row.entered_unit)
    return Told(
        person=row.actor or "",
        behalf=row.behalf or "",
        icon=ICONS[row.type],
        text=sentence(row, moved),
        at=row.posted_at,
        note=row.note,
        amount=Amount(_sign(row) * row.quantity, row.unit),
        amount_meta=entered if row.entered_unit != row.unit else "",
        detail=left_at(row),
        endpoint="inventory.movement",
        values={"public_id": row.public_id},
    )


def _sign(row: Any) -> int:
    """Return whether a movement brought something into the building or took it out."""
    return -1 if row.target is None else 1


def sentence(row: Any, moved: Amount) -> Any:
    """Return one line of the ledger in words."""
    names = {"amount": moved, "source": row.source, "target": row.target}
    receiver = receiver_of(row)
    match row.type:
        case "receive" if row.supplier:
            return message("received {amount} from {supplier}", supplier=row.supplier, **names)
        case "receive":
            return message("received {amount}", **names)
        case "issue":
            return message("issued {amount} to {receiver}", receiver=receiver, **names)
        case "transfer":
            return message("moved {amount} from {source} to {target}", **names)
        case "scrap":
            return message("scrapped {amount}", **names)
        case "opening":
            return message("opened the books with {amount}", **names)
        case "usage":
            return message("counted {amount} as used up", **names)
        case "variance" if row.target is None:
            return message("counted {amount} fewer than the books said", **names)
        case "variance":
            return message("counted {amount} more than the books said", **names)
    return message("took a movement of {amount} back", **names)


def receiver_of(row: Any) -> str:
    """Return for whom stock left, in names."""
    return ", ".join(name for name in (row.for_person, row.for_department, row.for_place) if name)


def left_at(row: Any) -> Any:
    """Return what each end in reach then held: how 40 became 12."""
    parts = []
    for place, left, sign in (
        (row.source, row.left_from, 1),
        (row.target, row.left_to, -1),
    ):
        if place is not None and left is not None:
            parts.append(
                message(
                    "{place}: {before} became {after}",
                    place=place,
                    before=Amount(left + sign * row.quantity, row.unit),
                    after=Amount(left, row.unit),
                )
            )
    return rules.Listed(tuple(parts)) if parts else ""
