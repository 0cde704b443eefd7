"""Signing in and out: what happens to the sessions of an account."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from portal.auth import sessions
from portal.auth.models import AccountLink, AccountSession, Throttle
from portal.dates.feeds import revoke_feeds
from portal.errors import NotFound
from portal.guard import kernel_execute
from portal.work import UnitOfWork

from .accounts import (
    REASON,
    AccountFacts,
    Overtaken,
    Proof,
    change_account,
    facts_of,
    hold,
    in_the_name_of,
)


def begin_session(
    tx: UnitOfWork,
    visitors: sessions.Visitors,
    proof: Proof,
    *,
    device: str,
    address: str,
    replacing: str | None = None,
) -> str:
    """Sign somebody in who has just proved who they are; return the new cookie's token.

    Raises Overtaken when the account was closed or its password changed since.
    """
    with tx.acting_for("core", reason=REASON) as own:
        hold(own, proof)
        if proof.renewed is not None:
            change_account(own, proof.account_id, password_hash=proof.renewed)
        token = visitors.begin(
            own.session,
            own.now,
            proof.account_id,
            device=device,
            address=address,
            replacing=replacing,
        )
        in_the_name_of(own, proof.person_id, proof.person_name)
        own.audit("core.account_signed_in", facts_of(own, proof.account_id), address=address)
    return token


def renew_session(tx: UnitOfWork, proof: Proof, session_id: int) -> str:
    """Return a new token for a session whose owner gave the password again, or raise Overtaken."""
    with tx.acting_for("core", reason=REASON) as own:
        hold(own, proof)
        token = sessions.renew(own.session, own.now, session_id)
        if token is None:
            raise Overtaken()
    return token


def sign_out_everywhere(
    tx: UnitOfWork, account: AccountFacts, *, but: int | None = None, feeds: bool = True
) -> int:
    """Sign an account out on every device, all but session ``but``; return how many there were.

    The addresses under which its calendar is followed end too, unless ``feeds`` says otherwise.
    """
    with tx.acting_for("core", reason=REASON) as own:
        ended = sessions.revoke(own.session, own.now, account_id=account.id, but=but)
        if feeds:
            revoke_feeds(own.session, own.now, account.person_id)
        own.audit("core.account_signed_out_everywhere", account, devices=ended)
    return ended


def sign_out_device(tx: UnitOfWork, account: AccountFacts, public_id: str) -> None:
    """Sign one device out, or raise NotFound when the account has no such device."""
    with tx.acting_for("core", reason=REASON) as own:
        ended = sessions.revoke(own.session, own.now, account_id=account.id, public_id=public_id)
        if not ended:
            raise NotFound()
        own.audit("core.account_signed_out", account, device=public_id)


def sign_out(tx: UnitOfWork, account: AccountFacts, token: str) -> None:
    """End the session behind ``token``."""
    with tx.acting_for("core", reason=REASON) as own:
        if sessions.revoke(own.session, own.now, token=token, account_id=account.id):
            own.audit("core.account_signed_out", account)


def tidy(tx: UnitOfWork) -> None:
    """Remove what nobody needs any more: counts of tries, ended sessions, old links."""
    day, month = tx.now - timedelta(days=1), tx.now - timedelta(days=30)
    tries, ended, links = Throttle.__table__, AccountSession.__table__, AccountLink.__table__
    with tx.acting_for("core", reason=REASON) as own:
        for statement in (
            delete(tries).where(tries.c.window_start < day),
            delete(ended).where(ended.c.expires_at < month),
            delete(links).where(links.c.expires_at < month),
        ):
            kernel_execute(own.session, statement)
