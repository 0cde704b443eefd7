"""Whom a comment names, and what may stand in one. No database here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from portal.orm import sort_key

LONGEST = 10_000
MOST_MENTIONED = 20
MOST_WORDS = 6  # of a name
_SIGN = re.compile(r"(?<![\w.@+-])@(?=[^\W_])")
_WORD = re.compile(r"\S+")
_AFTER_NAMES = ".,;:!?)]}'\"…"


def beginnings(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield for each ``@`` before a word its place, and what may be the name behind it, longest
    first: one word to six of its line, without the signs that end a sentence.
    """
    for sign in list(_SIGN.finditer(text))[:MOST_MENTIONED]:
        line = text[sign.end() : sign.end() + 200].partition("\n")[0].partition("@")[0]
        ends = [word.end() for word in list(_WORD.finditer(line))[:MOST_WORDS]]
        found: list[str] = []
        for end in reversed(ends):
            for name in (line[:end], line[:end].rstrip(_AFTER_NAMES)):
                if name and name not in found:
                    found.append(name)
        yield sign.start(), found


def possible_names(text: str) -> set[str]:
    """Return all that may be a name in ``text``, as names are compared."""
    return {sort_key(name) for _, names in beginnings(text) for name in names}


def named_in(text: str, known: Mapping[str, str]) -> dict[str, str]:
    """Return name as written -> who it is, for each ``@`` followed by one of the ``known`` names
    (as names are compared); the longest that fits wins.
    """
    found: dict[str, str] = {}
    for _, names in beginnings(text):
        written = next((name for name in names if sort_key(name) in known), None)
        if written is not None:
            found[written] = known[sort_key(written)]
    return found


def parted(text: str, mentions: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield ``text`` in pieces, each with the person it names, empty for none."""
    if not mentions:
        yield text, ""
        return
    names = sorted(mentions, key=len, reverse=True)
    sign = re.compile(rf"(?<![\w.@+-])@({'|'.join(map(re.escape, names))})(?!\w)")
    end = 0
    for found in sign.finditer(text):
        if found.start() > end:
            yield text[end : found.start()], ""
        yield found.group(), mentions[found.group(1)]
        end = found.end()
    if end < len(text):
        yield text[end:], ""
