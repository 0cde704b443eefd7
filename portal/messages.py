"""Sentences for people: written once in English, spoken in the reader's language at the edge. No
Flask here.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "id")
current_language: ContextVar[str] = ContextVar("kantor_language", default="en")


@dataclass(frozen=True)
class Message:
    """A sentence with named gaps; parameters that are messages are translated with it."""

    msgid: str
    params: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def in_language(self, language: str) -> str:
        """Return the sentence in ``language``."""
        text = translations(language).gettext(self.msgid)
        if not self.params:
            return text
        spoken = {key: _spoken(value, language) for key, value in self.params.items()}
        try:
            return text.format_map(spoken)
        except (KeyError, ValueError, IndexError):  # A translator's slip costs the language alone.
            return self.msgid.format_map(spoken)

    def __str__(self) -> str:
        return self.in_language(current_language.get())


def message(msgid: str, /, **params: Any) -> Message:
    """Return a sentence to be shown to a person; ``msgid`` is English and is collected for
    translation.
    """
    return Message(msgid, params)


def translate(text: Message | str, language: str | None = None) -> str:
    """Return ``text`` in ``language`` (the reader's unless given); plain text is
    returned as it is.
    """
    return _spoken(text, language or current_language.get())


def gettext(text: str) -> str:
    return translations(current_language.get()).gettext(text)


def ngettext(one: str, many: str, count: int) -> str:
    return translations(current_language.get()).ngettext(one, many, count)


def pgettext(context: str, text: str) -> str:
    return translations(current_language.get()).pgettext(context, text)


def _spoken(value: Any, language: str) -> str:
    speak = getattr(value, "in_language", None)
    return speak(language) if speak is not None else str(value)


# What acts, kinds of records and jobs of plugins are called, by their name in the database.
NAMES: dict[str, Message] = {}

_folders: list[Path] = []


def add_catalogue(folder: Path) -> None:
    """Add ``folder/<language>/LC_MESSAGES/messages.po``; the catalogue added first wins a disputed
    sentence.
    """
    if folder not in _folders:
        _folders.append(folder)
        translations.cache_clear()


@lru_cache(maxsize=8)
def translations(language: str) -> NullTranslations:
    """Return all catalogues of one language as one."""
    chain: NullTranslations | None = None
    for folder in _folders:
        for name in ("messages.mo", "messages.po"):
            path = folder / language / "LC_MESSAGES" / name
            if path.is_file():
                found = _load(path, path.stat().st_mtime_ns)
                if chain is None:
                    chain = found
                else:
                    chain.add_fallback(found)
                break
    return chain or NullTranslations()


def read_catalogue(path: Path) -> GNUTranslations:
    """Return one catalogue, or raise what is wrong with it."""
    return _load(path, path.stat().st_mtime_ns)


def _load(path: Path, _changed: int) -> GNUTranslations:
    """Return a fresh translations object, because chaining fallbacks changes it."""
    return GNUTranslations(io.BytesIO(_compiled(path, _changed)))


@lru_cache(maxsize=64)
def _compiled(path: Path, _changed: int) -> bytes:
    if path.suffix == ".mo":
        return path.read_bytes()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with path.open("rb") as source:
        catalogue = read_po(source)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    return compiled.getvalue()
