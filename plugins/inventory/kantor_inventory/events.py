"""What inventory tells others: facts with ids and plain values, in the past tense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from portal.api import Event


@dataclass(frozen=True, kw_only=True)
class Moved(Event):
    """One line of the ledger."""

    movement_id: int
    item_id: int
    quantity: int


@dataclass(frozen=True, kw_only=True)
class StockReceived(Moved):
    """Goods came in from a supplier."""

    name: ClassVar[str] = "inventory.stock_received"


@dataclass(frozen=True, kw_only=True)
class StockIssued(Moved):
    """Somebody took something out of stock."""

    name: ClassVar[str] = "inventory.stock_issued"
    for_person_id: int | None = None
    for_department_id: int | None = None
    for_place_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class StockTransferred(Moved):
    """Stock was moved from one place to another."""

    name: ClassVar[str] = "inventory.stock_transferred"


@dataclass(frozen=True, kw_only=True)
class StockScrapped(Moved):
    """Something was thrown away."""

    name: ClassVar[str] = "inventory.stock_scrapped"


@dataclass(frozen=True, kw_only=True)
class MovementReversed(Moved):
    """A movement was taken back by its exact opposite."""

    name: ClassVar[str] = "inventory.movement_reversed"
    reverses_id: int


@dataclass(frozen=True, kw_only=True)
class AlertOpened(Event):
    """A place has come to hold too little (``low``) or too much (``too_much``) of an item."""

    name: ClassVar[str] = "inventory.alert_opened"
    alert_id: int
    item_id: int
    point_id: int
    kind: str
    quantity: int


@dataclass(frozen=True, kw_only=True)
class AlertClosed(Event):
    """A place holds enough again, or its item is not watched any more."""

    name: ClassVar[str] = "inventory.alert_closed"
    alert_id: int
    item_id: int
    point_id: int
    kind: str
    quantity: int


@dataclass(frozen=True, kw_only=True)
class FlagRaised(Event):
    """Somebody at the shelf told that it is nearly empty."""

    name: ClassVar[str] = "inventory.flag_raised"
    flag_id: int
    item_id: int
    point_id: int
