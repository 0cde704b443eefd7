"""What plugins may hear about roles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from portal.work import Event


@dataclass(frozen=True, kw_only=True)
class RoleAssigned(Event):
    """A person was given a role; ``department_id`` None is the whole organisation."""

    name: ClassVar[str] = "core.role_assigned"
    person_id: int
    role: str
    department_id: int | None


@dataclass(frozen=True, kw_only=True)
class AssignmentEnded(Event):
    """A person no longer holds a role."""

    name: ClassVar[str] = "core.assignment_ended"
    person_id: int
    role: str
    department_id: int | None
