"""Writing a new plugin out: every file of a small one that works, under the names it is given."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from portal.contradictions import RESERVED, SLUG

# What the files name themselves: a record of that name would hide it.
_WORDS = (
    "action any area column conflict department empty field filter form import job key list"
    " message named new person place plugin public scoped search select subject table text unit"
    " version view web work"
)
TAKEN = frozenset(_WORDS.split())
ENDING = ".txt"  # of the files here, so that no tool takes them for what they will be


class NotMade(ValueError):
    """A name that cannot be a plugin's, or a folder that is there already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """What a plugin and its records are called: ``thing`` and ``things`` to people, ``benda`` in
    Indonesian.
    """

    slug: str
    noun: str
    nouns: str
    thing: str
    things: str
    benda: str

    @property
    def gaps(self) -> dict[str, str]:
        """What stands for what in the files."""
        return {
            "@slug@": self.slug,
            "@noun@": self.noun,
            "@nouns@": self.nouns,
            "@nouns-@": self.nouns.replace("_", "-"),
            "@NOUNS@": self.nouns.upper(),
            "@Noun@": "".join(part.capitalize() for part in self.noun.split("_")),
            "@thing@": self.thing,
            "@things@": self.things,
            "@Thing@": _capital(self.thing),
            "@Things@": _capital(self.things),
            "@benda@": self.benda,
            "@Benda@": _capital(self.benda),
        }


def names(slug: str, thing: str = "", things: str = "", indonesian: str = "") -> Names:
    """Return what a plugin is called; what is not said is made of the slug. Raise NotMade."""
    if not SLUG.fullmatch(slug) or slug in RESERVED or keyword.iskeyword(slug):
        raise NotMade(
            f"{slug!r} cannot be the name of a plugin: 2 to 20 small letters and digits that the"
            " portal does not use itself"
        )
    thing = thing or _one_of(slug)
    things = things or (slug if slug != thing and slug.startswith(thing[:2]) else _many(thing))
    for words in (thing, things, indonesian):
        if words and not re.fullmatch(r"[^\W_]+(?:[ -][^\W_]+)*", words):
            raise NotMade(f"{words!r} must be words of letters and digits")
    noun, nouns = (re.sub(r"[^a-z0-9]+", "_", each.casefold()) for each in (thing, things))
    if not re.fullmatch(r"[a-z][a-z0-9_]*", noun) or noun == nouns or keyword.iskeyword(noun):
        raise NotMade(f"{thing!r}: say what one of them is called, as in --thing vehicle")
    if noun in TAKEN or nouns in TAKEN:
        raise NotMade(
            f"{thing!r} is a word of the files themselves; say more, as in 'paper {thing}'"
        )
    return Names(
        slug=slug,
        noun=noun,
        nouns=nouns,
        thing=thing,
        things=things,
        benda=indonesian or thing,
    )


def make(folder: Path, said: Names) -> list[str]:
    """Write the plugin into a folder that is not there yet; return the files. Raise NotMade."""
    if folder.exists():
        raise NotMade(f"{folder} is there already")
    written = []
    for name, text in _sources(files("portal.scaffold") / "files", ""):
        for gap, word in said.gaps.items():
            name, text = name.replace(gap, word), text.replace(gap, word)
        target = folder / name.removesuffix(ENDING)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        written.append(target.relative_to(folder).as_posix())
    return sorted(written)


def _sources(folder: Any, above: str) -> list[tuple[str, str]]:
    found = []
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        name = f"{above}{entry.name}"
        if entry.is_dir():
            found += _sources(entry, f"{name}/")
        elif name.endswith(ENDING):
            found.append((name, entry.read_text(encoding="utf-8")))
    return found


def _one_of(many: str) -> str:
    if many.endswith("ies"):
        return f"{many[:-3]}y"
    if many.endswith(("ses", "xes", "zes", "ches", "shes")):
        return many[:-2]
    return many[:-1] if many.endswith("s") and not many.endswith("ss") else many


def _many(one: str) -> str:
    if one.endswith("y") and one[-2:-1] not in "aeiou":
        return f"{one[:-1]}ies"
    return f"{one}es" if one.endswith(("s", "x", "z", "ch", "sh")) else f"{one}s"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
