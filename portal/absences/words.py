"""Days away as people say them."""

from __future__ import annotations

from dataclasses import dataclass

from portal.messages import Message, current_language, message
from portal.ui import formats

from .rules import Away

# By whether it is one day, begins at noon, ends at noon; the date alone says a whole day.
WORDS = {
    (True, True, False): message("{last}, from noon"),
    (True, False, True): message("{last}, until noon"),
    (False, False, False): message("{first} to {last}"),
    (False, True, False): message("{first}, from noon, to {last}"),
    (False, False, True): message("{first} to {last}, until noon"),
    (False, True, True): message("{first}, from noon, to {last}, until noon"),
}


@dataclass(frozen=True)
class Days:
    """The days of an absence, written in the reader's language."""

    away: Away

    def in_language(self, language: str) -> str:
        away = self.away
        one = away.from_on == away.last_on
        same_year = away.from_on.year == away.last_on.year
        text = WORDS.get((one, away.from_noon, away.until_noon))
        days = {
            "first": formats.day(away.from_on, language, "tick" if same_year else "short"),
            "last": formats.day(away.last_on, language, "short"),
        }
        return Message(text.msgid, days).in_language(language) if text else days["last"]

    def __str__(self) -> str:
        return self.in_language(current_language.get())
