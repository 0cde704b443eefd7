"""Asking a stock room for things, and answering: each line once, with its movement or a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, select

from portal.api import (
    Held,
    Message,
    NotFound,
    Place,
    Shortfall,
    UnitOfWork,
    ValidationFailed,
    message,
    next_number,
    row_by_row,
    visible,
)

from .. import rules as stock_rules
from ..models import Item, ItemUnit, Unit
from ..rules import Amount
from ..services import stock
from . import events, substitutes, told
from .models import Requisition, RequisitionLine
from .rooms import ISSUE, departments, fullest, held_at, kept, on_order, room
from .rules import ANSWER, ASK, LINES_AT_MOST, NotPossible, status, step

SERIES = "inventory.requisition"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """So much of an item: ``quantity`` in thousandths of ``unit``, both by public id."""

    item: str
    unit: str
    quantity: int


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What somebody wants of a stock room, for a department, by a day if that matters."""

    place: str
    lines: tuple[Wanted, ...]
    department: str | None = None
    needed_on: date | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a line is answered with: so much of a unit, of its item or a substitute, or a reason."""

    line: str
    action: str  # hand_out or decline
    unit: str | None = None
    quantity: int | None = None
    note: str = ""


class Short(Shortfall):
    """Less is left than was to be handed out; ``lines`` says for which lines, and why."""

    def __init__(self, lines: Mapping[str, Message]) -> None:
        super().__init__(next(iter(lines.values())))
        self.lines = dict(lines)


class Incomplete(ValidationFailed):
    """Lines that cannot be answered like that; ``lines`` says for which field of which line."""

    def __init__(self, lines: Mapping[str, tuple[str, Message]]) -> None:
        super().__init__(dict(lines.values()))
        self.lines = dict(lines)


def mine(tx: UnitOfWork, permission: str = ANSWER) -> Any:
    """Return the condition that a requisition is asked of a room that is one's own."""
    held = tx.actor.grants.get(permission, Held())
    own = Place.in_reach(held, tx.actor, writing=True)
    return row_by_row(Requisition.place_id).in_(own)


def answerable(tx: UnitOfWork) -> Select[Any]:
    """Return the requisitions that one may answer: those asked of one's own rooms."""
    return visible(select(Requisition), ANSWER, tx.actor).where(mine(tx))


def ask(tx: UnitOfWork, command: Ask) -> Requisition:
    """Ask a stock room for things; its people are told. Raises NotFound, ValidationFailed."""
    asked = room(tx, command.place)
    if not command.lines:
        raise ValidationFailed({"item": message("Add what you need.")})
    if len(command.lines) > LINES_AT_MOST:
        raise ValidationFailed({"item": message("Ask for the rest in a second request.")})
    if command.needed_on is not None and command.needed_on < tx.today:
        raise ValidationFailed({"needed_on": message("This day is over.")})
    lines = [_new_line(tx, asked, wanted) for wanted in command.lines]
    requisition = Requisition(
        number=next_number(tx, SERIES),
        place_id=asked.id,
        owner_id=tx.actor.person_id,
        department_id=_department(tx, asked, command.department),
        needed_on=command.needed_on,
        note=command.note.strip(),
        asked_at=tx.now,
    )
    tx.session.add(requisition)
    tx.session.flush()
    for line in lines:
        line.requisition_id = requisition.id
    tx.session.add_all(lines)
    tx.audit("inventory.requisition_asked", requisition, lines=len(lines))
    tx.publish(
        events.RequisitionAsked(
            requisition_id=requisition.id,
            number=requisition.number,
            person_id=requisition.owner_id,
            place_id=asked.id,
        )
    )
    told.tell_room(tx, requisition, asked)
    return requisition


