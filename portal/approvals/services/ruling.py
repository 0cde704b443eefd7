"""Saying who decides: rules that take one another's place, and trying out what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from portal.approvals.models import ApprovalRule, ApprovalRulePerson
from portal.approvals.rules import ESCALATE, REMIND, WHO, Step, steps_of
from portal.errors import Conflict, Forbidden, NotFound, ValidationFailed
from portal.messages import Message, message
from portal.people.models import Department, Person
from portal.roles.models import Role
from portal.roles.rules import reaches
from portal.work import UnitOfWork

from .circles import WHY, circle, rules_for
from .seeing import Who, sentences, who_today

EDIT = "core.approval.rules"
UNKNOWN = message("Choose one of the list.")
REPLACED = message("Somebody else has changed or ended this rule meanwhile.")


@dataclass(frozen=True, kw_only=True)
class SetRule:
    """A rule as it shall be; ``department``, ``role`` and ``people`` by public id.

    ``replaces`` is the public id of the rule whose place it takes, empty for a new one.
    """

    kind: str
    department: str = ""
    from_amount: int = 0
    step: int = 1
    who: str = "manager"
    role: str = ""
    people: tuple[str, ...] = ()
    needed: int = 1
    remind_hours: int = REMIND
    escalate_hours: int | None = ESCALATE
    replaces: str = ""


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A step that a request would take: in words, and who would decide it today."""

    n: int
    sentence: Message
    who: Sequence[Who]


def require_all(tx: UnitOfWork) -> None:
    """Raise Forbidden for who may not say it for the whole organisation."""
    if not reaches(tx.actor, EDIT, None):
        raise Forbidden


def rules_in_force(tx: UnitOfWork) -> Sequence[tuple[ApprovalRule, Message]]:
    """Return every rule in force with its sentence, by kind, department, amount and step."""
    names = joinedload(ApprovalRule.department), selectinload(ApprovalRule.people)
    rows = select(ApprovalRule).where(ApprovalRule.retired_at.is_(None)).options(*names)
    order = ApprovalRule.kind, ApprovalRule.department_id, ApprovalRule.from_amount
    found = tx.session.scalars(rows.order_by(*order, ApprovalRule.step, ApprovalRule.id)).all()
    with tx.acting_for("core", reason=WHY) as own:
        by_id = {rule.id: rule for kind in {r.kind for r in found} for rule in _known(own, kind)}
        said = sentences(own, by_id.values())
    return [(row, said[by_id[row.id]]) for row in found]


def _known(own: UnitOfWork, kind: str) -> Sequence[Any]:
    return list(rules_for(own, kind).values())


def find_rule(tx: UnitOfWork, public_id: str) -> ApprovalRule:
    """Return a rule in force, or raise NotFound."""
    require_all(tx)
    row: ApprovalRule = tx.one(select(ApprovalRule), public_id=public_id)
    if row.retired_at is not None:
        raise NotFound
    return row


def set_rule(tx: UnitOfWork, command: SetRule) -> ApprovalRule:
    """Say who decides a step; what was asked before keeps the rule it was asked under.

    Raises ValidationFailed for what cannot be, Conflict if the rule it replaces is gone.
    """
    require_all(tx)
    department = _named(tx, Department, command.department, "department")
    wrong = _faults(tx, command)
    role = _named(tx, Role, command.role, "role") if command.who == "role" else None
    people = _people(tx, command) if command.who == "people" else []
    if wrong:
        raise ValidationFailed(wrong)
    if command.replaces:
        _retire(tx, command.replaces)
    place = 0 if department is None else department.id
    slot = f"{command.kind} {place} {command.from_amount} {command.step}"
    taken = {"step": message("There is such a step already. Change that one, or take another.")}
    if tx.session.scalars(select(ApprovalRule.id).where(ApprovalRule.slot == slot)).first():
        raise ValidationFailed(taken)
    tx.if_refused(lambda _: taken)
    row = ApprovalRule(
        kind=command.kind,
        department_id=place or None,
        from_amount=command.from_amount,
        step=command.step,
        who=command.who,
        role_id=None if role is None else role.id,
        needed=1 if command.who == "manager" else command.needed,
        remind_hours=command.remind_hours,
        escalate_hours=command.escalate_hours,
        slot=slot,
        made_at=tx.now,
        made_by_id=tx.actor.person_id,
        people=[ApprovalRulePerson(person_id=person.id) for person in people],
    )
    tx.session.add(row)
    tx.session.flush()
    detail = {"kind": row.kind, "step": row.step, "from_amount": row.from_amount, "who": row.who}
    tx.audit("core.approval_rule_added", department, **detail)
    return row


def end_rule(tx: UnitOfWork, public_id: str) -> ApprovalRule:
    """Let a rule hold no more for what is asked from now on; raise Conflict if it is over."""
    require_all(tx)
    return _retire(tx, public_id)


def try_out(tx: UnitOfWork, kind: str, department_id: int, amount: int | None) -> Sequence[Tried]:
    """Return the steps a request would take, and who would decide each today."""
    with tx.acting_for("core", reason=WHY) as own:
        now = circle(own, kind=kind)
        chosen = steps_of(now.org, now.rules.values(), department_id, amount)
        said = sentences(own, chosen)
        return [
            Tried(
                n=n,
                sentence=said[rule],
                who=who_today(
                    own,
                    now,
                    Step(deciding=rule.deciding, department_id=department_id, amount=amount),
                ),
            )
            for n, rule in enumerate(chosen, start=1)
        ]


def _retire(tx: UnitOfWork, public_id: str) -> ApprovalRule:
    row: ApprovalRule = tx.one(select(ApprovalRule), public_id=public_id, lock=True)
    if row.retired_at is not None:
        raise Conflict(REPLACED)
    row.retired_at, row.slot = tx.now, None
    tx.session.flush()
    tx.audit("core.approval_rule_retired", row.department, kind=row.kind, step=row.step)
    return row


def _faults(tx: UnitOfWork, command: SetRule) -> dict[str, Message | str]:
    wrong: dict[str, Message | str] = {}
    runtime = tx.session.runtime
    if runtime is None or command.kind not in runtime.approvals():
        wrong["kind"] = UNKNOWN
    if command.who not in WHO:
        wrong["who"] = UNKNOWN
    if command.who == "role" and not command.role:
        wrong["role"] = message("Choose the role.")
    if command.who == "people" and not command.people:
        wrong["person1"] = message("Name at least one person.")
    if command.who == "people" and command.needed > max(len(set(command.people)), 1):
        wrong["needed"] = message("That is more than you have named.")
    if command.escalate_hours is not None and command.escalate_hours <= command.remind_hours:
        wrong["escalate_hours"] = message("Later than the reminder.")
    return wrong


def _named(tx: UnitOfWork, model: Any, public_id: str, field: str) -> Any:
    if not public_id:
        return None
    try:
        return tx.one(select(model), public_id=public_id)
    except NotFound as error:
        raise ValidationFailed({field: UNKNOWN}) from error


def _people(tx: UnitOfWork, command: SetRule) -> list[Person]:
    wanted = dict.fromkeys(command.people)
    return [
        _named(tx, Person, public_id, f"person{n}") for n, public_id in enumerate(wanted, start=1)
    ]
