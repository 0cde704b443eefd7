"""What plugins may hear about delegations: ids and days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from portal.work import Event


@dataclass(frozen=True, kw_only=True)
class DelegationAdded(Event):
    """Somebody stands in for somebody else on these days, both included."""

    name: ClassVar[str] = "core.delegation_added"
    delegation_id: int
    principal_id: int
    deputy_id: int
    from_on: date
    last_on: date


@dataclass(frozen=True, kw_only=True)
class DelegationChanged(Event):
    """Somebody stands in on other days than was said; these are the days that hold now."""

    name: ClassVar[str] = "core.delegation_changed"
    delegation_id: int
    principal_id: int
    deputy_id: int
    from_on: date
    last_on: date


@dataclass(frozen=True, kw_only=True)
class DelegationEnded(Event):
    """Somebody stands in no more, from this moment on, or with the last day of who leaves."""

    name: ClassVar[str] = "core.delegation_ended"
    delegation_id: int
    principal_id: int
    deputy_id: int
