"""Collect what people read from the sources into the translations, and check them.

    python tools/catalogs.py            write every messages.po anew, keeping what is translated
    python tools/catalogs.py --check    say what is missing, unsure or does not fit its source

English is written in the sources; every other language has one catalogue for core and one for each
plugin, read as they are when the portal runs. A sentence that is rightly the same in a language
stands in tools/same-in-<language>.txt, with the name of the language spelled in English.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po
from jinja2 import TemplateSyntaxError

Extracted = tuple[str, int, "str | tuple[str, ...]", list[str], "str | None"]
Key = tuple[tuple[str, ...], object]

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = {"id": "indonesian"}
PLURALS = {"id": "nplurals=1; plural=0;"}
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "message": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
OPTIONS = {"**.html": {"trimmed": "true", "silent": "false"}}
SKIPPED = {"migrations", "static", "tests", "translations", "__pycache__"}
GAP = re.compile(r"%\(\w+\)[a-z]|(?<!\{)\{\w+\}(?!\})")


@dataclass(frozen=True)
class Part:
    """A package with sentences of its own, and where its translations lie."""

    package: Path

    def catalogue(self, language: str) -> Path:
        return self.package / "translations" / language / "LC_MESSAGES" / "messages.po"

    def sentences(self, language: str) -> Catalog:
        """Return everything people read in the package, with room for that language's plurals."""
        found, opened = read(Path(), language), [""]
        extracted = extract_from_dir(
            self.package,
            method_map=METHODS,
            options_map=OPTIONS,
            keywords=KEYWORDS,
            comment_tags=("Translators:",),
            strip_comment_tags=True,
            directory_filter=lambda folder: Path(folder).name not in SKIPPED,
            callback=lambda file, method, options: opened.append(file),
        )
        try:
            self._add(extracted, found)
        except (TemplateSyntaxError, SyntaxError) as error:
            sys.exit(f"{self.package.name}/{opened[-1]}: {error}")
        return found

    def _add(self, extracted: Iterable[Extracted], found: Catalog) -> None:
        for file, line, text, comments, context in extracted:
            place = (self.package / file).relative_to(ROOT).as_posix()
            found.add(text, None, [(place, line)], auto_comments=comments, context=context)


def parts() -> list[Part]:
    """Return core, the plugins, and the examples that come with translations."""
    plugins = sorted(ROOT.glob("plugins/*/kantor_*/__init__.py"))
    examples = sorted(ROOT.glob("examples/*/kantor_*/translations"))
    return [Part(ROOT / "portal"), *(Part(path.parent) for path in [*plugins, *examples])]


def read(path: Path, language: str) -> Catalog:
    """Return a catalogue from disk, an empty one if there is none."""
    content = path.read_bytes() if path.is_file() else header(language)
    return read_po(io.BytesIO(content), locale=language, charset="utf-8", abort_invalid=True)


def header(language: str) -> bytes:
    """Return the first entry of a catalogue, which says how to read the others."""
    lines = [
        'msgid ""',
        'msgstr ""',
        f'"Language: {language}\\n"',
        '"MIME-Version: 1.0\\n"',
        '"Content-Type: text/plain; charset=utf-8\\n"',
        '"Content-Transfer-Encoding: 8bit\\n"',
        f'"Plural-Forms: {PLURALS[language]}\\n"',
    ]
    return "\n".join(lines).encode() + b"\n"


def written(catalogue: Catalog, language: str) -> bytes:
    """Return a catalogue as it is kept: sorted, without the noise of line numbers and dates."""
    file = io.BytesIO()
    write_po(
        file,
        catalogue,
        width=100,
        omit_header=True,
        sort_output=True,
        ignore_obsolete=True,
        include_lineno=False,
    )
    return header(language) + b"\n" + file.getvalue().strip() + b"\n"


def forms(text: object) -> list[str]:
    """Return the singular and plural of a sentence or of its translation."""
    return [str(form) for form in text] if isinstance(text, (list, tuple)) else [str(text or "")]


def complaints(entry: Message, same: set[str]) -> Iterator[str]:
    """Yield what is wrong with one translated sentence."""
    sources, targets = forms(entry.id), forms(entry.string)
    if not all(targets):
        yield "not translated"
        return
    if entry.fuzzy:
        yield "marked as unsure (fuzzy)"
    # The plural names every gap; the singular may write its number as a word.
    wanted = sorted(GAP.findall(sources[-1]))
    if any(sorted(GAP.findall(target)) != wanted for target in targets):
        yield f"has other gaps than {', '.join(wanted) or 'none'}"
    if targets[-1] == sources[-1] and sources[-1] not in same:
        yield "is the same as in English"


def problems(part: Part, language: str, same: set[str]) -> Iterator[str]:
    """Yield a line for every sentence that is missing, left over or badly translated."""
    path = part.catalogue(language)
    name = path.relative_to(ROOT).as_posix()
    catalogue, sources = read(path, language), part.sentences(language)

    def keys(of: Catalog) -> dict[Key, Message]:
        return {(tuple(forms(entry.id)), entry.context): entry for entry in of if entry.id}

    have, want = keys(catalogue), keys(sources)
    for key in want.keys() - have.keys():
        yield f"{name}: missing: {key[0][0]!r} ({want[key].locations[0][0]})"
    for key in have.keys() - want.keys():
        yield f"{name}: no longer used: {key[0][0]!r}"
    for key in have.keys() & want.keys():
        for complaint in complaints(have[key], same):
            yield f"{name}: {key[0][0]!r} {complaint}"


def same_in(language: str) -> list[str]:
    """Return the sentences that are rightly the same in that language."""
    path = ROOT / "tools" / f"same-in-{LANGUAGES[language]}.txt"
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


def check() -> None:
    """Leave with a list of problems if there are any."""
    found: list[str] = []
    for language in LANGUAGES:
        same = same_in(language)
        found += sorted(text for part in parts() for text in problems(part, language, set(same)))
        used = {
            form
            for part in parts()
            for entry in part.sentences(language)
            for form in forms(entry.id)
        }
        name = f"same-in-{LANGUAGES[language]}.txt"
        found += [f"{name}: no longer used: {text!r}" for text in same if text not in used]
    if found:
        sys.exit("\n".join([*found, "Run `make catalogs`, then translate what is empty."]))


def update() -> None:
    """Write every catalogue anew from the sources, keeping what is translated."""
    for language in LANGUAGES:
        for part in parts():
            path = part.catalogue(language)
            catalogue = read(path, language)
            catalogue.update(part.sentences(language), no_fuzzy_matching=True)
            content = written(catalogue, language)
            missing = sum(1 for entry in catalogue if entry.id and not all(forms(entry.string)))
            print(f"{path.relative_to(ROOT)}: {len(catalogue)} sentences, {missing} to translate")
            if not path.exists() or path.read_bytes() != content:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)


def main() -> None:
    """Update or check the translations."""
    parser = argparse.ArgumentParser(description="Bring the translations up to date")
    parser.add_argument("--check", action="store_true", help="change nothing, complain")
    (check if parser.parse_args().check else update)()


if __name__ == "__main__":
    main()
