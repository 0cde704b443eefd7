"""What counting tells others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from portal.api import Event


@dataclass(frozen=True, kw_only=True)
class CountPlanned(Event):
    """There is something to count."""

    name: ClassVar[str] = "inventory.count_planned"
    count_id: int
    lines: int


@dataclass(frozen=True, kw_only=True)
class CountSubmitted(Event):
    """Somebody sent a count in; it waits for its review."""

    name: ClassVar[str] = "inventory.count_submitted"
    count_id: int
    round: int


@dataclass(frozen=True, kw_only=True)
class CountPosted(Event):
    """A count is in the books, with the movements that it took."""

    name: ClassVar[str] = "inventory.count_posted"
    count_id: int
    department_id: int
    lines_counted: int
    lines_right: int
    movement_ids: tuple[int, ...] = ()
