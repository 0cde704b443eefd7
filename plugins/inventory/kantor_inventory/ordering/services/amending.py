"""Changing an order that has gone out: each change is a numbered snapshot, never an edit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.api import Message, NotFound, UnitOfWork, ValidationFailed, message, visible

from ...labels import flags
from ...models import SupplierItem
from ...rules import ONE, Amount, Factor, to_base
from ...services import balances
from ...services.pairs import Pair
from .. import changes, events
from ..models import Amendment, OrderLine, PurchaseOrder
from ..states import step
from . import budgeting, drafts, offering, placing, snapshots

LATEST = placing.LATEST


@dataclass(frozen=True, kw_only=True)
class LineChange:
    """What a line shall be: packs, price of one, day; or ``cancel`` for what has not come."""

    line: str
    packs: int
    price: int | None = None
    sets_price: bool = False
    expected_on: date | None = None
    cancel: bool = False


@dataclass(frozen=True, kw_only=True)
class NewLine:
    """Something more of the same supplier: one of their offers, how many packs, for where."""

    offer: int
    packs: int
    place: str


@dataclass(frozen=True, kw_only=True)
class Amend:
    """A change of an order that was placed, and why."""

    order: str
    version: int
    reason: str
    lines: tuple[LineChange, ...] = ()
    added: tuple[NewLine, ...] = ()


def amend(tx: UnitOfWork, command: Amend) -> Amendment:
    """Change an order and keep it as it then is, under the next number.

    What is on order and what is committed follow in the same transaction. Raises BudgetExhausted,
    ValidationFailed for less than has come, NotNow when nothing would be left, EditConflict.
    """
    if not command.reason.strip():
        raise ValidationFailed({"reason": message("Say why.")})
    order = placing.hold(tx, command.order, "placed", "amend")
    lines = placing.lines_of(tx, order)
    step(order.status, "amend", placing.facts(lines))
    tx.expect_version(order, command.version, status=order.status)
    before = snapshots.kept(tx, order) or {}
    # Orders from before the first change was possible do not name their lines yet.
    if not all(line.get("line") for line in before.get("lines", ())) or not before:
        before = snapshots.taken(tx, order, lines)
    coming: defaultdict[Pair, int] = defaultdict(int)
    _change_lines(tx, {line.public_id: line for line in lines}, command.lines, coming)
    _add_lines(tx, order, command.added, coming)
    tx.session.flush()
    lines = placing.lines_of(tx, order)
    _move_on(tx, order, lines)
    after = snapshots.taken(tx, order, lines)
    found = changes.differences(before, after)
    if not found:
        raise ValidationFailed({"lines": message("Nothing is other than before. Change a line.")})
    made = _kept(tx, order, command.reason.strip(), after, found)
    balances.expect(tx, {pair: by for pair, by in coming.items() if by})
    flags.ordered(tx, [pair for pair, by in coming.items() if by > 0])
    budgeting.settle(tx, order.id)
    return made


def _kept(
    tx: UnitOfWork,
    order: PurchaseOrder,
    reason: str,
    after: dict[str, Any],
    found: list[dict[str, Any]],
) -> Amendment:
    made = Amendment(
        order_id=order.id,
        number=order.amended + 1,
        snapshot=after,
        changes=found,
        reason=reason,
        amended_by_id=tx.actor.person_id,
        amended_at=tx.now,
    )
    order.amended = made.number
    tx.session.add(made)
    tx.audit("inventory.order_amended", order, number=order.number, amendment=made.number)
    tx.publish(
        events.OrderAmended(
            order_id=order.id, number=order.number or "", amendment=made.number, changes=len(found)
        )
    )
    return made


def _change_lines(
    tx: UnitOfWork,
    lines: dict[str, OrderLine],
    wanted: Sequence[LineChange],
    coming: defaultdict[Pair, int],
) -> None:
    problems: dict[str, Message] = {}
    for change in wanted:
        line = lines.get(change.line)
        if line is None:
            raise NotFound
        pair = (line.item_id, line.point_id)
        if change.cancel:
            coming[pair] -= _cancel(line)
            continue
        by, problem = _quantity(line, change.packs)
        if problem is not None:
            problems[f"packs-{change.line}"] = problem
            continue
        coming[pair] += by
        if change.sets_price:
            line.price = change.price
        if change.expected_on != line.expected_on and line.state == "open":
            if not _may_be(tx, change.expected_on):
                day = message("Choose a day within the coming year.")
                problems[f"expected_on-{change.line}"] = day
            line.expected_on = change.expected_on
    if problems:
        raise ValidationFailed(problems)


def _may_be(tx: UnitOfWork, day: date | None) -> bool:
    return day is None or tx.today <= day <= tx.today + timedelta(days=LATEST)


def _cancel(line: OrderLine) -> int:
    """Give up what has not come of a line; return how much that is."""
    given_up, line.outstanding = line.outstanding, 0
    if given_up:
        line.state = "short" if line.received else "cancelled"
    return given_up


def _quantity(line: OrderLine, packs: int) -> tuple[int, Message | None]:
    """Order so many packs of a line instead; return what more is to come, or what is wrong."""
    if packs == line.packs:
        return 0, None
    if not 0 < packs <= offering.LARGEST:
        return 0, message("Enter a whole number above zero.")
    if line.state not in ("open", "received"):
        return 0, message("What was given up is not changed. Add a line for it instead.")
    unit = line.item_unit
    ordered = to_base(packs * ONE, Factor(unit.num, unit.den))
    by = ordered - line.ordered
    if line.outstanding + by < 0:
        base = line.item.base_unit.name
        return 0, message(
            "{came} have come already. Order at least that many, or tick that the rest is"
            " cancelled.",
            came=Amount(line.received, base),
        )
    line.packs, line.ordered, line.outstanding = packs, ordered, line.outstanding + by
    if line.outstanding:
        line.state = "open"
    else:
        line.state = "received" if line.received == line.ordered else "short"
        if not line.received:
            line.state = "cancelled"
    return by, None


def _add_lines(
    tx: UnitOfWork,
    order: PurchaseOrder,
    wanted: Sequence[NewLine],
    coming: defaultdict[Pair, int],
) -> None:
    for at, new in enumerate(wanted):
        offer = tx.session.scalars(
            select(SupplierItem).filter_by(id=new.offer, supplier_id=order.supplier_id)
        ).one_or_none()
        if offer is None:
            raise NotFound
        offering.check_offer(offer, new.packs, f"packs_{at}")
        point, department_id = drafts.point_named(tx, new.place)
        if department_id != order.department_id:
            field = f"place_{at}"
            text = message("Choose a place of {department}.", department=order.department.name)
            raise ValidationFailed({field: text})
        unit = offer.item_unit
        ordered = to_base(new.packs * ONE, Factor(unit.num, unit.den))
        line = OrderLine(
            order_id=order.id,
            item_id=unit.item_id,
            item_unit_id=unit.id,
            point_id=point.id,
            state="open",
            packs=new.packs,
            ordered=ordered,
            outstanding=ordered,
            price=offer.price,
            supplier_sku=offer.supplier_sku,
            expected_on=tx.today + timedelta(days=order.supplier.lead_days),
        )
        tx.session.add(line)
        coming[line.item_id, line.point_id] += ordered


def _move_on(tx: UnitOfWork, order: PurchaseOrder, lines: list[OrderLine]) -> None:
    order.status = step(order.status, "amend", placing.facts(lines)).target
    days = [line.expected_on for line in lines if line.state == "open" and line.expected_on]
    order.expected_on = min(days, default=order.expected_on)
    if order.status == "received":
        order.closed_at, order.closed_by_id = tx.now, tx.actor.person_id


def amendments_of(tx: UnitOfWork, order: PurchaseOrder) -> list[Amendment]:
    """Return the changes of an order, newest first."""
    if not order.amended:
        return []
    mine = visible(select(Amendment), "inventory.order.view", tx.actor)
    mine = mine.where(Amendment.order_id == order.id).order_by(Amendment.number.desc())
    mine = mine.options(joinedload(Amendment.amended_by))
    return list(tx.session.scalars(mine.limit(100)))
