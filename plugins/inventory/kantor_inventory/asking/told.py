"""Who is told of a request: the people of the room, who asked, and whom it is for."""

from __future__ import annotations

from collections.abc import Iterable

from portal.api import Message, Place, UnitOfWork, message, notify, people_who_may
from portal.plugin import NoticeKind

from .models import Requisition, RequisitionLine
from .rules import ANSWER

ASKED, ANSWERED = "inventory.room_asked", "inventory.request_answered"
ORDERED, READY = "inventory.request_ordered", "inventory.request_ready"
LESS = "inventory.request_less"
NOTICES = (
    NoticeKind(name=ASKED, title=message("Somebody asks your stock room"), mail="at_once"),
    NoticeKind(name=ANSWERED, title=message("Your request was answered")),
    NoticeKind(name=ORDERED, title=message("What you asked for is ordered")),
    NoticeKind(name=READY, title=message("What you asked for is there"), mail="at_once"),
    NoticeKind(name=LESS, title=message("Less is put aside for you")),
)


def tell_room(tx: UnitOfWork, requisition: Requisition, room: Place) -> None:
    """Tell those who answer for a room that somebody asks it."""
    if room.department_id is None:
        return
    text = message(
        "{name} asks {room} for something ({number})",
        name=requisition.owner.name,
        room=room.name,
        number=requisition.number,
    )
    people = people_who_may(tx, ANSWER, room.department_id)
    _tell(tx, ASKED, people, text, requisition)


def tell_asker(tx: UnitOfWork, requisition: Requisition) -> None:
    """Tell who asked that lines were handed out or declined."""
    text = message("Your request {number} was answered", number=requisition.number)
    _tell(tx, ANSWERED, askers(requisition), text, requisition)


def tell_ordered(tx: UnitOfWork, requisition: Requisition) -> None:
    """Tell who asked that what they asked for is ordered."""
    text = message("What you asked for in {number} is ordered", number=requisition.number)
    _tell(tx, ORDERED, askers(requisition), text, requisition)


def tell_ready(tx: UnitOfWork, requisition: Requisition) -> None:
    """Tell who asked that it is put aside for them."""
    text = message(
        "{number}: what you asked for is put aside for you. You can fetch it.",
        number=requisition.number,
    )
    _tell(tx, READY, askers(requisition), text, requisition)


def tell_less(tx: UnitOfWork, requisition: Requisition, line: RequisitionLine) -> None:
    """Tell who asked, and the room, that less is put aside than was: it is not there."""
    text = message(
        "{number}: less of {item} is there than was put aside",
        number=requisition.number,
        item=line.called,
    )
    people = askers(requisition)
    if requisition.place.department_id is not None:
        people += people_who_may(tx, ANSWER, requisition.place.department_id)
    _tell(tx, LESS, people, text, requisition)


def askers(requisition: Requisition) -> list[int]:
    """Return who asked, and whom it is for."""
    both = (requisition.owner_id, requisition.beneficiary_id)
    return [one for one in both if one is not None]


def _tell(
    tx: UnitOfWork, kind: str, people: Iterable[int], text: Message, row: Requisition
) -> None:
    notify(
        tx,
        kind,
        people,
        text,
        endpoint="inventory.requisition",
        values={"public_id": row.public_id},
        record=f"inventory.requisition:{row.public_id}",
    )
