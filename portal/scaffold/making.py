"""Writing a new plugin out: every file of a small one that works, under the names it is given."""

from __future__ import annotations

import ast
import keyword
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any

import portal
from portal.checking.catalogue import catalogue_of
from portal.contradictions import RESERVED, SLUG
from portal.runtime import GROUP

# What the files name themselves: a record of that name would hide it.
_WORDS = (
    "action any area column conflict department empty field filter form import job key list"
    " message named new person place plugin public scoped search select subject table text unit"
    " version view web work"
)
TAKEN = frozenset(_WORDS.split())
LONGEST = 46  # signs of a table: the names of its indexes fit on PostgreSQL
ENTRY = re.compile(r'^msgid "(?P<said>.+)"\nmsgstr "(?P<translated>.*)"$', re.MULTILINE)
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
    if fault := _fault_of(slug):
        raise NotMade(f"{slug!r} cannot be the name of a plugin: {fault}")
    thing = thing or _one_of(slug)
    things = things or (slug if slug != thing and slug.startswith(thing[:2]) else _many(thing))
    for words in (thing, things, indonesian):
        if words and not re.fullmatch(r"[^\W_]+(?:[ -][^\W_]+)*", words):
            raise NotMade(f"{words!r} must be words of letters and digits")
    noun, nouns = (re.sub(r"[^a-z0-9]+", "_", each.casefold()) for each in (thing, things))
    pythons = any(map(keyword.iskeyword, (noun, nouns, noun.capitalize())))
    if not re.fullmatch(r"[a-z][a-z0-9_]*", noun) or noun == nouns or pythons:
        raise NotMade(f"{thing!r}: say what one of them is called, as in --thing vehicle")
    if noun in TAKEN or nouns in TAKEN:
        raise NotMade(_taken(things if nouns in TAKEN else thing))
    if len(slug) + 1 + max(len(noun), len(nouns)) > LONGEST:
        most = LONGEST - 1 - len(slug)
        raise NotMade(f"{max(thing, things, key=len)!r} is too long: {most} letters at most")
    known = _translated(thing) or _translated(things)
    if indonesian and known and indonesian.casefold() != known.casefold():
        raise NotMade(
            f"the portal calls {thing!r} {known!r} in Indonesian: say --indonesian {known!r}, or"
            f" more, as in --thing 'paper {thing}'"
        )
    return Names(
        slug=slug,
        noun=noun,
        nouns=nouns,
        thing=thing,
        things=things,
        benda=indonesian or known or thing,
    )


def _taken(words: str) -> str:
    return f"{words!r} is a word of the files themselves; say more, as in 'paper {words}'"


def _fault_of(slug: str) -> str:
    """Return why a word cannot be the name of a plugin, or nothing."""
    if not SLUG.fullmatch(slug):
        return "2 to 20 small letters and digits, a letter first"
    if slug in RESERVED:
        return "the portal uses this word itself"
    if keyword.iskeyword(slug):
        return "it is a word of Python"
    if any(entry.name == slug for entry in entry_points(group=GROUP)):
        return "a plugin of this name is installed"
    return ""


def _translated(words: str) -> str:
    """Return what the portal itself says in Indonesian for words, if it uses them."""
    said = _core().get(_capital(words))
    return str(said.string).lower() if said is not None else ""


@cache
def _core() -> Any:
    """Return what the portal says in Indonesian."""
    return catalogue_of(Path(portal.__file__).parent, "id")


def make(folder: Path, said: Names) -> list[str]:
    """Write the plugin into a folder that is not there yet; return the files. Raise NotMade."""
    if folder.exists():
        raise NotMade(f"{folder} is there already")
    filled = {}
    for name, text in _sources(files("portal.scaffold") / "files", ""):
        for gap, word in said.gaps.items():
            name, text = name.replace(gap, word), text.replace(gap, word)
        name = name.removesuffix(ENDING)
        if name.endswith(".py"):
            _refuse_bound_twice(text, said)
        filled[name] = _as_the_portal_says(text) if name.endswith(".po") else text
    for name, text in filled.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return sorted(filled)


def _refuse_bound_twice(text: str, said: Names) -> None:
    """Refuse a record under whose name a file has something else: one would hide the other."""
    bound: list[str] = []
    for node in ast.parse(text).body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            bound += [alias.asname or alias.name for alias in node.names]
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            bound.append(node.name)
        elif isinstance(node, ast.Assign):
            bound += [target.id for target in node.targets if isinstance(target, ast.Name)]
    if any(number > 1 for number in Counter(bound).values()):
        taken = Counter(bound)[said.gaps["@NOUNS@"]] > 1
        raise NotMade(_taken(said.things if taken else said.thing))


def _as_the_portal_says(text: str) -> str:
    """Return a catalogue with each sentence once, in the words of the portal where it says it."""
    core, seen = _core(), set[str]()
    kept = []
    for block in text.split("\n\n"):
        entry = ENTRY.search(block)
        if entry is not None:
            if entry["said"] in seen:
                continue
            seen.add(entry["said"])
            theirs = core.get(entry["said"])
            if theirs is not None and theirs.string != entry["translated"]:
                block = ENTRY.sub(f'msgid "{entry["said"]}"\nmsgstr "{theirs.string}"', block)
        kept.append(block)
    return "\n\n".join(kept)


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
