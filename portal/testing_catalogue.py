"""Whether people can read a plugin in every language of the portal. For tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from . import messages

KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "message": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
SKIPPED = frozenset({"migrations", "static", "tests", "translations", "__pycache__"})
GAP = re.compile(r"%\(\w+\)[a-z]|(?<!\{)\{\w+\}(?!\})")


def untranslated(package: Path) -> Iterator[str]:
    """Yield every sentence of a package that a language lacks, says with other gaps, or says
    otherwise than core, whose words people read.
    """
    for language in messages.LANGUAGES:
        if language == "en":
            continue  # Written in the sources.
        own = _catalogue(package, language)
        core = _catalogue(Path(__file__).parent, language)
        for place, text, context in _sentences(package):
            first = text if isinstance(text, str) else text[0]
            mine, theirs = own.get(first, context), core.get(first, context)
            if mine is not None and theirs is not None and mine.string != theirs.string:
                yield (
                    f"{place}: {first!r} is {theirs.string!r} in the portal's own {language}, and"
                    f" shown so, not {mine.string!r}. Say the same, or write other words"
                )
            found = mine or theirs
            said: Any = found.string if found is not None and not found.fuzzy else ""
            if not isinstance(said, str):  # One form for each number.
                said = next(iter(said or ()), "")
            if not said:
                yield (
                    f"{place}: {first!r} is not translated. Add it to"
                    f" translations/{language}/LC_MESSAGES/messages.po"
                )
            elif isinstance(text, str) and sorted(GAP.findall(said)) != sorted(GAP.findall(text)):
                yield f"{place}: {first!r} has other gaps in {language}: {said!r}. Keep them"


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


def _catalogue(package: Path, language: str) -> Catalog:
    path = package / "translations" / language / "LC_MESSAGES" / "messages.po"
    if not path.is_file():
        return Catalog(locale=language)
    with path.open("rb") as source:
        return read_po(source, locale=language)
