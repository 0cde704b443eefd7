"""Answering what a stock room was asked for: each line once, with its movement or a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from portal.api import Message, NotFound, Shortfall, UnitOfWork, ValidationFailed, message

from .. import rules as stock_rules
from ..models import Item, ItemUnit, Unit
from ..ordering.services import requested
from ..rules import Amount
from ..services import reserving, stock
from ..services.ends import point_in_reach
from . import events, paying, substitutes, told
from .models import Requisition, RequisitionLine
from .records import answerable, close, lines_of, settle
from .rooms import ISSUE, fullest, held_at, on_order
from .rules import OPEN, NotPossible, step

SETTLES = ("hand_out", "decline")
NOT_YET = message("This waits for an approval. Answer it when it is approved.")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a line is answered with: so much of a unit, of its item or a substitute, or a reason.

    ``action`` is hand_out, decline, order (it has to be bought) or put_aside.
    """

    line: str
    action: str
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


def answer(tx: UnitOfWork, public_id: str, answers: Sequence[Answer]) -> Requisition:
    """Answer lines of a requisition, all or none of these.

    Handing out posts the movement in the same transaction. Raises NotFound, NotPossible for a line
    that somebody answered or withdrew before, Incomplete, and Short with what is left.
    """
    requisition: Requisition = tx.one(answerable(tx), lock=True, public_id=public_id)
    if requisition.status == "waiting":
        raise NotPossible(NOT_YET)
    known = {line.public_id: line for line in lines_of(tx, requisition)}
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
    # What is put aside for a line is there for it, or for others when it is declined.
    aside = reserving.of_lines(tx, [line.id for line, given, _ in chosen])
    reserving.release(tx, [line.id for line, given, _ in chosen if given.action in SETTLES])
    _refuse_shortage(tx, requisition, [c for c in chosen if c[1].action == "hand_out"])
    # In the order in which all movements hold their balances.
    for line, given, unit in sorted(chosen, key=lambda one: (_item(one[2]), one[0].id)):
        held = [pair for pair, _ in aside.get(line.id, ())]
        _act(tx, requisition, line, given, unit, held)
    requested.unlink(tx, [line.id for line, given, _ in chosen if given.action in SETTLES])
    close(tx, requisition)
    paying.settle(tx, requisition)
    _tell(tx, requisition, answers)
    return requisition


def _tell(tx: UnitOfWork, requisition: Requisition, answers: Sequence[Answer]) -> None:
    """Record that lines were answered, and tell of it."""
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
    if any(given.action in SETTLES for given in answers):
        told.tell_asker(tx, requisition)
    if any(given.action == "put_aside" for given in answers):
        told.tell_ready(tx, requisition)


def _item(unit: ItemUnit | None) -> int:
    return unit.item_id if unit is not None else 0


def _act(
    tx: UnitOfWork,
    requisition: Requisition,
    line: RequisitionLine,
    given: Answer,
    unit: ItemUnit | None,
    held: Sequence[tuple[int, int]],
) -> None:
    """Do with a line what was answered."""
    match given.action:
        case "decline":
            _settle(tx, line, "decline", given, {})
        case "order":
            settle(tx, line, step(line.state, "order").to, answer=given.note.strip())
        case "put_aside":
            _put_aside(tx, requisition, line)
        case _:
            assert unit is not None  # What has no item is not handed out.
            _hand_out(tx, requisition, line, given, unit, held)


def _put_aside(tx: UnitOfWork, requisition: Requisition, line: RequisitionLine) -> None:
    """Put what is missing for a line aside, on the shelf where most of it is free."""
    assert line.item is not None
    known = sum(quantity for _, quantity in reserving.of_lines(tx, [line.id]).get(line.id, ()))
    more = line.quantity - known
    if more <= 0:
        raise NotPossible(message("{item} is put aside already.", item=line.called))
    try:
        place = fullest(tx, requisition.place, line.item)
    except NotFound:
        nothing = _shortage(tx, line.item.id, 0, 0)
        raise Short({line.public_id: nothing}) from None
    point = point_in_reach(tx, place, ISSUE)
    try:
        reserving.put_aside(tx, line.id, (line.item.id, point.id), more, requisition.needed_on)
    except reserving.NotFree as refused:
        said = refused.message
        raise Short({line.public_id: said}) from None  # type: ignore[dict-item]


def _require_open(tx: UnitOfWork, line: RequisitionLine, given: Answer) -> None:
    if line.state in OPEN:
        step(line.state, given.action)
        if line.item_id is None and given.action != "decline":
            raise NotPossible(
                message("{item} is not kept in stock: it has to be bought.", item=line.called)
            )
        return
    who = line.answered_by.name if line.answered_by is not None else ""
    if who:
        raise NotPossible(
            message("{item} was answered by {person} before you.", item=line.called, person=who)
        )
    raise NotPossible(message("{item} was withdrawn before you.", item=line.called))


def _unit(tx: UnitOfWork, line: RequisitionLine, given: Answer) -> ItemUnit | None:
    """Return the unit in which is handed out: of the item or of one that serves as well."""
    if given.action != "hand_out" or not given.unit or line.item_id is None:
        return line.item_unit
    unit: ItemUnit = tx.one(select(ItemUnit).filter_by(active=True), public_id=given.unit)
    if unit.item_id != line.item_id:
        others = substitutes.of(tx, [line.item_id]).get(line.item_id, [])
        if unit.item_id not in {other.id for other in others}:
            raise NotFound
    return unit


def _refuse_incomplete(chosen: Sequence[tuple[RequisitionLine, Answer, ItemUnit | None]]) -> None:
    problems: dict[str, tuple[str, Message]] = {}
    for _, given, unit in chosen:
        if given.action != "hand_out" or unit is None:
            if given.action == "decline" and not given.note.strip():
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
    chosen: Sequence[tuple[RequisitionLine, Answer, ItemUnit | None]],
) -> None:
    """Raise Short with every line for which too little is left, and what is on order."""
    items = {_item(unit) for _, _, unit in chosen}
    held = held_at(tx, requisition.place, items, ISSUE)
    left = {item_id: there.quantity for item_id, there in held.items()}
    coming = on_order(tx, requisition.place, items)
    problems = {}
    for line, given, unit in chosen:
        assert unit is not None
        wanted, there = _base(given, unit), left.get(unit.item_id, 0)
        if wanted > there:
            told = None if unit.item_id in held and held[unit.item_id].closed else there
            problems[line.public_id] = _shortage(
                tx, unit.item_id, told, coming.get(unit.item_id, 0)
            )
        left[unit.item_id] = there - wanted
    if problems:
        raise Short(problems)


def _shortage(tx: UnitOfWork, item_id: int, left: int | None, coming: int) -> Message:
    item = tx.one(select(Item), id=item_id)
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
    tx: UnitOfWork,
    requisition: Requisition,
    line: RequisitionLine,
    given: Answer,
    unit: ItemUnit,
    held: Sequence[tuple[int, int]],
) -> None:
    """Post what is handed out; the key of the line makes it once, whoever tries.

    It comes from where it was put aside, if it was and there is enough.
    """
    item = tx.one(select(Item), id=unit.item_id)
    there = [point_id for item_id, point_id in held if item_id == item.id]
    place = fullest(tx, requisition.place, item, there, _base(given, unit))
    receiver = requisition.beneficiary or requisition.owner
    department = requisition.department
    movement = stock.issue(
        tx,
        stock.Issue(
            item=item.public_id,
            unit=unit.public_id,
            quantity=given.quantity or 0,
            from_place=place,
            for_person=receiver.public_id,
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
