"""The shell of the running portal: the menu each person sees, made once per principal; pages inside
it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, g, request, url_for
from flask_login import current_user
from itsdangerous import BadData, URLSafeTimedSerializer

from . import __version__, messages
from .db import db
from .gate import NOBODY
from .messages import Message, message
from .reach import Principal
from .ui import formats
from .ui import render as kit
from .ui.shell import Crumb, NavEntry, NavGroup, Person, Shell, Toast

TOAST = "kantor_toast"
# Pages of core: endpoint, title, permission, icon.
FIRST = (
    ("mywork.work", message("My work"), "core.portal.use", "list-check"),
    ("dates.calendar", message("Calendar"), "core.portal.use", "calendar"),
    ("approvals.waiting", message("Decisions"), "core.portal.use", "checklist"),
)
ADMINISTRATION = (
    ("people.people", message("People"), "core.person.view", "users"),
    ("people.departments", message("Departments"), "core.department.view", "sitemap"),
    ("absences.absences", message("Who is away"), "core.absence.view", "user-off"),
    ("places.places", message("Places"), "core.place.view", "map-pin"),
    ("contacts.contacts", message("Contacts"), "core.contact.view", "address-book"),
    ("worktime.calendars", message("Working hours"), "core.calendar.view", "calendar-time"),
)
SETTING_UP = (
    ("roles.roles", message("Roles"), "core.role.view", "shield-lock"),
    ("approvals.rules", message("Who decides"), "core.approval.rules", "gavel"),
    ("plugins.plugins", message("Plugins"), "core.plugin.view", "puzzle"),
    ("settings.settings", message("Settings"), "core.setting.edit", "settings"),
    ("audit.entries", message("Audit"), "core.audit.view", "history"),
    ("jobs.jobs", message("Background work"), "core.job.view", "loader"),
)
CREATE = (
    ("absences.new_absence", message("Absence"), "core.absence.edit", "calendar-event"),
    ("people.new_person", message("Person"), "core.person.edit", "user-plus"),
    ("contacts.new_contact", message("Contact"), "core.contact.edit", "address-book"),
)


def render(template: str, *, crumbs: Iterable[tuple[Any, str]] = (), **context: Any) -> str:
    """Return a page inside the shell (to htmx: a part of it); ``crumbs`` are (title, address), the
    last without one.
    """
    actor = _actor()
    key = ("shell", actor.language, _facts()["organisation"])  # the name may change
    base = actor.once(key, lambda: _shell(actor)) if actor is not NOBODY else guest()
    viewed = getattr(current_user, "viewed", None) if actor is not NOBODY else None
    own = actor is not NOBODY and viewed is not actor
    context["shell"] = base.on_page(
        request.path,
        nonce=g.get("nonce", ""),
        breadcrumbs=tuple(Crumb(title, url) for title, url in crumbs),
        toasts=_toasts(),
        unread=getattr(current_user, "unread", 0) if own else 0,
        banner="" if own or viewed is None else _looking_as(viewed, current_user.viewed_until),
        stop_url="" if own or viewed is None else _url("people.stop_viewing"),
        record=_record() if own else "",
    )
    return kit.render(template, **context)


def _record() -> str:
    """Return whose page this is, as the script notes what was opened: empty if no record's."""
    public_id = (request.view_args or {}).get("public_id")
    if public_id is None or request.method != "GET":
        return ""
    for subject in current_app.extensions["kantor"].subjects().values():
        if subject.endpoint == request.endpoint and not subject.confidential:
            return f"{subject.name}:{public_id}"
    return ""


def frame() -> Shell:
    """Return the frame of whoever asks: what the menu, the New menu and the account offer."""
    return _shell(_actor())


def _looking_as(viewed: Principal, until: datetime) -> Message:
    return message(
        "You see Kantor as {name} until {time}. Nothing can be changed.",
        name=viewed.name,
        time=formats.clock(until.astimezone(zone()), viewed.language),
    )


def _actor() -> Principal:
    return db.session().principal or NOBODY


def _facts() -> dict[str, str]:
    found: dict[str, str] = current_app.extensions["kantor_facts"]
    return found


def zone() -> ZoneInfo:
    """Return the time zone in which instants are shown to whoever looks at the page."""
    own = _actor().time_zone
    known: ZoneInfo = current_app.extensions["kantor_facts"].zone
    return ZoneInfo(own) if own else known


def guest() -> Shell:
    """Return the shell of a visitor who is not signed in."""
    theme = request.cookies.get("kantor_theme", "")
    return Shell(
        organisation=_facts()["organisation"],
        language=messages.current_language.get(),
        theme=theme if theme in {"light", "dark"} else "system",  # type: ignore[arg-type]
        version=__version__,
        preferences_url=_url("sign.preferences"),
        home_url=_url("home.index"),
    )


