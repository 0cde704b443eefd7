"""Departments: the tree, who leads each, adding and changing them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select

from portal.audit.changes import put
from portal.errors import Conflict, ValidationFailed
from portal.guard import kernel_execute
from portal.messages import Message, message
from portal.orm import sort_key
from portal.people.models import Department, Membership
from portal.people.rules import lies_below
from portal.reach import visible
from portal.roles.models import Assignment, RolePermission
from portal.roles.principals import raise_epoch, tree_below
from portal.roles.rules import reaches
from portal.work import UnitOfWork

from .memberships import current

VIEW, EDIT = "core.department.view", "core.department.edit"
UNKNOWN = message("Choose one of the list.")
WHERE_IT_IS = message("A department cannot lie below itself.")


@dataclass(frozen=True, kw_only=True)
class AddDepartment:
    """A new department below ``parent`` (empty: at the top)."""

    name: str
    parent: str = ""


@dataclass(frozen=True, kw_only=True)
class ChangeDepartment:
    """A department as it shall be."""

    version: int
    name: str
    parent: str = ""


@dataclass(frozen=True)
class Branch:
    """A department in the tree: how deep it lies, who leads it, how many people it has today."""

    department: Department
    depth: int
    manager: Any | None
    deputy: Any | None
    people: int


def hold_tree(tx: UnitOfWork) -> None:
    """Let two who give a name or an address at once follow one another, so the later one reads it.

    Rows that only point at a department go in meanwhile.
    """
    order = select(Department.id).order_by(Department.id)
    tx.session.scalars(order.with_for_update(key_share=True)).all()


def find_department(tx: UnitOfWork, public_id: str, permission: str = VIEW) -> Any:
    """Return the department in reach of ``permission``, or raise NotFound."""
    return tx.one(visible(select(Department), permission, tx.actor), public_id=public_id)


def in_tree_order(tx: UnitOfWork, *, active_only: bool = False) -> list[tuple[Department, int]]:
    """Return every department with its depth, each below its parent, by name."""
    rows = tx.session.scalars(select(Department).order_by(Department.name_key, Department.id)).all()
    below: dict[int | None, list[Department]] = {}
    for row in rows:
        below.setdefault(row.parent_id, []).append(row)
    found: list[tuple[Department, int]] = []

    def walk(parent_id: int | None, depth: int) -> None:
        for row in below.get(parent_id, []):
            if row.active or not active_only:
                found.append((row, depth))
            walk(row.id, depth + 1)

    walk(None, 0)
    return found


def tree(tx: UnitOfWork) -> list[Branch]:
    """Return the organisation as it is today."""
    leaders: dict[tuple[int, str], Any] = {}
    for membership in current(tx, kinds=("manager", "standing_deputy")):
        leaders[membership.department_id, membership.kind] = membership.person
    today = (
        Membership.from_on <= tx.today,
        or_(Membership.until_on.is_(None), Membership.until_on > tx.today),
    )
    counted = tx.session.execute(
        select(Membership.department_id, func.count(Membership.person_id.distinct()))
        .where(*today)
        .group_by(Membership.department_id)
    ).all()
    people = {row[0]: row[1] for row in counted}
    return [
        Branch(
            department,
            depth,
            leaders.get((department.id, "manager")),
            leaders.get((department.id, "standing_deputy")),
            people.get(department.id, 0),
        )
        for department, depth in in_tree_order(tx)
    ]


def add_department(tx: UnitOfWork, command: AddDepartment) -> Department:
    """Make a department; raise ValidationFailed for a taken name or a parent outside
    one's reach.
    """
    parent = _parent(tx, command.parent)
    hold_tree(tx)
    _refuse_taken_name(tx, command.name, parent, None)
    with tx.acting_for("core", reason="a new department below one of the actor's") as own:
        made = Department(name=command.name, parent_id=parent.id if parent else None)
        own.session.add(made)
        own.session.flush()
        made_id = made.id
    department: Department = tx.one(select(Department), id=made_id)
    raise_epoch(tx.session)
    tx.audit("core.department_added", department, parent=parent.name if parent else None)
    return department


def change_department(tx: UnitOfWork, public_id: str, command: ChangeDepartment) -> Department:
    """Rename or move a department; raise EditConflict, or ValidationFailed for a circle.

    Nobody moves a department so that their own rights grow.
    """
    # Two moves at once could make a circle that neither sees, so the whole tree waits.
    rows = tx.session.scalars(
        select(Department)
        .order_by(Department.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    department = find_department(tx, public_id, EDIT)
    above = {row.id: row.parent_id for row in rows}
    tx.expect_version(
        department,
        command.version,
        name=department.name,
        parent=department.parent.public_id if department.parent else "",
    )
    parent_id = department.parent_id
    if command.parent != (department.parent.public_id if department.parent else ""):
        parent = _parent(tx, command.parent)
        parent_id = parent.id if parent else None
        if lies_below(parent_id, department.id, above):
            raise ValidationFailed({"parent": WHERE_IT_IS})
        _refuse_own_gain(tx, above, above | {department.id: parent_id})
    _refuse_taken_name(tx, command.name, parent_id, department)
    before = department.parent.name if department.parent else None
    changed = put(department, name=command.name)
    if put(department, parent_id=parent_id):
        tx.session.flush()
        tx.session.expire(department, ["parent"])
        changed["parent"] = [before, department.parent.name if department.parent else None]
        raise_epoch(tx.session)
    if changed:
        tx.audit("core.department_changed", department, changed=changed)
    return department


def close_department(tx: UnitOfWork, public_id: str, *, version: int) -> Department:
    """Take a department out of use; raise Conflict while people or departments are in it."""
    department = find_department(tx, public_id, EDIT)
    tx.expect_version(department, version, name=department.name)
    inside = select(func.count()).where(
        Membership.department_id == department.id,
        or_(Membership.until_on.is_(None), Membership.until_on > tx.today),
        or_(Membership.until_on.is_(None), Membership.until_on > Membership.from_on),
    )
    if number := tx.session.execute(inside).scalar_one():
        raise Conflict(_still_there(department, number))
    below = select(Department.name).where(Department.parent_id == department.id, Department.active)
    if (name := tx.session.scalars(below.limit(1)).first()) is not None:
        text = message(
            "{department} still lies below it. Move or close that first.", department=name
        )
        raise Conflict(text)
    return _switch(tx, department, active=False)


def reopen_department(tx: UnitOfWork, public_id: str, *, version: int) -> Department:
    """Take a closed department into use again."""
    department = find_department(tx, public_id, EDIT)
    tx.expect_version(department, version, name=department.name)
    if department.parent is not None and not department.parent.active:
        text = message(
            "{department} above it is closed. Reopen that first.", department=department.parent.name
        )
        raise Conflict(text)
    return _switch(tx, department, active=True)


def _switch(tx: UnitOfWork, department: Department, *, active: bool) -> Department:
    if put(department, active=active):
        raise_epoch(tx.session)
        tx.audit("core.department_reopened" if active else "core.department_closed", department)
    return department


def _still_there(department: Department, number: int) -> Message:
    if number == 1:
        return message(
            "One person still belongs to {department}. Move that person first.",
            department=department.name,
        )
    return message(
        "{count} people still belong to {department}. Move them first.",
        count=number,
        department=department.name,
    )


def _parent(tx: UnitOfWork, public_id: str) -> Department | None:
    """Return the department that shall lie above, which must be in the actor's reach too."""
    if not public_id:
        if not reaches(tx.actor, EDIT, None):
            raise ValidationFailed({"parent": message("Choose one of your departments.")})
        return None
    parent: Department | None = tx.session.scalars(
        select(Department).where(Department.public_id == public_id, Department.active)
    ).one_or_none()
    if parent is None or not reaches(tx.actor, EDIT, parent.id):
        raise ValidationFailed({"parent": UNKNOWN})
    return parent


