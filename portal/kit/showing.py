"""Samples of the macros: each is a call as it stands in a file, and what it draws."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from portal.ui.speaking import drawn

TEMPLATES = Path(__file__).parent.parent / "templates"
MODULES = ("layout", "form", "table", "chart", "story")
HEAD = re.compile(r"^\{# (\w+) #\}\n", re.MULTILINE)
MACRO = re.compile(r"\{%-? macro ([a-z]\w*)\(")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """A macro by its name, the call to copy, and what the call draws."""

    name: str
    call: str
    drawn: Markup

    @property
    def lines(self) -> int:
        """How many lines the call takes in a field."""
        return sum(1 + len(line) // 100 for line in self.call.splitlines())


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A file of macros with a sample of each."""

    file: str
    samples: tuple[Sample, ...]


@cache
def macros(module: str) -> tuple[str, ...]:
    """Return the names of the macros that pages import from a file."""
    source = (TEMPLATES / "macros" / f"{module}.html").read_text(encoding="utf-8")
    return tuple(MACRO.findall(source))


@cache
def calls(module: str) -> Mapping[str, str]:
    """Return macro -> the call that shows it."""
    source = (TEMPLATES / "kit" / "samples" / f"{module}.html").read_text(encoding="utf-8")
    _before, *parts = HEAD.split(source)
    return dict(zip(parts[::2], (call.strip() for call in parts[1::2]), strict=True))


def parts(context: Mapping[str, Any]) -> Iterator[Part]:
    """Yield every file of macros, its samples drawn with ``context``."""
    imports = "".join(
        f'{{% from "macros/{module}.html" import {", ".join(macros(module))} %}}'
        for module in MODULES
    )
    for module in MODULES:
        samples = tuple(
            Sample(name=name, call=call, drawn=_still(drawn(imports + call, context)))
            for name, call in calls(module).items()
        )
        yield Part(file=f"macros/{module}.html", samples=samples)


def _still(markup: Markup) -> Markup:
    """Return a sample that does not ask for the focus: a page of all of them begins at its top."""
    return markup.replace(" data-focus", "")
