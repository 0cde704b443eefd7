"""What is to be bought for requests: many lines of these become one line of an order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from portal.api import (
    Message,
    NotFound,
    Person,
    Place,
    UnitOfWork,
    ValidationFailed,
    message,
    visible,
)

from .. import rules as stock_rules
from ..models import Balance, Item, ItemUnit, Point, Unit
from ..ordering.models import OrderLine, OrderShare, PurchaseOrder
from ..ordering.services import offering, requested
from ..ordering.services.requested import For
from ..rules import Amount
from ..services import reserving
from . import paying
from .models import Requisition, RequisitionLine
from .records import close, mine, settle
from .rooms import shelves
from .rules import BUY, NotPossible, step

VIEW = "inventory.requisition.view"
AT_ONCE = 500  # lines looked at
ASKER, FOR = aliased(Person, name="asker"), aliased(Person, name="asked_for")
GONE = message("Somebody ordered this a moment ago, or it is not wanted any more.")


@dataclass(frozen=True, kw_only=True)
class Want:
    """What of a line of a request is not covered yet: neither ordered nor put aside."""

    row: Any
    left: int
    unit: str

    @property
    def amount(self) -> Amount:
        return Amount(self.left, self.unit)


@dataclass(kw_only=True)
class Together:
    """All that is wanted of an item for a stock room, and what an order of it would be."""

    item: Any  # id, public_id, name
    place: Place
    unit: str
    wants: list[Want] = field(default_factory=list)
    on_hand: int = 0
    on_order: int = 0
    offer: Any = None
    supplier: str | None = None
    packs: int = 0
    price: int | None = None

    @property
    def total(self) -> int:
        return sum(want.left for want in self.wants)

    @property
    def cost(self) -> int | None:
        return None if self.price is None else self.price * self.packs

    @property
    def sentence(self) -> Message | None:
        """Return how much is ordered and why it is more than is wanted."""
        if self.offer is None:
            return None
        ordered = self.offer.terms.base(self.packs)
        said = {"wanted": Amount(self.total, self.unit), "ordered": Amount(ordered, self.unit)}
        spare = ordered - self.total
        if not spare:
            return message("{wanted} wanted: exactly what is ordered.", wanted=said["wanted"])
        said["spare"] = Amount(spare, self.unit)
        least = Amount(self.offer.terms.base(self.offer.terms.smallest), self.unit)
        if self.offer.terms.smallest == self.packs > 1 and self.packs != self.offer.terms.step:
            return message(
                "{wanted} wanted, sold from {least} on: {ordered}; {spare} go to stock.",
                least=least,
                **said,
            )
        each = Amount(self.offer.terms.base(self.offer.terms.step), self.unit)
        return message(
            "{wanted} wanted, sold by {each}: {ordered}; {spare} go to stock.", each=each, **said
        )


def lines(tx: UnitOfWork) -> Select[Any]:
    """Return the lines to be bought for rooms one may order for, the first needed first."""
    statement: Any = (
        select(
            RequisitionLine.id,
            RequisitionLine.public_id,
            RequisitionLine.item_id,
            RequisitionLine.quantity,
            RequisitionLine.text,
            RequisitionLine.unit_text,
            RequisitionLine.found_at,
            RequisitionLine.estimate,
            Requisition.id.label("requisition_id"),
            Requisition.public_id.label("request"),
            Requisition.number,
            Requisition.needed_on,
            Requisition.asked_at,
            Requisition.department_id,
            Requisition.place_id,
            Place.department_id.label("room_of"),
            ASKER.name.label("asker"),
            FOR.name.label("beneficiary"),
        )
        .join(Requisition, Requisition.id == RequisitionLine.requisition_id)
        .join(Place, Place.id == Requisition.place_id)
        .join(ASKER, ASKER.id == Requisition.owner_id)
        .outerjoin(FOR, FOR.id == Requisition.beneficiary_id)
        .where(RequisitionLine.state == "to_buy", Requisition.status == "asked", mine(tx, BUY))
        .order_by(Requisition.needed_on.is_(None), Requisition.needed_on, RequisitionLine.id)
        .limit(AT_ONCE)
    )
    return visible(statement, VIEW, tx.actor)


def to_buy(tx: UnitOfWork, ids: Collection[int] | None = None) -> tuple[list[Together], list[Any]]:
    """Return what is to be bought, by item and room, and what is only said in words."""
    if not tx.actor.holds(BUY) or not tx.actor.holds(VIEW):
        return [], []
    statement: Any = lines(tx)
    if ids is not None:
        statement = statement.where(RequisitionLine.id.in_(ids))
    rows = tx.session.execute(statement).all()
    in_words = [row for row in rows if row.item_id is None]
    kept = [row for row in rows if row.item_id is not None]
    left = uncovered(tx, kept)
    groups = _grouped(tx, [row for row in kept if left[row.id] > 0], left)
    _look_up(tx, groups)
    return groups, in_words


def uncovered(tx: UnitOfWork, rows: Sequence[Any]) -> dict[int, int]:
    """Return how much of each line is neither to come by an order nor put aside."""
    ids = [row.id for row in rows]
    shares, aside = requested.of_lines(tx, ids), reserving.of_lines(tx, ids)
    return {
        row.id: row.quantity
        - sum(share.to_come for share in shares.get(row.id, ()))
        - sum(quantity for _, quantity in aside.get(row.id, ()))
        for row in rows
    }


def order(tx: UnitOfWork, wanted: Collection[str]) -> int:
    """Put lines of requests onto the lists of who sells them first; return how many came there.

    Raises NotFound for one out of reach, NotPossible for what somebody else ordered before,
    ValidationFailed for what nobody sells.
    """
    if not wanted:
        raise ValidationFailed({"lines": message("Choose at least one line.")})
    found = _held(tx, wanted)
    groups, in_words = to_buy(tx, [row.id for row in found])
    if in_words:
        raise ValidationFailed({"lines": message("Say first which item it is.")})
    if not groups:
        raise NotPossible(GONE)
    count = 0
    for group in groups:
        item = tx.one(select(Item), id=group.item.id)
        shares = [
            For(
                request_line_id=want.row.id,
                department_id=want.row.department_id or group.place.department_id or 0,
                quantity=want.left,
            )
            for want in sorted(group.wants, key=lambda want: want.row.id)
        ]
        requested.add(tx, item, _shelf(tx, group), shares)
        count += len(shares)
    return count


def becomes(tx: UnitOfWork, public_id: str, item_id: str, quantity: int) -> RequisitionLine:
    """Say which item a line in words is, and how many of it; raise NotPossible if it is one."""
    line = _line(tx, public_id)
    if line.item_id is not None:
        raise NotPossible(message("Somebody said which item this is a moment ago."))
    item = tx.one(visible(select(Item), "inventory.item.view", tx.actor), public_id=item_id)
    if item.mode == "non_stock" or item.status != "active":
        raise ValidationFailed({"other": message("{item} is not ordered.", item=item.name)})
    unit = tx.one(select(ItemUnit), item_id=item.id, unit_id=item.base_unit_id)
    line.item_id, line.item_unit_id = item.id, unit.id
    line.quantity = line.entered = stock_rules.checked(quantity)
    tx.session.flush()
    tx.audit("inventory.request_line_named", line.requisition, item=item.name)
    return line


def bought(tx: UnitOfWork, public_id: str, paid: int, note: str) -> RequisitionLine:
    """Say that a line in words was bought otherwise, and for how much; that settles it."""
    line = _line(tx, public_id)
    if line.item_id is not None:
        raise NotPossible(message("Somebody said which item this is a moment ago."))
    if paid < 0:
        raise ValidationFailed({"paid": message("A price is not negative.")})
    said = {"answered_by_id": tx.actor.person_id, "answered_at": tx.now, "answer": note.strip()}
    settle(tx, line, step(line.state, "buy").to, paid=paid, **said)
    close(tx, line.requisition)
    paying.spend(tx, line, paid)
    paying.settle(tx, line.requisition)
    tx.audit("inventory.request_line_bought", line.requisition, paid=paid)
    return line


def one(tx: UnitOfWork, public_id: str) -> Any:
    """Return a line that is to be bought, or raise NotFound."""
    found = tx.session.execute(
        lines(tx).where(RequisitionLine.public_id == public_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def _line(tx: UnitOfWork, public_id: str) -> RequisitionLine:
    """Return a line that is to be bought, its request held; raise NotFound, NotPossible."""
    reached: Any = visible(
        select(RequisitionLine).join(RequisitionLine.requisition).where(mine(tx, BUY)),
        VIEW,
        tx.actor,
    )
    line: RequisitionLine = tx.one(reached, public_id=public_id)
    tx.one(select(Requisition), lock=True, id=line.requisition_id)
    tx.session.refresh(line)
    if line.state != "to_buy":
        raise NotPossible(GONE)
    return line


def _held(tx: UnitOfWork, wanted: Collection[str]) -> Sequence[Any]:
    """Return these lines with their requests held, in one order."""
    reached: Any = (
        select(RequisitionLine.id, RequisitionLine.public_id, RequisitionLine.requisition_id)
        .join(Requisition, Requisition.id == RequisitionLine.requisition_id)
        .where(RequisitionLine.public_id.in_(wanted), mine(tx, BUY))
    )
    found = tx.session.execute(visible(reached, VIEW, tx.actor)).all()
    if {row.public_id for row in found} != set(wanted):
        raise NotFound
    for request_id in sorted({row.requisition_id for row in found}):
        tx.one(select(Requisition), lock=True, id=request_id)
    return found


def _grouped(tx: UnitOfWork, rows: Sequence[Any], left: dict[int, int]) -> list[Together]:
    if not rows:
        return []
    items = {
        row.id: row
        for row in tx.session.execute(
            select(Item.id, Item.public_id, Item.name, Item.name_key, Unit.name.label("unit"))
            .join(Unit, Unit.id == Item.base_unit_id)
            .where(Item.id.in_({row.item_id for row in rows}))
        )
    }
    rooms = {
        place.id: place
        for place in tx.session.scalars(
            select(Place).where(Place.id.in_({row.place_id for row in rows}))
        )
    }
    found: dict[tuple[int, int], Together] = {}
    for row in rows:
        item = items[row.item_id]
        key = (row.item_id, row.place_id)
        group = found.setdefault(
            key, Together(item=item, place=rooms[row.place_id], unit=item.unit)
        )
        group.wants.append(Want(row=row, left=left[row.id], unit=item.unit))
    return sorted(found.values(), key=lambda group: (group.item.name_key, group.place.id))


def _look_up(tx: UnitOfWork, groups: Sequence[Together]) -> None:
    """Say of each what is there and on order, who sells it, and how many packs that is."""
    by_room: defaultdict[int, list[Together]] = defaultdict(list)
    for group in groups:
        by_room[group.place.id].append(group)
    for several in by_room.values():
        held = _there(tx, several[0].place, [group.item.id for group in several])
        for group in several:
            group.on_hand, group.on_order = held.get(group.item.id, (0, 0))
    for group in groups:
        offers = offering.offers(tx, group.item.id)
        if not offers:
            continue
        group.offer, group.packs = requested.sold_by(
            tx, tx.one(select(Item), id=group.item.id), group.total
        )
        contact = offers[0].supplier.contact
        group.supplier = contact.name if contact is not None else ""
        group.price = group.offer.price_for(group.packs)


def _there(tx: UnitOfWork, room: Place, items: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return what is free in a room of each item, and what is on order for it."""
    statement: Any = (
        select(
            Balance.item_id,
            func.sum(Balance.quantity - Balance.reserved),
            func.sum(Balance.on_order),
        )
        .where(Balance.point_id.in_(shelves(tx, room)), Balance.item_id.in_(items))
        .group_by(Balance.item_id)
    )
    rows = tx.session.execute(statement)
    return {item_id: (int(free), int(coming)) for item_id, free, coming in rows}


