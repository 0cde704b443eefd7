"""Suggestions that are put aside until a day, and shown again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from portal.api import UnitOfWork, ValidationFailed, message

from ...models import Item
from ..models import Snooze
from .drafts import point_named

LONGEST = 365  # days a suggestion may be put off


@dataclass(frozen=True, kw_only=True)
class PutOff:
    """A suggestion that nobody wants to see until a day."""

    item: str
    place: str
    until_on: date
    reason: str = ""


def put_off(tx: UnitOfWork, command: PutOff) -> Snooze:
    """Put a suggestion aside until a day; it is not asked for again before."""
    if not tx.today < command.until_on <= tx.today + timedelta(days=LONGEST):
        raise ValidationFailed({"until_on": message("Choose a day within the coming year.")})
    item = tx.one(select(Item), public_id=command.item)
    point, _ = point_named(tx, command.place)
    row: Snooze = tx.ensure(
        Snooze,
        defaults={"until_on": command.until_on, "reason": ""},
        item_id=item.id,
        point_id=point.id,
    )
    row.until_on, row.reason = command.until_on, command.reason.strip()
    row.set_by_id = tx.actor.person_id
    until = command.until_on.isoformat()
    tx.audit("inventory.suggestion_put_off", item, place=point.id, until=until)
    return row


def take_up(tx: UnitOfWork, item_id: str, place_id: str) -> Item:
    """Show a suggestion again that was put off."""
    item: Item = tx.one(select(Item), public_id=item_id)
    point, _ = point_named(tx, place_id)
    found = select(Snooze).filter_by(item_id=item.id, point_id=point.id)
    row = tx.session.scalars(found).one_or_none()
    if row is not None:
        tx.session.delete(row)
        tx.audit("inventory.suggestion_taken_up", item, place=point.id)
    return item
