"""Marks that stand for everything worth hiding: each with those who may read it, and where.

A word or a number that nothing else in the portal holds is planted in every field that not
everybody may see. Who may see it is told by the oracle, not by the portal.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from tests.policy import tables
from tests.policy.oracle import covers

SEVEN_DIGITS = range(10**6, 3 * 10**6)
SIGN = "zqx"  # begins every word, so that a search for it finds them all without naming one
LISTED = ("html", "json", "csv", "xlsx")
ROLES = tuple(tables.roles())


@dataclass(frozen=True)
class Canary:
    """One mark: who may read it, who of them finds it for sure, and on which lists."""

    what: str
    mark: str
    readers: frozenset[str]
    lists: tuple[str, ...] = ()  # their addresses: on each of them, in each format
    sure: frozenset[str] | None = None  # None: every reader finds it
    also: tuple[str, ...] = ()  # as what it may be found besides: a page has a file of its own

    # At these addresses one right alone decides, whatever else the visitor may do with such rows.
    strict_at: str = "^$"
    strict: frozenset[str] = frozenset()

    @property
    def formats(self) -> tuple[str, ...]:
        """In what it is found: what no list shows stands on pages alone."""
        return LISTED if self.lists else ("html",)

    @property
    def finders(self) -> frozenset[str]:
        """Return who must find it."""
        return self.readers if self.sure is None else self.sure


@dataclass
class Aviary:
    """All canaries of a world, and the addresses of pages that the matrix does not visit."""

    canaries: list[Canary] = field(default_factory=list)
    addresses: set[str] = field(default_factory=set)
    numbers: Any = field(default_factory=lambda: iter(random.Random(7).sample(SEVEN_DIGITS, 200)))

    def word(self, what: str, readers: Any, **more: Any) -> str:
        """Return a new word that only ``readers`` may meet."""
        mark = f"{SIGN}{len(self.canaries):03d}{what.split()[0].lower()}"
        self.canaries.append(Canary(what, mark, frozenset(readers), **more))
        return mark

    def number(self, what: str, readers: Any, **more: Any) -> int:
        """Return a new number of seven digits that only ``readers`` may meet."""
        mark = next(self.numbers)
        self.canaries.append(Canary(what, str(mark), frozenset(readers), **more))
        return int(mark)


def holders(*permissions: str, rule: str, relation: str) -> set[str]:
    """Return the roles that reach rows in ``relation`` with one of these permissions."""
    return {
        role for role in ROLES if any(covers(role, name, rule, relation) for name in permissions)
    }


def everywhere(permission: str) -> set[str]:
    return holders(permission, rule="everything", relation="any")
