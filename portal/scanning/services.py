"""Asking the plugins, and the labels of the portal, what scanned codes stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from portal.links import services as links
from portal.links.rules import code_in
from portal.messages import Message, message
from portal.plugin import Scanned
from portal.work import UnitOfWork

LABEL, RETIRED = message("A label"), message("Retired label")
Address = Callable[..., str]  # endpoint and values of a page -> its address


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A page that a code leads to."""

    title: Message | str
    url: str
    meta: Message | str = ""
    icon: str = "barcode"
    hue: str = "slate"


def look_up(tx: UnitOfWork, codes: Iterable[str], address: Address) -> dict[str, list[Hit]]:
    """Return what each code stands for where the reader may look; nothing for an unknown one.

    All codes are asked for at once: a plugin needs as many statements for sixty as for one.
    """
    asked = list(codes)
    found: dict[str, list[Hit]] = {code: [] for code in asked}
    for code, hit in _labels(tx, asked, address):
        found[code].append(hit)

    def shaped(known: Scanned) -> tuple[str, Hit]:
        url = address(known.endpoint, **known.values)
        return known.code, Hit(title=known.title, url=url, meta=known.meta, icon=known.icon)

    runtime: Any = tx.session.runtime
    answers = runtime.collect("scanned", tx, shape=shaped, codes=tuple(asked)) if asked else []
    for slug, (code, hit) in answers:
        if code in found:
            found[code].append(replace(hit, hue=runtime.loaded[slug].hue))
    return found


def _labels(tx: UnitOfWork, asked: Iterable[str], address: Address) -> Iterator[tuple[str, Hit]]:
    """Yield what stands on labels of this portal, scanned or typed, under the name of the thing."""
    codes = {code: letters for code in asked if (letters := code_in(code)) is not None}
    known = links.look_up(tx, codes.values())
    for code, letters in codes.items():
        if letters not in known:
            continue
        place, in_use = known[letters]
        # A retired label leads to the page that says so.
        url = (
            address(place.endpoint, **place.values)
            if in_use
            else address("links.follow", code=letters)
        )
        yield (
            code,
            Hit(title=place.title, url=url, meta=LABEL if in_use else RETIRED, icon="qrcode"),
        )