def withdraw(tx: UnitOfWork, public_id: str) -> Requisition:
    """Take back what has not been answered yet; raise NotPossible when all of it has."""
    own = visible(select(Requisition), ASK, tx.actor).where(
        Requisition.owner_id == tx.actor.person_id
    )
    requisition: Requisition = tx.one(own, lock=True, public_id=public_id)
    taken = 0
    for line in _lines(tx, requisition):
        if line.state == "asked":
            settle(tx, line, step(line.state, "withdraw").to, answered_at=tx.now)
            taken += 1
    if not taken:
        raise NotPossible(message("All of this was answered in the meantime."))
    _close(tx, requisition)
    tx.audit("inventory.requisition_withdrawn", requisition, lines=taken)
    return requisition


def answer(tx: UnitOfWork, public_id: str, answers: Sequence[Answer]) -> Requisition:
    """Answer lines of a requisition, all or none of these.

    Handing out posts the movement in the same transaction. Raises NotFound, NotPossible for a line
    that somebody answered or withdrew before, Incomplete, and Short with what is left.
    """
    requisition: Requisition = tx.one(answerable(tx), lock=True, public_id=public_id)
    known = {line.public_id: line for line in _lines(tx, requisition)}
    if not answers:
        raise ValidationFailed({"lines": message("Answer at least one line.")})
    chosen = []
    for given in answers:
        line = known.get(given.line)
        if line is None:
            raise NotFound
        _require_open(tx, line, given)
        chosen.append((line, given, _unit(tx, line, given)))
    _refuse_incomplete(chosen)
    _refuse_shortage(tx, requisition, [c for c in chosen if c[1].action == "hand_out"])
    # In the order in which all movements hold their balances.
    for line, given, unit in sorted(chosen, key=lambda one: (one[2].item_id, one[0].id)):
        if given.action == "decline":
            _settle(tx, line, "decline", given, {})
        else:
            _hand_out(tx, requisition, line, given, unit)
    _close(tx, requisition)
    handed = sum(1 for one in answers if one.action == "hand_out")
    tx.audit("inventory.requisition_answered", requisition, handed_out=handed, lines=len(answers))
    tx.publish(
        events.RequisitionAnswered(
            requisition_id=requisition.id,
            number=requisition.number,
            person_id=requisition.owner_id,
            status=requisition.status,
        )
    )
    told.tell_asker(tx, requisition)
    return requisition


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


def _department(tx: UnitOfWork, asked: Place, wanted: str | None) -> int | None:
    """Return for which department is asked: the one chosen, else the first that fits."""
    offered = departments(tx, asked)
    if wanted:
        chosen = [row.id for row in offered if row.public_id == wanted]
        if not chosen:
            raise NotFound
        return int(chosen[0])
    return int(offered[0].id) if offered else None


def _lines(tx: UnitOfWork, requisition: Requisition) -> Sequence[RequisitionLine]:
    """Return the lines as they are now that the requisition is held."""
    found = select(RequisitionLine).where(RequisitionLine.requisition_id == requisition.id)
    newest = found.order_by(RequisitionLine.id).execution_options(populate_existing=True)
    return tx.session.scalars(newest).all()


def _require_open(tx: UnitOfWork, line: RequisitionLine, given: Answer) -> None:
    if line.state == "asked":
        step(line.state, given.action)
        return
    who = line.answered_by.name if line.answered_by is not None else ""
    if who:
        raise NotPossible(
            message("{item} was answered by {person} before you.", item=line.item.name, person=who)
        )
    raise NotPossible(message("{item} was withdrawn before you.", item=line.item.name))


def _unit(tx: UnitOfWork, line: RequisitionLine, given: Answer) -> ItemUnit:
    """Return the unit in which is handed out: of the item or of one that serves as well."""
    if given.action == "decline" or not given.unit:
        return line.item_unit
    unit: ItemUnit = tx.one(select(ItemUnit).filter_by(active=True), public_id=given.unit)
    if unit.item_id != line.item_id:
        others = substitutes.of(tx, [line.item_id]).get(line.item_id, [])
        if unit.item_id not in {other.id for other in others}:
            raise NotFound
    return unit


