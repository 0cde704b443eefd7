"""Noting what can be taken back, and taking it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select, update

from portal.errors import Conflict, NotFound
from portal.guard import kernel_execute
from portal.messages import Message, message
from portal.orm import new_public_id
from portal.work import UnitOfWork

from .models import UndoStep

steps = UndoStep.__table__
IN_TIME = timedelta(hours=1)
CORE: dict[str, Callable[..., Message]] = {}  # the portal's own


class UndoneAlready(Conflict):
    """The same was taken back before."""

    default = message("This has been undone already.")


class TooLate(Conflict):
    """What was done can no longer be taken back in one go."""

    default = message("It is too late to undo this. Change it back by hand.")


def undoable(tx: UnitOfWork, name: str, /, **args: Any) -> str:
    """Note that the actor may take back what this transaction does; return the step for the toast.

    ``name`` is a function of the plugin's ``undoes``: ``restore(tx, **args)`` returns what to say.
    It puts back only what nobody has changed since, and raises Conflict if nothing is left to.
    """
    step = {
        "public_id": new_public_id(),
        "owner_id": tx.actor.person_id,
        "name": name,
        "args": args,
        "created_at": tx.now,
    }
    kernel_execute(tx.session, insert(steps).values(step))
    return str(step["public_id"])


def undo(tx: UnitOfWork, public_id: str) -> Message:
    """Take a step of the actor back; return what to say.

    Raises NotFound for a step of somebody else, UndoneAlready, TooLate, or what the plugin raises.
    """
    mine = (steps.c.public_id == public_id, steps.c.owner_id == tx.actor.person_id)
    open_yet = (steps.c.undone_at.is_(None), steps.c.created_at > tx.now - IN_TIME)
    claimed = update(steps).where(*mine, *open_yet).values(undone_at=tx.now)
    step = kernel_execute(tx.session, claimed.returning(steps.c.name, steps.c.args)).one_or_none()
    if step is None:
        known = kernel_execute(tx.session, select(steps.c.undone_at).where(*mine)).one_or_none()
        if known is None:
            raise NotFound
        raise TooLate if known.undone_at is None else UndoneAlready
    restore = _known(tx).get(step.name)
    if restore is None:
        raise TooLate
    return restore(tx, **step.args)


def _known(tx: UnitOfWork) -> Mapping[str, Callable[..., Message]]:
    """Return what takes things back, of the portal and of the plugins the actor works with."""
    found = dict(CORE)
    loaded: Mapping[str, Any] = getattr(tx.session.runtime, "loaded", {})
    for slug in tx.actor.active & loaded.keys():
        found |= loaded[slug].undoes
    return found
