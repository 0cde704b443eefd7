"""The second step of an account: setting it up, using a code, turning it off.

Every use is one conditional UPDATE: of two who send the same code at the same moment one comes in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from portal.auth import codes, sessions
from portal.auth.codes import Sealing
from portal.auth.models import AccountFactor, AccountRecovery
from portal.errors import Conflict, ValidationFailed
from portal.guard import kernel_execute
from portal.idempotency import dialect_of
from portal.messages import Message, message
from portal.notices.services import notify
from portal.roles.services.power import refuse_stronger
from portal.work import UnitOfWork

from .accounts import (
    REASON,
    AccountFacts,
    Proof,
    change_account,
    end_everything,
    facts_of,
    hold,
    in_the_name_of,
)

CHANGED = "core.account_changed"
factors, recovery = AccountFactor.__table__, AccountRecovery.__table__


@dataclass(frozen=True, kw_only=True)
class FactorFacts:
    """The second step of an account, without its secrets."""

    since: datetime
    codes_left: int
    short: bool  # whether the password is too short to stand alone


def factor_of(tx: UnitOfWork, account_id: int) -> FactorFacts | None:
    """Return the second step of an account, or None."""
    left = select(func.count()).where(
        recovery.c.account_id == factors.c.account_id, recovery.c.used_at.is_(None)
    )
    wanted = select(factors.c.since, factors.c.short, left.scalar_subquery().label("codes_left"))
    found = kernel_execute(
        tx.session, wanted.where(factors.c.account_id == account_id)
    ).one_or_none()
    return None if found is None else FactorFacts(**found._mapping)


def set_up(
    tx: UnitOfWork, account: AccountFacts, sealed: str, step: int, *, keep: int | None = None
) -> tuple[str, ...]:
    """Ask for a code from now on; return the recovery codes, which are shown once.

    ``step`` is that of the first code. Signs out all devices but session ``keep``, which came in
    without a code. Raises Conflict when there is a second step already.
    """
    row = {
        "account_id": account.id,
        "seed": sealed,
        "step": step,
        "short": False,
        "since": tx.now,
    }
    with tx.acting_for("core", reason=REASON) as own:
        made: Any = dialect_of(own.session).insert(factors).values(row).on_conflict_do_nothing()
        made = made.returning(factors.c.account_id)
        if kernel_execute(own.session, made).one_or_none() is None:
            raise Conflict(message("Your second step is set up already."))
        shown = _recovery_codes(own, account.id)
        ended = sessions.revoke(own.session, own.now, account_id=account.id, but=keep)
        own.audit("core.account_factor_set", account, devices=ended)
        _tell(own, account, message("The second step of your sign-in was set up."))
    return shown


def new_recovery_codes(tx: UnitOfWork, account: AccountFacts) -> tuple[str, ...]:
    """Return new recovery codes; the ones before count no more. Raises Conflict without a second
    step.
    """
    with tx.acting_for("core", reason=REASON) as own:
        mine = factors.c.account_id == account.id
        held = select(factors.c.account_id).where(mine).with_for_update()
        if kernel_execute(own.session, held).one_or_none() is None:
            raise Conflict(message("Set up the second step first."))
        shown = _recovery_codes(own, account.id)
        own.audit("core.account_recovery_made", account)
        _tell(own, account, message("New recovery codes were made for your account."))
    return shown


def _recovery_codes(own: UnitOfWork, account_id: int) -> tuple[str, ...]:
    shown = codes.new_recovery_codes()
    kernel_execute(own.session, delete(recovery).where(recovery.c.account_id == account_id))
    rows = [
        {"account_id": account_id, "code_hash": codes.recovery_hash(account_id, code)}
        for code in shown
    ]
    kernel_execute(own.session, insert(recovery), rows)
    return shown


def use_code(tx: UnitOfWork, proof: Proof, code: str, sealing: Sealing) -> bool:
    """Use a code up, of the app or for recovery, and return whether it was right."""
    with tx.acting_for("core", reason=REASON) as own:
        in_the_name_of(own, proof.person_id, proof.person_name)
        if codes.is_recovery(code):
            return _use_recovery(own, proof.account_id, code)
        return _use_step(own, proof.account_id, code, sealing)


def _use_step(own: UnitOfWork, account_id: int, code: str, sealing: Sealing) -> bool:
    mine = factors.c.account_id == account_id
    wanted = select(factors.c.seed, factors.c.step).where(mine)
    found = kernel_execute(own.session, wanted).one_or_none()
    if found is None:
        return False
    try:
        seed = sealing.open(found.seed)
    except codes.Unreadable:  # Its key is gone: the recovery codes still help.
        return False
    step = codes.step_of(seed, code, own.now, after=found.step)
    if step is None:
        return False
    # Sealed anew, so that an old key may be put away once everybody has come in.
    used = update(factors).where(mine, factors.c.step < step)
    used = used.values(step=step, seed=sealing.seal(seed)).returning(factors.c.account_id)
    return kernel_execute(own.session, used).one_or_none() is not None


def _use_recovery(own: UnitOfWork, account_id: int, code: str) -> bool:
    same = recovery.c.code_hash == codes.recovery_hash(account_id, code)
    used = update(recovery).where(recovery.c.account_id == account_id, same)
    used = used.where(recovery.c.used_at.is_(None)).values(used_at=own.now)
    if kernel_execute(own.session, used.returning(recovery.c.id)).one_or_none() is None:
        return False
    account, factor = facts_of(own, account_id), factor_of(own, account_id)
    assert factor is not None
    own.audit("core.account_recovery_used", account, left=factor.codes_left)
    said = message("A recovery code was used for your account. {count} left.")
    _tell(own, account, message(said.msgid, count=factor.codes_left))
    return True


def turn_off(
    tx: UnitOfWork, proof: Proof, code: str, sealing: Sealing, *, keep: int | None = None
) -> bool:
    """Ask for no code any more, after a right one; return whether it was right.

    Signs out all devices but session ``keep``. Raises ValidationFailed while the password is too
    short to stand alone, Overtaken when it has changed since it was proved.
    """
    with tx.acting_for("core", reason=REASON) as own:
        hold(own, proof)
        if not use_code(own, proof, code, sealing):
            return False
        alone = (factors.c.account_id == proof.account_id, ~factors.c.short)
        gone = delete(factors).where(*alone).returning(factors.c.account_id)
        if kernel_execute(own.session, gone).one_or_none() is None:
            raise ValidationFailed({"password": TOO_SHORT})
        ended = sessions.revoke(own.session, own.now, account_id=proof.account_id, but=keep)
        account = facts_of(own, proof.account_id)
        own.audit("core.account_factor_turned_off", account, devices=ended)
        _tell(own, account, message("The second step of your sign-in was turned off."))
    return True


TOO_SHORT = message("Your password is too short to be used alone. Change it first.")


def reset(tx: UnitOfWork, account: AccountFacts) -> bool:
    """Remove somebody's second step, whose device and codes are lost; return whether their password
    went too, because it is too short to stand alone.

    Signs them out everywhere. Raises Conflict for one's own, or when there is none; Forbidden for
    that of somebody who may do more than the actor.
    """
    if account.person_id == tx.actor.person_id:
        raise Conflict(message("Turn your own second step off on the page of your account."))
    refuse_stronger(tx, account.person_id)
    with tx.acting_for("core", reason=REASON) as own:
        gone = delete(factors).where(factors.c.account_id == account.id)
        found = kernel_execute(own.session, gone.returning(factors.c.short)).one_or_none()
        if found is None:
            raise Conflict(message("This account has no second step."))
        if found.short:
            change_account(own, account.id, password_hash=None, password_at=None)
        ended = end_everything(own, account.id)
        own.audit("core.account_factor_reset", account, devices=ended, password=found.short)
        _tell(own, account, message("The second step of your sign-in was removed for you."))
    return bool(found.short)


def _tell(own: UnitOfWork, account: AccountFacts, text: Message) -> None:
    notify(own, CHANGED, [account.person_id], text, endpoint="account.account", actor_too=True)


__all__ = [
    "FactorFacts",
    "factor_of",
    "new_recovery_codes",
    "reset",
    "set_up",
    "turn_off",
    "use_code",
]
