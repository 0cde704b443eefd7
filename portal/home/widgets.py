"""Views on the home page, each looked at by itself: the fault of one costs that one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, url_for

from portal.errors import BadRequest, NotFound
from portal.lists.showing import Glance, glance, question_of
from portal.messages import Message, message
from portal.ui import formats
from portal.work import UnitOfWork

from . import services

ROWS, COLUMNS = 5, 3
LOST = message("You may no longer see this view.")
BROKEN = message("This cannot be shown now.")


@dataclass(frozen=True, kw_only=True)
class Widget:
    """A view as the home page shows it; ``wrong`` says why there is nothing to see."""

    public_id: str
    title: str
    url: str
    shape: str
    count: str = ""
    glance: Glance | None = None
    wrong: Message | str = ""


def drawn(tx: UnitOfWork) -> list[Widget]:
    """Return what the actor has on their home page; two statements each at most."""
    return [_drawn(tx, row) for row in services.widgets_of(tx)]


def _drawn(tx: UnitOfWork, row: Any) -> Widget:
    facts = {"public_id": row.public_id, "title": row.name, "shape": row.shape}
    facts["url"] = _url(row)

    def look() -> list[Any]:
        try:
            question = question_of(tx, row.list, row.view)
            most = ROWS if row.shape == "list" else 0
            return [glance(tx, question, most, columns=COLUMNS)]
        except (NotFound, BadRequest):
            return [LOST]

    found = current_app.extensions["kantor"].alone("core", f"widget {row.list}", tx, look)
    if found is None:
        return Widget(**facts, wrong=BROKEN)
    seen = found[0]
    if not isinstance(seen, Glance):
        return Widget(**facts, wrong=seen)
    counted = seen.count
    text = formats.count(counted.number, tx.language, exact_until=counted.exact_until)
    return Widget(**facts, count=text, glance=seen)


def _url(row: Any) -> str:
    known = row.endpoint in current_app.view_functions
    return url_for(row.endpoint, view=row.view) if known else ""
