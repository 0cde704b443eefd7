"""The tables written by hand: which route asks for what, which role gives what, what a form holds.

Nothing of the portal is imported here, nor by whoever reads these tables to predict an answer.
"""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Route:
    """One line of expected.csv: what a route asks of whoever comes."""

    route: str
    method: str
    permission: str  # "public" for everybody
    kind: str  # of the object the address names; "-" for none
    anonymous: str  # the answer to a visitor who is not signed in: sign-in, in, or 401

    @property
    def slug(self) -> str:
        """The plugin that serves it: the first part of its permission."""
        return self.permission.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.method} {self.route}"


@dataclass(frozen=True)
class Kind:
    """One line of kinds.csv: how rows are reached, and in which relations some are made."""

    kind: str
    reading: str
    writing: str
    relations: tuple[str, ...]
    besides: tuple[tuple[str, str], ...] = ()  # (permission, rule) that must reach the row as well


@dataclass(frozen=True)
class Different:
    """One line of exceptions.csv: an answer for another reason than policy and reach."""

    route: str
    method: str
    roles: tuple[str, ...]
    relations: tuple[str, ...]
    answer: str
    why: str


def _lines(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def routes() -> tuple[Route, ...]:
    """Return every route that should be there."""
    return tuple(Route(**line) for line in _lines("expected.csv"))


@cache
def kinds() -> dict[str, Kind]:
    """Return the kinds of objects that addresses name."""
    return {
        line["kind"]: Kind(
            line["kind"],
            line["reading"],
            line["writing"],
            tuple(line["relations"].split()),
            tuple(tuple(each.split("/")) for each in line["besides"].split()),
        )
        for line in _lines("kinds.csv")
    }


@cache
def roles() -> dict[str, dict[str, str]]:
    """Return role -> permission -> reach."""
    found: dict[str, dict[str, str]] = {"nobody": {}}
    for line in _lines("roles.csv"):
        found.setdefault(line["role"], {})[line["permission"]] = line["reach"]
    return found


@cache
def exceptions() -> tuple[Different, ...]:
    """Return the answers that have another reason than policy and reach."""
    return tuple(
        Different(
            line["route"],
            line["method"],
            tuple(line["roles"].split()),
            tuple(line["relations"].split()),
            line["answer"],
            line["why"],
        )
        for line in _lines("exceptions.csv")
    )


@cache
def bodies() -> dict[tuple[str, str], dict[str, Any]]:
    """Return (method, route) -> a form that is accepted, with placeholders for ids."""
    with (HERE / "bodies.toml").open("rb") as file:
        return {("POST", route): body for route, body in tomllib.load(file).items()}


@cache
def queries() -> dict[str, str]:
    """Return route -> the query without which a GET shows nothing."""
    with (HERE / "queries.toml").open("rb") as file:
        return dict(tomllib.load(file))
