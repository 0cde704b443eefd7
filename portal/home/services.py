"""Views on one's own home page: put there, moved, taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, exists, select, update

from portal.errors import Conflict, NotFound
from portal.guard import kernel_execute
from portal.idempotency import dialect_of
from portal.lists.models import SavedView
from portal.lists.rules import moved
from portal.messages import Message, message
from portal.orm import new_public_id
from portal.roles.principals import raise_epoch
from portal.undo.services import CORE, undoable
from portal.work import UnitOfWork

from .models import HomeWidget

SHAPES = ("count", "list")
MOST = 12  # of one person
REMOVED = "core.widget_removed"
widgets, views = HomeWidget.__table__, SavedView.__table__


def widgets_of(tx: UnitOfWork) -> Sequence[Any]:
    """Return what the actor has on their home page, in order; kept with their rights."""
    if tx.actor.person_id is None:
        return ()
    found: Sequence[Any] = tx.actor.once("widgets", lambda: tuple(_read(tx)))
    return found


def add_widget(tx: UnitOfWork, view: str, shape: str, endpoint: str) -> None:
    """Put a view on the actor's home page as a number or a list; raise Conflict for one too many.

    The caller has asked whether the actor may use the view.
    """
    known = _read(tx)
    if len(known) >= MOST and all(one.view != view for one in known):
        raise Conflict(message("Your home page is full. Remove something first."))
    view_id = kernel_execute(
        tx.session, select(views.c.id).where(views.c.public_id == view)
    ).scalar_one()
    row = {
        "public_id": new_public_id(),
        "owner_id": tx.actor.person_id,
        "view_id": view_id,
        "position": 1 + max((one.position for one in known), default=0),
        "made_at": tx.now,
    }
    again = {"shape": shape, "endpoint": endpoint}
    made = dialect_of(tx.session).insert(widgets).values(**row, **again)
    kept = made.on_conflict_do_update(index_elements=["view_id", "owner_id"], set_=again)
    kernel_execute(tx.session, kept)
    _tell(tx)


@dataclass(frozen=True, kw_only=True)
class Moved:
    """Where a part of a home page stands now: ``at`` of ``among``, from 1."""

    said: Message
    at: int
    among: int


def move_widget(tx: UnitOfWork, public_id: str, by: int) -> Moved:
    """Move a part of the actor's home page up (-1) or down (1), or raise NotFound."""
    names = {one.public_id: one.name for one in _read(tx)}
    if public_id not in names:
        raise NotFound
    order = moved(names, public_id, by)
    for position, key in enumerate(order, 1):
        mine = (widgets.c.owner_id == tx.actor.person_id, widgets.c.public_id == key)
        kernel_execute(tx.session, update(widgets).where(*mine).values(position=position))
    _tell(tx)
    at, among = order.index(public_id) + 1, len(order)
    text = message("{view} is number {at} of {all} now.", view=names[public_id], at=at, all=among)
    return Moved(said=text, at=at, among=among)


def beside(tx: UnitOfWork, public_id: str) -> str:
    """Return the part of the actor's home page after this one, else the one before, else empty."""
    order = [one.public_id for one in _read(tx)]
    at = order.index(public_id) if public_id in order else len(order)
    return next(iter([*order[at + 1 :], *reversed(order[:at])]), "")


def remove_widget(tx: UnitOfWork, public_id: str) -> tuple[Message, str]:
    """Take a view off the actor's home page; return what to say and the step that undoes it."""
    row = next((one for one in _read(tx) if one.public_id == public_id), None)
    if row is None:
        raise NotFound
    kernel_execute(tx.session, delete(widgets).where(widgets.c.id == row.id))
    _tell(tx)
    names = ("public_id", "view_id", "shape", "endpoint", "position")
    kept = {name: getattr(row, name) for name in names}
    said = message("{view} is no longer on your home page.", view=row.name)
    return said, undoable(tx, REMOVED, row=kept)


def restore_widget(tx: UnitOfWork, *, row: dict[str, Any]) -> Message:
    """Put a view back on the actor's home page; raise Conflict if it is gone."""
    there = select(exists().where(views.c.id == row["view_id"]))
    if not kernel_execute(tx.session, there).scalar_one():
        raise Conflict(message("This view is deleted, so it is not put back."))
    made = dialect_of(tx.session).insert(widgets)
    made = made.values(**row, owner_id=tx.actor.person_id, made_at=tx.now)
    kernel_execute(tx.session, made.on_conflict_do_nothing())
    _tell(tx)
    return message("It is back on your home page.")


CORE[REMOVED] = restore_widget


def _read(tx: UnitOfWork) -> Sequence[Any]:
    named = (views.c.name, views.c.list, views.c.public_id.label("view"))
    mine = (
        select(*widgets.c, *named)
        .join_from(widgets, views, widgets.c.view_id == views.c.id)
        .where(widgets.c.owner_id == tx.actor.person_id)
    )
    order = (widgets.c.position, widgets.c.id)
    found: Sequence[Any] = kernel_execute(tx.session, mine.order_by(*order)).all()
    return found


def _tell(tx: UnitOfWork) -> None:
    raise_epoch(tx.session, person_id=tx.actor.person_id)
