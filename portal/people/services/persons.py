"""People: adding, changing, leaving."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import select

from portal.absences import services as absences
from portal.audit.changes import put
from portal.auth.services import may_be_viewed
from portal.delegation import services as delegation
from portal.errors import Forbidden, NotFound, ValidationFailed
from portal.messages import LANGUAGES, Message, message
from portal.people.events import PersonAdded, PersonEnded
from portal.people.models import Department, Membership, Person
from portal.people.rules import last_day_of, until_after
from portal.reach import visible
from portal.roles import services as roles
from portal.roles.principals import raise_epoch
from portal.roles.rules import reaches
from portal.work import UnitOfWork

from .departments import hold_tree
from .memberships import current, end_all

VIEW, EDIT = "core.person.view", "core.person.edit"
GIVE_ACCESS = "core.person.give_access"
VIEW_AS = "core.person.view_as"
UNKNOWN = message("Choose one of the list.")


@dataclass(frozen=True, kw_only=True)
class AddPerson:
    """Somebody begins to work here, in a department (empty: in none yet)."""

    name: str
    email: str = ""
    phone: str = ""
    language: str = "en"
    time_zone: str = ""
    active_from: date
    department: str = ""


@dataclass(frozen=True, kw_only=True)
class ChangePerson:
    """What is known of a person as it shall be."""

    version: int
    name: str
    email: str = ""
    phone: str = ""
    language: str = "en"
    time_zone: str = ""
    active_from: date


@dataclass(frozen=True, kw_only=True)
class EndPerson:
    """``last_day`` is the last day of work, None when the person stays."""

    version: int
    last_day: date | None


def find_person(
    tx: UnitOfWork, public_id: str, permission: str = VIEW, *, lock: bool = False
) -> Any:
    """Return the person in reach of ``permission``, or raise NotFound."""
    return tx.one(visible(select(Person), permission, tx.actor), public_id=public_id, lock=lock)


def may_edit(tx: UnitOfWork, person: Person) -> bool:
    """Return whether the actor may change what is known of a person."""
    return _within(tx, person, EDIT)


def may_give_access(tx: UnitOfWork, person: Person) -> bool:
    """Return whether the actor may give a person an account."""
    return _within(tx, person, GIVE_ACCESS)


def may_view_as(tx: UnitOfWork, person: Person) -> bool:
    """Return whether the actor may see the portal as this person does."""
    return _within(tx, person, VIEW_AS) and may_be_viewed(tx, person)


def _within(tx: UnitOfWork, person: Person, permission: str) -> bool:
    mine = visible(select(Person.id), permission, tx.actor).where(Person.id == person.id)
    return tx.session.scalars(mine).one_or_none() is not None


def add_person(tx: UnitOfWork, command: AddPerson) -> Person:
    """Add a person; whoever may do so in some departments only puts them into one of those.

    Raises ValidationFailed for what does not fit.
    """
    department = _first_department(tx, command.department)
    _check(tx, command, None)
    with tx.acting_for("core", reason="a new person gets a first department") as own:
        made = Person(
            name=command.name,
            email=command.email or None,
            phone=command.phone or None,
            language=command.language,
            time_zone=command.time_zone or None,
            active_from=command.active_from,
        )
        own.session.add(made)
        own.session.flush()
        made_id = made.id
        if department is not None:
            own.session.add(
                Membership(
                    person_id=made_id, department_id=department.id, from_on=command.active_from
                )
            )
    person: Person = tx.one(select(Person), id=made_id)
    tx.publish(PersonAdded(person_id=person.id))
    tx.audit("core.person_added", person, department=department.name if department else None)
    return person


def change_person(tx: UnitOfWork, public_id: str, command: ChangePerson) -> Person:
    """Change what is known of a person; raise EditConflict or ValidationFailed."""
    person = find_person(tx, public_id, EDIT)
    values = {
        "name": command.name,
        "email": command.email or None,
        "phone": command.phone or None,
        "language": command.language,
        "time_zone": command.time_zone or None,
        "active_from": command.active_from,
    }
    tx.expect_version(person, command.version, **{name: getattr(person, name) for name in values})
    _check(tx, command, person)
    if command.active_from != person.active_from and command.active_from > tx.today:
        # Whoever has not begun cannot sign in: this shuts people out as a last day does.
        if person.id == tx.actor.person_id:
            raise ValidationFailed({"active_from": message("You work here today already.")})
        roles.refuse_stronger(tx, person.id)
    if changed := put(person, **values):
        raise_epoch(tx.session, person_id=person.id)
        tx.audit("core.person_changed", person, changed=changed)
    return person


def end_person(tx: UnitOfWork, public_id: str, command: EndPerson) -> Person:
    """Note the last day of somebody: memberships, absences, deputies and roles end; None: no end.

    Raises Forbidden for oneself, for somebody who may do more, and for somebody who also works
    where the actor has no say.
    """
    person = find_person(tx, public_id, EDIT, lock=True)
    tx.expect_version(person, command.version, last_day=last_day_of(person.active_until))
    if person.id == tx.actor.person_id:
        raise Forbidden(message("Somebody else has to note your own last day."))
    roles.refuse_stronger(tx, person.id)
    _refuse_shared(tx, person)
    until_on = until_after(command.last_day)
    if until_on is not None and until_on < person.active_from:
        raise ValidationFailed({"last_day": message("This is before the first day of work.")})
    changed = put(person, active_until=until_on)
    if not changed:
        return person
    ended = {"memberships": 0, "absences": 0, "deputies": 0, "roles": 0}
    if until_on is not None:
        ended["memberships"] = end_all(tx, person, until_on)
        ended["absences"] = absences.end_all(tx, person, until_on)
        ended["deputies"] = delegation.end_all(tx, person, until_on)
        ended["roles"] = roles.end_all(tx, person, until_on)
        if until_on <= tx.today:
            roles.sign_out(tx, person.id)
        tx.publish(PersonEnded(person_id=person.id, until_on=until_on))
    raise_epoch(tx.session, person_id=person.id)
    tx.audit("core.person_ended", person, changed=changed, **ended)
    return person


def _first_department(tx: UnitOfWork, public_id: str) -> Department | None:
    """Return the department a new person joins, or raise ValidationFailed."""
    if not public_id:
        if not reaches(tx.actor, EDIT, None):
            raise ValidationFailed({"department": message("Choose one of your departments.")})
        return None
    try:
        department: Department = tx.one(
            select(Department).where(Department.active), public_id=public_id
        )
    except NotFound as error:
        raise ValidationFailed({"department": UNKNOWN}) from error
    if not reaches(tx.actor, EDIT, department.id):
        raise ValidationFailed({"department": message("Choose one of your departments.")})
    return department


def _refuse_shared(tx: UnitOfWork, person: Person) -> None:
    """Refuse to end somebody who also works in a department outside the actor's reach."""
    for membership in current(tx, person_id=person.id):
        if not reaches(tx.actor, EDIT, membership.department_id):
            raise Forbidden(
                message(
                    "{name} also works in {department}. Ask an administrator.",
                    name=person.name,
                    department=membership.department.name,
                )
            )


def _check(tx: UnitOfWork, command: AddPerson | ChangePerson, person: Person | None) -> None:
    problems: dict[str, Message | str] = {}
    if command.language not in LANGUAGES:
        problems["language"] = UNKNOWN
    if command.time_zone and command.time_zone not in available_timezones():
        problems["time_zone"] = UNKNOWN
    if person is not None and person.active_until is not None:
        if command.active_from > person.active_until:
            problems["active_from"] = message("This is after the last day of work.")
    if command.email:
        if person is None or person.email != command.email:
            hold_tree(tx)
        same = select(Person).where(Person.email == command.email)
        if person is not None:
            same = same.where(Person.id != person.id)
        if (other := tx.session.scalars(same.limit(1)).first()) is not None:
            problems["email"] = message("{name} has this address already.", name=other.name)
    if problems:
        raise ValidationFailed(problems)
