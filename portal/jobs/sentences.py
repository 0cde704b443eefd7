"""Sentences in a row: stored with their gaps, spoken later in the reader's language."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from portal.messages import Message, current_language
from portal.ui import formats


@dataclass(frozen=True)
class Day:
    """A date, written in the reader's language."""

    on: date

    def in_language(self, language: str) -> str:
        return formats.day(self.on, language, "short")

    def __str__(self) -> str:
        return self.in_language(current_language.get())


def packed(text: Message | str) -> str:
    """Return a sentence as it is stored."""
    return json.dumps(_plain(text))


def unpacked(stored: str | None) -> Message | str:
    """Return a stored sentence, or nothing where none was stored."""
    found: Message | str = _sentence(json.loads(stored)) if stored else ""
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Message):
        return {"msgid": value.msgid, "params": {k: _plain(v) for k, v in value.params.items()}}
    if isinstance(value, date) and not isinstance(value, datetime):
        return {"date": value.isoformat()}
    return value if isinstance(value, (int, float)) else str(value)


def _sentence(value: Any) -> Any:
    if isinstance(value, dict) and "date" in value:
        return Day(date.fromisoformat(value["date"]))
    if isinstance(value, dict):
        return Message(value["msgid"], {k: _sentence(v) for k, v in value["params"].items()})
    return value
