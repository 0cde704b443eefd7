"""Who is told of a request: the people of the room, and who asked."""

from __future__ import annotations

from portal.api import Message, Place, UnitOfWork, message, notify, people_who_may
from portal.plugin import NoticeKind

from .models import Requisition
from .rules import ANSWER

ASKED, ANSWERED = "inventory.room_asked", "inventory.request_answered"
NOTICES = (
    NoticeKind(name=ASKED, title=message("Somebody asks your stock room"), mail="at_once"),
    NoticeKind(name=ANSWERED, title=message("Your request was answered")),
)


def tell_room(tx: UnitOfWork, requisition: Requisition, room: Place) -> None:
    """Tell those who answer for a room that somebody asks it."""
    if room.department_id is None:
        return
    text = message(
        "{name} asks {room} for something ({number})",
        name=tx.actor.name,
        room=room.name,
        number=requisition.number,
    )
    people = people_who_may(tx, ANSWER, room.department_id)
    _tell(tx, ASKED, people, text, requisition)


def tell_asker(tx: UnitOfWork, requisition: Requisition) -> None:
    """Tell who asked that lines were handed out or declined."""
    text = message("Your request {number} was answered", number=requisition.number)
    _tell(tx, ANSWERED, [requisition.owner_id], text, requisition)


def _tell(tx: UnitOfWork, kind: str, people: list[int], text: Message, row: Requisition) -> None:
    notify(
        tx,
        kind,
        people,
        text,
        endpoint="inventory.requisition",
        values={"public_id": row.public_id},
        record=f"inventory.requisition:{row.public_id}",
    )