def _shelf(tx: UnitOfWork, group: Together) -> str:
    """Return the place of a room that goods come to: where most of the item lies, else the room."""
    statement: Any = (
        select(Place.public_id)
        .join(Point, Point.place_id == Place.id)
        .join(Balance, Balance.point_id == Point.id)
        .where(Point.id.in_(shelves(tx, group.place)), Balance.item_id == group.item.id)
        .order_by(Balance.quantity.desc(), Balance.id)
        .limit(1)
    )
    found: str | None = tx.session.scalar(statement)
    return found or group.place.public_id


def requests_of(tx: UnitOfWork, order: PurchaseOrder) -> dict[str, list[Any]]:
    """Return for each line of an order, by public id, for which requests it is, as far as one may
    see these: number, who asks, how much, needed by.
    """
    statement: Any = (
        select(
            Requisition.public_id.label("request"),
            Requisition.number,
            Requisition.needed_on,
            OrderShare.quantity,
            OrderLine.public_id.label("line"),
            ASKER.name.label("asker"),
        )
        .join(RequisitionLine, RequisitionLine.requisition_id == Requisition.id)
        .join(OrderShare, OrderShare.request_line_id == RequisitionLine.id)
        .join(OrderLine, OrderLine.id == OrderShare.line_id)
        .join(ASKER, ASKER.id == Requisition.owner_id)
        .where(OrderLine.order_id == order.id)
        .order_by(Requisition.needed_on.is_(None), Requisition.needed_on, OrderShare.id)
    )
    found: defaultdict[str, list[Any]] = defaultdict(list)
    if tx.actor.holds(VIEW):
        for row in tx.session.execute(visible(statement, VIEW, tx.actor)):
            found[row.line].append(row)
    return found
