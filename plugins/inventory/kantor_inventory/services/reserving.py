"""Stock that is put aside for lines of requests: others may not take it.

What is put aside of a balance is the sum of its reservations; both change together, while the
balance is held. All of it happens in the right of inventory: who asks has no right on the stock.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from portal.api import Shortfall, UnitOfWork, message

from ..asking import told
from ..asking.models import Requisition, RequisitionLine, Reservation
from ..models import Balance, Item, Point, Unit
from ..rules import Amount
from . import balances
from .balances import Holding
from .pairs import Pair

REASON = "what is put aside for a request"


class NotFree(Shortfall):
    """Less lies there that is not put aside than was to be."""


def put_aside(
    tx: UnitOfWork, line_id: int, pair: Pair, quantity: int, needed_on: date | None
) -> None:
    """Put so much of what lies at a point aside for a line; raise NotFree if less is free there."""
    item_id, point_id = pair
    with tx.acting_for("inventory", reason=REASON) as own:
        row = _held(own, pair)
        if row is None or row.quantity - row.reserved < quantity:
            raise _not_free(own, item_id, 0 if row is None else row.quantity - row.reserved)
        balances.set_aside(own, row, quantity)
        found = select(Reservation).filter_by(line_id=line_id, item_id=item_id, point_id=point_id)
        known = own.session.scalars(found).one_or_none()
        if known is not None:
            own.adjust(known, "quantity", quantity)
            return
        own.session.add(
            Reservation(
                line_id=line_id,
                item_id=item_id,
                point_id=point_id,
                quantity=quantity,
                needed_on=needed_on,
                made_at=own.now,
            )
        )


def release(tx: UnitOfWork, lines: Collection[int]) -> bool:
    """Give back what is put aside for these lines; return whether anything was."""
    with tx.acting_for("inventory", reason=REASON) as own:
        rows = _of(own, lines)
        for one in rows:
            row = _held(own, (one.item_id, one.point_id))
            assert row is not None
            own.session.delete(one)
            own.session.flush()
            balances.set_aside(own, row, -one.quantity)
        return bool(rows)


def of_lines(tx: UnitOfWork, lines: Collection[int]) -> dict[int, list[tuple[Pair, int]]]:
    """Return what is put aside for each of these lines: (item, point), and how much."""
    found: dict[int, list[tuple[Pair, int]]] = {}
    if not lines:
        return found
    with tx.acting_for("inventory", reason=REASON) as own:
        for one in _of(own, lines):
            pair = (one.item_id, one.point_id)
            found.setdefault(one.line_id, []).append((pair, one.quantity))
    return found


def shrink(tx: UnitOfWork, held: Mapping[Pair, Holding], points: Mapping[int, Point]) -> None:
    """Put no more aside than is left by these movements, the latest ones first; tell of it.

    The balances are held and not written yet: a CHECK refuses more put aside than there is.
    """
    for pair, now in sorted(held.items()):
        if points[pair[1]].place_id is not None and now.quantity < now.reserved:
            _shrink(tx, pair, now.reserved - now.quantity)
            now.reserved = now.quantity


def _shrink(tx: UnitOfWork, pair: Pair, by: int) -> None:
    item_id, point_id = pair
    with tx.acting_for("inventory", reason=REASON) as own:
        found = select(Reservation).filter_by(item_id=item_id, point_id=point_id)
        rows = own.session.scalars(
            found.order_by(
                Reservation.needed_on.is_not(None),
                Reservation.needed_on.desc(),
                Reservation.id.desc(),
            )
        ).all()
        row = _held(own, pair)
        assert row is not None
        balances.set_aside(own, row, -by)
        for one in rows:
            if not by:
                break
            less = min(by, one.quantity)
            by -= less
            line_id = one.line_id
            if less == one.quantity:
                own.session.delete(one)
            else:
                own.adjust(one, "quantity", -less, floor=1)
            own.session.flush()
            line = own.one(select(RequisitionLine), id=line_id)
            request = own.one(select(Requisition), id=line.requisition_id)
            told.tell_less(own, request, line)


def _of(own: UnitOfWork, lines: Collection[int]) -> Sequence[Reservation]:
    statement = select(Reservation).where(Reservation.line_id.in_(sorted(lines)))
    in_order = statement.order_by(Reservation.item_id, Reservation.point_id, Reservation.id)
    return own.session.scalars(in_order.execution_options(populate_existing=True)).all()


def _held(own: UnitOfWork, pair: Pair) -> Balance | None:
    """Return a balance, held until the commit."""
    statement: Any = select(Balance).filter_by(item_id=pair[0], point_id=pair[1])
    locked = statement.with_for_update().execution_options(populate_existing=True)
    found: Balance | None = own.session.scalars(locked).one_or_none()
    return found


def _not_free(own: UnitOfWork, item_id: int, free: int) -> NotFree:
    item = own.one(select(Item), id=item_id)
    base = own.one(select(Unit), id=item.base_unit_id).name
    return NotFree(
        message(
            "Only {left} of {item} left that are not put aside.",
            left=Amount(free, base),
            item=item.name,
        )
    )
