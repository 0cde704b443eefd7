"""Who belongs to which department, from when until when. Core's one writer of memberships."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from portal.errors import Conflict, ValidationFailed
from portal.messages import Message, message
from portal.people.events import MembershipAdded, MembershipEnded
from portal.people.models import LEADERS_FIRST, Department, Membership, Person
from portal.people.rules import KINDS, LEADING, overlaps, until_after
from portal.reach import visible
from portal.roles.principals import raise_epoch
from portal.roles.rules import reaches
from portal.work import UnitOfWork

EDIT = "core.membership.edit"
UNKNOWN = message("Choose one of the list.")


@dataclass(frozen=True, kw_only=True)
class AddMembership:
    """A person joins a department, or leads it from a day on."""

    person: str
    department: str
    kind: str = "member"
    from_on: date
    last_day: date | None = None
    replace: bool = False  # whoever leads the department then makes room and stays as a member


@dataclass(frozen=True, kw_only=True)
class EndMembership:
    """``last_day`` is the last day in the department."""

    last_day: date


def memberships_of(tx: UnitOfWork, person_id: int) -> Sequence[Membership]:
    """Return a person's memberships, the newest first, without those that never began."""
    return tx.session.scalars(
        select(Membership)
        .where(Membership.person_id == person_id, _not_empty())
        .options(joinedload(Membership.department))
        .order_by(Membership.from_on.desc(), Membership.id.desc())
    ).all()


def current(
    tx: UnitOfWork,
    *,
    person_id: int | None = None,
    department_id: int | None = None,
    kinds: Sequence[str] = KINDS,
) -> Sequence[Membership]:
    """Return today's memberships of a person or of a department, those who lead first."""
    statement = (
        select(Membership)
        .join(Membership.person)
        .where(
            Membership.from_on <= tx.today,
            or_(Membership.until_on.is_(None), Membership.until_on > tx.today),
            Membership.kind.in_(kinds),
        )
        .options(joinedload(Membership.department), joinedload(Membership.person))
        .order_by(LEADERS_FIRST, Person.name_key, Membership.id)
    )
    if person_id is not None:
        statement = statement.where(Membership.person_id == person_id)
    if department_id is not None:
        statement = statement.where(Membership.department_id == department_id)
    return tx.session.scalars(statement).all()


def first_department(tx: UnitOfWork, public_id: str) -> Department | None:
    """Return the department a person leads or belongs to today, None without one."""
    person = tx.session.scalars(select(Person).where(Person.public_id == public_id)).one_or_none()
    found = current(tx, person_id=person.id) if person is not None else ()
    return found[0].department if found else None


def add_membership(tx: UnitOfWork, command: AddMembership) -> Membership:
    """Put a person into a department; raise ValidationFailed for what does not fit or overlaps."""
    person, department = _choose(tx, command)
    until_on = until_after(command.last_day)
    _check_days(person, command, until_on)
    rivals = _rivals(tx, person, department, command, until_on)
    if rivals and not (command.replace and command.kind in LEADING):
        raise ValidationFailed({_rival_field(command): _taken(command, rivals[0])})
    for rival in rivals:
        _make_room(tx, rival, command.from_on)
    row = _insert(tx, person.id, department.id, command.kind, command.from_on, until_on)
    raise_epoch(tx.session, person_id=person.id)
    tx.publish(MembershipAdded(person_id=person.id, department_id=department.id, kind=command.kind))
    tx.audit("core.membership_added", person, **_facts(row))
    return row


def end_membership(tx: UnitOfWork, public_id: str, command: EndMembership) -> Membership:
    """Let a membership end after a day; one that has not begun then never does."""
    row: Membership = tx.one(visible(select(Membership), EDIT, tx.actor), public_id=public_id)
    tx.one(select(Person), id=row.person_id, lock=True)
    tx.session.refresh(row)
    until_on = until_after(command.last_day)
    assert until_on is not None
    if row.until_on is not None and row.until_on <= max(row.from_on, tx.today):
        raise Conflict(message("This has ended already."))
    if row.until_on is not None and until_on > row.until_on:
        raise ValidationFailed({"last_day": message("It ends earlier than that already.")})
    row.until_on = max(until_on, row.from_on)
    _ended(tx, row)
    return row


def end_all(tx: UnitOfWork, person: Person, until_on: date) -> int:
    """End every membership of somebody who leaves; return how many ended earlier than they would
    have.
    """
    ends = or_(Membership.until_on.is_(None), Membership.until_on > until_on)
    with tx.acting_for("core", reason="the memberships of somebody who leaves end") as own:
        rows = own.session.scalars(
            select(Membership).where(Membership.person_id == person.id, ends)
        ).all()
        for row in rows:
            row.until_on = max(until_on, row.from_on)
    return len(rows)


