"""Placing an order, cancelling it, closing it short."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from portal.api import (
    Conflict,
    UnitOfWork,
    ValidationFailed,
    message,
    next_number,
    visible,
)

from ...asking import paying
from ...labels import flags
from ...models import CHANNELS
from ...services import balances
from ...services.pairs import Pair
from .. import events
from ..models import LANGUAGES, OrderLine, PurchaseOrder, Sending
from ..states import Facts, NotNow, possible, step
from . import budgeting, requested, snapshots

SERIES = "inventory.order"
LATEST = 365  # days after which nobody expects anything


class CannotBeOrdered(Conflict):
    """A line of the list names what is not ordered any more."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """How an order goes out, who took it by which number, and when it is expected.

    By e-mail it is sent in a step of its own, when its number is known.
    """

    order: str
    version: int
    placed_by: str
    placed_with: str = ""
    confirmation: str = ""
    expected_on: date | None = None
    note: str = ""
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class End:
    """An order cancelled or closed short, and why."""

    order: str
    version: int
    reason: str = ""


def find(tx: UnitOfWork, public_id: str, permission: str) -> PurchaseOrder:
    """Return an order where ``permission`` reaches, or raise NotFound."""
    order: PurchaseOrder = tx.one(
        visible(select(PurchaseOrder), permission, tx.actor), public_id=public_id
    )
    return order


def hold(tx: UnitOfWork, public_id: str, status: str, action: str) -> PurchaseOrder:
    """Return an order for a step of it, locked until the commit; raise NotFound or NotNow."""
    permission = possible(status, action)[0].permission
    found = visible(select(PurchaseOrder), permission, tx.actor)
    order: PurchaseOrder = tx.one(found, lock=True, public_id=public_id)
    return order


def lines_of(tx: UnitOfWork, order: PurchaseOrder) -> list[OrderLine]:
    """Return the lines of an order as they now are, locked in their order."""
    statement = (
        select(OrderLine)
        .where(OrderLine.order_id == order.id)
        .order_by(OrderLine.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(tx.session.scalars(statement))


def facts(lines: list[OrderLine]) -> Facts:
    """Return what the state table wants to know."""
    return Facts(
        lines=len(lines),
        received=any(line.received for line in lines),
        outstanding=any(line.outstanding for line in lines),
    )


def place(tx: UnitOfWork, command: Place) -> PurchaseOrder:
    """Send a list off as an order with a number; raise NotNow, EditConflict or CannotBeOrdered.

    What it costs is committed on the budgets that pay: raises BudgetExhausted.
    """
    _check(tx, command)
    order = hold(tx, command.order, "draft", "place")
    lines = lines_of(tx, order)
    requested.hold(tx, order)
    taken = step(order.status, "place", facts(lines))
    tx.expect_version(order, command.version, status=order.status)
    _check_lines(order, lines)
    expected_on = command.expected_on or tx.today + timedelta(days=order.supplier.lead_days)
    coming: defaultdict[Pair, int] = defaultdict(int)
    for line in lines:
        line.state, line.outstanding, line.expected_on = "open", line.ordered, expected_on
        coming[line.item_id, line.point_id] += line.ordered
    tx.session.flush()
    balances.expect(tx, coming)
    flags.ordered(tx, list(coming))
    number = next_number(tx, SERIES)  # Late: whoever places the next one waits for the commit.
    order.number, order.status, order.placed_by = number, taken.target, command.placed_by
    order.placed_with, order.note = command.placed_with.strip(), command.note.strip()
    order.placed_at, order.placed_by_id = tx.now, tx.actor.person_id
    order.expected_on, order.language = expected_on, command.language
    order.snapshot = snapshots.taken(tx, order, lines)
    tx.audit("inventory.order_placed", order, number=order.number, lines=len(lines))
    tx.publish(
        events.OrderPlaced(
            order_id=order.id,
            number=order.number,
            placed_by=command.placed_by,
            expected_on=expected_on.isoformat(),
        )
    )
    requested.placed(tx, order)
    if command.placed_by != "email":
        _told(tx, order, command)
    paying.of_order(tx, order)  # What requests had committed goes over to the order.
    budgeting.settle(tx, order.id)
    return order


def _told(tx: UnitOfWork, order: PurchaseOrder, command: Place) -> None:
    """Keep that the order was told to the supplier as it was placed."""
    told = Sending(
        order_id=order.id,
        amendment=0,
        attempt=1,
        channel=command.placed_by,
        recipient=command.placed_with.strip(),
        confirmation=command.confirmation.strip(),
        language=command.language,
    )
    went_out(tx, order, told)


def went_out(tx: UnitOfWork, order: PurchaseOrder, sending: Sending) -> Sending:
    """Keep that an order went out now, by whoever acts."""
    sending.sent_by_id, sending.sent_at = tx.actor.person_id, tx.now
    tx.session.add(sending)
    tx.audit(
        "inventory.order_sent",
        order,
        number=order.number,
        amendment=sending.amendment,
        attempt=sending.attempt,
        channel=sending.channel,
    )
    tx.publish(
        events.OrderSent(
            order_id=order.id,
            number=order.number or "",
            channel=sending.channel,
            amendment=sending.amendment,
        )
    )
    return sending


def discard(tx: UnitOfWork, command: End) -> PurchaseOrder:
    """Give a list up that never went out."""
    return _end(tx, command, "draft", "cancel", "cancelled")


def cancel(tx: UnitOfWork, command: End) -> PurchaseOrder:
    """Give an order up of which nothing has come; raise NotNow if something has."""
    _check_reason(command)
    return _end(tx, command, "placed", "cancel", "cancelled")


def close_short(tx: UnitOfWork, command: End) -> PurchaseOrder:
    """Give up what is still to come of an order; raise NotNow if nothing has come yet."""
    _check_reason(command)
    return _end(tx, command, "placed", "close_short", "short")


def _end(tx: UnitOfWork, command: End, status: str, action: str, line_state: str) -> PurchaseOrder:
    order = hold(tx, command.order, status, action)
    if order.status != status:
        raise NotNow
    lines = lines_of(tx, order)
    taken = step(status, action, facts(lines))
    tx.expect_version(order, command.version, status=order.status)
    given_up: defaultdict[Pair, int] = defaultdict(int)
    for line in lines:
        if line.state in ("draft", "open"):
            given_up[line.item_id, line.point_id] -= line.outstanding
            line.state, line.outstanding = line_state, 0
    order.status, order.reason = taken.target, command.reason.strip()
    order.closed_at, order.closed_by_id = tx.now, tx.actor.person_id
    tx.audit(f"inventory.order_{taken.target}", order, number=order.number, reason=order.reason)
    balances.expect(tx, {pair: by for pair, by in given_up.items() if by})
    if status != "draft":
        budgeting.settle(tx, order.id)
        paying.of_order(tx, order)
    return order


def _check(tx: UnitOfWork, command: Place) -> None:
    problems = {}
    if command.placed_by not in CHANNELS:
        problems["placed_by"] = message("Choose how the order goes out.")
    if command.language and command.language not in LANGUAGES:
        problems["language"] = message("Choose a language.")
    if command.expected_on is not None and not (
        tx.today <= command.expected_on <= tx.today + timedelta(days=LATEST)
    ):
        problems["expected_on"] = message("Choose a day within the coming year.")
    if problems:
        raise ValidationFailed(problems)


def _check_reason(command: End) -> None:
    if not command.reason.strip():
        raise ValidationFailed({"reason": message("Say why.")})


def _check_lines(order: PurchaseOrder, lines: list[OrderLine]) -> None:
    """Refuse what cannot be ordered any more since it was put on the list."""
    if not order.supplier.active:
        raise CannotBeOrdered(
            message("We do not buy there any more. Choose another supplier for each line.")
        )
    for line in lines:
        if line.item.status != "active" or not line.item_unit.active:
            raise CannotBeOrdered(
                message(
                    "{item} is not ordered any more, or not by this unit. Take it off the list.",
                    item=line.item.name,
                )
            )
        if line.point.place is None or not line.point.place.active:
            raise CannotBeOrdered(
                message(
                    "The place {item} was to go to is not used any more. Choose another one.",
                    item=line.item.name,
                )
            )
