"""What is found of a kind of record, and how words are compared. No database here."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MOST_WORDS = 8
LONGEST_WORD = 100  # letters: what is longer is compared as far as that
LONGEST_QUERY = 200
LONGEST_TEXT = 2_000  # letters of one column that are looked in
LONGEST_TITLE = 120
SHORTEST_START = 2  # a single letter begins too much to be the start of something
PLUS_AND_HASH = "+#"  # C++ and C# are words of their own
# What parts words, beside blanks. Written for Python and for PostgreSQL, which both read it.
SIGNS = (
    r"\u0001-\u0022\u0024-\u002a\u002c-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b1"
    r"\u00b4\u00b6-\u00b8\u00bb\u00bf\u00d7\u00f7\u02c2-\u02c5\u02d2-\u02df\u055a-\u055f\u0589"
    r"\u05be\u05c0\u05c3\u060c\u061b\u061f\u066a-\u066d\u06d4\u0964\u0965\u1680\u2000-\u206f"
    r"\u207a-\u207e\u208a-\u208e\u20a0-\u20cf\u2100\u2101\u2103-\u2106\u2190-\u245f\u249c-\u24e9"
    r"\u2500-\u2775\u2794-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\u303d\u30fb\ufe00-\ufe6f"
    r"\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\uffe0-\uffff"
    r"\U0001f000-\U0001fbff\U000e0000-\U000e01ef"
)
_SIGNS = re.compile(f"[{SIGNS}]+")
_ACCENTS = re.compile("[\u0300-\u036f]")


def _small(letter: str) -> str:
    folded = letter.casefold()
    return folded if len(folded) == 1 else letter.lower()


# Letters that PostgreSQL knows in some locales only: Latin, Greek, Cyrillic and Armenian.
_LARGE = [chr(code) for code in range(0x80, 0x590)]
SMALL = {
    letter: _small(letter)
    for letter in (*_LARGE, "\u1e9e")
    if unicodedata.normalize("NFD", letter) == letter and len(_small(letter)) == 1
    if _small(letter) != letter and unicodedata.normalize("NFD", _small(letter)) == _small(letter)
}
_FOLDED = str.maketrans(SMALL | {chr(code): chr(code + 32) for code in range(65, 91)})


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """That records of a kind are found by words: by their label, their number and further text.

    ``text`` names further columns of the record; one may lie any number of relationships away
    (``points.value``), in rows that everybody sees who sees the record. ``listed`` is the endpoint
    of the list of the kind, if it has a field to search in.
    """

    subject: str
    text: tuple[str, ...] = ()
    listed: str = ""


def words_of(text: str) -> list[str]:
    """Return the words of a text as they are compared: without case, accents and signs."""
    plain = _ACCENTS.sub("", unicodedata.normalize("NFD", text)).translate(_FOLDED)
    words = _SIGNS.sub(" ", plain).split()
    return [word[:LONGEST_WORD] for word in words if any(map(_counts, word))]


def _counts(letter: str) -> bool:
    """Tell whether a word has something to be found by; one of rare signs alone has not."""
    return letter.isalnum() or letter in PLUS_AND_HASH


def number_key(number: str) -> str:
    """Return a number as it is compared as a whole."""
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in number.strip())


def mark_of(kind: str) -> str:
    """Return the word that stands in the index for a kind of record."""
    return kind.replace(".", "+").replace("_", "#")


@dataclass(frozen=True)
class Wanted:
    """What somebody typed: all of ``words`` are looked for, the last one as the start of one."""

    text: str
    words: tuple[str, ...]
    starts: bool
    numbers_only: bool = False
    people_only: bool = False

    @property
    def anything(self) -> bool:
        """Whether it is looked for among everything, commands too."""
        return bool(self.words) and not (self.numbers_only or self.people_only)

    def __bool__(self) -> bool:
        return bool(self.words)


def wanted(text: str, *, numbers_only: bool = False, people_only: bool = False) -> Wanted:
    """Return what is looked for; no sign in a text has a meaning of its own."""
    text = text.replace("\x00", "")[:LONGEST_QUERY].strip()
    words = tuple(words_of(text)[:MOST_WORDS])
    last = words[-1] if words else ""
    starts = len(last) >= SHORTEST_START or not last.isascii() or len(words) > 1
    return Wanted(text, words, starts, numbers_only, people_only)


def typed(text: str) -> Wanted:
    """Return what somebody looks for: ``@`` before it says among people, ``#`` among numbers."""
    text = text.strip()
    if text.startswith("@"):
        return wanted(text[1:], people_only=True)
    if text.startswith("#"):
        return wanted(text[1:], numbers_only=True)
    return wanted(text)
