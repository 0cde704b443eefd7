"""Compiling a person's rights, once per epoch and day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select, update

from portal.guard import GuardedSession, kernel_execute
from portal.lineages import Lineage
from portal.people.models import Department, Membership, Person
from portal.plugin import Permission
from portal.plugins.models import InstalledPlugin, PluginActivation
from portal.reach import Held, Principal, Reach

from .models import Assignment, CaseAccess, RolePermission

people, memberships, departments = Person.__table__, Membership.__table__, Department.__table__
assignments, granted = Assignment.__table__, RolePermission.__table__
cases, activations, installed = (
    CaseAccess.__table__,
    PluginActivation.__table__,
    InstalledPlugin.__table__,
)
USE = "core.portal.use"  # what everybody who is signed in may do


class Compiler:
    """Reads the rows that give a person rights and makes a Principal of them."""

    def __init__(
        self,
        permissions: Callable[[], Mapping[str, Permission]],
        lineages: Callable[[], Mapping[str, Lineage]],
        zone: Callable[[], ZoneInfo],
    ) -> None:
        self.permissions, self.lineages, self.zone = permissions, lineages, zone

    def today(self, now: datetime) -> date:
        """The day it is in the organisation's zone."""
        return now.astimezone(self.zone()).date()

    def compile(  # long: six questions to the database, and one answer made of them
        self, session: GuardedSession, person: Any, now: datetime
    ) -> tuple[Principal, datetime]:
        """Return the principal of a person row and the midnight at which it must be
        compiled again.
        """
        day = self.today(now)

        def rows(statement: Any) -> Any:
            return kernel_execute(session, statement).all()

        member = rows(
            select(memberships.c.department_id, memberships.c.kind).where(
                memberships.c.person_id == person.person_id, *valid(memberships, day)
            )
        )
        held = rows(
            select(granted.c.permission, granted.c.reach, assignments.c.department_id)
            .join_from(assignments, granted, assignments.c.role_id == granted.c.role_id)
            .where(
                assignments.c.person_id == person.person_id,
                assignments.c.approved,
                *valid(assignments, day),
            )
        )
        parents = dict(
            tuple(row) for row in rows(select(departments.c.id, departments.c.parent_id))
        )
        access = rows(
            select(cases.c.case_id).where(cases.c.person_id == person.person_id, *valid(cases, day))
        )
        grants = self._grants(held, parents)
        member_of = frozenset(row.department_id for row in member)
        principal = Principal(
            person_id=person.person_id,
            public_id=person.public_id,
            name=person.name,
            language=person.language,
            time_zone=getattr(person, "time_zone", None) or "",  # A job shows no instants.
            theme=person.theme,
            collapsed=person.sidebar == "narrow",
            single_keys=getattr(person, "single_keys", "on") == "on",  # A job presses none.
            today=day,
            managed=frozenset(row.department_id for row in member if row.kind == "manager"),
            member_of=member_of,
            cases=frozenset(row.case_id for row in access),
            active=self._active(rows, member_of, held, parents),
            grants=grants,
            writing=frozenset(name for name in grants if self.permissions()[name].writes),
        )
        midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=self.zone())
        return principal, midnight

    def _grants(self, held: Any, parents: Mapping[int, int | None]) -> dict[str, Held]:
        declared = self.permissions()
        grants: dict[str, Held] = {USE: Held(own=True)}
        for permission, reach, department_id in held:
            if permission in declared:
                given = reached(Reach(reach), department_id, parents)
                grants[permission] = grants.get(permission, Held()) | given
        return grants

    def _active(
        self,
        rows: Callable[[Any], Any],
        member_of: frozenset[int],
        held: Any,
        parents: Mapping[int, int | None],
    ) -> frozenset[str]:
        """Return the plugins switched on for a department of this person: by membership, or where
        an assignment is measured from. One whose tables are not those of its code is on for nobody.

        A right that reaches everything makes nobody belong everywhere: nearly every role lets its
        holder see all people, and a plugin for one department would then be on for all.
        """
        on = select(activations.c.slug, installed.c.revision)
        on = on.join(installed, installed.c.slug == activations.c.slug)
        on = on.where(installed.c.state == "ready")
        if all(row.department_id is not None for row in held):
            mine = member_of.union(
                *(
                    tree_below(row.department_id, parents)
                    if row.reach == Reach.TREE
                    else {row.department_id}
                    for row in held
                )
            )
            on = on.where(
                or_(activations.c.department_id.is_(None), activations.c.department_id.in_(mine))
            )
        lineages = self.lineages()
        return frozenset(
            slug
            for slug, revision in rows(on)
            if slug in lineages and lineages[slug].fits(revision)
        )


def valid(table: Any, day: date) -> tuple[Any, Any]:
    """Return the conditions under which a dated row holds on ``day``."""
    return table.c.from_on <= day, or_(table.c.until_on.is_(None), table.c.until_on > day)


def reached(reach: Reach, department_id: int | None, parents: Mapping[int, int | None]) -> Held:
    """Return what one assignment gives; without a department it is measured from the whole
    organisation.
    """
    if reach is Reach.OWN:
        return Held(own=True)
    if reach is Reach.TEAM:
        return Held(own=True, team=True)
    if reach is Reach.ALL or department_id is None:
        return Held(own=True, team=True, everything=True)
    if reach is Reach.DEPARTMENT:
        return Held(departments=frozenset({department_id}))
    return Held(departments=tree_below(department_id, parents))


def tree_below(department_id: int, parents: Mapping[int, int | None]) -> frozenset[int]:
    """Return the department and everything below it."""
    found, grown = {department_id}, True
    while grown:
        more = {child for child, parent in parents.items() if parent in found} - found
        found |= more
        grown = bool(more)
    return frozenset(found)


def raise_epoch(
    session: GuardedSession, *, person_id: int | None = None, role_id: int | None = None
) -> None:
    """Make the rights of one person, of the holders of a role, or of everybody be compiled anew.

    Every writer of grants, memberships, departments, case access and activation calls this in its
    own transaction.
    """
    change = update(people).values(epoch=people.c.epoch + 1)
    if person_id is not None:
        change = change.where(people.c.id == person_id)
    elif role_id is not None:
        holders = select(assignments.c.person_id).where(assignments.c.role_id == role_id)
        change = change.where(people.c.id.in_(holders))
    kernel_execute(session, change)
