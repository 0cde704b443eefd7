"""The first page: what waits, from every plugin that has something to show."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, request
from sqlalchemy import select

from portal.absences.weeks import away_today
from portal.approvals.services import decided_for
from portal.auth.returning import page_named
from portal.errors import BadRequest, NotFound
from portal.lists.saving import saved_view
from portal.lists.showing import list_named
from portal.messages import Message, message
from portal.mywork.pages import home_card
from portal.people.models import Department
from portal.plugin import Home
from portal.web import panels, policy, reading, redirect_to, render, toast, transaction
from portal.work import UnitOfWork

from . import services
from .widgets import drawn

blueprint = Blueprint("home", __name__)
LATELY = timedelta(days=14)
WAYS = {"up": -1, "down": 1}
FIRST_STEPS = (
    (
        message("Add the departments"),
        message("They decide who sees what."),
        "people.new_department",
        "sitemap",
    ),
    (
        message("Add the people"),
        message("With an account for everybody who signs in."),
        "people.new_person",
        "user-plus",
    ),
    (
        message("Give roles"),
        message("They say what somebody may do, and how far."),
        "roles.new_assignment",
        "user-shield",
    ),
    (
        message("Add rooms and shelves"),
        message("Stock lies in them."),
        "places.new_place",
        "map-pin",
    ),
    (
        message("Switch on the apps"),
        message("For everybody, or for some departments."),
        "plugins.plugins",
        "puzzle",
    ),
)
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
        away=away_today(tx),
        work=home_card(tx),
        decided=_decided_for(tx),
        apps=bool(tx.actor.active),
        steps=() if found else first_steps(tx),
        strips=[panel for panel in found if panel.place == "strip"],
        wide=[panel for panel in found if panel.place == "wide"],
        side=[panel for panel in found if panel.place == "side"],
        widgets=drawn(tx),
    )


@blueprint.post("/home/widgets/<public_id>/add")
@policy("core.portal.use")
def add_widget(public_id: str) -> Any:
    """Put a saved view on one's home page."""
    shape = request.form.get("shape", "")
    if shape not in services.SHAPES:
        raise BadRequest
    with transaction() as tx:
        found = saved_view(tx, public_id)
        if found is None:
            raise NotFound
        list_named(found[1], tx.actor)
        services.add_widget(tx, public_id, shape, page_named(request.form.get("place", "")))
        toast(message("{view} is on your home page.", view=found[0].name))
        return redirect_to(tx, "home.index", _anchor="own")


@blueprint.post("/home/widgets/<public_id>/move")
@policy("core.portal.use")
def move_widget(public_id: str) -> Any:
    """Move a part of one's home page up or down; the button that did it has the focus again."""
    way = request.form.get("by", "")
    if way not in WAYS:
        raise BadRequest
    with transaction() as tx:
        done = services.move_widget(tx, public_id, WAYS[way])
        toast(done.said)
        if (way, done.at) in (("up", 1), ("down", done.among)):  # It goes no further that way.
            way = "down" if way == "up" else "up"
        return redirect_to(tx, "home.index", _anchor=f"own-{way}-{public_id}")


@blueprint.post("/home/widgets/<public_id>/remove")
@policy("core.portal.use")
def remove_widget(public_id: str) -> Any:
    """Take a view off one's home page; the toast puts it back, the next one has the focus."""
    with transaction() as tx:
        following = services.beside(tx, public_id)
        said, step = services.remove_widget(tx, public_id)
        toast(said, undo=step)
        anchor = f"own-menu-{following}" if following else None
        return redirect_to(tx, "home.index", _anchor=anchor)


def _decided_for(tx: UnitOfWork) -> int:
    """Return how much others decided for the reader in the last two weeks."""
    me = tx.actor.person_id
    return len(decided_for(tx, me, tx.now - LATELY)) if me is not None else 0


def first_steps(tx: UnitOfWork) -> tuple[tuple[Message, Message, str, str], ...]:
    """Return what to do in a portal without departments: title, why, endpoint, icon of each."""
    if not tx.actor.holds("core.department.edit"):
        return ()
    return FIRST_STEPS if tx.session.scalar(select(Department.id).limit(1)) is None else ()


def greeting(hour: int, name: str) -> Message:
    """Return the greeting of an hour of the day (0 to 23), by the first word of the name."""
    text = next(text for since, text in GREETINGS if hour >= since)
    return Message(text.msgid, {"name": name.split()[0] if name.split() else name})
