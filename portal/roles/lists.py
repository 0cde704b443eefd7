"""Who holds what, as pages show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import joinedload

from portal.messages import Message, message, translate
from portal.people.models import Person
from portal.people.rules import last_day_of
from portal.plugin import Permission
from portal.reach import Reach, visible
from portal.roles.models import Assignment, Role
from portal.roles.principals import USE
from portal.roles.rules import beyond, given_by, reaches
from portal.work import UnitOfWork

from .services import ASSIGN, GRANT, SHIPPED, declared, held_by, holds_everywhere, parents

VIEW = "core.role.view"
SHOWN = 200
STATES = {
    "waiting": message("Waits for approval"),
    "coming": message("Begins later"),
    "held": message("Held"),
    "ended": message("Ended"),
}
TONES = {"waiting": "warn", "coming": "info", "held": "ok", "ended": "mute"}
REACHES: dict[Reach, Message] = {
    Reach.OWN: message("What is one's own"),
    Reach.TEAM: message("Own and the team's"),
    Reach.DEPARTMENT: message("The department"),
    Reach.TREE: message("The department and below"),
    Reach.ALL: message("Everything"),
}
TITLES: Mapping[str, Message] = {title.msgid: title for title in SHIPPED.values()}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One assignment and what the actor may do with it."""

    assignment: Assignment
    state: str
    last_day: date | None
    may_decide: bool  # approve what somebody else asked for
    may_withdraw: bool  # take back what one asked for
    may_end: bool
    may_take_back: bool


@dataclass(frozen=True, kw_only=True)
class Group:
    """The permissions of core or of one plugin, each with its reach in a role, None for not at
    all.
    """

    slug: str
    title: Message | str
    icon: str
    hue: str
    permissions: tuple[tuple[Permission, Message | None], ...]


def title_of(role: Role) -> Message | str:
    """Return what a role is called: the names that ship are translated."""
    return TITLES.get(role.name, role.name)


def assignments_of(tx: UnitOfWork, person_id: int) -> list[Line]:
    """Return the roles a person holds, held or asked for, as far as the actor may see them."""
    found = select(Assignment).where(Assignment.person_id == person_id)
    return _lines(tx, found, Assignment.id.desc())


def holders_of(tx: UnitOfWork, role_id: int) -> list[Line]:
    """Return who holds a role now, will, or has asked for it, as far as the actor may see them."""
    found = select(Assignment).where(
        Assignment.role_id == role_id,
        or_(Assignment.until_on.is_(None), Assignment.until_on > tx.today),
    )
    return _lines(tx, found, Person.name_key, Assignment.id)


def waiting(tx: UnitOfWork) -> list[Line]:
    """Return the roles that somebody asked for and nobody has decided on."""
    found = select(Assignment).where(~Assignment.approved)
    return _lines(tx, found, Assignment.id)


def _lines(tx: UnitOfWork, found: Select[Any], *order: Any) -> list[Line]:
    statement = visible(found, VIEW, tx.actor).join(Assignment.person)
    rows = tx.session.scalars(
        statement.where(
            or_(Assignment.until_on.is_(None), Assignment.until_on > Assignment.from_on)
        )
        .options(
            joinedload(Assignment.person),
            joinedload(Assignment.role),
            joinedload(Assignment.department),
        )
        .order_by(*order)
        .limit(SHOWN)
    ).all()
    return [_line(tx, row) for row in rows]


def _line(tx: UnitOfWork, row: Assignment) -> Line:
    state = state_of(row, tx.today)
    me = tx.actor.person_id
    assigns = holds_everywhere(tx, ASSIGN)
    mine = me in (row.person_id, row.granted_by_id)
    runs = state in ("held", "coming") and row.person_id != me
    return Line(
        assignment=row,
        state=state,
        last_day=last_day_of(row.until_on),
        may_decide=state == "waiting" and assigns and not mine,
        may_withdraw=state == "waiting" and assigns and mine,
        may_end=runs and assigns,
        may_take_back=runs and not assigns and reaches(tx.actor, GRANT, row.department_id),
    )


def state_of(row: Assignment, today: date) -> str:
    """Return how an assignment stands: waiting, coming, held or ended."""
    if row.until_on is not None and row.until_on <= today:
        return "ended"
    if not row.approved:
        return "waiting"
    return "coming" if row.from_on > today else "held"


def right_choices(tx: UnitOfWork) -> list[tuple[str, str]]:
    """Return every right with its app, as a choice."""
    return [
        (one.name, f"{translate(group.title)}: {translate(one.title)}")
        for group in groups(tx, {})
        for one, _ in group.permissions
    ]


def groups(tx: UnitOfWork, reach_of: Mapping[str, str]) -> list[Group]:
    """Return every permission by plugin, core first, with its reach in a role."""
    loaded = tx.session.runtime.loaded if tx.session.runtime else {}
    known = declared(tx)
    core = [one for name, one in known.items() if name.startswith("core.") and name != USE]
    found = [_group("core", message("The portal itself"), "building", "slate", core, reach_of)]
    for slug, plugin in loaded.items():
        found.append(
            _group(slug, plugin.title, plugin.icon, plugin.hue, plugin.permissions, reach_of)
        )
    return [group for group in found if group.permissions]


def _group(
    slug: str, title: Message | str, icon: str, hue: str, permissions: Any, reach_of: Any
) -> Group:
    pairs = tuple(
        (one, REACHES[Reach(reach_of[one.name])] if one.name in reach_of else None)
        for one in permissions
    )
    return Group(slug=slug, title=title, icon=icon, hue=hue, permissions=pairs)


def passable(tx: UnitOfWork) -> list[Role]:
    """Return the roles that the actor may pass on in at least one department, by name."""
    if tx.actor.person_id is None:
        return []
    power = held_by(tx, tx.actor.person_id, only_granting=True, passing_on_until=tx.today)
    above = parents(tx)
    places = [d for d in (None, *above) if reaches(tx.actor, GRANT, d)]

    def fits(role: Role) -> bool:
        rights = [(p.permission, p.reach) for p in role.permissions]
        return any(not beyond(given_by(rights, place, above), power) for place in places)

    roles = select(Role).options(joinedload(Role.permissions)).order_by(Role.name_key, Role.id)
    return [role for role in tx.session.scalars(roles).unique() if role.permissions and fits(role)]
