"""Following one's calendar elsewhere: the addresses, and what is read under them."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Response, current_app, request, url_for

from portal.auth.throttle import hit
from portal.dates import feeds
from portal.dates.forms import FeedForm
from portal.dates.gathering import Entry, gather
from portal.dates.icalendar_text import Paper, written
from portal.dates.pages import DEPARTMENTS, ask_for
from portal.db import looking, new_session, unscoped
from portal.errors import NotFound
from portal.gate import client_address, public
from portal.messages import current_language, message
from portal.ui.submitting import submitted
from portal.web import policy, reading, redirect_to, render, toast, transaction
from portal.work import UnitOfWork

from .calendar import blueprint

BACK, AHEAD = timedelta(days=30), timedelta(days=366)
MOST = 1_000  # entries of a kind
REASON = "a calendar is followed"
TITLE = message("Follow it elsewhere")
WHOSE = {"mine": "mine", "departments": DEPARTMENTS, "all": ""}
SHOWS = {str(value): label for value, label in FeedForm.whose.kwargs["choices"]}


@blueprint.get("/feeds")
@policy("core.portal.use")
def follow():
    """Show the addresses one has, and ask for another one."""
    return _page(FeedForm())


@blueprint.post("/feeds")
@policy("core.portal.use")
def add_feed():
    """Make an address and show it, once."""
    form, token = FeedForm(request.form), ""
    if form.validate():
        with submitted(form), transaction() as tx:
            token = feeds.add_feed(tx, form.command(feeds.AddFeed))
            tx.answer = url_for("dates.follow")
    return _page(FeedForm(), token) if token else (_page(form), 422)


@blueprint.post("/feeds/<public_id>/revoke")
@policy("core.portal.use")
def revoke_feed(public_id: str):
    """End an address: nobody reads anything under it from now on."""
    with transaction() as tx:
        name = feeds.revoke_feed(tx, public_id)
        toast(message("The address {name} has ended.", name=name))
        return redirect_to(tx, "dates.follow")


@blueprint.get("/feed/<token>.ics")
@public("whoever holds the secret address follows the calendar of whose it is")
def feed(token: str):
    """Return what the owner of a secret address may see at this moment, as an iCalendar file."""
    limit = current_app.extensions["kantor_config"].rates.feed
    with looking(reason=REASON, realm="core") as tx:
        found = feeds.find_feed(tx, token)
    hit("feed", client_address() if found is None else f"feed {found.id}", limit)
    if found is None:
        raise NotFound
    with new_session() as session:
        visitors = current_app.extensions["kantor_visitors"]
        principal = visitors.of_person(session, found.owner_id)
        if principal is None:
            raise NotFound
        session.act_as(principal)
        content = _content(UnitOfWork(session, principal, False), found)
        session.rollback()
    return _answer(found, content)


def _content(tx: UnitOfWork, found: Any) -> bytes:
    current_language.set(tx.language)
    ask = ask_for(tx, tx.today - BACK, tx.today + AHEAD, WHOSE[found.whose], limit=MOST)
    base = current_app.extensions["kantor_config"].base_url.rstrip("/")
    organisation = current_app.extensions["kantor_facts"]["organisation"]

    def address(entry: Entry) -> str:
        dated = entry.dated
        return base + url_for(dated.endpoint, **dated.values) if dated.endpoint else ""

    paper = Paper(
        name=f"{organisation} ({found.name})",
        language=tx.language,
        host=urlsplit(base).hostname or "localhost",
        today=tx.today,
        address=address,
    )
    return written(gather(tx, ask).entries, paper)


def _answer(found: Any, content: bytes) -> Any:
    digest = hashlib.sha256(content).hexdigest()
    changed = found.changed_at
    with looking(reason=REASON, realm="core") as tx:
        due = feeds.is_due(found, digest, tx.now)
    if due:
        with unscoped(reason=REASON, realm="core") as tx:
            changed = feeds.note_use(tx, found, digest)
    answer = Response(content, content_type="text/calendar; charset=utf-8")
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Content-Disposition"] = 'inline; filename="kantor.ics"'
    answer.headers["X-Robots-Tag"] = "noindex"
    answer.set_etag(digest)
    answer.last_modified = changed
    return answer.make_conditional(request)


def _page(form: FeedForm, token: str = "") -> str:
    base = current_app.extensions["kantor_config"].base_url.rstrip("/")
    address = base + url_for("dates.feed", token=token) if token else ""
    listed = [
        {
            "name": row.name,
            "shows": SHOWS[row.whose],
            "since": row.created_at,
            "used": row.used_at,
            "url": url_for("dates.revoke_feed", public_id=row.public_id),
        }
        for row in feeds.feeds_of(reading())
    ]
    crumbs = ((message("Calendar"), url_for("dates.calendar")), (TITLE, ""))
    return render(
        "dates/feeds.html",
        crumbs=crumbs,
        form=form,
        feeds=listed,
        address=address,
        webcal="webcal" + address.removeprefix("https").removeprefix("http") if address else "",
    )
