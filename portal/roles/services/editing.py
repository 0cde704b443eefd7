"""Making and changing roles; nobody changes a role that they hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm.attributes import flag_modified

from portal.audit.changes import put
from portal.errors import Conflict, InUse, ValidationFailed
from portal.guard import kernel_execute
from portal.messages import message
from portal.orm import sort_key
from portal.reach import Held, Reach, visible
from portal.roles.models import Assignment, Role, RolePermission
from portal.roles.principals import raise_epoch
from portal.roles.rules import NOTHING, covers, given_by
from portal.work import UnitOfWork

from .power import ASSIGN, EDIT, declared, held_by, holds_everywhere, require_everywhere, titled

SLUG_LENGTH = 50


class OwnRole(Conflict):
    """Nobody changes a role that they hold or have asked for."""

    default = message("You hold this role yourself. Ask another administrator to change it.")


@dataclass(frozen=True, kw_only=True)
class AddRole:
    """A new role; ``permissions`` maps names to reaches."""

    name: str
    note: str = ""
    permissions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ChangeRole:
    """The role as it shall be; a permission that is not named is taken away if the portal knows
    it.
    """

    version: int
    name: str
    note: str = ""
    permissions: Mapping[str, str] = field(default_factory=dict)


def add_role(tx: UnitOfWork, command: AddRole) -> Role:
    """Make a role; raise ValidationFailed for a name that is taken or a permission beyond one's
    power.
    """
    require_everywhere(tx, EDIT)
    _refuse_taken_name(tx, command.name, None)
    _refuse_beyond(tx, {}, command.permissions)
    role = Role(slug=_new_slug(tx, command.name), name=command.name, note=command.note)
    role.permissions = [
        RolePermission(permission=name, reach=reach)
        for name, reach in sorted(_known(tx, command.permissions).items())
    ]
    tx.session.add(role)
    tx.session.flush()
    tx.audit("core.role_added", role, permissions=dict(command.permissions))
    return role


def copy_role(tx: UnitOfWork, public_id: str, *, name: str) -> Role:
    """Make a role of its own with what another one gives, under a new name."""
    source = tx.one(visible(select(Role), EDIT, tx.actor), public_id=public_id)
    permissions = {
        p.permission: p.reach for p in source.permissions if p.permission in declared(tx)
    }
    return add_role(tx, AddRole(name=name, note=source.note, permissions=permissions))


def change_role(tx: UnitOfWork, public_id: str, command: ChangeRole) -> Role:
    """Change what a role is called and gives.

    Raises OwnRole, EditConflict, ValidationFailed for a taken name or a permission beyond one's
    power.
    """
    role = _own_excluded(tx, public_id)
    now = {p.permission: p.reach for p in role.permissions}
    tx.expect_version(role, command.version, name=role.name, note=role.note, **_fields(now))
    _refuse_taken_name(tx, command.name, role.id)
    wanted = _known(tx, command.permissions)
    _refuse_beyond(tx, now, wanted)
    changed = put(role, name=command.name, note=command.note)
    rights = _change_permissions(tx, role, wanted)
    if rights:
        flag_modified(role, "note")  # The version rises although only rows beside it have changed.
        tx.session.flush()
        raise_epoch(tx.session, role_id=role.id)
    if changed or rights:
        tx.audit("core.role_changed", role, changed=changed, permissions=rights)
    return role


def delete_role(tx: UnitOfWork, public_id: str, *, version: int) -> str:
    """Remove a role that never served anybody and did not come with the portal; return its name."""
    role = _own_excluded(tx, public_id)
    tx.expect_version(role, version, name=role.name)
    if role.shipped:
        raise InUse(
            message("This role came with the portal and stays. Take its permissions away instead.")
        )
    table = Assignment.__table__
    used = select(func.count()).select_from(table).where(table.c.role_id == role.id)
    if kernel_execute(tx.session, used).scalar_one():
        raise InUse(
            message(
                "Somebody holds or held this role, so it stays. Take its permissions away instead."
            )
        )
    name = role.name
    tx.audit(
        "core.role_deleted", role, permissions={p.permission: p.reach for p in role.permissions}
    )
    tx.session.delete(role)
    tx.session.flush()
    return name


def holds_role(tx: UnitOfWork, role_id: int) -> bool:
    """Return whether the actor holds a role, will hold it, or has asked for it."""
    table = Assignment.__table__
    mine = select(table.c.id).where(
        table.c.person_id == tx.actor.person_id,
        table.c.role_id == role_id,
        or_(table.c.until_on.is_(None), table.c.until_on > tx.today),
        or_(table.c.until_on.is_(None), table.c.until_on > table.c.from_on),
    )
    return kernel_execute(tx.session, mine.limit(1)).first() is not None


def _own_excluded(tx: UnitOfWork, public_id: str) -> Any:
    require_everywhere(tx, EDIT)
    role = tx.one(visible(select(Role), EDIT, tx.actor), public_id=public_id, lock=True)
    if holds_role(tx, role.id):
        raise OwnRole()
    return role


def _known(tx: UnitOfWork, permissions: Mapping[str, str]) -> dict[str, str]:
    known, reaches = declared(tx), set(Reach)
    if any(name not in known or reach not in reaches for name, reach in permissions.items()):
        raise ValidationFailed(
            {"name": message("The list of permissions has changed. Reload the page.")}
        )
    return dict(permissions)


def _change_permissions(
    tx: UnitOfWork, role: Role, wanted: Mapping[str, str]
) -> dict[str, list[str | None]]:
    """Bring the rows of a role to what is wanted; return name -> [before, after] of
    what differs.
    """
    known, changed = declared(tx), dict[str, list[str | None]]()
    for row in list(role.permissions):
        after = wanted.get(row.permission)
        if row.permission not in known or after == row.reach:
            continue
        changed[row.permission] = [row.reach, after]
        if after is None:
            role.permissions.remove(row)
        else:
            row.reach = after
    present = {row.permission for row in role.permissions}
    for name in sorted(wanted.keys() - present - changed.keys()):
        role.permissions.append(RolePermission(permission=name, reach=wanted[name]))
        changed[name] = [None, wanted[name]]
    tx.session.flush()
    return changed


def _refuse_beyond(tx: UnitOfWork, now: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Refuse to add what the actor may not pass on himself, unless he may assign any
    role anyway.
    """
    if holds_everywhere(tx, ASSIGN) or tx.actor.person_id is None:
        return
    power = held_by(tx, tx.actor.person_id, only_granting=True)
    before, after = given_by(now.items(), None, {}), given_by(wanted.items(), None, {})
    excess = sorted(
        name
        for name, held in after.items()
        if not covers(before.get(name, NOTHING), held) and not covers(power.get(name, Held()), held)
    )
    if excess:
        raise ValidationFailed(
            {
                "name": message(
                    "You cannot put into a role what you may not pass on yourself: {permissions}.",
                    permissions=titled(tx, excess),
                )
            }
        )


