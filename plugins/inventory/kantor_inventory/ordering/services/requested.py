"""Lines of orders that are for lines of requests: one line of an order for many of these.

A share says how much of a line of an order is for which line of a request, and for which
department. What comes goes to those first that need it first, and is put aside for them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from portal.api import UnitOfWork, ValidationFailed, message

from ...asking import told
from ...asking.models import Requisition, RequisitionLine
from ...models import Item
from ...services import reserving
from .. import rules
from ..models import OrderLine, OrderShare, PurchaseOrder
from . import drafts, offering

REASON = "what is ordered for requests"
COMING = ("draft", "open")


@dataclass(frozen=True, kw_only=True)
class For:
    """So much of an order is for a line of a request, whose department pays."""

    request_line_id: int
    department_id: int
    quantity: int  # in base units


@dataclass(frozen=True, kw_only=True)
class Share:
    """What an order does for a line of a request; in base units."""

    request_line_id: int
    quantity: int
    came: int
    state: str  # of the line of the order
    number: str | None
    order: str
    placed_at: datetime | None
    expected_on: date | None
    closed_at: datetime | None

    @property
    def to_come(self) -> int:
        """What is still to come of it, or to be ordered."""
        return self.quantity - self.came if self.state in COMING else 0


def of_lines(tx: UnitOfWork, lines: Collection[int]) -> dict[int, list[Share]]:
    """Return what is ordered for each of these lines of requests, whoever may see the orders."""
    found: dict[int, list[Share]] = {}
    if not lines:
        return found
    with tx.acting_for("inventory", reason=REASON) as own:
        here = select(OrderShare.line_id).where(OrderShare.request_line_id.in_(sorted(lines)))
        rows = own.session.execute(
            select(OrderShare, OrderLine, PurchaseOrder, Requisition.needed_on)
            .join(OrderLine, OrderLine.id == OrderShare.line_id)
            .join(PurchaseOrder, PurchaseOrder.id == OrderLine.order_id)
            .outerjoin(RequisitionLine, RequisitionLine.id == OrderShare.request_line_id)
            .outerjoin(Requisition, Requisition.id == RequisitionLine.requisition_id)
            .where(OrderShare.line_id.in_(here))
        ).all()
        by_line: defaultdict[int, list[Any]] = defaultdict(list)
        for row in rows:
            by_line[row.OrderLine.id].append(row)
        for several in by_line.values():
            line = several[0].OrderLine
            shares = [(one.OrderShare, one.needed_on) for one in several]
            whole, came = _came(shares, line.ordered), _came(shares, line.received)
            for one in several:
                if (wanted := one.OrderShare.request_line_id) in lines:
                    share = _share(one, whole[one.OrderShare.id], came[one.OrderShare.id])
                    found.setdefault(wanted, []).append(share)
    return found


def _share(row: Any, quantity: int, came: int) -> Share:
    return Share(
        request_line_id=row.OrderShare.request_line_id,
        quantity=quantity,
        came=came,
        state=row.OrderLine.state,
        number=row.PurchaseOrder.number,
        order=row.PurchaseOrder.public_id,
        placed_at=row.PurchaseOrder.placed_at,
        expected_on=row.OrderLine.expected_on,
        closed_at=row.PurchaseOrder.closed_at,
    )


def _came(shares: Sequence[tuple[OrderShare, date | None]], received: int) -> dict[int, int]:
    """Return how much of each share has come when so much of the line has: the first first."""
    found = {}
    for share, _ in sorted(shares, key=rules.served):
        found[share.id] = min(share.quantity, max(received, 0))
        received -= share.quantity
    return found


def add(tx: UnitOfWork, item: Item, place: str, wanted: Sequence[For]) -> OrderLine:
    """Put what requests want of an item for a place onto the list of who is asked first for it.

    One line for all of them, in whole packs as they are sold; what is on the list already for the
    place stays. Raises ValidationFailed if nobody sells it.
    """
    point, department_id = drafts.point_named(tx, place)
    total = sum(one.quantity for one in wanted)
    line = tx.session.scalars(
        select(OrderLine).filter_by(item_id=item.id, point_id=point.id, state="draft")
    ).one_or_none()
    if line is None:
        line = drafts.add_wanted(tx, item, point, department_id, total)
    else:
        drafts.hold(tx, line.order_id)
        tx.session.refresh(line)
        _widen(tx, line, total)
    for one in wanted:
        tx.session.add(
            OrderShare(
                line_id=line.id,
                for_department_id=one.department_id,
                quantity=one.quantity,
                request_line_id=one.request_line_id,
            )
        )
    tx.session.flush()
    tx.audit("inventory.order_filled", line.order, lines=1)
    return line


def _widen(tx: UnitOfWork, line: OrderLine, more: int) -> None:
    """Let a line of a list hold so much more; what packs had left over for the stock goes first."""
    shares = tx.session.scalars(select(OrderShare.quantity).filter_by(line_id=line.id)).all()
    known = sum(shares)
    # What somebody wants for the stock stays; what was only rounded up is used.
    wanted = known + more if shares and line.why is None else line.ordered + more
    drafts.widen(tx, line, wanted)


def unlink(tx: UnitOfWork, lines: Collection[int]) -> None:
    """Say that these lines of requests want nothing any more: what is ordered goes to the stock."""
    if not lines:
        return
    with tx.acting_for("inventory", reason=REASON) as own:
        rows = own.session.execute(
            select(OrderShare, OrderLine.state)
            .join(OrderLine, OrderLine.id == OrderShare.line_id)
            .where(OrderShare.request_line_id.in_(sorted(lines)))
            .order_by(OrderShare.id)
        ).all()
        for share, state in rows:
            if state == "draft":
                own.session.delete(share)
            elif state != "received":
                share.request_line_id = None
        own.session.flush()


def hold(tx: UnitOfWork, order: PurchaseOrder) -> None:
    """Hold the requests an order is for, before its stock is, as who withdraws does."""
    with tx.acting_for("inventory", reason=REASON) as own:
        wanted = (
            select(RequisitionLine.requisition_id)
            .join(OrderShare, OrderShare.request_line_id == RequisitionLine.id)
            .join(OrderLine, OrderLine.id == OrderShare.line_id)
            .where(OrderLine.order_id == order.id)
        )
        held = select(Requisition.id).where(Requisition.id.in_(wanted)).order_by(Requisition.id)
        own.session.execute(held.with_for_update()).all()


def came(tx: UnitOfWork, lines: Mapping[int, tuple[int, int]]) -> None:
    """Put aside what came for requests: line of an order -> received before, and now more."""
    if not lines:
        return
    with tx.acting_for("inventory", reason=REASON) as own:
        rows = own.session.execute(
            select(OrderShare, OrderLine, RequisitionLine, Requisition)
            .join(OrderLine, OrderLine.id == OrderShare.line_id)
            .outerjoin(RequisitionLine, RequisitionLine.id == OrderShare.request_line_id)
            .outerjoin(Requisition, Requisition.id == RequisitionLine.requisition_id)
            .where(OrderShare.line_id.in_(sorted(lines)))
        ).all()
        by_line: defaultdict[int, list[Any]] = defaultdict(list)
        for row in rows:
            by_line[row.OrderLine.id].append(row)
        ready: dict[int, Requisition] = {}
        for line_id in sorted(by_line, key=lambda one: _pair(by_line[one])):
            received, more = lines[line_id]
            for request in _put_aside(own, by_line[line_id], received, more):
                ready[request.id] = request
        for request in ready.values():
            told.tell_ready(own, request)


def _pair(rows: Sequence[Any]) -> tuple[int, int]:
    return rows[0].OrderLine.item_id, rows[0].OrderLine.point_id


def _put_aside(own: UnitOfWork, rows: Sequence[Any], received: int, more: int) -> list[Requisition]:
    shares = [(row.OrderShare, row.Requisition and row.Requisition.needed_on) for row in rows]
    before, after = _came(shares, received), _came(shares, received + more)
    mine = {row.OrderShare.id: row for row in rows}
    pair, told_of = _pair(rows), []
    for share, needed_on in sorted(shares, key=rules.served):
        row = mine[share.id]
        line, request = row.RequisitionLine, row.Requisition
        if line is None or line.state != "to_buy":
            continue
        aside = reserving.of_lines(own, [line.id]).get(line.id, ())
        missing = line.quantity - sum(quantity for _, quantity in aside)
        quantity = min(after[share.id] - before[share.id], missing)
        if quantity > 0:
            reserving.put_aside(own, line.id, pair, quantity, needed_on)
            told_of.append(request)
    return told_of


def placed(tx: UnitOfWork, order: PurchaseOrder) -> None:
    """Tell who asked that what they asked for is ordered."""
    with tx.acting_for("inventory", reason=REASON) as own:
        wanted = (
            select(RequisitionLine.requisition_id)
            .join(OrderShare, OrderShare.request_line_id == RequisitionLine.id)
            .join(OrderLine, OrderLine.id == OrderShare.line_id)
            .where(OrderLine.order_id == order.id)
        )
        for request in own.session.scalars(
            select(Requisition).where(Requisition.id.in_(wanted)).order_by(Requisition.id)
        ).all():
            told.tell_ordered(own, request)


def sold_by(tx: UnitOfWork, item: Item, quantity: int) -> tuple[Any, int]:
    """Return the offer that is asked first for an item, and how many of its packs hold so much.

    Raises ValidationFailed if nobody sells it.
    """
    offers = offering.offers(tx, item.id)
    if not offers:
        said = message("Nobody sells {item} yet. Add a supplier and a price.", item=item.name)
        raise ValidationFailed({"lines": said})
    offer = offering.as_offer(tx, offers[0])
    return offer, rules.packs_for(quantity, offer.terms)
