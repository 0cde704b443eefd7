"""Why somebody may do something, or may not: said from the same rows and rules that decide it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.errors import NotFound
from portal.messages import Message
from portal.people.models import Department
from portal.people.rules import last_day_of
from portal.plugin import Permission
from portal.reach import NOTHING, Held, Principal, Reach, noun_of
from portal.roles.models import Assignment, Role, RolePermission
from portal.subjects.services import Described, describe, find_record, may, subjects
from portal.work import UnitOfWork

from .lists import VIEW, state_of
from .principals import USE
from .services import declared, require_everywhere

SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class Giving:
    """An assignment of a role that has the right, and how it stands today."""

    assignment: Assignment
    reach: Reach
    state: str
    last_day: date | None


@dataclass(frozen=True, kw_only=True)
class Record:
    """A record that was asked about, and whether the person may."""

    described: Described
    may: bool
    department: str  # to which it belongs, empty for none
    reached: bool  # whether that department is among those the right reaches


@dataclass(frozen=True, kw_only=True)
class Why:
    """What decides whether a person may use a right."""

    permission: Permission
    plugin: Message | str  # empty for the portal's own
    switched_on: bool
    signs_in: bool
    everybody: bool  # the right that whoever is signed in has
    giving: tuple[Giving, ...]
    held: Held
    departments: tuple[str, ...]  # that it reaches, by name
    roles: tuple[Role, ...]  # that have the right
    record: Record | None

    @property
    def may(self) -> bool:
        """Whether they may, somewhere, or on the record that was asked about."""
        if self.record is not None:
            return self.record.may
        return self.signs_in and self.switched_on and bool(self.held)


def explain(
    tx: UnitOfWork,
    person: Any,
    permission: str,
    who: Principal | None,
    asked: tuple[str, str] | None = None,
) -> Why:
    """Return why a person may use a right or not, also on the record (kind, public id) ``asked``.

    ``who`` is what they may now, None for who cannot sign in. Raises NotFound for an unknown right,
    a record that the actor may not see, or one that the right is not about; Forbidden without the
    right to see the roles of the whole organisation.
    """
    require_everywhere(tx, VIEW)
    found = declared(tx).get(permission)
    if found is None:
        raise NotFound()
    slug = permission.partition(".")[0]
    loaded = tx.session.runtime.loaded if tx.session.runtime else {}
    held = NOTHING if who is None else who.grants.get(permission, NOTHING)
    return Why(
        permission=found,
        plugin="" if slug == "core" else loaded[slug].title,
        switched_on=slug == "core" or (who is not None and slug in who.active),
        signs_in=who is not None,
        everybody=permission == USE,
        giving=_giving(tx, person.id, permission),
        held=held,
        departments=_names(tx, held),
        roles=_roles(tx, permission),
        record=_record(tx, permission, who, held, *asked) if asked else None,
    )


def _giving(tx: UnitOfWork, person_id: int, permission: str) -> tuple[Giving, ...]:
    statement = (
        select(Assignment, RolePermission.reach)
        .join(RolePermission, RolePermission.role_id == Assignment.role_id)
        .where(Assignment.person_id == person_id, RolePermission.permission == permission)
        .options(joinedload(Assignment.role), joinedload(Assignment.department))
        .order_by(Assignment.id.desc())
        .limit(SHOWN)
    )
    return tuple(
        Giving(
            assignment=row,
            reach=Reach(reach),
            state=state_of(row, tx.today),
            last_day=last_day_of(row.until_on),
        )
        for row, reach in tx.session.execute(statement)
    )


def _roles(tx: UnitOfWork, permission: str) -> tuple[Role, ...]:
    having = select(RolePermission.role_id).where(RolePermission.permission == permission)
    wanted = select(Role).where(Role.id.in_(having)).order_by(Role.name_key, Role.id)
    return tuple(tx.session.scalars(wanted.limit(SHOWN)))


def _names(tx: UnitOfWork, held: Held) -> tuple[str, ...]:
    if held.everything or not held.departments:
        return ()
    wanted = select(Department.name).where(Department.id.in_(sorted(held.departments)))
    return tuple(tx.session.scalars(wanted.order_by(Department.name_key)))


def _record(
    tx: UnitOfWork, permission: str, who: Principal | None, held: Held, kind: str, public_id: str
) -> Record:
    row = find_record(tx, kind, public_id)
    subject = subjects(tx)[kind]
    if noun_of(permission) != subject.model.__noun__:
        raise NotFound()
    department_id = getattr(row, "department_id", None)
    department = tx.session.get(Department, department_id) if department_id else None
    return Record(
        described=describe(tx, subject, row),
        may=who is not None and may(tx, who, subject, row.id, permission),
        department="" if department is None else department.name,
        reached=held.everything or department_id in held.departments,
    )
