"""What an order does to the budgets: what is to come is committed, what has come is spent.

Each line is booked as "order line <id>" on the budget that pays for the department of the order
when it is placed; a share of a line as "order line <id> share <id>" on that of its own. The budget
of each stays the same until the end. The order is locked by the caller, the budgets come last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from portal.api import Message, UnitOfWork

from ...asking.models import Requisition, RequisitionLine
from ...budgets.models import Budget, BudgetEntry
from ...budgets.rules import Booking
from ...budgets.services import booking, finding
from ...budgets.services.booking import Settled
from ...models import Item
from ...rules import half_even
from ..models import OrderLine, OrderShare, PurchaseOrder, Receipt
from ..rules import served

REASON = booking.REASON


@dataclass(frozen=True, kw_only=True)
class Part:
    """What of a line is for one department; ``target`` is what of it is to be committed."""

    source: str
    department_id: int
    category_id: int | None
    begins: int  # of the line, in base units: what comes first is for the first part
    ends: int
    target: int
    about: str

    def cost(self, line: OrderLine, since: int, until: int) -> int:
        """Return what of the line between two quantities is this part's, in minor units."""
        first, last = max(since, self.begins), min(until, self.ends)
        return worth(line, last) - worth(line, first) if first < last else 0


@dataclass(frozen=True, kw_only=True)
class Came:
    """What a line waited for and had received before a delivery, and what became of it now."""

    waited: int
    received: int
    taken: int


def worth(line: OrderLine, quantity: int) -> int:
    """Return what so much of a line costs, in minor units; without a price nothing."""
    if line.price is None or not quantity:
        return 0
    return half_even(line.price * quantity * line.packs, line.ordered)


def settle(tx: UnitOfWork, order_id: int, *, gently: bool = False) -> list[Message]:
    """Commit exactly what is still to come of an order; return the warnings of its budgets.

    Raises BudgetExhausted; ``gently`` commits as much as is left instead.
    """
    with tx.acting_for("inventory", reason=REASON) as own:
        found = [part for _, its in _parts(own, order_id) for part in its]
        known = booking.settled(own, {part.source for part in found})
        payers = _payers(own, [part for part in found if part.source not in known])
        bookings = []
        for part in found:
            has = known.get(part.source) or payers.get(part.source)
            if has is not None and has.committed != part.target:
                bookings.append(_up_to(part, has, has.committed, part.target, gently=gently))
        return booking.book(own, bookings, asked_by=tx)


def receive(tx: UnitOfWork, order_id: int, delivery_id: int, came: Mapping[int, Came]) -> None:
    """Spend what came of these lines, out of what was committed for them; release what is no
    longer to come.

    Goods that are there are never refused: where a budget that stops has not enough, because it
    was ordered dearer since, all that is left is spent.
    """
    with tx.acting_for("inventory", reason=REASON) as own:
        found = [(line, its) for line, its in _parts(own, order_id) if line.id in came]
        known = booking.settled(own, {part.source for _, its in found for part in its})
        if not known:
            return
        receipts: dict[int, int] = {
            row.line_id: row.id
            for row in own.session.execute(
                select(Receipt.line_id, Receipt.id).where(Receipt.delivery_id == delivery_id)
            )
        }
        bookings: list[Booking] = []
        for line, its in found:
            bookings += _of_delivery(line, its, came[line.id], known, receipts.get(line.id))
        booking.book(own, bookings, asked_by=tx)


def _of_delivery(
    line: OrderLine,
    its: Sequence[Part],
    came: Came,
    known: Mapping[str, Settled],
    receipt_id: int | None,
) -> Iterable[Booking]:
    """Yield what a delivery does to the budgets of a line, part by part: each pays for what of it
    is its own, out of what it has committed, and where that is too little, of what is left.
    """
    for part in its:
        has = known.get(part.source)
        if has is None:
            continue
        amount = part.cost(line, came.received, came.received + came.taken)
        reserved = min(amount, has.committed)
        if amount and receipt_id is not None:
            yield Booking(
                budget_id=has.budget_id,
                kind="spend",
                amount=amount,
                source=part.source,
                number=receipt_id,
                reserved=reserved,
                about=part.about,
                gently=True,
            )
        left = has.committed - reserved
        if left > part.target:
            yield _up_to(part, has, left, part.target)


def take_back(tx: UnitOfWork, receipt_id: int) -> None:
    """Refund what a receipt spent; what is to come again is committed again."""
    with tx.acting_for("inventory", reason=REASON) as own:
        receipt = own.one(select(Receipt), id=receipt_id)
        its = next(its for line, its in _parts(own, receipt.order_id) if line.id == receipt.line_id)
        spent: dict[str, int] = {
            row.source: row.amount
            for row in own.session.execute(
                select(BudgetEntry.source, BudgetEntry.amount).where(
                    BudgetEntry.source.in_([part.source for part in its]),
                    BudgetEntry.kind == "spend",
                    BudgetEntry.number == receipt_id,
                )
            )
        }
        known = booking.settled(own, spent)
        bookings = []
        for part in its:
            if part.source not in spent:
                continue
            has, amount = known[part.source], spent[part.source]
            again = min(amount, max(0, part.target - has.committed))
            bookings.append(
                Booking(
                    budget_id=has.budget_id,
                    kind="refund",
                    amount=amount,
                    source=part.source,
                    number=receipt_id,
                    reserved=again,
                    about=part.about,
                )
            )
        booking.book(own, bookings, asked_by=tx)


