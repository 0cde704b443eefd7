"""How a page is put together: the Jinja environment of the kit, and pages or parts of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from flask import Flask, current_app, request
from jinja2 import StrictUndefined
from jinja2.environment import Template
from jinja2.runtime import Context
from markupsafe import Markup, escape

from portal import messages
from portal.ui import formats, forms, rows, speaking
from portal.ui.assets import Assets
from portal.ui.icons import icon
from portal.ui.qr import qr
from portal.ui.shell import Crumb, Shell, Toast

_EXTENSION = "kantor.ui"
_NO_ENTRY: dict[str, Any] = dict.fromkeys(
    ("person", "behalf", "icon", "url", "detail", "note", "amount", "amount_meta"), ""
) | {"changes": ()}
_MENUS_KEPT = 8  # for each shell that is kept; people stay at a few places


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What templates need from the portal around them, asked while a page is rendered."""

    shell: Callable[[], Shell]
    csrf_token: Callable[[], str]
    form_key: Callable[[], str]
    back: Callable[[], str] = lambda: ""  # a signed token that leads back to this page
    zone: Callable[[], tzinfo] = lambda: UTC
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    currency: Callable[[], str] = lambda: "IDR"
    largest_file: int = 25 * 1024 * 1024  # bytes
    assets: Assets


def configure_jinja(app: Flask, kit: Kit) -> None:
    """Set up ``app``'s templates: strict, always escaped, speaking the reader's language."""
    app.extensions[_EXTENSION] = kit
    environment = app.jinja_env
    environment.undefined = StrictUndefined
    environment.autoescape = True
    environment.finalize = _shown
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        messages.gettext, messages.ngettext, newstyle=True, pgettext=messages.pgettext
    )
    environment.globals.update(
        asset=kit.assets.url,
        csrf_token=kit.csrf_token,
        form_key=kit.form_key,
        back_token=kit.back,
        icon=icon,
        largest_file=kit.largest_file,
        qr=qr,
        initials=formats.initials,
        new_menu=new_menu,
        side_menu=side_menu,
        table_body=rows.body,
    )
    environment.filters.update(_filters(kit) | _chart_filters(kit) | forms.FILTERS)


def render(template: str, **context: Any) -> str:
    """Return a page; to htmx, the one block of it that was asked for.

    That is the block named like the target's id when the page has such a block, else ``main``; the
    title goes with it, because htmx announces and shows it.
    """
    kit: Kit = current_app.extensions[_EXTENSION]
    context.setdefault("shell", kit.shell())
    page = speaking.environment().get_or_select_template(template)
    current_app.update_template_context(context)
    if not is_partial():
        return page.render(context)
    started = _started(page, context)
    name = _wanted_block(started)
    # A template that is no page of the shell is already a part and is sent whole.
    return page.render(context) if name is None else _part(started, name, context["shell"])


def side_menu(shell: Shell) -> Markup:
    """Return the menu at the side, drawn the first time somebody is at this place in it."""
    return _drawn(shell, shell.place, "side_menu", shell.groups)


def new_menu(shell: Shell) -> Markup:
    """Return the entries of the menu for what is new, drawn once."""
    return _drawn(shell, "new", "menu_entries", shell.create)


def _drawn(shell: Shell, place: str, name: str, shown: Any) -> Markup:
    found: Markup | None = shell.drawn.get(place)
    if found is None:
        macros: Any = speaking.environment().get_template("macros/shell.html").module
        if len(shell.drawn) >= _MENUS_KEPT:
            shell.drawn.clear()
        found = shell.drawn[place] = getattr(macros, name)(shown)
    return found


def is_partial() -> bool:
    """Return whether htmx asks for a part of a page."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Request-Type") != "full"
        and "HX-History-Restore-Request" not in headers
    )


def _started(page: Template, context: dict[str, Any]) -> Context:
    """Return the context of ``page`` after its imports and those of what it extends have run.

    Rendering stops at the first output, which is in base.html; every block can be called then.
    """
    started = page.new_context(context)
    next(iter(page.root_render_func(started)), None)
    return started


def _wanted_block(started: Context) -> str | None:
    target = request.headers.get("HX-Target", "").rpartition("#")[2]
    return next((name for name in (target, "main") if name in started.blocks), None)


def _part(started: Context, name: str, shell: Shell) -> str:
    part = "".join(started.blocks[name][0](started))
    if "title" not in started.blocks:
        return part
    title = "".join(started.blocks["title"][0](started)).strip()
    return f"<title>{title} – {escape(shell.organisation)}</title>{part}"


def _shown(value: Any) -> Any:
    """Print nothing for None; messages print themselves in the reader's language."""
    return "" if value is None else value


