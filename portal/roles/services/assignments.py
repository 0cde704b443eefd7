"""Who holds which role: assigning, passing on, approving, ending. The one writer of assignments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import or_, select

from portal.auth import sessions
from portal.errors import Conflict, Forbidden, NotFound, ValidationFailed
from portal.guard import kernel_execute
from portal.messages import Message, message
from portal.people.models import Department, Person
from portal.roles.events import AssignmentEnded, RoleAssigned
from portal.roles.models import Assignment, Role
from portal.roles.principals import raise_epoch
from portal.roles.rules import beyond, given_by, reaches
from portal.work import UnitOfWork

from .power import ASSIGN, GRANT, held_by, parents, require_everywhere, titled

UNKNOWN = message("Choose one of the list.")


class NotWaiting(Conflict):
    """The request has been decided already."""

    default = message("This request has been decided already.")


class OwnRequest(Forbidden):
    """Whoever asks for a role is not the one who approves it."""

    default = message("Another administrator has to decide this.")


@dataclass(frozen=True, kw_only=True)
class AssignRole:
    """Give ``person`` a role, measured from ``department`` (empty: the whole organisation)."""

    role: str
    person: str
    department: str = ""
    from_on: date
    last_day: date | None = None
    may_grant: bool = False
    reason: str = ""


@dataclass(frozen=True)
class _Chosen:
    role: Role
    person: Person
    department_id: int | None
    until_on: date | None


def assign_role(tx: UnitOfWork, command: AssignRole) -> Assignment:
    """Give a role to somebody else; one for oneself waits for a second administrator.

    Raises Forbidden without the right for the whole organisation, ValidationFailed for what does
    not fit.
    """
    require_everywhere(tx, ASSIGN)
    chosen = _choose(tx, command)
    own = chosen.person.id == tx.actor.person_id
    return _write(tx, command, chosen, approved=not own)


def pass_on_role(tx: UnitOfWork, command: AssignRole) -> Assignment:
    """Give somebody else what one holds oneself with the right to pass it on, no further and no
    longer.

    Raises ValidationFailed naming the field that asks for more.
    """
    chosen = _choose(tx, command)
    if chosen.person.id == tx.actor.person_id:
        raise ValidationFailed({"person": message("You cannot pass a role on to yourself.")})
    if command.from_on < tx.today:
        raise ValidationFailed({"from_on": message("Begin today or later.")})
    if not reaches(tx.actor, GRANT, chosen.department_id):
        raise ValidationFailed(
            {
                "department": message(
                    "You cannot pass roles on here. Choose one of your departments."
                )
            }
        )
    if excess := _beyond_power(tx, chosen.role, chosen.department_id, chosen.until_on):
        raise ValidationFailed({"role": _too_much(tx, excess)})
    return _write(tx, command, chosen, approved=True)


def approve(tx: UnitOfWork, public_id: str, *, role_version: int) -> Assignment:
    """Let a role that somebody asked for begin; raise OwnRequest for the one who asked."""
    require_everywhere(tx, ASSIGN)
    row = _waiting(tx, public_id)
    role = tx.one(select(Role), id=row.role_id, lock=True)
    tx.expect_version(role, role_version, name=role.name)
    with tx.acting_for("core", reason="an asked-for role is approved") as own:
        asked = own.one(select(Assignment), id=row.id)
        asked.approved, asked.granted_by_id, asked.granted_at = True, tx.actor.person_id, tx.now
    _announce(tx, row)
    tx.audit("core.assignment_approved", row.person, **_facts(row))
    return row


def refuse(tx: UnitOfWork, public_id: str) -> Assignment:
    """Decline a role that somebody asked for; whoever asked may take it back this way too."""
    require_everywhere(tx, ASSIGN)
    row = _waiting(tx, public_id, also_own=True)
    _close(tx, row, row.from_on)
    tx.audit("core.assignment_refused", row.person, **_facts(row))
    return row


def end_assignment(tx: UnitOfWork, public_id: str, *, last_day: date | None = None) -> Assignment:
    """End somebody's role at once, or after ``last_day``; raise Forbidden for one's own."""
    require_everywhere(tx, ASSIGN)
    return _end(tx, _held(tx, public_id), last_day)


def take_back(tx: UnitOfWork, public_id: str, *, last_day: date | None = None) -> Assignment:
    """End a role that one could pass on oneself; raise Forbidden for a greater one."""
    row = _held(tx, public_id)
    if not reaches(tx.actor, GRANT, row.department_id):
        raise NotFound()
    granted_by_me = row.granted_by_id == tx.actor.person_id
    if not granted_by_me and (excess := _beyond_power(tx, row.role, row.department_id, tx.today)):
        raise Forbidden(_too_much(tx, excess))
    return _end(tx, row, last_day)


def end_all(tx: UnitOfWork, person: Person, until_on: date) -> int:
    """End every role of somebody who leaves; return how many ended earlier than they would have."""
    ends = or_(Assignment.until_on.is_(None), Assignment.until_on > until_on)
    with tx.acting_for("core", reason="the roles of somebody who leaves end") as own:
        rows = own.session.scalars(
            select(Assignment).where(Assignment.person_id == person.id, ends)
        ).all()
        for row in rows:
            row.until_on = max(until_on, row.from_on)
    return len(rows)


def sign_out(tx: UnitOfWork, person_id: int) -> None:
    """End every session of a person, so that what was taken away is gone at once."""
    sessions.revoke_sessions_of_person(tx.session, tx.now, person_id)


def _choose(tx: UnitOfWork, command: AssignRole) -> _Chosen:
    """Return the rows a command names, those of people locked; raise ValidationFailed for all at
    once.
    """
    problems: dict[str, Message | str] = {}
    # Whoever gives is locked as well: rights that end meanwhile are not passed on.
    either = or_(Person.public_id == command.person, Person.id == tx.actor.person_id)
    people = tx.session.scalars(
        select(Person)
        .where(either)
        .order_by(Person.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    person = next((p for p in people if p.public_id == command.person), None)
    role = tx.session.scalars(
        select(Role).where(Role.public_id == command.role).with_for_update()
    ).one_or_none()
    department = None
    if command.department:
        department = tx.session.scalars(
            select(Department).where(Department.public_id == command.department, Department.active)
        ).one_or_none()
        if department is None:
            problems["department"] = UNKNOWN
    until_on = None if command.last_day is None else command.last_day + timedelta(days=1)
    if until_on is not None and until_on <= max(command.from_on, tx.today):
        problems["last_day"] = message("This day is over before the role begins.")
    if role is None:
        problems["role"] = UNKNOWN
    if person is None:
        problems["person"] = UNKNOWN
    elif person.active_until is not None and person.active_until <= max(command.from_on, tx.today):
        problems["person"] = message("{name} no longer works here then.", name=person.name)
    if problems or role is None or person is None:
        raise ValidationFailed(problems)
    chosen = _Chosen(role, person, department.id if department else None, until_on)
    _refuse_twice(tx, command, chosen)
    return chosen


def _refuse_twice(tx: UnitOfWork, command: AssignRole, chosen: _Chosen) -> None:
    """Refuse a role that the person holds in the same place at the same time, or has asked for."""
    table = Assignment.__table__
    same_place = (
        table.c.department_id.is_(None)
        if chosen.department_id is None
        else table.c.department_id == chosen.department_id
    )
    there = select(table.c.id).where(
        table.c.person_id == chosen.person.id,
        table.c.role_id == chosen.role.id,
        same_place,
        or_(table.c.until_on.is_(None), table.c.until_on > command.from_on),
        or_(table.c.until_on.is_(None), table.c.until_on > table.c.from_on),
    )
    if chosen.until_on is not None:
        there = there.where(table.c.from_on < chosen.until_on)
    if kernel_execute(tx.session, there.limit(1)).first() is not None:
        already = message("{name} holds this role there already.", name=chosen.person.name)
        raise ValidationFailed({"role": already})


def _write(tx: UnitOfWork, command: AssignRole, chosen: _Chosen, *, approved: bool) -> Assignment:
    with tx.acting_for("core", reason="a role is assigned") as own:
        made = Assignment(
            person_id=chosen.person.id,
            role_id=chosen.role.id,
            department_id=chosen.department_id,
            from_on=command.from_on,
            until_on=chosen.until_on,
            may_grant=command.may_grant,
            approved=approved,
            granted_by_id=tx.actor.person_id,
            granted_at=tx.now,
            reason=command.reason,
        )
        own.session.add(made)
        own.session.flush()
        made_id = made.id
    row: Assignment = tx.one(select(Assignment), id=made_id)
    if approved:
        _announce(tx, row)
    action = "core.role_assigned" if approved else "core.role_requested"
    tx.audit(action, row.person, **_facts(row))
    return row


def _announce(tx: UnitOfWork, row: Assignment) -> None:
    raise_epoch(tx.session, person_id=row.person_id)
    tx.publish(
        RoleAssigned(person_id=row.person_id, role=row.role.slug, department_id=row.department_id)
    )


def _end(tx: UnitOfWork, row: Assignment, last_day: date | None) -> Assignment:
    if row.person_id == tx.actor.person_id:
        raise Forbidden(message("Another administrator has to end a role of your own."))
    until_on = tx.today if last_day is None else last_day + timedelta(days=1)
    if row.until_on is not None and row.until_on <= max(tx.today, row.from_on):
        raise Conflict(message("This role has ended already."))
    if row.until_on is not None and until_on > row.until_on:
        raise ValidationFailed({"last_day": message("The role ends earlier than that already.")})
    _close(tx, row, max(until_on, row.from_on))
    if until_on <= tx.today:
        sign_out(tx, row.person_id)
    tx.publish(
        AssignmentEnded(
            person_id=row.person_id, role=row.role.slug, department_id=row.department_id
        )
    )
    tx.audit("core.assignment_ended", row.person, **_facts(row))
    return row


def _close(tx: UnitOfWork, row: Assignment, until_on: date) -> None:
    with tx.acting_for("core", reason="a role ends") as own:
        own.one(select(Assignment), id=row.id).until_on = until_on
    raise_epoch(tx.session, person_id=row.person_id)


def _held(tx: UnitOfWork, public_id: str) -> Any:
    """Return an approved assignment in the actor's reach, its person locked."""
    row = tx.one(select(Assignment), public_id=public_id)  # The caller asks for the very right.
    if not row.approved:
        raise NotFound()
    tx.one(select(Person), id=row.person_id, lock=True)
    tx.session.refresh(row)
    return row


