"""Saved views: whose they are, who uses them, and that two people do not overwrite one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, update

from portal.errors import Conflict, EditConflict, NotFound, ValidationFailed
from portal.guard import kernel_execute
from portal.idempotency import dialect_of
from portal.messages import Message, message
from portal.orm import new_public_id, sort_key
from portal.roles.models import Assignment, Role
from portal.roles.principals import raise_epoch, valid
from portal.undo.services import CORE, undoable
from portal.work import UnitOfWork

from .models import SavedView
from .rules import Saved, pairs_of

SHARE = "core.view.share"
DELETED = "core.view_deleted"
MOST_VIEWS = 50  # of one person for one list
LONGEST_ASKED = 6_000
TAKEN = message("You have a view of this name already.")
views, roles, assignments = SavedView.__table__, Role.__table__, Assignment.__table__


@dataclass(frozen=True, kw_only=True)
class SaveView:
    """A name for what a list is asked; ``audience`` is me, role (then ``role``) or everybody."""

    name: str
    audience: str = "me"
    role: str = ""
    asked: Sequence[tuple[str, str]] = ()


def saved_views(tx: UnitOfWork, name: str) -> tuple[Saved, ...]:
    """Return the views of a list that the actor may use: their own first, each by name."""
    if tx.actor.person_id is None:
        return ()
    known: Mapping[str, tuple[Saved, ...]] = tx.actor.once("saved views", lambda: _read(tx))
    return known.get(name, ())


def saved_view(tx: UnitOfWork, public_id: str) -> tuple[Saved, str] | None:
    """Return a view that the actor may use, and of which list it is; None for any other."""
    if tx.actor.person_id is None:
        return None
    known: Mapping[str, tuple[Saved, ...]] = tx.actor.once("saved views", lambda: _read(tx))
    found = ((one, name) for name, listed in known.items() for one in listed)
    return next((pair for pair in found if pair[0].public_id == public_id), None)


def add_view(tx: UnitOfWork, list_name: str, command: SaveView) -> str:
    """Save a view and return its public id; raise ValidationFailed for a name that is taken."""
    row = _checked(tx, command)
    mine = (views.c.owner_id == tx.actor.person_id, views.c.list == list_name)
    counted = select(func.count()).select_from(views).where(*mine)
    if kernel_execute(tx.session, counted).scalar_one() >= MOST_VIEWS:
        raise ValidationFailed(
            {"name": message("You have {most} views here. Delete one first.", most=MOST_VIEWS)}
        )
    row |= {
        "public_id": new_public_id(),
        "owner_id": tx.actor.person_id,
        "list": list_name,
        "asked": _storable(command.asked),
        "version": 1,
        "created_at": tx.now,
    }
    if not _insert(tx, row):
        raise ValidationFailed({"name": TAKEN})
    _tell(tx, row)
    if row["audience"] != "me":
        tx.audit("core.view_shared", **_told(row))
    return str(row["public_id"])


def rename_view(tx: UnitOfWork, public_id: str, version: int | None, command: SaveView) -> None:
    """Give a view another name or audience.

    Raises EditConflict when it was changed since the form was made, ValidationFailed for a name
    that is taken, NotFound for a view that is not the actor's to change.
    """
    row = editable(tx, public_id)
    _expect(row, version)
    new = _checked(tx, command, was=row)
    same = (views.c.owner_id == row.owner_id, views.c.list == row.list, views.c.id != row.id)
    twin = select(views.c.id).where(*same, views.c.name_key == new["name_key"])
    if kernel_execute(tx.session, twin).first() is not None:
        raise ValidationFailed({"name": TAKEN})
    _change(tx, row, **new)


def overwrite_view(
    tx: UnitOfWork, public_id: str, version: int | None, asked: Sequence[tuple[str, str]]
) -> None:
    """Let a view show what is shown now; raise EditConflict or NotFound as rename_view() does."""
    row = editable(tx, public_id)
    _expect(row, version)
    _change(tx, row, asked=_storable(asked))


def delete_view(tx: UnitOfWork, public_id: str, version: int | None) -> tuple[Message, str]:
    """Delete a view; return what to say and the step that undoes it."""
    row = editable(tx, public_id)
    _expect(row, version)
    gone = delete(views).where(views.c.id == row.id, views.c.version == row.version)
    if kernel_execute(tx.session, gone).rowcount != 1:
        raise EditConflict
    kept = {key: value for key, value in row._mapping.items() if key not in ("id", "created_at")}
    _tell(tx, row._mapping)
    if row.audience != "me":
        tx.audit("core.view_deleted", **_told(row._mapping))
    said = message("The view {name} is deleted.", name=row.name)
    return said, undoable(tx, DELETED, row=kept)


def restore_view(tx: UnitOfWork, *, row: dict[str, Any]) -> Message:
    """Bring a deleted view back under its old address; raise Conflict if its name is taken."""
    if row["audience"] != "me" and row["owner_id"] != tx.actor.person_id:
        _require_share(tx)
    if row["role_id"] is not None:
        there = select(roles.c.id).where(roles.c.id == row["role_id"])
        if kernel_execute(tx.session, there).first() is None:
            row = row | {"role_id": None}
    if not _insert(tx, row | {"created_at": tx.now, "version": row["version"] + 1}):
        raise Conflict(message("There is another view of this name now, so it is not undone."))
    _tell(tx, row)
    return message("The view {name} is back.", name=row["name"])


CORE[DELETED] = restore_view


def editable(tx: UnitOfWork, public_id: str) -> Any:
    """Return the row of a view that the actor may change: their own, or a shared one they use
    while they may share views themselves. Raises NotFound.
    """
    row = kernel_execute(
        tx.session, _usable(tx).where(views.c.public_id == public_id)
    ).one_or_none()
    shared = row is not None and row.audience != "me" and tx.actor.holds(SHARE)
    if row is None or not (shared or row.owner_id == tx.actor.person_id):
        raise NotFound
    return row


def role_choices(tx: UnitOfWork) -> list[tuple[str, str]]:
    """Return the roles that a view may be shared with, by name."""
    named = select(roles.c.public_id, roles.c.name).order_by(roles.c.name_key)
    return [(row.public_id, row.name) for row in kernel_execute(tx.session, named)]


def _read(tx: UnitOfWork) -> Mapping[str, tuple[Saved, ...]]:
    named = select(roles.c.public_id).where(roles.c.id == views.c.role_id).scalar_subquery()
    me = tx.actor.person_id
    found: dict[str, list[Saved]] = {}
    asked = _usable(tx).add_columns(named.label("role"))
    asked = asked.order_by(views.c.owner_id != me, views.c.name_key, views.c.id)
    for row in kernel_execute(tx.session, asked):
        found.setdefault(row.list, []).append(
            Saved(
                public_id=row.public_id,
                name=row.name,
                asked=pairs_of(row.asked),
                mine=row.owner_id == me,
                audience=row.audience,
                role=row.role or "",
                version=row.version,
            )
        )
    return MappingProxyType({name: tuple(listed) for name, listed in found.items()})


def _usable(tx: UnitOfWork) -> Any:
    """Return a select of the views that are the actor's, everybody's, or of a role they hold."""
    held = select(assignments.c.role_id).where(
        assignments.c.person_id == tx.actor.person_id,
        assignments.c.approved,
        *valid(assignments, tx.today),
    )
    return select(views).where(
        or_(
            views.c.owner_id == tx.actor.person_id,
            views.c.audience == "everybody",
            and_(views.c.audience == "role", views.c.role_id.in_(held)),
        )
    )


def _checked(tx: UnitOfWork, command: SaveView, was: Any = None) -> dict[str, Any]:
    """Return name and audience as they are stored; raise ValidationFailed or Forbidden."""
    name = command.name.strip()
    if not name:
        raise ValidationFailed({"name": message("Give the view a name.")})
    role_id = None
    if command.audience == "role":
        found = select(roles.c.id).where(roles.c.public_id == command.role)
        role_id = kernel_execute(tx.session, found).scalar_one_or_none()
        if role_id is None:
            raise ValidationFailed({"role": message("Choose a role.")})
    if command.audience != "me" and (
        was is None or (was.audience, was.role_id) != (command.audience, role_id)
    ):
        _require_share(tx)
    return {
        "name": name,
        "name_key": sort_key(name),
        "audience": command.audience,
        "role_id": role_id,
    }


def _require_share(tx: UnitOfWork) -> None:
    if not tx.actor.holds(SHARE):
        raise ValidationFailed({"audience": message("You may save views for yourself only.")})


def _storable(asked: Iterable[tuple[str, str]]) -> list[list[str]]:
    found = [[name, value] for name, value in asked]
    if sum(len(name) + len(value) for name, value in found) > LONGEST_ASKED:
        raise ValidationFailed({"name": message("This asks too much for one view. Ask less.")})
    return found


def _expect(row: Any, version: int | None) -> None:
    if row.version != version:
        raise EditConflict(theirs={"name": row.name})


def _insert(tx: UnitOfWork, row: Mapping[str, Any]) -> bool:
    made = dialect_of(tx.session).insert(views).values(**row).on_conflict_do_nothing()
    return kernel_execute(tx.session, made.returning(views.c.id)).one_or_none() is not None


def _change(tx: UnitOfWork, row: Any, **values: Any) -> None:
    change = update(views).where(views.c.id == row.id, views.c.version == row.version)
    change = change.values(**values, version=row.version + 1)
    if kernel_execute(tx.session, change).rowcount != 1:
        raise EditConflict
    new = {**row._mapping, **values}
    for one in (row._mapping, new):
        _tell(tx, one)
    if (row.audience, new["audience"]) != ("me", "me"):
        tx.audit("core.view_changed", **_told(new))


def _tell(tx: UnitOfWork, row: Mapping[str, Any]) -> None:
    """Have everybody who uses a view read it anew."""
    if row["audience"] == "everybody":
        raise_epoch(tx.session)
        return
    raise_epoch(tx.session, person_id=row["owner_id"])
    if row["role_id"] is not None:
        raise_epoch(tx.session, role_id=row["role_id"])


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"list": row["list"], "name": row["name"], "audience": row["audience"]}
