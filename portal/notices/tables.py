"""The list of one's own notices: what is unread first, then the newest."""

from __future__ import annotations

from typing import Any

from sqlalchemy import case, select

from portal.messages import message
from portal.ui.table import Column, Empty, RowAction, Table, View
from portal.work import UnitOfWork

from .models import Notice

STATES = {1: message("New"), 0: message("Read")}
USE = "core.portal.use"


def listed(_tx: UnitOfWork, *, unread: str = "") -> Any:
    """Return one's own notices, the unread ones alone if asked."""
    statement = select(
        Notice.public_id,
        Notice.text,
        case((Notice.number > 1, Notice.number), else_=None).label("times"),
        Notice.unread,
        Notice.told_at,
        (Notice.id > 0).label("leads"),
    )
    return statement.where(Notice.unread == 1) if unread else statement


NOTICES = Table(
    "notices",
    USE,
    listed,
    columns=(
        Column(
            "text",
            message("Notice"),
            primary=True,
            link=("notices.notice", {"public_id": "public_id"}),
        ),
        Column(
            "unread",
            message("State"),
            "pill",
            labels=STATES,
            tone={1: "info", 0: "mute"},
            sort=(Notice.unread, Notice.told_at, Notice.id),
        ),
        Column("times", message("Times"), "number"),
        Column("told_at", message("When"), "datetime", sort=(Notice.told_at, Notice.id)),
    ),
    default_sort="-unread",
    views=(View(key="unread", title=message("New"), criteria={"unread": "1"}),),
    actions=(
        RowAction(
            label=message("Open it"),
            endpoint="notices.open_notice",
            values={"public_id": "public_id"},
            permission=USE,
            when="leads",
            post=True,
        ),
    ),
    empty=Empty(
        title=message("Nothing is new"),
        text=message("What waits for you, and what became of what you asked for, shows up here."),
    ),
)
