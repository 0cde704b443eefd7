"""What happened to an order, newest first: made, placed, sent, confirmed, changed, received."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from portal.api import Message, message
from portal.plugin import Told

from ...forms import ORDER_BY
from ...rules import Amount, Day, Listed
from ..services import amending, deliveries, sending

GIVEN_UP = {
    "closed_short": message("closed the order short"),
    "cancelled": message("cancelled the order"),
}


# What is told here with more in it than the audit knows.
BETTER_TOLD = (
    "inventory.order_amended",
    "inventory.order_cancelled",
    "inventory.order_closed_short",
    "inventory.order_confirmed",
    "inventory.order_placed",
    "inventory.order_received",
    "inventory.order_reopened",
    "inventory.order_sent",
)


def of_order(tx: Any, order: Any, most: int, before: datetime | None = None) -> list[Told]:
    """Return what happened to an order, newest first; only from before an instant if given."""
    sent = sending.sendings_of(tx, order) if order.status != "draft" else []
    entries = [
        *_came(tx, order),
        *(_confirmed(row) for row in sending.confirmations_of(tx, order)),
        *(_sent(row) for row in sent),
        *(_amended(order, row) for row in amending.amendments_of(tx, order)),
        *_steps(order),
    ]
    told = [Told(**entry) for entry in entries if before is None or entry["at"] < before]
    return sorted(told, key=lambda one: one.at, reverse=True)[:most]


def _name(person: Any) -> str:
    return person.name if person is not None else ""


def _steps(order: Any) -> list[dict[str, Any]]:
    """Return what people did with an order: begin, place, give up."""
    found = [(order.made_by, "list-check", message("began the order list"), order.made_at, "")]
    if order.placed_at is not None:
        placed = message("placed the order")
        found.append((order.placed_by_person, "send", placed, order.placed_at, ""))
    if order.closed_at is not None and order.status in GIVEN_UP:
        over = GIVEN_UP[order.status]
        found.append((order.closed_by, "circle-x", over, order.closed_at, order.reason))
    return [
        {"person": _name(person), "icon": icon, "text": text, "at": at, "note": note}
        for person, icon, text, at, note in found
    ]


def _sent(row: Any) -> dict[str, Any]:
    how = ORDER_BY[row.channel]
    if row.letter:
        text = message("mailed the order to {to}", to=row.recipient)
        if row.amendment:
            text = message("mailed amendment {n} to {to}", n=row.amendment, to=row.recipient)
    else:
        text = message("told the supplier of the order, by {how}", how=how)
        if row.amendment:
            text = message("told the supplier of amendment {n}, by {how}", n=row.amendment, how=how)
    said = []
    if row.recipient and not row.letter:
        said.append(message("Who took it: {person}", person=row.recipient))
    if row.confirmation:
        said.append(message("Their number: {number}", number=row.confirmation))
    if row.attempt > 1:
        said.append(message("sent again"))
    detail = Listed(tuple(said)) if said else ""
    name = _name(row.sent_by)
    return {"person": name, "icon": "mail", "text": text, "at": row.sent_at, "detail": detail}


def _confirmed(row: Any) -> dict[str, Any]:
    said = []
    if row.number:
        said.append(message("Their number: {number}", number=row.number))
    if row.promised_on:
        said.append(message("Promised for {day}", day=Day(row.promised_on)))
    return {
        "person": _name(row.noted_by),
        "icon": "check",
        "text": message("noted that the supplier confirmed, on {day}", day=Day(row.confirmed_on)),
        "at": row.noted_at,
        "detail": Listed(tuple(said)) if said else "",
        "note": row.note,
    }


def _amended(order: Any, row: Any) -> dict[str, Any]:
    return {
        "person": _name(row.amended_by),
        "icon": "pencil",
        "text": message("changed the order: amendment {n}", n=row.number),
        "at": row.amended_at,
        "note": row.reason,
        "endpoint": "inventory.print_order",
        "values": {"public_id": order.public_id, "amendment": row.number},
    }


def _came(tx: Any, order: Any) -> list[dict[str, Any]]:
    if order.received_at is None:
        return []
    lines: defaultdict[int, list[Message]] = defaultdict(list)
    for line in deliveries.lines_of(tx, order=order):
        lines[line.delivery_id].append(_line(line))
    entries = []
    for row in deliveries.of_order(tx, order):
        said = (
            [message("Delivery note {note}", note=row.delivery_note)] if row.delivery_note else []
        )
        page = {"endpoint": "inventory.delivery", "values": {"public_id": row.public_id}}
        entries.append(
            {
                "person": row.by or "",
                "icon": "package-import",
                "text": message("booked a delivery"),
                "at": row.received_at,
                "detail": Listed(tuple(said + lines[row.id])),
                "note": row.note,
                **page,
            }
        )
        if row.reversed_at is not None:
            back = {"person": row.back_by or "", "icon": "arrow-back-up", "at": row.reversed_at}
            text = message("took a delivery back")
            entries.append(back | page | {"text": text, "note": row.reason})
    return entries


def _line(line: Any) -> Message:
    """Return what came for a line in a few words."""
    came = Amount(line.taken or 0, line.unit)
    if line.back is not None:
        return message("{item}: {came}, taken back", item=line.item, came=came)
    if line.rejected:
        wrong = Amount(line.rejected, line.unit)
        return message(
            "{item}: {came} kept, {wrong} not: {why}",
            item=line.item,
            came=came,
            wrong=wrong,
            why=line.reason,
        )
    return message("{item}: {came}", item=line.item, came=came)