def visible_fields(form: Any) -> list[Any]:
    """Return the fields of a filter form that a person fills in; of no form, none."""
    return [] if form is None else [field for field in form if forms.field_kind(field) != "hidden"]


def _filters(kit: Kit) -> dict[str, Callable[..., Any]]:
    language = messages.current_language.get

    def instant(value: datetime | None) -> Markup:
        if value is None:
            return Markup()
        zone = kit.zone()
        full = formats.moment(value, language(), zone)
        near = formats.instant(value, language(), zone=zone, now=kit.now())
        iso = value.isoformat(timespec="seconds")
        return Markup(  # noqa: S704 - escaped here: Markup.format takes ten times as long
            f'<time datetime="{iso}" title="{escape(full)}">{escape(near)}</time>'
        )

    def moment(value: datetime | None) -> str:
        return "" if value is None else formats.moment(value, language(), kit.zone())

    def day(value: date | None, style: str = "long") -> str:
        return "" if value is None else formats.day(value, language(), style)

    return {
        "as_cells": rows.as_cells,
        "as_columns": rows.as_columns,
        "change": lambda value, unit="": formats.change(value, language(), unit),
        "clock": lambda value: formats.clock(value.astimezone(kit.zone()), language()),
        "count": lambda value: formats.count(value, language()),
        "date": day,
        "instant": instant,
        "linked": linked,
        "moment": moment,
        "money": lambda value, currency=None: formats.money(
            value, currency or kit.currency(), language()
        ),
        "money_to_compare": lambda value: formats.money_to_compare(
            value, kit.currency(), language()
        ),
        "roughly": lambda value: formats.roughly(value, kit.currency(), language()),
        "number": lambda value: formats.number(value, language()),
        "paragraphs": paragraphs,
        "phone": formats.phone,
        "quantity": lambda value, unit="": formats.quantity(value, language(), unit),
        "size": lambda value: formats.size(value, language()),
        "visible_fields": visible_fields,
        "whole_entries": whole_entries,
    }


def _chart_filters(kit: Kit) -> dict[str, Callable[..., Any]]:
    language = messages.current_language.get

    def label(value: date | str, style: str) -> str:
        return formats.day(value, language(), style) if isinstance(value, date) else value

    def value(figure: int, drawn: Any, *, rough: bool = False) -> str:
        if drawn.quantities:
            return formats.quantity(figure, language())
        if drawn.money:
            money = formats.roughly if rough else formats.money_to_compare
            return money(figure, kit.currency(), language())
        return formats.number(figure, language())

    return {
        "chart_label": label,
        "chart_tick": lambda figure, drawn: value(figure, drawn, rough=True),
        "chart_value": value,
    }


def whole_entries(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return entries of a timeline, each with every part it may have."""
    return [_NO_ENTRY | dict(entry) for entry in entries]


def paragraphs(text: str) -> Markup:
    """Return plain text as typed: blank lines part paragraphs, line ends stay."""
    parts = [part.strip() for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]
    return Markup().join(
        Markup("<p>{}</p>").format(Markup("<br>").join(map(escape, part.split("\n"))))
        for part in parts
    )


_ADDRESS = re.compile(r"https?://[^\s<>\"']{1,500}[^\s<>\"'.,;:!?)\]}]")


def linked(text: str) -> Markup:
    """Return plain text in which the addresses of web pages are links."""
    parts, end = [], 0
    for found in _ADDRESS.finditer(text):
        link = Markup('<a href="{}" rel="noopener noreferrer nofollow">{}</a>')
        parts += [escape(text[end : found.start()]), link.format(found.group(), found.group())]
        end = found.end()
    return Markup().join([*parts, escape(text[end:])])


__all__ = [
    "Crumb",
    "Kit",
    "Shell",
    "Toast",
    "configure_jinja",
    "is_partial",
    "paragraphs",
    "render",
]
