"""What plugins may hear about absences: whose and which days, never why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from portal.work import Event


@dataclass(frozen=True, kw_only=True)
class AbsenceAdded(Event):
    """Somebody is or will be away, both days included; noon halves the first or the last one."""

    name: ClassVar[str] = "core.absence_added"
    absence_id: int
    person_id: int
    from_on: date
    last_on: date
    from_noon: bool
    until_noon: bool


@dataclass(frozen=True, kw_only=True)
class AbsenceChanged(Event):
    """Somebody is away on other days than was noted; these are the days that hold now."""

    name: ClassVar[str] = "core.absence_changed"
    absence_id: int
    person_id: int
    from_on: date
    last_on: date
    from_noon: bool
    until_noon: bool


@dataclass(frozen=True, kw_only=True)
class AbsenceEnded(Event):
    """Somebody is back earlier than was noted, or never was away: then it is back from the first
    day on.

    ``back_on`` is the first day on which the person is here after all, with ``back_noon`` from
    noon.
    """

    name: ClassVar[str] = "core.absence_ended"
    absence_id: int
    person_id: int
    back_on: date
    back_noon: bool