def _refuse_own_gain(
    tx: UnitOfWork, before: Mapping[int, int | None], after: Mapping[int, int | None]
) -> None:
    """Refuse a move by which a role of the actor, held now or later, would reach more
    departments.
    """
    held, granted = Assignment.__table__, RolePermission.__table__
    mine = (
        kernel_execute(
            tx.session,
            select(held.c.department_id)
            .distinct()
            .join_from(held, granted, held.c.role_id == granted.c.role_id)
            .where(
                held.c.person_id == tx.actor.person_id,
                held.c.department_id.is_not(None),
                granted.c.reach == "tree",
                or_(held.c.until_on.is_(None), held.c.until_on > tx.today),
            ),
        )
        .scalars()
        .all()
    )
    if any(not tree_below(top, after) <= tree_below(top, before) for top in mine):
        text = message("This would widen your own rights. Ask another administrator to move it.")
        raise ValidationFailed({"parent": text})


def _refuse_taken_name(
    tx: UnitOfWork, name: str, parent: Department | int | None, itself: Department | None
) -> None:
    parent_id = parent.id if isinstance(parent, Department) else parent
    same = select(Department.id).where(
        Department.name_key == sort_key(name),
        Department.parent_id.is_(None) if parent_id is None else Department.parent_id == parent_id,
    )
    if itself is not None:
        same = same.where(Department.id != itself.id)
    if tx.session.scalars(same.limit(1)).first() is not None:
        taken = message("There is a department with this name already.")
        raise ValidationFailed({"name": taken})


def choices(tx: UnitOfWork, permission: str | None = None) -> list[tuple[Any, Message | str]]:
    """Return the open departments for a select field, indented as a tree, within reach if asked."""
    return [
        (row.public_id, "\u2003" * depth + row.name)
        for row, depth in in_tree_order(tx, active_only=True)
        if permission is None or reaches(tx.actor, permission, row.id)
    ]