def _shell(actor: Principal) -> Shell:
    apps = tuple(_apps(actor))
    groups = [
        NavGroup(entries=_first(actor)),
        NavGroup(title=message("Apps"), entries=apps),
        NavGroup(title=message("Organisation"), entries=_entries(actor, ADMINISTRATION)),
        NavGroup(title=message("Administration"), entries=_entries(actor, SETTING_UP)),
    ]
    return Shell(
        organisation=_facts()["organisation"],
        language=actor.language,
        groups=tuple(group for group in groups if group.entries),
        apps=apps,
        create=_creations(actor),
        person=Person(name=actor.name, initials=formats.initials(actor.name)),
        theme=actor.theme,  # type: ignore[arg-type]
        collapsed=actor.collapsed,
        single_keys=actor.single_keys,
        home_url=_url("home.index"),
        account_url=_url("account.account"),
        bin_url=_url("removed.bin_page"),
        notices_url=_url("notices.notices"),
        search_url=_url("search.results"),
        scan_url=_url("scanning.scan") if _scans(actor) else "",
        preferences_url=_url("account.preferences"),
        sign_out_url=_url("sign.sign_out"),
        version=__version__,
    )


def _first(actor: Principal) -> tuple[NavEntry, ...]:
    """Return what everybody begins with: the home page and what waits for them."""
    home = NavEntry(title=message("Home"), url=_url("home.index"), icon="home")
    return (home, *_entries(actor, FIRST))


def _apps(actor: Principal) -> Iterable[NavEntry]:
    plugins = current_app.extensions["kantor"]
    for slug, plugin in plugins.loaded.items():
        if slug not in actor.active:
            continue
        children = tuple(
            NavEntry(title=item.title, url=_url(item.endpoint))
            for item in plugin.nav
            if actor.holds(item.permission)
        )
        if children:
            yield NavEntry(
                title=plugin.title,
                url=children[0].url,
                icon=plugin.icon,
                hue=plugin.hue,
                children=children if len(children) > 1 else (),
            )


def _entries(
    actor: Principal, pages: Iterable[tuple[str, Message, str, str]]
) -> tuple[NavEntry, ...]:
    return tuple(
        NavEntry(title=title, url=_url(endpoint), icon=icon)
        for endpoint, title, permission, icon in pages
        if actor.holds(permission) and _url(endpoint)
    )


def _scans(actor: Principal) -> bool:
    """Return whether scanning leads anywhere for this person."""
    found: bool = current_app.extensions["kantor"].implements("scanned", actor.active)
    return found


def _creations(actor: Principal) -> tuple[NavEntry, ...]:
    own = [
        NavEntry(title=item.title, url=_url(item.endpoint), icon=item.icon, hue=plugin.hue)
        for slug, plugin in current_app.extensions["kantor"].loaded.items()
        if slug in actor.active
        for item in plugin.new
        if actor.holds(item.permission)
    ]
    return (*own, *_entries(actor, CREATE))


def _url(endpoint: str) -> str:
    """Return the address of a page, empty when this portal has none such."""
    return url_for(endpoint) if endpoint in current_app.view_functions else ""


def toast(text: Message, *, undo: str = "") -> None:
    """Show one line at the foot of the next page, with a button if ``undo`` is a step that
    ``undoable()`` returned.
    """
    undo_url = url_for("undo.undo", public_id=undo) if undo else ""
    g.toast = (text.msgid, {key: str(value) for key, value in text.params.items()}, undo_url)


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="kantor-toast")


def _toasts() -> tuple[Toast, ...]:
    if not (value := request.cookies.get(TOAST)):
        return ()
    g.toast_shown = True
    try:
        msgid, params, undo_url = _signer().loads(value, max_age=60)
    except (BadData, TypeError, ValueError):
        return ()
    return (Toast(Message(msgid, params), undo_url=undo_url),)


def keep_toast(response: Any) -> Any:
    """Carry a toast over the redirect in a signed cookie that lives for one page."""
    secure = current_app.extensions["kantor_config"].secure
    if (said := g.get("toast")) is not None and response.status_code < 400:
        value = str(_signer().dumps(said))
        response.set_cookie(TOAST, value, max_age=60, httponly=True, secure=secure, samesite="Lax")
    elif g.get("toast_shown") and response.status_code < 400:
        response.delete_cookie(TOAST, httponly=True, secure=secure, samesite="Lax")
    return response
