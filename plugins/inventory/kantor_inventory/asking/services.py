"""Asking a stock room for things, changing what was asked, taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from portal.api import (
    EditConflict,
    Membership,
    NotFound,
    Person,
    Place,
    UnitOfWork,
    ValidationFailed,
    approval_of,
    message,
    next_number,
    visible,
    withdraw_approval,
)

from .. import rules as stock_rules
from ..models import Item, ItemUnit
from ..ordering.services import requested
from ..services import reserving
from . import approving, estimating, events, paying
from .handing import Answer, Incomplete, Short, answer
from .models import Requisition, RequisitionLine
from .records import answerable, close, lines_of, mine, settle
from .rooms import departments, kept, room
from .rules import ASK, DEAREST, KIND, LINES_AT_MOST, OPEN, NotPossible, step

__all__ = [
    "Answer",
    "Ask",
    "Edit",
    "Incomplete",
    "Requisition",
    "Short",
    "Wanted",
    "Wish",
    "answer",
    "answerable",
    "ask",
    "colleagues",
    "edit",
    "may_edit",
    "mine",
    "settle",
    "withdraw",
]
SERIES = "inventory.requisition"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """So much of an item: ``quantity`` in thousandths of ``unit``, both by public id."""

    item: str
    unit: str
    quantity: int


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Something in words: so many thousandths of a ``unit``, each at a ``price`` in minor units."""

    text: str
    quantity: int
    unit: str = ""
    price: int | None = None
    found_at: str = ""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What somebody wants of a stock room, for a department, by a day if that matters.

    ``beneficiary`` is whom it is for, a colleague by public id, if not who asks.
    """

    place: str
    lines: tuple[Wanted, ...] = ()
    wishes: tuple[Wish, ...] = ()
    department: str | None = None
    beneficiary: str | None = None
    needed_on: date | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Edit:
    """What is asked for instead, and the version of the request this was made from."""

    requisition: str
    version: int
    lines: tuple[Wanted, ...] = ()
    wishes: tuple[Wish, ...] = ()
    needed_on: date | None = None
    note: str = ""


def ask(tx: UnitOfWork, command: Ask) -> Requisition:
    """Ask a stock room for things, after an approval where one is needed; its people are told.

    Raises NotFound, ValidationFailed.
    """
    asked = room(tx, command.place)
    _check(tx, command)
    lines = _new_lines(tx, asked, command)
    requisition = Requisition(
        number=next_number(tx, SERIES),
        place_id=asked.id,
        owner_id=tx.actor.person_id,
        beneficiary_id=_beneficiary(tx, command.beneficiary),
        department_id=_department(tx, asked, command.department),
        needed_on=command.needed_on,
        note=command.note.strip(),
        asked_at=tx.now,
    )
    tx.session.add(requisition)
    tx.session.flush()
    tx.audit("inventory.requisition_asked", requisition, lines=len(lines))
    tx.publish(
        events.RequisitionAsked(
            requisition_id=requisition.id,
            number=requisition.number,
            person_id=requisition.owner_id,
            place_id=asked.id,
        )
    )
    _put_in(tx, requisition, asked, lines)
    return requisition


def edit(tx: UnitOfWork, command: Edit) -> Requisition:
    """Ask for something else, while nothing was handed out or ordered.

    An approval does not count any more, and is asked for anew where one is needed. Raises
    NotFound, NotPossible, EditConflict, ValidationFailed.
    """
    own = _own(tx)
    requisition: Requisition = tx.one(own, public_id=command.requisition)
    _check(tx, command)
    approving.let_go(tx, requisition)  # Before the request is held, as who decides does.
    requisition = tx.one(own, lock=True, public_id=command.requisition)
    tx.expect_version(requisition, command.version, status=requisition.status)
    before = lines_of(tx, requisition)
    if not may_edit(tx, requisition, before):
        raise NotPossible(
            message("Something of this was answered or ordered. Ask for the rest in a new request.")
        )
    asked = requisition.place
    lines = _new_lines(tx, room(tx, asked.public_id), command)
    reserving.release(tx, [line.id for line in before])
    paying.release(tx, before)
    for line in before:
        tx.session.delete(line)
    requisition.needed_on, requisition.note = command.needed_on, command.note.strip()
    tx.session.flush()
    tx.audit("inventory.requisition_changed", requisition, lines=len(lines))
    _put_in(tx, requisition, asked, lines)
    return requisition


def may_edit(tx: UnitOfWork, requisition: Requisition, lines: Sequence[RequisitionLine]) -> bool:
    """Return whether nothing of a request was answered or ordered, so that it can be changed."""
    if requisition.status not in ("waiting", "asked") or requisition.owner_id != tx.actor.person_id:
        return False
    if any(line.state not in OPEN for line in lines):
        return False
    return not requested.of_lines(tx, [line.id for line in lines])


def withdraw(tx: UnitOfWork, public_id: str, version: int | None = None) -> Requisition:
    """Take back what has not been settled yet; raise NotPossible when all of it has.

    What waits for an approval or has one does so no more; what is put aside is free again. Raises
    EditConflict if the request is not in the ``version`` that whoever withdraws it has read.
    """
    own = _own(tx)
    requisition: Requisition = tx.one(own, public_id=public_id)
    approval = approval_of(tx, kind=KIND, subject=public_id)
    if approval is not None and approval.state == "pending":
        withdraw_approval(tx, kind=KIND, subject=public_id)  # ``decided`` does the rest.
        return tx.one(own, public_id=public_id)
    approving.let_go(tx, requisition)
    requisition = tx.one(own, lock=True, public_id=public_id)
    if version not in (None, requisition.version):
        raise EditConflict(approving.meanwhile(requisition))
    taken = [line for line in lines_of(tx, requisition) if line.state in OPEN]
    if not taken:
        raise NotPossible(message("All of this was answered in the meantime."))
    for line in taken:
        settle(tx, line, step(line.state, "withdraw").to, answered_at=tx.now)
    ids = [line.id for line in taken]
    reserving.release(tx, ids)
    requested.unlink(tx, ids)
    close(tx, requisition)
    paying.settle(tx, requisition)
    tx.audit("inventory.requisition_withdrawn", requisition, lines=len(ids))
    return requisition


def colleagues(tx: UnitOfWork) -> list[Person]:
    """Return for whom one may ask: the people of one's own departments today, by name."""
    members = (
        select(Membership.person_id)
        .where(
            Membership.department_id.in_(tx.actor.member_of),
            Membership.from_on <= tx.today,
            Membership.until_on.is_(None) | (Membership.until_on > tx.today),
        )
        .scalar_subquery()
    )
    statement = select(Person).where(Person.id.in_(members), Person.id != tx.actor.person_id)
    return list(tx.session.scalars(statement.order_by(Person.name_key, Person.id).limit(200)))


