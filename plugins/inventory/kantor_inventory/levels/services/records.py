"""How suppliers keep their word: measured lead times, lateness, what never came in full."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select

from portal.api import UnitOfWork

from ...models import Supplier, SupplierRecord
from ...ordering.models import OrderLine, PurchaseOrder
from ...rules import ONE
from ...services import many
from .. import formulas

YEAR = timedelta(days=365)
LOOKED_BACK = timedelta(days=3 * 365)
CLOSED = ("received", "short")


@dataclass
class _Told:
    """What was gathered of one supplier."""

    days: list[int] = field(default_factory=list)
    figures: Counter[str] = field(default_factory=Counter)


def look(tx: UnitOfWork) -> list[dict[str, Any]]:
    """Return the record of every supplier one has ordered from."""
    told: defaultdict[int, _Told] = defaultdict(_Told)
    _orders(tx, told)
    _lines(tx, told)
    agreed = {row.id: row.lead_days for row in tx.session.execute(select(*_AGREED))}
    return [
        _record(tx.now, supplier_id, one, agreed[supplier_id])
        for supplier_id, one in sorted(told.items())
    ]


_AGREED = (Supplier.id, Supplier.lead_days)


def _orders(tx: UnitOfWork, told: defaultdict[int, _Told]) -> None:
    """Gather how long complete deliveries took, and how many came when they were promised."""
    orders = (
        select(
            PurchaseOrder.supplier_id,
            PurchaseOrder.status,
            PurchaseOrder.placed_at,
            PurchaseOrder.received_at,
            PurchaseOrder.expected_on,
        )
        .where(PurchaseOrder.placed_at >= tx.now - LOOKED_BACK)
        .order_by(PurchaseOrder.id)
    )
    for row in tx.session.execute(orders):
        one = told[row.supplier_id]
        placed, came = _day(tx, row.placed_at), _day(tx, row.received_at)
        assert placed is not None
        if row.status == "received" and came is not None:
            one.days.append(max((came - placed).days, 0))
        if row.expected_on is None or placed < tx.today - YEAR or row.status == "cancelled":
            continue
        done = row.status == "received" and came is not None
        if done or row.status == "closed_short" or row.expected_on < tx.today:
            one.figures["promised"] += 1
            one.figures["on_time"] += done and came is not None and came <= row.expected_on


def _day(tx: UnitOfWork, at: datetime | None) -> date | None:
    return at.astimezone(tx.zone).date() if at is not None else None


def _lines(tx: UnitOfWork, told: defaultdict[int, _Told]) -> None:
    """Gather how many lines of a year came in full."""
    lines = (
        select(PurchaseOrder.supplier_id, OrderLine.state, func.count())
        .join(OrderLine, OrderLine.order_id == PurchaseOrder.id)
        .where(PurchaseOrder.placed_at >= tx.now - YEAR, OrderLine.state.in_(CLOSED))
        .group_by(PurchaseOrder.supplier_id, OrderLine.state)
    )
    for supplier_id, state, count in tx.session.execute(lines):
        told[supplier_id].figures["closed_lines"] += count
        told[supplier_id].figures["short_lines"] += count if state == "short" else 0


def _record(as_of: datetime, supplier_id: int, told: _Told, agreed: int) -> dict[str, Any]:
    lead = formulas.lead_time(told.days, floor=agreed)
    return {
        "supplier_id": supplier_id,
        "as_of": as_of,
        "lead_mean": round(lead.mean * ONE),
        "lead_sd": round(lead.sd * ONE),
        "lead_count": min(len(told.days), formulas.LAST),
        **{
            name: told.figures[name]
            for name in ("on_time", "promised", "short_lines", "closed_lines")
        },
    }


def in_pieces(found: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield as many records as one unit writes."""
    yield from (list(some) for some in many.in_pieces(found))


def put(tx: UnitOfWork, *, some: list[dict[str, Any]]) -> None:
    """Replace the records of these suppliers."""
    ids = [row["supplier_id"] for row in some]
    gone = delete(SupplierRecord).where(many.any_of(SupplierRecord.supplier_id, ids))
    tx.session.execute(gone, execution_options={"synchronize_session": False})
    tx.append(SupplierRecord, some)
