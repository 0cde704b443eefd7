"""What stands around every page: menu, breadcrumb, person, language. Plain data, no Flask.

The costly part (who may see which entry) is one ``Shell`` per principal and language, made once and
kept; ``Shell.on_page`` adds what differs from page to page and only compares strings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from portal.messages import Message

Text = Message | str
Tone = Literal["ok", "warn", "bad", "info", "mute"]
HUES = ("teal", "orange", "sky", "violet", "green", "rose",
        "red", "slate", "amber", "indigo", "brown", "cyan")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class NavEntry:
    """One line of the menu; ``current`` is ``page`` for the page, ``true`` for what is above it."""

    title: Text
    url: str
    icon: str = "circle"
    hue: str = "slate"
    count: Text = ""
    children: tuple[NavEntry, ...] = ()
    current: Literal["", "page", "true"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NavGroup:
    """Entries under one heading; the first group of a menu has none."""

    title: Text = ""
    entries: tuple[NavEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the breadcrumb; the last one is the page itself and carries no address."""

    title: Text
    url: str = ""


@dataclass(frozen=True, slots=True)
class Toast:
    """One line at the foot of the next page; ``undo_url`` is posted to when Undo is pressed."""

    text: Text
    tone: Tone = "ok"
    undo_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who is signed in, as the shell names them."""

    name: str
    initials: str
    hue: str = "slate"
    meta: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """Everything base.html shows around a page; without an address there is no such page."""

    organisation: str
    language: str = "en"
    groups: tuple[NavGroup, ...] = ()
    apps: tuple[NavEntry, ...] = ()  # as in the menu, for the home page
    create: tuple[NavEntry, ...] = ()
    person: Person | None = None
    theme: Literal["system", "light", "dark"] = "system"
    collapsed: bool = False
    single_keys: bool = True  # whether one key alone does something
    home_url: str = "/"
    account_url: str = ""
    bin_url: str = ""
    scan_url: str = ""
    search_url: str = ""
    record: str = ""  # kind:public id of the record whose page it is
    notices_url: str = ""
    unread: int = 0  # notices
    preferences_url: str = ""
    sign_out_url: str = ""
    help_url: str = ""
    version: str = ""
    nonce: str = ""
    banner: Text = ""
    stop_url: str = ""  # where the button of the banner is posted to
    breadcrumbs: tuple[Crumb, ...] = ()
    toasts: tuple[Toast, ...] = ()
    place: str = ""  # where in the menu the page lies
    drawn: dict[str, Any] = field(
        default_factory=dict, compare=False, repr=False
    )  # menus, by place
    languages: tuple[tuple[str, str], ...] = field(default=(("en", "English"), ("id", "Indonesia")))

    @property
    def apps_current(self) -> bool:
        """Whether the page lies in the menu but is not the home page (for the bar on a phone)."""
        return any(e.current and e.url != self.home_url for g in self.groups for e in g.entries)

    @property
    def back_url(self) -> str:
        """The page one step up, for the arrow on a phone; empty on the first page of an app."""
        if not self.breadcrumbs:
            return ""
        *above, here = self.breadcrumbs
        return next((step.url for step in reversed(above) if step.url not in ("", here.url)), "")

    def on_page(
        self,
        path: str,
        *,
        nonce: str = "",
        breadcrumbs: Iterable[Crumb] = (),
        toasts: Iterable[Toast] = (),
        unread: int = 0,
        banner: Text = "",
        stop_url: str = "",
        record: str = "",
    ) -> Shell:
        """Return this shell for one page: its place in the menu marked, its own parts filled in.

        The breadcrumb is the way through the menu, then ``breadcrumbs``, the rest of the way. A
        page whose address lies below no entry lies where the first of its breadcrumbs does.
        """
        steps = tuple(breadcrumbs)
        for address in (path, *(crumb.url for crumb in steps if crumb.url)):
            best, owner = _best_match(self.groups, address, self.home_url)
            if owner is not None:
                break
        groups = _mark(self.groups, best, owner, path)
        way = trail(groups, self.home_url)
        passed = {crumb.url for crumb in way} | {crumb.title for crumb in way[-1:]}
        crumbs = way + tuple(crumb for crumb in steps if (crumb.url or crumb.title) not in passed)
        return replace(
            self,
            groups=groups,
            place=best if best == path else f"{best} …",
            nonce=nonce,
            breadcrumbs=crumbs,
            toasts=tuple(toasts),
            unread=unread,
            banner=banner or self.banner,
            stop_url=stop_url,
            record=record,
        )


def _mark(
    groups: tuple[NavGroup, ...], best: str, owner: NavEntry | None, path: str
) -> tuple[NavGroup, ...]:
    """Return ``groups`` with the entry that leads to ``best`` marked, and the one above it."""
    if owner is None:
        return groups
    return tuple(
        replace(group, entries=tuple(_marked(entry, best, owner, path) for entry in group.entries))
        for group in groups
    )


def trail(groups: tuple[NavGroup, ...], home_url: str) -> tuple[Crumb, ...]:
    """Return the breadcrumb that the menu itself implies: app, then sub-page."""
    for group in groups:
        for entry in group.entries:
            if not entry.current or entry.url == home_url:
                continue
            below = [child for child in entry.children if child.current]
            return (
                Crumb(entry.title, entry.url),
                *(Crumb(child.title, child.url) for child in below),
            )
    return ()


def _best_match(
    groups: tuple[NavGroup, ...], path: str, home_url: str
) -> tuple[str, NavEntry | None]:
    """Return the address nearest to ``path`` in the menu and the entry it belongs to."""
    best, owner = "", None
    for group in groups:
        for entry in group.entries:
            for candidate in (*entry.children, entry):
                if len(candidate.url) > len(best) and _leads_to(candidate.url, path, home_url):
                    best, owner = candidate.url, entry
    return best, owner


def _leads_to(url: str, path: str, home_url: str) -> bool:
    return path == url or (url != home_url and path.startswith(url.rstrip("/") + "/"))


def _marked(entry: NavEntry, best: str, owner: NavEntry | None, path: str) -> NavEntry:
    if entry is not owner:
        return entry
    children = tuple(
        replace(child, current="page" if child.url == path else "true")
        if child.url == best
        else child
        for child in entry.children
    )
    below = any(child.current for child in children)
    here: Literal["page", "true"] = "page" if entry.url == path and not below else "true"
    return replace(entry, current=here, children=children)