def _waiting(tx: UnitOfWork, public_id: str, *, also_own: bool = False) -> Any:
    row = tx.one(select(Assignment), public_id=public_id)
    tx.one(select(Person), id=row.person_id, lock=True)
    tx.session.refresh(row)
    if row.approved or row.until_on == row.from_on:
        raise NotWaiting()
    asked = tx.actor.person_id in {row.person_id, row.granted_by_id}
    if asked and not also_own:
        raise OwnRequest()
    return row


def _beyond_power(
    tx: UnitOfWork, role: Role, department_id: int | None, until_on: date | None
) -> list[str]:
    """Return the permissions of a role that the actor may not pass on there until that day."""
    wanted = given_by(
        [(p.permission, p.reach) for p in role.permissions], department_id, parents(tx)
    )
    person_id = tx.actor.person_id
    if person_id is None:
        return []
    power = held_by(tx, person_id, only_granting=True, passing_on_until=until_on)
    return beyond(wanted, power)


def _too_much(tx: UnitOfWork, excess: list[str]) -> Message:
    return message(
        "You cannot pass on all of this role there and that long: {permissions}.",
        permissions=titled(tx, excess),
    )


def _facts(row: Any) -> dict[str, Any]:
    """Return what the audit keeps of an assignment."""
    return {
        "role": row.role.slug,
        "department": row.department.name if row.department else None,
        "from": row.from_on,
        "until": row.until_on,
        "may_grant": row.may_grant,
        "reason": row.reason,
    }
