"""Whether a request needs an approval, what whoever decides reads, and what follows from it."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from portal.api import (
    ApprovalOutcome,
    EditConflict,
    Message,
    Money,
    UnitOfWork,
    ValidationFailed,
    approval_of,
    ask_approval,
    message,
    settings_of,
    void_approval,
)
from portal.plugin import ApprovalKind, ApprovalSubject

from ..models import Item
from ..rules import Amount, Day
from . import paying, told
from .models import Requisition, RequisitionLine
from .records import close, lines_of, settle
from .rules import KIND, OPEN, wants_approval

EXPIRED = message("Nobody decided this for so long that it ended. Ask again.")


def wanted(tx: UnitOfWork, requisition: Requisition, *, buys: bool) -> bool:
    """Return whether the department's settings want this request to be approved first."""
    said = settings_of(tx, "inventory", department_of(requisition)).get("request_approval")
    return wants_approval(said, buys=buys)


def department_of(requisition: Requisition) -> int | None:
    """Return whose approval counts: that of the department it is for, else of the room's."""
    return requisition.department_id or requisition.place.department_id


def ask(tx: UnitOfWork, requisition: Requisition) -> None:
    """Ask for the approval of a request; nobody sees it as open until it is given."""
    department_id = department_of(requisition)
    if department_id is None:
        raise ValidationFailed(
            {"department": message("This needs an approval. Say for which department it is.")}
        )
    requisition.status = "waiting"
    requisition.decided_by_id = requisition.decided_for_id = requisition.decided_at = None
    requisition.decided_note = ""
    tx.session.flush()
    ask_approval(
        tx,
        kind=KIND,
        subject=requisition.public_id,
        title=title_of(requisition),
        amount=requisition.estimate,
        department_id=department_id,
        beneficiary_id=requisition.beneficiary_id,
        at_least=any(line.estimate is None for line in lines_of(tx, requisition)),
    )


def title_of(requisition: Requisition) -> Message:
    """Return what the approval is called."""
    return message(
        "{number}: {person} asks for supplies",
        number=requisition.number,
        person=requisition.owner.name,
    )


def let_go(tx: UnitOfWork, requisition: Requisition) -> None:
    """Say that what waits or was approved does not count any more, before the request is held."""
    approval = approval_of(tx, kind=KIND, subject=requisition.public_id)
    if approval is not None and approval.state in ("pending", "approved"):
        void_approval(tx, kind=KIND, subject=requisition.public_id)


def meanwhile(requisition: Requisition) -> Message:
    """Return what has become of a request since somebody read its page."""
    who = requisition.decided_by
    if requisition.decided_at is None or who is None or requisition.status != "asked":
        return EditConflict.default
    name: Message | str = who.name
    if (stood_in := requisition.decided_for) is not None:
        name = message("{deputy} for {name}", deputy=who.name, name=stood_in.name)
    return message(
        "{name} has approved this already. Withdraw it all the same if you do not need it.",
        name=name,
    )


def begin(tx: UnitOfWork, requisition: Requisition) -> None:
    """Let the room see a request: nothing is in the way any more."""
    for line in lines_of(tx, requisition):
        if line.state == "asked" and line.item_id is None:
            settle(tx, line, "to_buy")
    requisition.status = "asked"
    tx.session.flush()
    told.tell_room(tx, requisition, requisition.place)


def digest(tx: UnitOfWork, subject: str) -> str:
    """Return a mark of everything that is approved: lines, quantities, what they may cost."""
    requisition = _named(tx, subject)
    said: list[Any] = [
        requisition.place_id,
        requisition.department_id,
        requisition.beneficiary_id,
        str(requisition.needed_on or ""),
    ]
    said += [
        [
            *(line.item_id, line.item_unit_id, line.quantity, line.entered),
            *(line.text, line.unit_text, line.found_at, line.price, line.estimate),
        ]
        for line in lines_of(tx, requisition)
    ]
    return sha256(json.dumps(said).encode()).hexdigest()


def describe(tx: UnitOfWork, subject: str) -> ApprovalSubject:
    """Return what whoever decides must know of a request."""
    requisition = _named(tx, subject)
    lines = lines_of(tx, requisition)
    facts: list[tuple[Message | str, Message | str]] = [
        (message("Stock room"), requisition.place.name),
    ]
    if requisition.needed_on is not None:
        facts.append(
            (message("Needed by"), Message("{words}", {"words": Day(requisition.needed_on)}))
        )
    facts += [(message("Budget"), said) for said in paying.of_request(tx, requisition)]
    if requisition.note:
        facts.append((message("Note"), requisition.note))
    return ApprovalSubject(
        title=title_of(requisition),
        endpoint="inventory.requisition",
        values={"public_id": requisition.public_id},
        facts=tuple(facts),
        lines=tuple(_sentence(tx, line) for line in lines),
    )


def _sentence(tx: UnitOfWork, line: RequisitionLine) -> Message:
    said: dict[str, Any] = {"what": line.called, "amount": amount_of(tx, line)}
    if line.estimate is None:
        return message("{what}: {amount}, price unknown", **said)
    return message("{what}: {amount}, about {cost}", cost=Money(line.estimate, tx.currency), **said)


def amount_of(tx: UnitOfWork, line: RequisitionLine) -> Amount:
    """Return how much of a line is asked for, in what it is counted in."""
    if line.item_id is None:
        return Amount(line.entered, line.unit_text)
    item: Item = tx.one(select(Item), id=line.item_id)
    return Amount(line.quantity, item.base_unit.name)


def decided(tx: UnitOfWork, outcome: ApprovalOutcome) -> None:
    """Do what follows from a decision, in the same transaction."""
    requisition: Requisition = tx.one(select(Requisition), lock=True, public_id=outcome.subject)
    if requisition.status != "waiting" or outcome.state == "void":
        return
    if outcome.state == "approved":
        _note(tx, requisition, outcome)
        begin(tx, requisition)
        paying.settle(tx, requisition, gently=False)  # Or the decision is undone.
        return
    state = "withdrawn" if outcome.state == "withdrawn" else "refused"
    for line in lines_of(tx, requisition):
        if line.state in OPEN:
            settle(tx, line, state, answered_at=tx.now)
    if state == "refused":
        _note(tx, requisition, outcome)
    close(tx, requisition)
    tx.audit(f"inventory.requisition_{state}", requisition)


def _note(tx: UnitOfWork, requisition: Requisition, outcome: ApprovalOutcome) -> None:
    """Keep beside the request who decided, for whoever may not see the approval."""
    requisition.decided_by_id = outcome.person_id
    requisition.decided_for_id = outcome.on_behalf_of_id
    requisition.decided_at = tx.now
    requisition.decided_note = outcome.comment[:2000]
    tx.session.flush()


def _named(tx: UnitOfWork, subject: str) -> Requisition:
    found: Requisition = tx.one(select(Requisition), public_id=subject)
    return found


APPROVAL = ApprovalKind(
    name=KIND,
    title=message("Request for supplies"),
    describe=describe,
    digest=digest,
    decided=decided,
)
