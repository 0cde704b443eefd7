"""What inventory tells others of requests: facts with ids and plain values, in the past tense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from portal.api import Event


@dataclass(frozen=True, kw_only=True)
class RequisitionAsked(Event):
    """Somebody asked a stock room for things."""

    name: ClassVar[str] = "inventory.requisition_asked"
    requisition_id: int
    number: str
    person_id: int
    place_id: int


@dataclass(frozen=True, kw_only=True)
class RequisitionAnswered(Event):
    """Lines of a request were handed out or declined; ``status`` says whether all of them were."""

    name: ClassVar[str] = "inventory.requisition_answered"
    requisition_id: int
    number: str
    person_id: int
    status: str
