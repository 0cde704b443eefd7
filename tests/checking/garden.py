"""A copy of a good plugin to plant mistakes in, and a chance that draws which."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
IGNORED = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", "tests")


@dataclass
class Garden:
    """A copy of a plugin; ``chance`` is None for the plain form of a mistake.

    ``places`` are where the mistake can be seen, with the line where there is one.
    """

    folder: Path
    package: str
    chance: Random | None = None
    places: list[str] = field(default_factory=list)

    @classmethod
    def copy(cls, source: Path, into: Path, chance: Random | None) -> Garden:
        """Copy the plugin in ``source`` into a new folder."""
        folder = shutil.copytree(source, into / source.name, ignore=IGNORED)
        (package,) = (path.name for path in folder.glob("kantor_*"))
        return cls(folder, package, chance)

    def pick(self, *options: Any) -> Any:
        """Return the first option for the plain form, else one that is drawn."""
        return options[0] if self.chance is None else self.chance.choice(options)

    def name(self, *options: str) -> str:
        """Return a name, with a number behind it when it is drawn."""
        return options[0] if self.chance is None else f"{self.pick(*options)}_{self.number()}"

    def number(self) -> int:
        """Return a number to tell variants apart."""
        return 7 if self.chance is None else self.chance.randrange(10, 99)

    def path(self, file: str) -> Path:
        return self.folder / self.package / file

    def read(self, file: str) -> str:
        return self.path(file).read_text()

    def write(self, file: str, text: str, mark: str = "") -> None:
        """Write a file; the mistake is seen on the first line with ``mark``, if one is given."""
        path = self.path(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if mark:
            self.seen(file, mark)

    def seen(self, file: str, mark: str) -> None:
        """Note that the mistake is seen on the line of ``file`` with ``mark``."""
        lines = self.read(file).splitlines()
        numbers = [number for number, line in enumerate(lines, 1) if mark in line]
        assert numbers, f"{mark!r} is not in {file}"
        self.places.append(f"{self.package}/{file}:{numbers[-1]}")

    def change(self, file: str, old: str, new: str, mark: str = "") -> None:
        """Replace a part of a file that is there once."""
        text = self.read(file)
        assert text.count(old) >= 1, f"{old!r} is not in {file}"
        self.write(file, text.replace(old, new, 1), mark)

    def append(self, file: str, text: str, mark: str = "") -> None:
        """Write more at the end of a file."""
        self.write(file, f"{self.read(file).rstrip()}\n\n\n{text.strip()}\n", mark)

    def import_(self, file: str, line: str) -> None:
        """Add an import at the top of a module, below its docstring."""
        lines = self.read(file).splitlines()
        at = next(n for n, text in enumerate(lines) if text.startswith(("from ", "import ")))
        self.write(file, "\n".join([*lines[:at], line, *lines[at:]]) + "\n")


Planting = Callable[[Garden], None]


@dataclass(frozen=True)
class Kind:
    """A kind of mistake: how it is planted, and what must be said about it."""

    plant: Planting
    rules: frozenset[str]  # one of them must be named at the place
    along: frozenset[str] = frozenset()  # what may be said besides
    base: str = "keys"
    ask: str = "files"  # what finds it: files, wheel, alive


KINDS: dict[str, Kind] = {}


def kind(name: str, *rules: str, along: str = "", base: str = "keys", ask: str = "files"):
    """Register a way of planting under the name of the mistake."""

    def add(plant: Planting) -> Planting:
        KINDS[name] = Kind(plant, frozenset(rules), frozenset(along.split()), base, ask)
        return plant

    return add


def page(garden: Garden, name: str, body: str, *, guard: str = "", both: bool = False) -> str:
    """Return the text of one more page; ``guard`` is the decorator that says who may see it."""
    guard = guard or '@web.policy("keys.key.view")'
    address = name.replace("_", "-")
    route = garden.pick(f'@blueprint.get("/{address}")', f'@blueprint.route("/{address}")')
    if both:
        route = f'@blueprint.route("/{address}", methods=["GET", "POST"])'
    return f"{route}\n{guard}\ndef {name}():\n{body}"
