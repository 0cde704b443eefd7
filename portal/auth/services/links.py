"""Links that let a person choose a password: for the first sign-in, or when it is forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, insert, or_, select, update

from portal.auth import sessions
from portal.errors import Conflict, NotFound
from portal.guard import kernel_execute
from portal.messages import message
from portal.roles.services.power import refuse_stronger
from portal.work import UnitOfWork

from .accounts import (
    REASON,
    AccountFacts,
    accounts,
    in_the_name_of,
    links,
    people,
    store_password,
    void_links,
)

FIRST_SIGN_IN, RESET = "first_sign_in", "reset"
LASTS = {FIRST_SIGN_IN: timedelta(hours=24), RESET: timedelta(minutes=15)}


class LinkGone(NotFound):
    """A link that was used, replaced, is too old, or whose account is closed."""

    default = message("This link can no longer be used. Ask for a new one.")


@dataclass(frozen=True, kw_only=True)
class LinkFacts:
    """Whom a link that still works is for."""

    account_id: int
    person_id: int
    person_name: str
    username: str
    language: str
    purpose: str
    expires_at: datetime


def make_link(tx: UnitOfWork, account: AccountFacts, purpose: str | None = None) -> str:
    """Return the secret of a new link that lets the person choose a password; older links end.

    It is shown once and kept as a hash. Without ``purpose``: the first sign-in while there is no
    password, a reset otherwise. Raises Conflict for a closed account, Forbidden for that of
    somebody who may do more than the actor.
    """
    if not account.active:
        raise Conflict(message("This account is closed. Open it again first."))
    refuse_stronger(tx, account.person_id)
    purpose = purpose or (RESET if account.has_password else FIRST_SIGN_IN)
    token = sessions.new_token()
    row = {
        "account_id": account.id,
        "purpose": purpose,
        "token_hash": sessions.hashed(token),
        "created_at": tx.now,
        "expires_at": tx.now + LASTS[purpose],
    }
    with tx.acting_for("core", reason=REASON) as own:
        void_links(own, account.id)
        kernel_execute(own.session, insert(links), row)
        own.audit("core.account_link_made", account, purpose=purpose)
    return token


def find_link(tx: UnitOfWork, token: str) -> LinkFacts:
    """Return whom a link is for, or raise LinkGone."""
    wanted = (
        select(
            links.c.account_id,
            links.c.purpose,
            links.c.expires_at,
            accounts.c.username,
            people.c.id.label("person_id"),
            people.c.name.label("person_name"),
            people.c.language,
        )
        .join_from(links, accounts, links.c.account_id == accounts.c.id)
        .join(people, accounts.c.person_id == people.c.id)
        .where(_usable(token, tx.now), accounts.c.active, *works_on(tx.today))
    )
    row = kernel_execute(tx.session, wanted).one_or_none()
    if row is None:
        raise LinkGone()
    return LinkFacts(**row._mapping)


def use_link(tx: UnitOfWork, token: str, password_hash: str, *, short: bool = False) -> LinkFacts:
    """Use a link up and set the password; of two at once the second raises LinkGone.

    See store_password for ``short``.
    """
    with tx.acting_for("core", reason=REASON) as own:
        facts = find_link(own, token)
        used = update(links).where(_usable(token, own.now)).values(used_at=own.now)
        if kernel_execute(own.session, used.returning(links.c.id)).one_or_none() is None:
            raise LinkGone()
        in_the_name_of(own, facts.person_id, facts.person_name)
        store_password(own, facts.account_id, password_hash, means=facts.purpose, short=short)
        return facts


def _usable(token: str, now: datetime) -> Any:
    return and_(
        links.c.token_hash == sessions.hashed(token),
        links.c.used_at.is_(None),
        links.c.expires_at > now,
    )


def works_on(day: Any) -> tuple[Any, Any]:
    """Return the conditions under which a person works here on ``day``."""
    until = people.c.active_until
    return people.c.active_from <= day, or_(until.is_(None), until > day)
