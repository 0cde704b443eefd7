"""What somebody may pass on, and whether one person may do more than another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from sqlalchemy import or_, select

from portal.errors import Forbidden
from portal.guard import kernel_execute
from portal.messages import Message, message
from portal.people.models import Department
from portal.plugin import Permission
from portal.reach import Held, Reach
from portal.roles.models import Assignment, RolePermission
from portal.roles.principals import reached, valid
from portal.roles.rules import NOTHING, beyond, covers
from portal.work import UnitOfWork

ASSIGN, GRANT, EDIT = "core.role.assign", "core.role.grant", "core.role.edit"
assignments, granted = Assignment.__table__, RolePermission.__table__
departments = Department.__table__


def declared(tx: UnitOfWork) -> Mapping[str, Permission]:
    """Return every permission of core and of the plugins that are loaded."""
    return cast(Mapping[str, Permission], cast(Any, tx.session.runtime).permissions)


def titled(tx: UnitOfWork, names: list[str]) -> Message | str:
    """Return up to three permissions by their titles, for a sentence."""
    known = declared(tx)
    titles = [known[name].title if name in known else name for name in names[:3]]
    texts = [
        title if isinstance(title, str) else title.in_language(tx.language) for title in titles
    ]
    return ", ".join(texts) + (" …" if len(names) > len(texts) else "")


def parents(tx: UnitOfWork) -> dict[int, int | None]:
    """Return every department's parent."""
    rows = kernel_execute(tx.session, select(departments.c.id, departments.c.parent_id)).all()
    return {row.id: row.parent_id for row in rows}


def held_by(
    tx: UnitOfWork,
    person_id: int,
    *,
    passing_on_until: date | None = None,
    only_granting: bool = False,
) -> dict[str, Held]:
    """Return what a person's assignments give today.

    With ``only_granting`` it is what they may pass on until a day (None: without end): an
    assignment that ends earlier gives nothing of it.
    """
    statement = (
        select(granted.c.permission, granted.c.reach, assignments.c.department_id)
        .join_from(assignments, granted, assignments.c.role_id == granted.c.role_id)
        .where(
            assignments.c.person_id == person_id,
            assignments.c.approved,
            *valid(assignments, tx.today),
        )
    )
    if only_granting:
        lasts = assignments.c.until_on.is_(None)
        if passing_on_until is not None:
            lasts = or_(lasts, assignments.c.until_on >= passing_on_until)
        statement = statement.where(assignments.c.may_grant, lasts)
    tree = parents(tx)
    found: dict[str, Held] = {}
    for permission, reach, department_id in kernel_execute(tx.session, statement).all():
        given = reached(Reach(reach), department_id, tree)
        found[permission] = found.get(permission, NOTHING) | given
    return found


def holds_everywhere(tx: UnitOfWork, permission: str) -> bool:
    """Return whether the actor holds ``permission`` without any limit."""
    return tx.actor.realm is not None or tx.actor.grants.get(permission, NOTHING).everything


def require_everywhere(tx: UnitOfWork, permission: str) -> None:
    """Raise Forbidden unless the actor holds ``permission`` without any limit."""
    if not holds_everywhere(tx, permission):
        raise Forbidden(
            message("This needs the right for the whole organisation. Ask an administrator.")
        )


def refuse_stronger(tx: UnitOfWork, person_id: int) -> None:
    """Raise Forbidden when the person may do more than the actor, unless the actor may assign any
    role.

    Whoever decides over somebody's access could otherwise borrow it.
    """
    if holds_everywhere(tx, ASSIGN) or person_id == tx.actor.person_id:
        return
    mine: dict[str, Held] = dict(tx.actor.grants)
    if beyond(held_by(tx, person_id), mine):
        raise Forbidden(message("This person may do more than you. Ask an administrator to do it."))


__all__ = [
    "ASSIGN",
    "EDIT",
    "GRANT",
    "covers",
    "declared",
    "held_by",
    "holds_everywhere",
    "parents",
    "refuse_stronger",
    "require_everywhere",
    "titled",
]
