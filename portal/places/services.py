"""Places: the tree, adding and changing them, whom a shared room serves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import aliased, joinedload

from portal.audit.changes import put
from portal.errors import ValidationFailed
from portal.guard import kernel_execute
from portal.messages import Message, message
from portal.orm import sort_key
from portal.people.models import Department
from portal.people.rules import lies_below
from portal.reach import visible
from portal.roles.rules import reaches
from portal.work import UnitOfWork

from .models import Place, PlaceServes

VIEW, EDIT = "core.place.view", "core.place.edit"
KINDS = {"site": message("Site"), "room": message("Room"), "shelf": message("Shelf")}
RANK = {"site": 0, "room": 1, "shelf": 2}  # nothing lies in something smaller
NOT_LISTED = message("Choose one of the list.")


@dataclass(frozen=True, kw_only=True)
class SavePlace:
    """A place as it shall be; departments and the place above by public id, empty for none."""

    name: str
    code: str
    kind: str
    parent: str = ""
    department: str = ""
    walk_order: int = 0
    serves: Sequence[str] = ()
    active: bool = True
    version: int = 0


def listed(_tx: UnitOfWork, *, kind: str = "", active: bool | None = None) -> Select[Any]:
    """Return the places with the names of what they lie in and whom they belong to."""
    above, owner = aliased(Place), aliased(Department)
    statement: Any = (
        select(
            Place.id,
            Place.public_id,
            Place.name,
            Place.code,
            Place.kind,
            Place.walk_order,
            Place.active,
            above.name.label("parent"),
            owner.name.label("department"),
        )
        .outerjoin(above, above.id == Place.parent_id)
        .outerjoin(owner, owner.id == Place.department_id)
    )
    if kind:
        statement = statement.where(Place.kind == kind)
    if active is not None:
        statement = statement.where(Place.active.is_(active))
    return statement


def tree(tx: UnitOfWork) -> list[tuple[Place, int]]:
    """Return every place in use with its depth, each below what it lies in, in walking order."""
    rows = visible(select(Place).where(Place.active), VIEW, tx.actor)
    order = (Place.walk_order, Place.name_key, Place.id)
    found = tx.session.scalars(rows.options(joinedload(Place.department)).order_by(*order)).all()
    known = {row.id for row in found}
    below: dict[int | None, list[Place]] = {}
    for row in found:  # What lies in a place out of use stands at the top, so that it is not lost.
        below.setdefault(row.parent_id if row.parent_id in known else None, []).append(row)
    lines: list[tuple[Place, int]] = []

    def walk(parent_id: int | None, depth: int) -> None:
        for row in below.get(parent_id, []):
            lines.append((row, depth))
            walk(row.id, depth + 1)

    walk(None, 0)
    return lines


def find_place(tx: UnitOfWork, public_id: str, permission: str = VIEW) -> Any:
    """Return the place in reach of ``permission``, or raise NotFound."""
    return tx.one(visible(select(Place), permission, tx.actor), public_id=public_id)


def may_edit(tx: UnitOfWork, place: Place) -> bool:
    """Return whether the actor may change a place."""
    return reaches(tx.actor, EDIT, place.department_id)


def inside(tx: UnitOfWork, place: Place) -> list[Place]:
    """Return what lies directly in a place, in walking order."""
    below = select(Place).where(Place.parent_id == place.id)
    return list(tx.session.scalars(below.order_by(Place.walk_order, Place.id)))


def served(tx: UnitOfWork, place: Place) -> list[Department]:
    """Return the departments that see what is kept in a place besides its own."""
    rows = select(Department).join(PlaceServes, PlaceServes.department_id == Department.id)
    rows = rows.where(PlaceServes.place_id == place.id).order_by(Department.name_key, Department.id)
    return list(tx.session.scalars(rows))


def own_departments(tx: UnitOfWork) -> list[Department]:
    """Return the departments whose places the actor may change."""
    rows = select(Department).where(Department.active)
    found = tx.session.scalars(rows.order_by(Department.name_key, Department.id))
    return [row for row in found if reaches(tx.actor, EDIT, row.id)]


def may_be_common(tx: UnitOfWork) -> bool:
    """Return whether the actor may change places that belong to no department."""
    return reaches(tx.actor, EDIT, None)


def possible_parents(tx: UnitOfWork, place: Place | None) -> list[Place]:
    """Return the places in use that ``place`` may lie in: not itself, nothing inside it."""
    rows = list(tx.session.scalars(select(Place).order_by(Place.name_key, Place.id)))
    parents = {row.id: row.parent_id for row in rows}
    return [
        row
        for row in rows
        if row.active and (place is None or not lies_below(row.id, place.id, parents))
    ]


def add_place(tx: UnitOfWork, command: SavePlace) -> Place:
    """Make a place; raise ValidationFailed for a taken code or something outside one's reach."""
    _lock(tx)
    place = Place(**_values(tx, command, None))
    tx.session.add(place)
    tx.session.flush()
    _serve(tx, place, command.serves)
    tx.audit("core.place_added", place, code=place.code)
    return place


