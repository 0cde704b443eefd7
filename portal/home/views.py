"""The first page: what waits, from every plugin that has something to show."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from portal.messages import Message, message
from portal.plugin import Home
from portal.web import panels, policy, reading, render

blueprint = Blueprint("home", __name__)
# From which hour of the day which greeting.
GREETINGS = (
    (18, message("Good evening, {name}")),
    (12, message("Good afternoon, {name}")),
    (4, message("Good morning, {name}")),
    (0, message("Good evening, {name}")),
)


@blueprint.get("/")
@policy("core.portal.use")
def index() -> Any:
    """Show the home page with the widgets of the plugins that are switched on."""
    tx = reading()
    found = panels(tx, Home(), "widget")
    return render(
        "home/index.html",
        greeting=greeting(tx.now.astimezone(tx.zone).hour, tx.actor.name),
        today=tx.today,
        strips=[panel for panel in found if panel.place == "strip"],
        wide=[panel for panel in found if panel.place == "wide"],
        side=[panel for panel in found if panel.place == "side"],
    )


def greeting(hour: int, name: str) -> Message:
    """Return the greeting of an hour of the day (0 to 23), by the first word of the name."""
    text = next(text for since, text in GREETINGS if hour >= since)
    return Message(text.msgid, {"name": name.split()[0] if name.split() else name})
