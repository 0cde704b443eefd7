"""Seeing the portal as somebody else does: reading only, for a reason, and they are told."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert, or_, select

from portal.auth.models import Account, AccountSession, AccountViewing
from portal.auth.sessions import VIEWING
from portal.errors import Conflict, Forbidden
from portal.guard import kernel_execute
from portal.messages import message
from portal.notices.services import notify
from portal.people.models import Person
from portal.roles.services.power import ASSIGN, held_by, refuse_stronger
from portal.work import UnitOfWork

from .accounts import REASON, account_of, in_the_name_of
from .factors import CHANGED

AT_ONCE = 100  # that ran out are ended in one go
viewings, sessions = AccountViewing.__table__, AccountSession.__table__
accounts = Account.__table__


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


def end_run_out(tx: UnitOfWork) -> int:
    """End what lasted for half an hour, or whose device was signed out, and return how many.

    Each is in the audit once, as of whoever looked: which of two comes second finds nothing.
    """
    over = or_(viewings.c.since <= tx.now - VIEWING, sessions.c.revoked_at.is_not(None))
    looking = (
        select(viewings.c.session_id, accounts.c.person_id)
        .join_from(viewings, sessions, viewings.c.session_id == sessions.c.id)
        .join(accounts, sessions.c.account_id == accounts.c.id)
        .where(over)
        .order_by(viewings.c.since, viewings.c.session_id)
        .limit(AT_ONCE)
    )
    found = kernel_execute(tx.session, looking).all()
    for session_id, person_id in found:
        with tx.acting_for("core", reason=REASON) as own:
            in_the_name_of(own, person_id, own.session.get_one(Person, person_id).name)
            _end(own, session_id)
    return len(found)


def _end(own: UnitOfWork, session_id: int) -> None:
    gone = delete(viewings).where(viewings.c.session_id == session_id)
    columns = (viewings.c.person_id, viewings.c.since, viewings.c.pages)
    found = kernel_execute(own.session, gone.returning(*columns)).one_or_none()
    if found is None:
        return
    by_itself = own.now - found.since >= VIEWING
    act = "core.viewing_ran_out" if by_itself else "core.viewing_ended"
    person = own.session.get_one(Person, found.person_id)
    own.audit(act, person, since=found.since, pages=found.pages)


__all__ = ["begin_viewing", "end_run_out", "end_viewing", "may_be_viewed", "refuse_viewing"]