def _own(tx: UnitOfWork) -> Any:
    return visible(select(Requisition), ASK, tx.actor).where(
        Requisition.owner_id == tx.actor.person_id
    )


def _check(tx: UnitOfWork, command: Ask | Edit) -> None:
    count = len(command.lines) + len(command.wishes)
    if not count:
        raise ValidationFailed({"item": message("Add what you need.")})
    if count > LINES_AT_MOST:
        raise ValidationFailed({"item": message("Ask for the rest in a second request.")})
    if command.needed_on is not None and command.needed_on < tx.today:
        raise ValidationFailed({"needed_on": message("This day is over.")})


def _put_in(
    tx: UnitOfWork, requisition: Requisition, asked: Place, lines: list[RequisitionLine]
) -> None:
    """Write the lines of a request, and let the room see it or whoever approves it decide."""
    for line in lines:
        line.requisition_id = requisition.id
    tx.session.add_all(lines)
    tx.session.flush()
    requisition.estimate = estimating.fill(tx, lines)
    tx.session.flush()
    buys = estimating.must_buy(tx, asked, lines)
    if approving.wanted(tx, requisition, buys=buys):
        approving.ask(tx, requisition)
    else:
        approving.begin(tx, requisition)


def _new_lines(tx: UnitOfWork, asked: Place, command: Ask | Edit) -> list[RequisitionLine]:
    return [
        *(_new_line(tx, asked, wanted) for wanted in command.lines),
        *(_in_words(wish) for wish in command.wishes),
    ]


def _new_line(tx: UnitOfWork, asked: Place, wanted: Wanted) -> RequisitionLine:
    """Return a line for what is kept in the room, or raise NotFound, ValidationFailed."""
    row = tx.session.execute(kept(tx, asked).where(Item.public_id == wanted.item)).one_or_none()
    if row is None:
        raise NotFound
    item = row.Item
    unit = tx.one(select(ItemUnit).filter_by(item_id=item.id, active=True), public_id=wanted.unit)
    stock_rules.checked(wanted.quantity)
    quantity = stock_rules.to_base(wanted.quantity, stock_rules.Factor(unit.num, unit.den))
    return RequisitionLine(
        item_id=item.id,
        item_unit_id=unit.id,
        quantity=stock_rules.checked(quantity),
        entered=wanted.quantity,
    )


def _in_words(wish: Wish) -> RequisitionLine:
    """Return a line for what is not kept, or raise ValidationFailed."""
    if not wish.text.strip():
        raise ValidationFailed({"text": message("Say what you need.")})
    if wish.price is not None and not 0 <= wish.price <= DEAREST:
        raise ValidationFailed({"price": message("Enter what one of these costs.")})
    return RequisitionLine(
        text=wish.text.strip()[:200],
        unit_text=wish.unit.strip()[:40],
        found_at=wish.found_at.strip()[:500],
        price=wish.price,
        quantity=stock_rules.checked(wish.quantity),
        entered=wish.quantity,
    )


def _beneficiary(tx: UnitOfWork, wanted: str | None) -> int | None:
    if not wanted:
        return None
    found = [person.id for person in colleagues(tx) if person.public_id == wanted]
    if not found:
        raise NotFound
    return found[0]


def _department(tx: UnitOfWork, asked: Place, wanted: str | None) -> int | None:
    """Return for which department is asked: the one chosen, else the first that fits."""
    offered = departments(tx, asked)
    if wanted:
        chosen = [row.id for row in offered if row.public_id == wanted]
        if not chosen:
            raise NotFound
        return int(chosen[0])
    return int(offered[0].id) if offered else None