def _choose(tx: UnitOfWork, command: AddMembership) -> tuple[Person, Department]:
    """Return the rows a command names, locked; raise ValidationFailed for all that is wrong with
    them.
    """
    problems: dict[str, Message | str] = {}
    # One order for everybody, so that two of these never wait for each other.
    person = tx.session.scalars(
        select(Person).where(Person.public_id == command.person).with_for_update()
    ).one_or_none()
    department = tx.session.scalars(
        select(Department)
        .where(Department.public_id == command.department, Department.active)
        .with_for_update()
    ).one_or_none()
    if person is None:
        problems["person"] = UNKNOWN
    elif person.id == tx.actor.person_id and command.kind in LEADING:
        problems["person"] = message("Somebody else has to put you in charge of a department.")
    if department is None or not reaches(tx.actor, EDIT, department.id):
        problems["department"] = UNKNOWN
    if command.kind not in KINDS:
        problems["kind"] = UNKNOWN
    if problems or person is None or department is None:
        raise ValidationFailed(problems)
    return person, department


def _check_days(person: Person, command: AddMembership, until_on: date | None) -> None:
    if until_on is not None and until_on <= command.from_on:
        raise ValidationFailed({"last_day": message("This is before the first day.")})
    if command.from_on < person.active_from:
        text = message("{name} does not work here yet on this day.", name=person.name)
        raise ValidationFailed({"from_on": text})
    if person.active_until is not None and (until_on or date.max) > person.active_until:
        text = message("{name} leaves earlier. Give a last day.", name=person.name)
        raise ValidationFailed({"last_day": text})


def _rivals(
    tx: UnitOfWork,
    person: Person,
    department: Department,
    command: AddMembership,
    until_on: date | None,
) -> list[Membership]:
    """Return the memberships that cannot stand beside the new one."""
    same = select(Membership).where(
        Membership.department_id == department.id, Membership.kind == command.kind
    )
    if command.kind not in LEADING:
        same = same.where(Membership.person_id == person.id)
    found = tx.session.scalars(same.options(joinedload(Membership.person))).all()
    return [row for row in found if overlaps(command.from_on, until_on, row.from_on, row.until_on)]


def _rival_field(command: AddMembership) -> str:
    return "from_on" if command.kind == "member" else "person"


def _taken(command: AddMembership, rival: Membership) -> Message:
    name = rival.person.name
    if command.kind == "manager":
        return message("{name} manages this department then.", name=name)
    if command.kind == "standing_deputy":
        return message("{name} is the standing deputy then.", name=name)
    return message("{name} belongs to this department on some of these days already.", name=name)


def _make_room(tx: UnitOfWork, rival: Membership, from_on: date) -> None:
    """End the lead of whoever had it; that person stays in the department as a member."""
    if rival.from_on >= from_on:
        text = message(
            "{name} begins on that day or later. End that first.", name=rival.person.name
        )
        raise ValidationFailed({"person": text})
    until_on, rival.until_on = rival.until_on, from_on
    _ended(tx, rival)
    member = select(Membership).where(
        Membership.person_id == rival.person_id,
        Membership.department_id == rival.department_id,
        Membership.kind == "member",
    )
    there = tx.session.scalars(member).all()
    if not any(overlaps(from_on, until_on, row.from_on, row.until_on) for row in there):
        _insert(tx, rival.person_id, rival.department_id, "member", from_on, until_on)


def _insert(
    tx: UnitOfWork,
    person_id: int,
    department_id: int,
    kind: str,
    from_on: date,
    until_on: date | None,
) -> Membership:
    row = Membership(
        person_id=person_id,
        department_id=department_id,
        kind=kind,
        from_on=from_on,
        until_on=until_on,
    )
    tx.session.add(row)
    tx.session.flush()
    return row


def _ended(tx: UnitOfWork, row: Membership) -> None:
    raise_epoch(tx.session, person_id=row.person_id)
    tx.publish(
        MembershipEnded(person_id=row.person_id, department_id=row.department_id, kind=row.kind)
    )
    tx.audit("core.membership_ended", row.person, **_facts(row))


def _not_empty() -> Any:
    return or_(Membership.until_on.is_(None), Membership.until_on > Membership.from_on)


def _facts(row: Membership) -> dict[str, Any]:
    """Return what the audit keeps of a membership."""
    return {
        "department": row.department.name,
        "kind": row.kind,
        "from": row.from_on,
        "until": row.until_on,
    }