def change_place(tx: UnitOfWork, public_id: str, command: SavePlace) -> Place:
    """Change a place; raise EditConflict for an old version, ValidationFailed for bad values."""
    _lock(tx)
    place: Place = find_place(tx, public_id, EDIT)
    tx.expect_version(place, command.version, **as_form(tx, place))
    changed = put(place, **_values(tx, command, place), active=command.active)
    tx.session.flush()
    if serving := _serve(tx, place, command.serves):
        changed["serves"] = serving
    if changed:
        tx.audit("core.place_changed", place, changed=changed)
    return place


def as_form(tx: UnitOfWork, place: Place) -> dict[str, Any]:
    """Return a place as the fields of its form hold it."""
    return {
        "name": place.name,
        "code": place.code,
        "kind": place.kind,
        "parent": place.parent.public_id if place.parent else "",
        "department": place.department.public_id if place.department else "",
        "serves": [department.public_id for department in served(tx, place)],
        "walk_order": place.walk_order,
        "active": place.active,
    }


def _lock(tx: UnitOfWork) -> None:
    """Hold the tree: two moves at once could make a circle that neither of them sees."""
    tx.session.scalars(select(Place.id).order_by(Place.id).with_for_update()).all()


def _values(tx: UnitOfWork, command: SavePlace, place: Place | None) -> dict[str, Any]:
    wrong: dict[str, Message | str] = {}
    parents = {row.public_id: row for row in possible_parents(tx, place)}
    departments = {row.public_id: row.id for row in own_departments(tx)}
    parent = parents.get(command.parent)
    if place is not None and command.parent and place.parent is not None:
        if place.parent.public_id == command.parent:
            parent = place.parent  # It may stay where it is, out of use or not.
    if command.kind not in RANK:
        wrong["kind"] = NOT_LISTED
    elif command.parent and parent is None:
        wrong["parent"] = NOT_LISTED
    elif parent is not None and RANK[parent.kind] > RANK[command.kind]:
        wrong["parent"] = message("Sites hold rooms, and rooms hold shelves; not the other way.")
    if command.department and command.department not in departments:
        wrong["department"] = NOT_LISTED
    if not command.department and not may_be_common(tx):
        wrong["department"] = message("Choose the department it belongs to.")
    taken = select(Place.id).where(Place.code_key == sort_key(command.code))
    if place is not None:
        taken = taken.where(Place.id != place.id)
        if not command.active and any(row.active for row in inside(tx, place)):
            wrong["active"] = message("Something that is in use lies in it. Move that first.")
    if tx.session.scalars(taken).first() is not None:
        wrong["code"] = message("Another place has this code.")
    if wrong:
        raise ValidationFailed(wrong)
    return {
        "name": command.name,
        "code": command.code,
        "kind": command.kind,
        "parent_id": parent.id if parent else None,
        "department_id": departments.get(command.department),
        "walk_order": command.walk_order,
    }


def _serve(tx: UnitOfWork, place: Place, wanted: Sequence[str]) -> list[list[str]]:
    """Make ``wanted`` the departments that are served; return names before and after,
    or nothing.
    """
    before = {row.id: row.name for row in served(tx, place)}
    rows = select(Department).where(Department.public_id.in_(list(wanted)))
    after = {row.id: row.name for row in tx.session.scalars(rows) if row.id != place.department_id}
    if before.keys() == after.keys():
        return []
    table = PlaceServes.__table__
    gone = before.keys() - after.keys()
    leaving = table.c.place_id == place.id, table.c.department_id.in_(sorted(gone))
    kernel_execute(tx.session, delete(table).where(*leaving))
    for department_id in sorted(after.keys() - before.keys()):
        tx.session.add(PlaceServes(place_id=place.id, department_id=department_id))
    tx.session.flush()
    return [sorted(before.values(), key=sort_key), sorted(after.values(), key=sort_key)]
