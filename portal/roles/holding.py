"""Who holds a permission in a department: whom to tell that something waits there."""

from __future__ import annotations

from sqlalchemy import or_, select

from portal.guard import kernel_execute
from portal.people.models import Department
from portal.work import UnitOfWork

from .models import Assignment, RolePermission

assigned, granted = Assignment.__table__, RolePermission.__table__
departments = Department.__table__
WIDE = ("tree", "all")


def people_who_may(tx: UnitOfWork, permission: str, department_id: int) -> list[int]:
    """Return the people, by id, who hold a permission by a role in that department today.

    Where nobody does, those of the nearest department above whose right reaches down to it, and in
    the end those whose right reaches everywhere, wherever it was given.
    """
    parents = dict(
        tuple(row)
        for row in kernel_execute(tx.session, select(departments.c.id, departments.c.parent_id))
    )
    wanted = (
        select(assigned.c.person_id, assigned.c.department_id, granted.c.reach)
        .join_from(assigned, granted, granted.c.role_id == assigned.c.role_id)
        .where(
            granted.c.permission == permission,
            granted.c.reach.in_(("department", *WIDE)),
            assigned.c.approved,
            assigned.c.from_on <= tx.today,
            or_(assigned.c.until_on.is_(None), assigned.c.until_on > tx.today),
        )
    )
    held = kernel_execute(tx.session, wanted).all()
    here: int | None = department_id
    seen: set[int] = set()
    while here is not None and here not in seen:
        seen.add(here)
        own = here == department_id
        found = {
            row.person_id
            for row in held
            if row.department_id == here and (own or row.reach in WIDE)
        }
        if found:
            return sorted(found)
        here = parents.get(here)
    everywhere = {r.person_id for r in held if r.department_id is None or r.reach == "all"}
    return sorted(everywhere)
