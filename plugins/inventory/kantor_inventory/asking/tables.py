"""The lists of requests."""

from __future__ import annotations

from portal.api import message
from portal.web import Action, Column, Empty, Table, View

from . import reading
from .models import Requisition
from .rules import ANSWER

STATES = {
    "waiting": message("Waiting for approval"),
    "asked": message("Waiting"),
    "refused": message("Refused"),
    "handed_out": message("Handed out"),
    "partly": message("Partly handed out"),
    "declined": message("Declined"),
    "withdrawn": message("Withdrawn"),
}
TONES = {
    "waiting": "warn",
    "asked": "warn",
    "refused": "bad",
    "handed_out": "ok",
    "partly": "info",
    "declined": "bad",
    "withdrawn": "mute",
}
NUMBER = Column(
    "number",
    message("Number"),
    primary=True,
    sort=(Requisition.id,),
    link=("inventory.requisition", {"public_id": "public_id"}),
)
STATE = Column("state", message("State"), "pill", labels=STATES, tone=TONES)
LINES = Column("lines", message("Lines"), "number")
HANDED_OUT = Column("handed_out", message("Handed out"), "number")
ASKED = Column("asked_at", message("Asked"), "datetime")
NEEDED = Column("needed_on", message("Needed by"), "date")
ANSWERED = Column("answered_at", message("Answered"), "datetime", shown=False)
NOTE = Column("note", message("Note"), shown=False)
VIEWS = (
    View(key="open", title=message("Open"), criteria={"open": True}),
    View(key="done", title=message("Done"), criteria={"open": False}),
)

REQUESTS = Table(
    "requests",
    reading.VIEW,
    reading.my_requests,
    columns=(
        NUMBER,
        Column("place", message("Stock room")),
        LINES,
        HANDED_OUT,
        ASKED,
        NEEDED,
        STATE,
        ANSWERED,
        NOTE,
    ),
    default_sort="-number",
    views=VIEWS,
    empty=Empty(
        title=message("You have asked for nothing yet"),
        text=message("Choose what you need from the stock of a room that serves you."),
        actions=(
            Action(
                label=message("Ask for something"),
                endpoint="inventory.ask_room",
                permission="inventory.requisition.ask",
            ),
        ),
    ),
)

ASKED_FOR = Table(
    "asked-for",
    ANSWER,
    reading.asked_for,
    columns=(
        NUMBER,
        Column("owner", message("Who asks"), "person"),
        Column("department", message("Department")),
        Column("place", message("Stock room")),
        LINES,
        HANDED_OUT,
        ASKED,
        NEEDED,
        STATE,
        ANSWERED,
        NOTE,
    ),
    default_sort="-number",
    views=(
        *VIEWS,
        View(key="waiting", title=STATES["waiting"], criteria={"waiting": True}),
    ),
    empty=Empty(
        title=message("Nobody has asked for anything"),
        text=message("What people ask your stock rooms for is listed here."),
    ),
)
