"""Asking the plugins what scanned codes stand for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import current_app, url_for

from portal.messages import Message, message
from portal.plugin import Scanned
from portal.work import UnitOfWork

from . import rules


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A page that a code leads to."""

    title: Message | str
    url: str
    meta: Message | str = ""
    icon: str = "barcode"
    hue: str = "slate"


def look_up(tx: UnitOfWork, codes: Iterable[str]) -> dict[str, list[Hit]]:
    """Return what each code stands for where the reader may look; nothing for an unknown one.

    All codes are asked for at once: a plugin needs as many statements for sixty as for one.
    """
    asked = list(codes)
    found: dict[str, list[Hit]] = {code: [] for code in asked}
    for code in asked:
        if link := rules.short_link(code):
            found[code].append(Hit(title=message("A label"), meta=code, url=link, icon="link"))
    plugins = current_app.extensions["kantor"]
    answers = plugins.collect("scanned", tx, shape=_hit, codes=tuple(asked)) if asked else []
    for slug, (code, hit) in answers:
        if code in found:
            found[code].append(Hit(**vars(hit) | {"hue": plugins.loaded[slug].hue}))
    return found


def _hit(known: Scanned) -> tuple[str, Hit]:
    url = url_for(known.endpoint, **known.values)
    return known.code, Hit(title=known.title, meta=known.meta, icon=known.icon, url=url)
