"""Whether people can read a plugin in every language of the portal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from portal import messages

from .findings import Finding, finding
from .sources import Sources

KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "message": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
SKIPPED = frozenset({"migrations", "static", "tests", "translations", "__pycache__"})
GAP = re.compile(r"%\(\w+\)[a-z]|(?<!\{)\{\w+\}(?!\})")


def findings(sources: Sources) -> Iterator[Finding]:
    """Yield every sentence of a package that a language lacks, says with other gaps, or says
    otherwise than core, whose words people read; and every translation of nothing.
    """
    sentences = list(_sentences(sources.folder))
    for language in messages.LANGUAGES:
        if language != "en":  # That is written in the sources.
            yield from _in_a_language(sources, language, sentences)


def _in_a_language(
    sources: Sources, language: str, sentences: list[tuple[str, Any, str | None]]
) -> Iterator[Finding]:
    file = f"translations/{language}/LC_MESSAGES/messages.po"
    own = catalogue_of(sources.folder, language)
    core = catalogue_of(Path(messages.__file__).parent, language)
    used: set[tuple[str, str | None]] = set()
    for inner, text, context in sentences:
        place = sources.place(sources.folder / inner.rpartition(":")[0]) + ":" + _line(inner)
        first = text if isinstance(text, str) else text[0]
        used.add((first, context))
        mine, theirs = own.get(first, context), core.get(first, context)
        if mine is not None and theirs is not None and mine.string != theirs.string:
            yield finding(
                "translation-clash",
                place,
                f"{first!r} is {theirs.string!r} in the portal's own {language}, and shown so, not"
                f" {mine.string!r}",
            )
        found = mine or theirs
        said: Any = found.string if found is not None and not found.fuzzy else ""
        forms = [said] if isinstance(said, str) else list(said or ())  # One for each number.
        said = next(iter(forms), "")
        if not said:
            yield finding(
                "missing-translation", place, f"{first!r} is not translated", f"Add it to {file}"
            )
        elif any(_gaps_differ(text, form, last=form is forms[-1]) for form in forms):
            yield finding(
                "translation-gaps", place, f"{first!r} has other gaps in {language}: {said!r}"
            )
    for entry in own:
        name = entry.id if isinstance(entry.id, str) else next(iter(entry.id), "")
        if name and (name, entry.context) not in used:
            line = f":{entry.lineno}" if entry.lineno else ""
            yield finding(
                "stale-translation",
                f"{sources.place(sources.folder / file)}{line}",
                f"{name!r} is translated, and nowhere said",
            )


def _gaps_differ(text: Any, said: str, *, last: bool) -> bool:
    """Tell whether a translation lacks a gap or has one of its own; one thing may go uncounted."""
    if isinstance(text, str):
        return sorted(GAP.findall(said)) != sorted(GAP.findall(text))
    one, many = (set(GAP.findall(form)) for form in text[:2])
    return not (many if last else one & many) <= set(GAP.findall(said)) <= one | many


def _line(place: str) -> str:
    return place.rpartition(":")[2]


def _sentences(package: Path) -> Iterator[tuple[str, Any, str | None]]:
    methods = [("**.py", "python"), ("**.html", "jinja2")]
    options = {"**.html": {"trimmed": "true"}}  # What cannot be read is said elsewhere.
    for file, line, text, _comments, context in extract_from_dir(
        package,
        method_map=methods,
        options_map=options,
        keywords=KEYWORDS,
        directory_filter=lambda folder: Path(folder).name not in SKIPPED,
    ):
        yield f"{file}:{line}", text, context


def catalogue_of(package: Path, language: str) -> Catalog:
    """Return what a package says in a language."""
    path = package / "translations" / language / "LC_MESSAGES" / "messages.po"
    if not path.is_file():
        return Catalog(locale=language)
    with path.open("rb") as source:
        return read_po(source, locale=language)
