"""Pages on which something is found."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from flask import Blueprint, current_app, request, url_for
from flask_login import current_user

from portal.auth import throttle
from portal.errors import NotFound
from portal.messages import message
from portal.shell import frame
from portal.subjects.rules import Subject
from portal.subjects.services import Described
from portal.web import policy, reading, render, transaction, unkeyed

from . import recents, services
from .commands import commands, matching
from .rules import typed, wanted
from .services import Group

blueprint = Blueprint("search", __name__, url_prefix="/search")
OF_ONE_KIND = 100
MOST_OPENED = 60  # records in a minute that are noted for somebody
LAST = 8
OFFERED = 4  # of each kind, in the palette


@blueprint.get("")
@policy("core.portal.use")
def results():
    """Show what is found by ``?q=``, kind by kind; ``?kind=`` shows more of one."""
    words, kind = request.args.get("q", ""), request.args.get("kind", "")
    sought = typed(words)
    most = OF_ONE_KIND if kind else services.ENOUGH
    groups = services.find(reading(), sought, kinds=[kind] if kind else None, most=most)
    return render(
        "finding/results.html",
        crumbs=((message("Search"), ""),),
        q=words.strip(),
        sought=sought,
        kind=kind,
        groups=[_shown(group, words.strip(), most) for group in groups],
    )


@blueprint.get("/palette")
@policy("core.portal.use")
def palette():
    """Offer what is found by ``?q=`` and what can be done; ``>`` before it says commands only."""
    words = request.args.get("q", "").strip()
    only_commands = words.startswith(">")
    sought = wanted(words[1:]) if only_commands else typed(words)
    groups, offered = [], []
    tx = reading()
    # What somebody opened is told to nobody who looks through their eyes.
    own = tx.actor is not getattr(current_user, "viewed", None)
    last = recents.recents(tx, LAST) if own and not words else []
    if not only_commands:
        groups = services.find(tx, sought, most=OFFERED)
    if only_commands or sought.anything:
        offered = matching(commands(frame()), sought)
    return render(
        "finding/palette.html",
        q=words,
        groups=[_shown(group, words, OFFERED) for group in groups],
        recents=[_row(one) | _look(one.subject) for one in last],
        commands=offered if only_commands else offered[:OFFERED],
        only_commands=only_commands,
        sought=sought,
    )


@blueprint.post("/opened")
@policy("core.portal.use")
@unkeyed("a record that is noted twice is noted once")
def opened():
    """Note that the page of a record was looked at: the script says so, a page must not write."""
    kind, _, public_id = request.form.get("record", "").partition(":")
    tx = reading()
    with suppress(NotFound):  # Nobody reads the answer.
        if not recents.is_noted(tx, kind, public_id):
            throttle.hit("opened", f"person {tx.actor.person_id}", MOST_OPENED)
            with transaction() as tx:
                recents.note(tx, kind, public_id)
    return ""


def _shown(group: Group, words: str, most: int) -> dict[str, Any]:
    """Return a kind of what was found as a page shows it."""
    kind = group.subject.name
    listed = group.listed and group.listed in current_app.view_functions
    return {
        "id": kind.replace(".", "-"),
        "title": group.subject.title,
        "count": f"{most}+" if group.more else str(len(group.found)),
        "more": url_for("search.results", q=words, kind=kind) if group.more else "",
        "list": url_for(group.listed, q=words.lstrip("@#")) if listed else "",
        **_look(group.subject),
        "rows": [_row(one) for one in group.found],
    }


def _look(subject: Subject) -> dict[str, str]:
    """Return the picture of a kind of record."""
    plugin = current_app.extensions["kantor"].loaded.get(subject.slug)
    return {"icon": subject.icon, "hue": plugin.hue if plugin is not None else "slate"}


def _row(one: Described) -> dict[str, Any]:
    """Return a record as a line that leads to its page."""
    return {
        "title": one.title,
        "number": one.number if one.label else "",
        "url": url_for(one.subject.endpoint, public_id=one.public_id),
    }
