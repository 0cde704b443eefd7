"""Who stands in for whom: naming a deputy, other days, the end. Core's one writer of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import joinedload

from portal.absences.services import absences_between
from portal.audit.changes import put
from portal.errors import Conflict, NotFound, ValidationFailed
from portal.messages import Message, message
from portal.notices.services import notify
from portal.people.models import Department, Person
from portal.people.reaching import person_named, reached_by, reaches_others
from portal.reach import visible
from portal.work import UnitOfWork

from .events import DelegationAdded, DelegationChanged, DelegationEnded
from .models import Delegation
from .rules import ALL, SCOPES

VIEW, EDIT = "core.delegation.view", "core.delegation.edit"
USUAL = 60  # days at a time
LONGEST = 366  # days, if an administrator says so
UNKNOWN = message("Choose one of the list.")
PAST = message("Begin today or later.")
OVER = message("This is over already.")


@dataclass(frozen=True, kw_only=True)
class NameDeputy:
    """Somebody stands in; ``principal`` by public id, empty for oneself.

    ``department`` and all below, or empty for everything; ``longer`` confirms more than 60 days.
    """

    principal: str = ""
    deputy: str
    from_on: date
    last_on: date
    only_when_absent: bool = True
    scope: str = ALL
    department: str = ""
    max_amount: int | None = None
    longer: bool = False


@dataclass(frozen=True, kw_only=True)
class ChangeDelegation:
    """The days on which somebody stands in as they shall be."""

    version: int | None
    from_on: date
    last_on: date
    only_when_absent: bool = True
    longer: bool = False


def find_delegation(tx: UnitOfWork, public_id: str, permission: str = VIEW) -> Any:
    """Return the delegation in reach of ``permission``, or raise NotFound."""
    return tx.one(visible(select(Delegation), permission, tx.actor), public_id=public_id)


def may_edit(tx: UnitOfWork, row: Delegation) -> bool:
    """Return whether the actor may change or end a delegation, as long as it is not over."""
    mine = visible(select(Delegation.id), EDIT, tx.actor).where(Delegation.id == row.id)
    return tx.session.scalars(mine).one_or_none() is not None


def in_reach(tx: UnitOfWork) -> ColumnElement[bool]:
    """Return the condition of being a person whose deputy the actor may name."""
    return reached_by(tx, EDIT)


def may_name(tx: UnitOfWork, person_id: int) -> bool:
    """Return whether the actor may name who stands in for a person."""
    if confirms_longer(tx) or (tx.actor.holds(EDIT) and person_id == tx.actor.person_id):
        return True  # Asked on every page of an absence: mostly without the database.
    mine = select(Person.id).where(Person.id == person_id, in_reach(tx))
    return tx.session.scalars(mine).one_or_none() is not None


def names_for_others(tx: UnitOfWork) -> bool:
    """Return whether the actor may name who stands in for somebody else."""
    return reaches_others(tx, EDIT)


def confirms_longer(tx: UnitOfWork) -> bool:
    """Return whether the actor may let somebody stand in for more than 60 days."""
    held = tx.actor.grants.get(EDIT)
    return tx.actor.owns(Delegation) or (held is not None and held.everything)


def named_for(tx: UnitOfWork, public_id: str = "") -> Any:
    """Return the person whose deputy the actor may name, oneself for an empty id; or raise
    NotFound.
    """
    return tx.one(person_named(tx, EDIT, public_id))


def state_of(tx: UnitOfWork, row: Delegation) -> str:
    """Return whether a delegation is of ``today``, is ``coming`` or is ``over``."""
    if row.revoked_at is not None or row.last_on < tx.today:
        return "over"
    return "today" if row.from_on <= tx.today else "coming"


def coming_of(tx: UnitOfWork, person_id: int, *, most: int = 10) -> Sequence[Delegation]:
    """Return what is not over of who stands in for a person and for whom they do, the next
    first.
    """
    rows = select(Delegation).where(
        or_(Delegation.principal_id == person_id, Delegation.deputy_id == person_id),
        _in_force(tx.today),
    )
    rows = visible(rows, VIEW, tx.actor).order_by(Delegation.from_on, Delegation.id)
    names = joinedload(Delegation.principal), joinedload(Delegation.deputy)
    return tx.session.scalars(rows.options(*names).limit(most)).all()


def uncovered(
    tx: UnitOfWork, person_id: int, from_on: date, last_on: date
) -> tuple[date, date] | None:
    """Return the first and the last day, from today on, on which nobody stands in for a person."""
    first = max(from_on, tx.today)
    rows = _of(tx, person_id, first, last_on)
    days = (first + timedelta(days=number) for number in range((last_on - first).days + 1))
    left = [day for day in days if not any(row.from_on <= day <= row.last_on for row in rows)]
    return (left[0], left[-1]) if left else None


def warnings_of(tx: UnitOfWork, row: Delegation) -> list[Message]:
    """Return what should be known of a delegation: others at the same time, a deputy who is away
    too.
    """
    if state_of(tx, row) == "over":
        return []
    others = [
        other.deputy.name
        for other in _of(tx, row.principal_id, max(row.from_on, tx.today), row.last_on)
        if other.id != row.id
    ]
    said = [
        message("{name} stands in at the same time: both may decide.", name=name)
        for name in dict.fromkeys(others)
    ]
    after = row.last_on + timedelta(days=1)
    if absences_between(tx, [row.deputy_id], max(row.from_on, tx.today), after):
        text = message("{name} is away too on some of these days.", name=row.deputy.name)
        said.append(text)
    return said


def name_deputy(tx: UnitOfWork, command: NameDeputy) -> Delegation:
    """Let somebody stand in; raise ValidationFailed for days that cannot be, for people who are
    unknown or out of reach, and for a deputy who stands in then already.
    """
    principal, deputy, department = _people(tx, command)
    department_id = None if department is None else department.id
    if command.scope not in SCOPES:
        raise ValidationFailed({"scope": UNKNOWN})
    wrong = _faults(tx, principal, deputy, command)
    if command.from_on < tx.today:
        wrong["from_on"] = PAST
    _refuse(wrong or _twice(tx, principal, deputy, command, department_id))
    row = Delegation(
        principal_id=principal.id,
        deputy_id=deputy.id,
        department_id=department_id,
        scope=command.scope,
        max_amount=command.max_amount,
        from_on=command.from_on,
        last_on=command.last_on,
        only_when_absent=command.only_when_absent,
        created_by_id=tx.actor.person_id,
    )
    tx.session.add(row)
    tx.session.flush()
    tx.publish(DelegationAdded(**_told(row), from_on=row.from_on, last_on=row.last_on))
    days = {"from_on": row.from_on, "last_on": row.last_on}
    tx.audit("core.delegation_added", principal, deputy=deputy.name, **days)
    _tell_deputy(tx, row, principal.name)
    return row


def _tell_deputy(tx: UnitOfWork, row: Delegation, name: str) -> None:
    text = message(
        "You stand in for {name} from {first} to {last}",
        name=name,
        first=row.from_on,
        last=row.last_on,
    )
    notify(
        tx,
        "core.absence_deputy",
        [row.deputy_id],
        text,
        endpoint="delegation.deputy",
        values={"public_id": row.public_id},
        record=f"core.delegation:{row.public_id}",
    )


def change_delegation(tx: UnitOfWork, public_id: str, command: ChangeDelegation) -> Delegation:
    """Let somebody stand in on other days.

    Raises EditConflict for an old version, Conflict for one that is over, ValidationFailed as for
    a new one and for another first day of one that has begun.
    """
    row, principal = _locked(tx, public_id)
    values = {
        "from_on": command.from_on,
        "last_on": command.last_on,
        "only_when_absent": command.only_when_absent,
    }
    tx.expect_version(row, command.version, **{name: getattr(row, name) for name in values})
    state = state_of(tx, row)
    if state == "over":
        raise Conflict(OVER)
    wrong = _faults(tx, principal, row.deputy, command)
    if state == "today" and command.from_on != row.from_on:
        wrong["from_on"] = message("This has begun already; the first day stays.")
    elif state == "coming" and command.from_on < tx.today:
        wrong["from_on"] = PAST
    elif command.last_on < tx.today:
        wrong["last_on"] = message("This day is past. To end it now, use End.")
    _refuse(wrong or _twice(tx, principal, row.deputy, command, row.department_id, but=row))
    if changed := put(row, **values):
        tx.session.flush()
        tx.publish(DelegationChanged(**_told(row), from_on=row.from_on, last_on=row.last_on))
        tx.audit("core.delegation_changed", principal, deputy=row.deputy.name, changed=changed)
        _tell_deputy(tx, row, principal.name)
    return row


def end_delegation(tx: UnitOfWork, public_id: str, version: int | None) -> Delegation:
    """Let nobody stand in by this any more, from this moment on; raise Conflict if it is over."""
    row, principal = _locked(tx, public_id)
    tx.expect_version(row, version)
    if state_of(tx, row) == "over":
        raise Conflict(OVER)
    tx.now = max(tx.now, datetime.now(UTC))  # A decision it has waited for was made before.
    row.revoked_at = tx.now
    tx.session.flush()
    tx.publish(DelegationEnded(**_told(row)))
    tx.audit("core.delegation_ended", principal, deputy=row.deputy.name)
    return row


def end_all(tx: UnitOfWork, person: Person, until_on: date) -> int:
    """End what somebody who leaves gave and was given; return how many end earlier by that."""
    last_on = until_on - timedelta(days=1)
    with tx.acting_for("core", reason="who leaves stands in for nobody") as own:
        rows = own.session.scalars(
            select(Delegation).where(
                or_(Delegation.principal_id == person.id, Delegation.deputy_id == person.id),
                Delegation.last_on > last_on,
                Delegation.revoked_at.is_(None),
            )
        ).all()
        for row in rows:
            if row.from_on > last_on:
                row.revoked_at = tx.now
            else:
                row.last_on = last_on
            tx.publish(DelegationEnded(**_told(row)))
    return len(rows)


def _told(row: Delegation) -> dict[str, int]:
    return {
        "delegation_id": row.id,
        "principal_id": row.principal_id,
        "deputy_id": row.deputy_id,
    }


def _in_force(from_on: date) -> ColumnElement[bool]:
    return and_(Delegation.last_on >= from_on, Delegation.revoked_at.is_(None))


def _of(tx: UnitOfWork, person_id: int, from_on: date, last_on: date) -> Sequence[Delegation]:
    rows = select(Delegation).where(
        Delegation.principal_id == person_id, _in_force(from_on), Delegation.from_on <= last_on
    )
    return tx.session.scalars(rows.order_by(Delegation.from_on, Delegation.id)).all()


def _people(tx: UnitOfWork, command: NameDeputy) -> tuple[Person, Person, Department | None]:
    """Return principal, held until the commit, deputy and department, or raise ValidationFailed."""
    try:
        principal = tx.one(person_named(tx, EDIT, command.principal), lock=True)
    except NotFound as error:
        raise ValidationFailed({"principal": UNKNOWN}) from error
    try:
        deputy = tx.one(select(Person), public_id=command.deputy)
    except NotFound as error:
        raise ValidationFailed({"deputy": UNKNOWN}) from error
    if not command.department:
        return principal, deputy, None
    try:
        return principal, deputy, tx.one(select(Department), public_id=command.department)
    except NotFound as error:
        raise ValidationFailed({"department": UNKNOWN}) from error


def _locked(tx: UnitOfWork, public_id: str) -> tuple[Delegation, Person]:
    """Return a delegation in reach and whose it is, as they are now, both held until the commit."""
    row = find_delegation(tx, public_id, EDIT)
    principal: Person = tx.one(select(Person), id=row.principal_id, lock=True)
    mine = visible(select(Delegation), EDIT, tx.actor)
    return tx.one(mine, public_id=public_id, lock=True), principal


def _faults(
    tx: UnitOfWork, principal: Person, deputy: Person, command: NameDeputy | ChangeDelegation
) -> dict[str, Message | str]:
    """Return what is wrong with the people and the days, by field."""
    wrong: dict[str, Message | str] = {}
    length = (command.last_on - command.from_on).days + 1
    if principal.id == deputy.id:
        wrong["deputy"] = message("Nobody stands in for themselves. Choose somebody else.")
    if length < 1:
        wrong["last_on"] = message("This is before the first day.")
    elif length > LONGEST:
        wrong["last_on"] = message("At most {days} days at a time.", days=LONGEST)
    elif length > USUAL and not confirms_longer(tx):
        text = message("At most {days} days; an administrator can allow more.", days=USUAL)
        wrong["last_on"] = text
    elif length > USUAL and not command.longer:
        wrong["longer"] = message("This is more than {days} days. Tick to allow it.", days=USUAL)
    for person in (principal, deputy):
        until = person.active_until
        if until is not None and command.last_on >= until:
            text = message("{name} does not work here any more then.", name=person.name)
            wrong.setdefault("last_on", text)
        if command.from_on < person.active_from:
            text = message("{name} does not work here yet on this day.", name=person.name)
            wrong.setdefault("from_on", text)
    return wrong


def _twice(
    tx: UnitOfWork,
    principal: Person,
    deputy: Person,
    command: NameDeputy | ChangeDelegation,
    department_id: int | None,
    but: Delegation | None = None,
) -> Mapping[str, Message | str]:
    """Return what is wrong because the deputy stands in then already, for the same."""
    scope = but.scope if isinstance(command, ChangeDelegation) and but else None
    scope = scope or getattr(command, "scope", ALL)
    for row in _of(tx, principal.id, command.from_on, command.last_on):
        same = (row.deputy_id, row.scope, row.department_id) == (deputy.id, scope, department_id)
        if same and (but is None or row.id != but.id):
            said = {"deputy": deputy.name, "name": principal.name}
            text = message("{deputy} stands in for {name} then already.", **said)
            return {"deputy" if but is None else "from_on": text}
    return {}


def _refuse(wrong: Mapping[str, Message | str]) -> None:
    if wrong:
        raise ValidationFailed(wrong)
