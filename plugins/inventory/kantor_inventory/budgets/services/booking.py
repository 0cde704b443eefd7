"""Booking on budgets: what is ordered is committed, what comes is spent, both can come back.

Every booking is an entry and a conditional UPDATE of its budget in the caller's transaction. The
budgets are locked in the order of their ids, after everything else that is locked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BigInteger, cast, func, select, tuple_

from portal.api import Conflict, Message, Money, Shortfall, UnitOfWork, message

from ...rules import Day
from ..events import BudgetOverdrawn
from ..models import Budget, BudgetEntry
from ..rules import Booking, Change, change_by
from .finding import Payer, may_see

REASON = "what is ordered is booked on its budget"


class BudgetExhausted(Conflict):
    """A budget that stops has not enough left; the words say whose it is and how much."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """What a source has on its budget: committed, and spent less what was refunded."""

    budget_id: int
    committed: int
    spent: int
    last: Mapping[str, int]  # kind -> highest number


def commit(
    tx: UnitOfWork, payer: Payer, amount: int, source: str, *, number: int = 1, about: str = ""
) -> Message | None:
    """Commit an amount of a budget; return a warning where one that only warns is overdrawn.

    Made twice for the same source and number, it is made once. Raises BudgetExhausted, and
    ValueError for a source that is booked on another budget.
    """
    with tx.acting_for("inventory", reason=REASON) as own:
        known = settled(own, (source,)).get(source)
        if known is not None and known.budget_id != payer.id:
            raise ValueError(f"{source} is booked on another budget")
        booking = Booking(
            budget_id=payer.id,
            kind="commit",
            amount=amount,
            source=source,
            number=number,
            about=about,
        )
        return _first(book(own, (booking,), asked_by=tx))


def release(tx: UnitOfWork, source: str, amount: int | None = None, *, number: int = 1) -> None:
    """Give back what a source has committed, all of it unless an amount is said.

    Without anything committed nothing happens. Raises ValueError for more than there is.
    """
    with tx.acting_for("inventory", reason=REASON) as own:
        known = _of(own, source)
        if known is None or made(own, source, "release", number):
            return
        amount = known.committed if amount is None else amount
        if amount > known.committed:
            raise ValueError(f"{source} has committed less than {amount}")
        if amount:
            _one(own, tx, known, "release", source, amount, number)


def spend(
    tx: UnitOfWork,
    source: str,
    amount: int,
    *,
    number: int = 1,
    payer: Payer | None = None,
    about: str = "",
) -> Message | None:
    """Spend an amount: first of what the source has committed, the rest of what is left.

    A source that was never committed needs the budget that pays; without it nothing is booked.
    Returns a warning as ``commit`` does, raises BudgetExhausted.
    """
    with tx.acting_for("inventory", reason=REASON) as own:
        known = _of(own, source)
        if known is None and payer is not None:
            known = Settled(budget_id=payer.id, committed=0, spent=0, last={})
        if known is None or made(own, source, "spend", number):
            return None
        return _one(own, tx, known, "spend", source, amount, number, known.committed, about)


def refund(
    tx: UnitOfWork, source: str, amount: int, *, number: int = 1, again: int = 0
) -> Message | None:
    """Take back what a source has spent; ``again`` of it is committed again, the rest is left.

    Raises ValueError for more than it has spent.
    """
    with tx.acting_for("inventory", reason=REASON) as own:
        known = _of(own, source)
        if known is None or made(own, source, "refund", number):
            return None
        if amount > known.spent:
            raise ValueError(f"{source} has spent less than {amount}")
        return _one(own, tx, known, "refund", source, amount, number, again)


def _one(
    own: UnitOfWork,
    asked_by: UnitOfWork,
    known: Settled,
    kind: str,
    source: str,
    amount: int,
    number: int | None,
    reserved: int = 0,
    about: str = "",
) -> Message | None:
    booking = Booking(
        budget_id=known.budget_id,
        kind=kind,
        amount=amount,
        source=source,
        number=number,
        reserved=min(reserved, amount),
        about=about,
    )
    return _first(book(own, (booking,), asked_by=asked_by))


def _of(own: UnitOfWork, source: str) -> Settled | None:
    """Return what a source has on its budget, which is held until the commit."""
    where = select(BudgetEntry.budget_id).filter_by(source=source).limit(1)
    budget_id = own.session.scalar(where)
    if budget_id is None:
        return None
    _held(own, (budget_id,))
    return settled(own, (source,))[source]


def _first(warnings: Sequence[Message]) -> Message | None:
    return warnings[0] if warnings else None


def settled(own: UnitOfWork, sources: Collection[str]) -> dict[str, Settled]:
    """Return what each of these sources has on its budget; who has nothing booked is left out."""
    if not sources:
        return {}
    entry = BudgetEntry
    sums: Any = [cast(func.sum(one), BigInteger) for one in (entry.amount, entry.reserved)]
    statement = (
        select(entry.source, entry.budget_id, entry.kind, *sums, func.max(entry.number))
        .where(entry.source.in_(sorted(sources)))
        .group_by(entry.source, entry.budget_id, entry.kind)
    )
    kinds: defaultdict[tuple[str, int], list[tuple[str, int, int]]] = defaultdict(list)
    last: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for source, budget_id, kind, amount, reserved, number in own.session.execute(statement):
        kinds[source, budget_id].append((kind, amount, reserved))
        last[source][kind] = number
    found = {}
    for (source, budget_id), entries in kinds.items():
        by = change_by(entries)
        found[source] = Settled(
            budget_id=budget_id, committed=by.committed, spent=by.spent, last=last[source]
        )
    return found


def made(own: UnitOfWork, source: str, kind: str, number: int) -> bool:
    """Return whether this booking is made already."""
    there = select(BudgetEntry.id).filter_by(source=source, kind=kind, number=number)
    return own.session.scalar(there) is not None


def book(own: UnitOfWork, bookings: Iterable[Booking], *, asked_by: UnitOfWork) -> list[Message]:
    """Make bookings in a unit that works in the right of inventory; return the warnings.

    What is made already is left out. All of a budget's bookings are one UPDATE of it; raises
    BudgetExhausted in the words of who asks, and then nothing of them is booked.
    """
    wanted = [one for one in bookings if one.amount]
    if any(one.amount < 0 or not 0 <= one.reserved <= one.amount for one in wanted):
        raise ValueError("a booking is above nothing, and reserves at most itself")
    budgets = _held(own, {one.budget_id for one in wanted})
    fresh = _numbered(own, _unmade(own, wanted))
    booked: list[Booking] = []
    warnings = []
    for budget_id, budget in budgets.items():
        its = _afforded(budget, [one for one in fresh if one.budget_id == budget_id])
        booked += its
        if its:
            by = change_by((one.kind, one.amount, one.reserved) for one in its)
            warnings += _change(own, budget, by, its[0].source, asked_by)
    own.append(BudgetEntry, [_row(own, one) for one in booked])
    return warnings


def _afforded(budget: Budget, its: Sequence[Booking]) -> list[Booking]:
    """Return bookings on a budget, of those that are gentle as much as is left of it."""
    if not budget.stops or not any(one.gently for one in its):
        return list(its)
    left, found = budget.available, []
    for one in its:
        if one.gently and (missing := one.needed - max(left, 0)) > 0:
            one = replace(one, amount=one.amount - missing)
        left -= one.needed
        if one.amount:
            found.append(one)
    return found


def _held(own: UnitOfWork, ids: Collection[int]) -> dict[int, Budget]:
    """Return budgets by id as they now are, held until the commit."""
    if not ids:
        return {}
    statement = (
        select(Budget)
        .where(Budget.id.in_(sorted(ids)))
        .order_by(Budget.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {budget.id: budget for budget in own.session.scalars(statement)}


def _unmade(own: UnitOfWork, wanted: Sequence[Booking]) -> list[Booking]:
    """Return those that are not made yet; asked once their budgets are held, it stays true."""
    keys = [(one.source, one.kind, one.number) for one in wanted if one.number is not None]
    if not keys:
        return list(wanted)
    key = tuple_(BudgetEntry.source, BudgetEntry.kind, BudgetEntry.number)
    there = select(BudgetEntry.source, BudgetEntry.kind, BudgetEntry.number).where(key.in_(keys))
    known = {tuple(row) for row in own.session.execute(there)}
    return [one for one in wanted if (one.source, one.kind, one.number) not in known]


def _numbered(own: UnitOfWork, wanted: Sequence[Booking]) -> list[Booking]:
    """Return them with the next number of their source and kind where none is said."""
    open_ = {(one.source, one.kind) for one in wanted if one.number is None}
    if not open_:
        return list(wanted)
    last: dict[tuple[str, str], int] = {}
    for source, known in settled(own, {source for source, _ in open_}).items():
        last |= {(source, kind): number for kind, number in known.last.items()}
    found = []
    for one in wanted:
        if one.number is None:
            key = (one.source, one.kind)
            last[key] = last.get(key, 0) + 1
            one = replace(one, number=last[key])
        found.append(one)
    return found


def _change(
    own: UnitOfWork, budget: Budget, by: Change, source: str, asked_by: UnitOfWork
) -> list[Message]:
    """Change the columns of a budget in one conditional UPDATE; return the warning, if any."""
    floor = 0 if budget.stops else None
    also = {"committed": by.committed, "spent": by.spent}
    try:
        available = own.adjust(budget, "available", by.available, floor=floor, also=also)
    except Shortfall:
        raise BudgetExhausted(_exhausted(asked_by, budget, -by.available)) from None
    if available >= 0 or by.available >= 0:
        return []
    own.publish(
        BudgetOverdrawn(
            budget_id=budget.id,
            department_id=budget.department_id,
            available=available,
            source=source,
        )
    )
    return [overdrawn(asked_by, budget)]


def _row(own: UnitOfWork, one: Booking) -> dict[str, Any]:
    return {
        "budget_id": one.budget_id,
        "kind": one.kind,
        "amount": one.amount,
        "reserved": one.reserved,
        "source": one.source,
        "number": one.number,
        "about": one.about[:200],
        "actor_id": own.actor.person_id,
        "at": own.now,
        "booked_on": own.today,
    }


def _exhausted(tx: UnitOfWork, budget: Budget, wanted: int) -> Message:
    """Return whose budget it is, how much is left of it and how much was wanted, to who may see."""
    said: dict[str, Any] = {"department": budget.department.name}
    if not may_see(tx, budget.department_id):
        return message(
            "The budget of {department} has not enough left for this. Nothing was booked. Ask"
            " whoever looks after the budget.",
            **said,
        )
    said |= {
        "left": Money(budget.available, tx.currency),
        "wanted": Money(wanted, tx.currency),
        "day": Day(budget.last_on),
    }
    if budget.category is None:
        return message(
            "The budget of {department} has {left} left until {day}, and this takes {wanted}."
            " Nothing was booked. Take less, or have the budget raised.",
            **said,
        )
    return message(
        "The budget of {department} for {category} has {left} left until {day}, and this takes"
        " {wanted}. Nothing was booked. Take less, or have the budget raised.",
        category=budget.category.name,
        **said,
    )


def overdrawn(tx: UnitOfWork, budget: Budget) -> Message:
    """Return the warning that a budget is overdrawn, with the figure for who may see it."""
    said: dict[str, Any] = {"department": budget.department.name}
    if not may_see(tx, budget.department_id):
        return message("This takes more than was left of the budget of {department}.", **said)
    over = Money(-budget.available, tx.currency)
    return message("The budget of {department} is overdrawn by {over}.", over=over, **said)
