"""What plugins may hear about people and departments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from portal.work import Event


@dataclass(frozen=True, kw_only=True)
class PersonAdded(Event):
    """Somebody begins to work here."""

    name: ClassVar[str] = "core.person_added"
    person_id: int


@dataclass(frozen=True, kw_only=True)
class PersonEnded(Event):
    """Somebody leaves; ``until_on`` is the first day without them."""

    name: ClassVar[str] = "core.person_ended"
    person_id: int
    until_on: date


@dataclass(frozen=True, kw_only=True)
class MembershipAdded(Event):
    """Somebody joins a department as member, manager or standing deputy."""

    name: ClassVar[str] = "core.membership_added"
    person_id: int
    department_id: int
    kind: str


@dataclass(frozen=True, kw_only=True)
class MembershipEnded(Event):
    """Somebody leaves a department, or no longer leads it."""

    name: ClassVar[str] = "core.membership_ended"
    person_id: int
    department_id: int
    kind: str
