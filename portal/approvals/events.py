"""What plugins may hear about requests: ids and how they ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from portal.work import Event


@dataclass(frozen=True, kw_only=True)
class ApprovalAsked(Event):
    """Somebody asks, or a further step is open: these people may decide at this moment."""

    name: ClassVar[str] = "core.approval_asked"
    approval: str
    kind: str
    subject: str
    deciders: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class ApprovalReminded(Event):
    """A step waits longer than it should; ``escalated`` if superiors may decide from now on."""

    name: ClassVar[str] = "core.approval_reminded"
    approval: str
    kind: str
    subject: str
    deciders: tuple[int, ...]
    escalated: bool


@dataclass(frozen=True, kw_only=True)
class ApprovalEnded(Event):
    """A request is approved, refused, withdrawn, expired or void."""

    name: ClassVar[str] = "core.approval_ended"
    approval: str
    kind: str
    subject: str
    state: str
    person_id: int | None
    on_behalf_of_id: int | None