def _refuse_taken_name(tx: UnitOfWork, name: str, role_id: int | None) -> None:
    # Two who give one name at once follow one another: the later one reads it beside the field.
    every = select(Role.id).order_by(Role.id)
    tx.session.scalars(every.with_for_update(key_share=True)).all()
    taken = select(Role.id).where(Role.name_key == sort_key(name))
    if role_id is not None:
        taken = taken.where(Role.id != role_id)
    if tx.session.scalars(taken.limit(1)).first() is not None:
        raise ValidationFailed({"name": message("There is a role with this name already.")})


def _new_slug(tx: UnitOfWork, name: str) -> str:
    """Return a name for the command line, made from what the role is called."""
    base = re.sub(r"[^a-z0-9]+", "_", sort_key(name)).strip("_")[:SLUG_LENGTH] or "role"
    taken = set(tx.session.scalars(select(Role.slug).where(Role.slug.startswith(base))))
    number, slug = 2, base
    while slug in taken:
        slug, number = f"{base}_{number}", number + 1
    return slug


def _fields(permissions: Mapping[str, str]) -> dict[str, str]:
    """Return permissions under the names their form fields have."""
    return {field_name(name): reach for name, reach in permissions.items()}


def field_name(permission: str) -> str:
    """Return the name of the form field that holds the reach of a permission."""
    return "p-" + permission.replace(".", "-")
