"""What approved requests take of the budgets, until what they want is ordered or settled.

Each line is booked as "request line <id>" on the budget that pays for its department when it is
approved. What of it is ordered is booked by the order; what came from stock, or is not wanted any
more, is given back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from portal.api import Message, UnitOfWork

from ..budgets.rules import Booking
from ..budgets.services import booking, finding
from ..models import Item
from ..ordering.models import OrderLine, OrderShare, PurchaseOrder
from ..ordering.services import requested
from ..ordering.services.requested import Share
from ..rules import half_even
from .models import Requisition, RequisitionLine
from .records import lines_of
from .rules import OPEN

REASON = "what is asked for is booked on its budget"


def settle(tx: UnitOfWork, requisition: Requisition, *, gently: bool = True) -> None:
    """Commit exactly what an approved request still wants bought, and release the rest.

    Raises BudgetExhausted unless ``gently``: then as much as is left is committed.
    """
    if requisition.decided_at is None:
        return
    with tx.acting_for("inventory", reason=REASON) as own:
        row = own.one(select(Requisition), id=requisition.id)
        _settle(own, row, gently=gently, asked_by=tx)


def of_order(tx: UnitOfWork, order: PurchaseOrder) -> None:
    """Do the same for the requests an order is for, which are held."""
    with tx.acting_for("inventory", reason=REASON) as own:
        wanted = (
            select(RequisitionLine.requisition_id)
            .join(OrderShare, OrderShare.request_line_id == RequisitionLine.id)
            .join(OrderLine, OrderLine.id == OrderShare.line_id)
            .where(OrderLine.order_id == order.id)
        )
        rows = select(Requisition).where(Requisition.id.in_(wanted)).order_by(Requisition.id)
        for row in own.session.scalars(rows).all():
            if row.decided_at is not None:
                _settle(own, row, gently=True, asked_by=tx)


def release(tx: UnitOfWork, lines: Sequence[RequisitionLine]) -> None:
    """Give back all that these lines have committed: they are no more."""
    for line in lines:
        booking.release(tx, _source(line), number=_next(tx, line))


def spend(tx: UnitOfWork, line: RequisitionLine, paid: int) -> None:
    """Spend what a line cost that was bought otherwise: it is paid, whatever is left."""
    with tx.acting_for("inventory", reason=REASON) as own:
        row = own.one(select(RequisitionLine), id=line.id)
        source = _source(row)
        known = booking.settled(own, {source}).get(source)
        budget_id = known.budget_id if known is not None else None
        if known is None:
            payer = _payers(own, row.requisition, [row]).get(row.id)
            budget_id = payer.id if payer is not None else None
        if budget_id is None or not paid:
            return
        reserved = min(paid, known.committed) if known is not None else 0
        one = Booking(
            budget_id=budget_id,
            kind="spend",
            amount=paid,
            source=source,
            number=1,
            reserved=reserved,
            about=_about(row.requisition, row),
            gently=True,
        )
        booking.book(own, [one], asked_by=tx)


def told(
    tx: UnitOfWork, department_id: int | None, costs: Sequence[tuple[int | None, int]]
) -> list[Message]:
    """Return in a sentence for each budget what is left of it, and after this.

    ``costs`` are (item id, None for what is said in words, minor units). Who may not see a budget
    reads whether it is enough.
    """
    if department_id is None:
        return []
    categories = _categories(tx, [item_id for item_id, _ in costs if item_id is not None])
    sums: defaultdict[int | None, int] = defaultdict(int)
    for item_id, cost in costs:
        sums[categories.get(item_id) if item_id is not None else None] += cost
    payers = finding.find_many(tx, {(department_id, category) for category in sums})
    by_payer: defaultdict[finding.Payer, int] = defaultdict(int)
    for category, cost in sums.items():
        payer = payers[department_id, category]
        if payer is not None and cost:
            by_payer[payer] += cost
    return [finding.sentence(tx, payer, cost) for payer, cost in by_payer.items()]


def of_request(tx: UnitOfWork, requisition: Requisition) -> list[Message]:
    """Return what a request that waits takes of its budgets."""
    lines = [(line.item_id, line.estimate or 0) for line in lines_of(tx, requisition)]
    return told(tx, _department(requisition), lines)


def _settle(own: UnitOfWork, row: Requisition, *, gently: bool, asked_by: UnitOfWork) -> None:
    lines = lines_of(own, row)
    shares = requested.of_lines(own, [line.id for line in lines])
    known = booking.settled(own, {_source(line) for line in lines})
    payers = _payers(own, row, [line for line in lines if _source(line) not in known])
    bookings = []
    for line in lines:
        has, payer = known.get(_source(line)), payers.get(line.id)
        target = _target(row, line, shares.get(line.id, ()))
        now = has.committed if has is not None else 0
        budget_id = has.budget_id if has is not None else payer.id if payer is not None else None
        if budget_id is None or target == now:
            continue
        bookings.append(
            Booking(
                budget_id=budget_id,
                kind="commit" if target > now else "release",
                amount=abs(target - now),
                source=_source(line),
                number=None,
                about=_about(row, line),
                gently=gently,
            )
        )
    booking.book(own, bookings, asked_by=asked_by)


def _target(row: Requisition, line: RequisitionLine, shares: Sequence[Share]) -> int:
    """Return what of a line's estimate is not ordered yet, and still wanted."""
    if row.status != "asked" or line.state not in OPEN or not line.estimate:
        return 0
    ordered = sum(
        0 if share.state == "draft" else share.quantity if share.state == "open" else share.came
        for share in shares
    )
    return half_even(line.estimate * max(line.quantity - ordered, 0), line.quantity)


def _payers(
    own: UnitOfWork, row: Requisition, lines: Sequence[RequisitionLine]
) -> dict[int, finding.Payer]:
    """Return the budget that pays for each of these lines, where there is one."""
    department_id = _department(row)
    if department_id is None or not lines:
        return {}
    categories = _categories(own, [line.item_id for line in lines if line.item_id is not None])
    wanted = {line.id: (department_id, categories.get(line.item_id or 0)) for line in lines}
    found = finding.paying(own, set(wanted.values()))
    payers = {line_id: found[key] for line_id, key in wanted.items()}
    return {line_id: payer for line_id, payer in payers.items() if payer is not None}


def _categories(tx: UnitOfWork, items: Sequence[int]) -> dict[int, int | None]:
    if not items:
        return {}
    rows: Any = tx.session.execute(select(Item.id, Item.category_id).where(Item.id.in_(items)))
    return {row.id: row.category_id for row in rows}


def _department(row: Requisition) -> int | None:
    return row.department_id or row.place.department_id


def _source(line: RequisitionLine) -> str:
    return f"request line {line.id}"


def _about(row: Requisition, line: RequisitionLine) -> str:
    return f"{row.number}, {line.called}"


def _next(tx: UnitOfWork, line: RequisitionLine) -> int:
    with tx.acting_for("inventory", reason=REASON) as own:
        known = booking.settled(own, {_source(line)}).get(_source(line))
        return (known.last.get("release", 0) if known is not None else 0) + 1