def _refuse_incomplete(chosen: Sequence[tuple[RequisitionLine, Answer, ItemUnit]]) -> None:
    problems: dict[str, tuple[str, Message]] = {}
    for _, given, unit in chosen:
        if given.action == "decline":
            if not given.note.strip():
                problems[given.line] = "note", message("Say why, so that they know.")
            continue
        try:
            if given.quantity is None:
                raise stock_rules.QuantityOutOfRange({"quantity": message("Fill this in.")})
            stock_rules.checked(_base(given, unit))
        except ValidationFailed as refused:
            problems[given.line] = "quantity", next(iter(refused.fields.values()))  # type: ignore[assignment]
    if problems:
        raise Incomplete(problems)


def _base(given: Answer, unit: ItemUnit) -> int:
    """Return what is handed out, in base units."""
    return stock_rules.to_base(given.quantity or 0, stock_rules.Factor(unit.num, unit.den))


def _refuse_shortage(
    tx: UnitOfWork,
    requisition: Requisition,
    chosen: Sequence[tuple[RequisitionLine, Answer, ItemUnit]],
) -> None:
    """Raise Short with every line for which too little is left, and what is on order."""
    items = {unit.item_id for _, _, unit in chosen}
    held = held_at(tx, requisition.place, items, ISSUE)
    left = {item_id: there.quantity for item_id, there in held.items()}
    coming = on_order(tx, requisition.place, items)
    problems = {}
    for line, given, unit in chosen:
        wanted, there = _base(given, unit), left.get(unit.item_id, 0)
        if wanted > there:
            told = None if unit.item_id in held and held[unit.item_id].closed else there
            problems[line.public_id] = _shortage(tx, unit, told, coming.get(unit.item_id, 0))
        left[unit.item_id] = there - wanted
    if problems:
        raise Short(problems)


def _shortage(tx: UnitOfWork, unit: ItemUnit, left: int | None, coming: int) -> Message:
    item = tx.one(select(Item), id=unit.item_id)
    if left is None:
        return message(
            "There is not enough of {item}. How much is not said while it is being counted.",
            item=item.name,
        )
    base = tx.one(select(Unit), id=item.base_unit_id).name
    facts = {"item": item.name, "left": Amount(max(left, 0), base)}
    if coming:
        return message(
            "Only {left} of {item} left; {coming} on order.", coming=Amount(coming, base), **facts
        )
    return message("Only {left} of {item} left; none is on order.", **facts)


def _hand_out(
    tx: UnitOfWork, requisition: Requisition, line: RequisitionLine, given: Answer, unit: ItemUnit
) -> None:
    """Post what is handed out; the key of the line makes it once, whoever tries."""
    item = tx.one(select(Item), id=unit.item_id)
    place = fullest(tx, requisition.place, item)
    department = requisition.department
    movement = stock.issue(
        tx,
        stock.Issue(
            item=item.public_id,
            unit=unit.public_id,
            quantity=given.quantity or 0,
            from_place=place,
            for_person=requisition.owner.public_id,
            for_department=department.public_id if department is not None else None,
            key=f"requisition line {line.id}",
        ),
    )
    given_as = {"movement_id": movement.id, "given": movement.quantity, "given_item_id": item.id}
    _settle(tx, line, "hand_out", given, given_as)


def _settle(
    tx: UnitOfWork, line: RequisitionLine, action: str, given: Answer, more: Mapping[str, Any]
) -> None:
    settle(
        tx,
        line,
        step(line.state, action).to,
        answer=given.note.strip(),
        answered_by_id=tx.actor.person_id,
        answered_at=tx.now,
        **more,
    )


def settle(tx: UnitOfWork, line: RequisitionLine, state: str, **values: Any) -> None:
    """Give a line its last state; its version lets that succeed once, whoever else tries."""
    for name, value in {"state": state, **values}.items():
        setattr(line, name, value)
    tx.session.flush()


def _close(tx: UnitOfWork, requisition: Requisition) -> None:
    """Let the whole be what its lines have become."""
    now = status(line.state for line in _lines(tx, requisition))
    if now != requisition.status:
        requisition.status, requisition.answered_at = now, tx.now
        tx.session.flush()
