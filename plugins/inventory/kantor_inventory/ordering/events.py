"""What ordering tells others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from portal.api import Event


@dataclass(frozen=True, kw_only=True)
class OrderEvent(Event):
    """An order: its id and number."""

    order_id: int
    number: str


@dataclass(frozen=True, kw_only=True)
class OrderPlaced(OrderEvent):
    """An order went out to the supplier."""

    name: ClassVar[str] = "inventory.order_placed"
    placed_by: str
    expected_on: str | None


@dataclass(frozen=True, kw_only=True)
class OrderSent(OrderEvent):
    """An order, or an amendment of it, was sent or told to the supplier."""

    name: ClassVar[str] = "inventory.order_sent"
    channel: str
    amendment: int


@dataclass(frozen=True, kw_only=True)
class OrderAmended(OrderEvent):
    """An order was changed after it had been placed; ``amendment`` counts from 1."""

    name: ClassVar[str] = "inventory.order_amended"
    amendment: int
    changes: int


@dataclass(frozen=True, kw_only=True)
class OrderReceived(OrderEvent):
    """Something of an order came in; ``complete`` when nothing is outstanding any more."""

    name: ClassVar[str] = "inventory.order_received"
    movements: tuple[int, ...]
    complete: bool
