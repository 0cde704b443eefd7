"""What one may do with stock, each as it was entered. Things are named by their public ids."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class Receive:
    """Goods from a supplier: ``quantity`` in thousandths of ``unit``, ``price`` for one of it."""

    item: str
    unit: str | None = None
    quantity: int
    to_place: str
    supplier: str | None = None
    price: int | None = None
    occurred_on: date | None = None
    note: str = ""
    key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Open:
    """Stock that was there when the books were opened."""

    item: str
    unit: str | None = None
    quantity: int
    to_place: str
    price: int | None = None
    occurred_on: date | None = None
    note: str = ""
    key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Issue:
    """Stock handed out to a person, a department, a place, or several of these."""

    item: str
    unit: str | None = None
    quantity: int
    from_place: str
    for_person: str | None = None
    for_department: str | None = None
    for_place: str | None = None
    occurred_on: date | None = None
    note: str = ""
    key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """Stock carried from one place to another."""

    item: str
    unit: str | None = None
    quantity: int
    from_place: str
    to_place: str
    occurred_on: date | None = None
    note: str = ""
    key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Scrap:
    """Stock thrown away, and why."""

    item: str
    unit: str | None = None
    quantity: int
    from_place: str
    note: str
    occurred_on: date | None = None
    key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Reverse:
    """A movement to be taken back by its exact opposite, and why."""

    movement: str
    note: str
    key: str | None = None
