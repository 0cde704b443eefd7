"""Seeing the portal as somebody else does: reading only, for a reason, and they are told."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert

from portal.auth.models import AccountViewing
from portal.errors import Conflict, Forbidden
from portal.guard import kernel_execute
from portal.messages import message
from portal.notices.services import notify
from portal.roles.services.power import ASSIGN, held_by, refuse_stronger
from portal.work import UnitOfWork

from .accounts import REASON, account_of
from .factors import CHANGED

viewings = AccountViewing.__table__


def refuse_viewing(tx: UnitOfWork, person: Any) -> None:
    """Raise Conflict or Forbidden when the actor may not see the portal as this person does.

    Not as oneself, nor as who cannot sign in; nor as an administrator, or somebody who may do more.
    """
    if person.id == tx.actor.person_id:
        raise Conflict(message("You see Kantor as yourself already."))
    account = account_of(tx, person.id)
    until = person.active_until
    here = person.active_from <= tx.today and (until is None or until > tx.today)
    if account is None or not account.active or not here:
        raise Conflict(message("This person cannot sign in, so there is nothing to see."))
    if ASSIGN in held_by(tx, person.id):
        raise Forbidden(message("Nobody sees Kantor as an administrator does."))
    refuse_stronger(tx, person.id)


def may_be_viewed(tx: UnitOfWork, person: Any) -> bool:
    """Return whether the actor may see the portal as this person, who is in reach, does."""
    try:
        refuse_viewing(tx, person)
    except (Conflict, Forbidden):
        return False
    return True


def begin_viewing(tx: UnitOfWork, session_id: int, person: Any, reason: str) -> None:
    """Let a signed-in device see the portal as a person does; see refuse_viewing."""
    refuse_viewing(tx, person)
    with tx.acting_for("core", reason=REASON) as own:
        _end(own, session_id)
        row = {"session_id": session_id, "person_id": person.id, "since": own.now, "pages": 0}
        kernel_execute(own.session, insert(viewings), row)
        own.audit("core.viewing_begun", person, reason=reason)
        said = message("{name} looks at Kantor as you see it: {reason}")
        text = message(said.msgid, name=tx.actor.name, reason=reason)
        notify(own, CHANGED, [person.id], text, endpoint="account.account")


def end_viewing(tx: UnitOfWork, session_id: int) -> None:
    """Let a device see the portal as its owner again; nothing happens if it does."""
    with tx.acting_for("core", reason=REASON) as own:
        _end(own, session_id)


def _end(own: UnitOfWork, session_id: int) -> None:
    from portal.people.models import Person

    gone = delete(viewings).where(viewings.c.session_id == session_id)
    columns = (viewings.c.person_id, viewings.c.since, viewings.c.pages)
    found = kernel_execute(own.session, gone.returning(*columns)).one_or_none()
    if found is not None:
        person = own.session.get_one(Person, found.person_id)
        own.audit("core.viewing_ended", person, since=found.since, pages=found.pages)


__all__ = ["begin_viewing", "end_viewing", "may_be_viewed", "refuse_viewing"]
