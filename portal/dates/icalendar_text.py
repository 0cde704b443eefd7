"""A calendar as RFC 5545 writes it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from portal.messages import Message, message, translate

from .gathering import Entry
from .rules import ONE_DAY

PRODUCT = "-//Kantor//Calendar//EN"
BUSY = message("Busy")
EVERY = timedelta(hours=1)  # how often it is worth asking again
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029]")


@dataclass(frozen=True, kw_only=True)
class Paper:
    """What stands around the entries: name, language, host, today, and how to address a page."""

    name: str
    language: str
    host: str
    today: date
    address: Callable[[Entry], str]


def written(entries: Iterable[Entry], paper: Paper) -> bytes:
    """Return the entries as an iCalendar file; of what is confidential, that one is busy."""
    from icalendar import Calendar  # Heavy, and only a feed needs it.

    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", paper.name)
    calendar.add("refresh-interval", EVERY, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for entry in entries:
        calendar.add_component(_event(entry, paper))
    content: bytes = calendar.to_ical()
    return content


def _event(entry: Entry, paper: Paper) -> Any:
    from icalendar import Event

    dated, event = entry.dated, Event()
    event.add("uid", uid(entry, paper.host))
    # The same for a day, so that what has not changed is not sent again.
    event.add("dtstamp", datetime.combine(paper.today, time(), UTC))
    for name, value in _when(entry):
        event.add(name, value)
    if entry.confidential:
        event.add("summary", translate(BUSY, paper.language))
        event.add("class", "PRIVATE")
        return event
    event.add("summary", _plain(dated.title, paper.language))
    event.add("categories", [_plain(entry.kind.title, paper.language)])
    event.add("transp", "TRANSPARENT")
    if meta := _plain(dated.meta, paper.language):
        event.add("description", meta)
    if address := paper.address(entry):
        event.add("url", address)
    return event


def uid(entry: Entry, host: str) -> str:
    """Return by what other calendars know an entry, always the same."""
    return f"{hashlib.sha256(entry.key.encode()).hexdigest()[:32]}@{host}"


def _when(entry: Entry) -> list[tuple[str, date | datetime]]:
    dated = entry.dated
    if dated.on is not None:
        last = max(dated.on, dated.last_on or dated.on)
        return [("dtstart", dated.on), ("dtend", last + ONE_DAY)]
    assert dated.at is not None
    found: list[tuple[str, date | datetime]] = [("dtstart", _second(dated.at))]
    if dated.until is not None and dated.until > dated.at:
        found.append(("dtend", _second(dated.until)))
    return found


def _second(value: datetime) -> datetime:
    return value.astimezone(UTC).replace(microsecond=0)


def _plain(text: Message | str, language: str) -> str:
    """Return a text without what a line of the file cannot hold."""
    return _CONTROL.sub(" ", translate(text, language)).strip()
