"""Delivery notes: the paper a delivery comes with, booked once however it is written."""

from __future__ import annotations

import re
from datetime import date

from sqlalchemy import select

from portal.api import Conflict, Message, UnitOfWork, message

from ...rules import Day
from ..models import Delivery, PurchaseOrder


class AlreadyBooked(Conflict):
    """This delivery note was booked before; ``delivery`` is the public id of what it was."""

    delivery = ""


def key_of(note: str) -> str:
    """Return a number without what people write differently: ``SJ-08 15`` is ``sj0815``."""
    return re.sub(r"[\W_]+", "", note.casefold())


def copy_of(tx: UnitOfWork, order: PurchaseOrder, note: str, again: str) -> int:
    """Return which delivery with this note it is for the order, from 1; the order is held.

    Raises AlreadyBooked while ``again`` does not name the newest one there is of this supplier.
    """
    key = key_of(note)
    if not key:
        return 1
    known = (
        select(Delivery)
        .where(
            Delivery.supplier_id == order.supplier_id,
            Delivery.note_key == key,
            Delivery.reversed_at.is_(None),
        )
        .order_by(Delivery.id.desc())
        .limit(100)
    )
    found = list(tx.session.scalars(known))
    if found and found[0].public_id != again:
        raise _booked(tx, order, found[0])
    return 1 + max((one.copy for one in found if one.order_id == order.id), default=0)


def _booked(tx: UnitOfWork, order: PurchaseOrder, known: Delivery) -> AlreadyBooked:
    refused = AlreadyBooked(_words(tx, order, known))
    refused.delivery = known.public_id
    return refused


def _words(tx: UnitOfWork, order: PurchaseOrder, known: Delivery) -> Message:
    at = known.received_at.astimezone(tx.zone)
    gaps = {
        "note": known.delivery_note,
        "person": known.received_by.name if known.received_by is not None else "Kantor",
        "day": Day(at.date()),
        "time": f"{at:%H:%M}",
    }
    if known.order_id != order.id:
        return message(
            "{person} booked delivery note {note} for {number} on {day} at {time}.",
            **gaps,
            number=known.order.number or "",
        )
    return message("{person} booked delivery note {note} on {day} at {time}.", **gaps)


def new(
    tx: UnitOfWork, order: PurchaseOrder, note: str, copy: int, came_on: date | None, said: str
) -> Delivery:
    """Return a new delivery of an order, received now by whoever acts."""
    made = Delivery(
        order_id=order.id,
        supplier_id=order.supplier_id,
        delivery_note=note.strip(),
        note_key=key_of(note),
        copy=copy,
        came_on=came_on or tx.today,
        note=said,
        received_by_id=tx.actor.person_id,
        received_at=tx.now,
    )
    tx.session.add(made)
    tx.session.flush()
    return made