def _up_to(part: Part, has: Settled, now: int, target: int, *, gently: bool = False) -> Booking:
    """Return the booking after which a part has exactly ``target`` committed."""
    return Booking(
        budget_id=has.budget_id,
        kind="commit" if target > now else "release",
        amount=abs(target - now),
        source=part.source,
        number=None,
        about=part.about,
        gently=gently,
    )


def _parts(own: UnitOfWork, order_id: int) -> list[tuple[OrderLine, list[Part]]]:
    """Return the lines of an order, each with its parts: the shares, then what is left."""
    order = own.one(select(PurchaseOrder), id=order_id)
    rows = own.session.execute(
        select(OrderLine, Item.name, Item.category_id)
        .join(Item, Item.id == OrderLine.item_id)
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.id)
    ).all()
    shares: defaultdict[int, list[OrderShare]] = defaultdict(list)
    named = (
        select(OrderShare, Requisition.needed_on)
        .join(OrderLine, OrderLine.id == OrderShare.line_id)
        .outerjoin(RequisitionLine, RequisitionLine.id == OrderShare.request_line_id)
        .outerjoin(Requisition, Requisition.id == RequisitionLine.requisition_id)
        .where(OrderLine.order_id == order_id)
    )
    found: list[Any] = [tuple(row) for row in own.session.execute(named)]
    for share, _ in sorted(found, key=served):
        shares[share.line_id].append(share)
    return [
        (line, _of_line(order, line, f"{order.number}, {name}", category_id, shares[line.id]))
        for line, name, category_id in rows
    ]


def _of_line(
    order: PurchaseOrder,
    line: OrderLine,
    about: str,
    category_id: int | None,
    shares: Sequence[OrderShare],
) -> list[Part]:
    own = f"order line {line.id}"
    named = [(f"{own} share {one.id}", one.for_department_id, one.quantity) for one in shares]
    rest = line.ordered - sum(one.quantity for one in shares)
    named.append((own, order.department_id, max(rest, 0)))
    found, begins = [], 0
    for source, department_id, quantity in named:
        part = Part(
            source=source,
            department_id=department_id,
            category_id=category_id,
            begins=begins,
            ends=begins + quantity,
            target=0,
            about=about,
        )
        begins += quantity
        target = part.cost(line, line.received, line.received + line.outstanding)
        found.append(replace(part, target=target))
    return found


def _payers(own: UnitOfWork, fresh: Sequence[Part]) -> dict[str, Settled]:
    """Return the budgets that pay for what is not booked yet, where there is one."""
    wanted = {(part.department_id, part.category_id) for part in fresh if part.target}
    found = finding.paying(own, wanted)
    payers = {part.source: found.get((part.department_id, part.category_id)) for part in fresh}
    return {
        source: Settled(budget_id=payer.id, committed=0, spent=0, last={})
        for source, payer in payers.items()
        if payer is not None
    }


def told(tx: UnitOfWork, order_id: int) -> list[tuple[str, Message]]:
    """Return what placing an order takes of which budgets: whose it is, and what is left then.

    What no budget covers is said once, under no name.
    """
    with tx.acting_for("inventory", reason=finding.REASON) as own:
        amounts: defaultdict[finding.Wanted, int] = defaultdict(int)
        for line, its in _parts(own, order_id):
            for part in its:
                if cost := part.cost(line, 0, line.ordered):
                    amounts[part.department_id, part.category_id] += cost
        payers = finding.paying(own, amounts)
    sums: defaultdict[finding.Payer | None, int] = defaultdict(int)
    for wanted, amount in amounts.items():
        sums[payers[wanted]] += amount
    return [
        (payer.title if payer else "", finding.sentence(tx, payer, amount))
        for payer, amount in sums.items()
    ]


def overdrawn(tx: UnitOfWork, order_id: int) -> list[Message]:
    """Return the warnings of budgets that an order is booked on and that are overdrawn."""
    with tx.acting_for("inventory", reason=REASON) as own:
        sources = [part.source for _, its in _parts(own, order_id) for part in its]
        mine = select(BudgetEntry.budget_id).where(BudgetEntry.source.in_(sources))
        below: Any = select(Budget).where(Budget.id.in_(mine), Budget.available < 0)
        return [booking.overdrawn(tx, budget) for budget in own.session.scalars(below)]
