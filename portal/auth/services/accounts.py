"""Accounts: who may sign in, under which name, with which password."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import and_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.auth import rules, sessions
from portal.auth.models import Account, AccountFactor, AccountLink
from portal.dates.feeds import revoke_feeds
from portal.errors import Conflict, ValidationFailed
from portal.guard import kernel_execute
from portal.messages import message
from portal.people.models import Person
from portal.roles.services.power import refuse_stronger
from portal.work import UnitOfWork

REASON = "accounts"
accounts, links, people = Account.__table__, AccountLink.__table__, Person.__table__
factors = AccountFactor.__table__
_WANTED = select(accounts, factors.c.since.label("second_step_at")).outerjoin_from(
    accounts, factors, factors.c.account_id == accounts.c.id
)


class Overtaken(Conflict):
    """The password or the account changed while it was being proved."""


@dataclass(frozen=True, kw_only=True)
class AccountFacts:
    """An account without its secrets; ``name`` is the user name, which the audit shows."""

    __kind__: ClassVar[str] = Account.__kind__

    id: int
    person_id: int
    name: str
    active: bool
    demo: bool
    has_password: bool
    password_at: datetime | None
    created_at: datetime
    second_step_at: datetime | None  # since when there is one


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Credentials that were right a moment ago; ``stored`` is the hash they were compared with."""

    account_id: int
    person_id: int
    person_name: str
    stored: str | None = field(repr=False)
    username: str = ""
    renewed: str | None = field(
        default=None, repr=False
    )  # the same password hashed at today's costs


def account_of(
    tx: UnitOfWork, person_id: int | None = None, *, username: str | None = None
) -> AccountFacts | None:
    """Return the account of a person, or the one with this user name, or None."""
    where = (
        accounts.c.person_id == person_id
        if username is None
        else accounts.c.username == rules.normal_username(username)
    )
    row = kernel_execute(tx.session, _WANTED.where(where)).one_or_none()
    return None if row is None else _facts(row)


def accounts_of(tx: UnitOfWork, person_ids: Iterable[int]) -> dict[int, AccountFacts]:
    """Return person id -> account of those among these people who have one."""
    wanted = _WANTED.where(accounts.c.person_id.in_(list(person_ids)))
    return {row.person_id: _facts(row) for row in kernel_execute(tx.session, wanted)}


def _facts(row: Any) -> AccountFacts:
    return AccountFacts(
        id=row.id,
        person_id=row.person_id,
        name=row.username,
        active=row.active,
        demo=row.demo,
        has_password=row.password_hash is not None,
        password_at=row.password_at,
        created_at=row.created_at,
        second_step_at=row.second_step_at,
    )


def create_account(
    tx: UnitOfWork,
    person_id: int,
    username: str,
    *,
    password_hash: str | None = None,
    demo: bool = False,
) -> AccountFacts:
    """Give a person an account, usually without a password yet: a link lets them choose one.

    Raises ValidationFailed for a user name that cannot be had, Conflict for a second account.
    """
    name = rules.normal_username(username)
    if problem := rules.username_problem(name):
        raise ValidationFailed({"username": problem})
    row = {
        "person_id": person_id,
        "username": name,
        "password_hash": password_hash,
        "password_at": tx.now if password_hash else None,
        "active": True,
        "demo": demo,
        "theme": "system",
        "sidebar": "open",
        "version": 1,
        "created_at": tx.now,
    }
    with tx.acting_for("core", reason=REASON) as own:
        made = _insert(own).values(row).on_conflict_do_nothing().returning(accounts.c.id)
        if kernel_execute(own.session, made).one_or_none() is None:
            if account_of(own, person_id) is not None:
                raise Conflict(message("This person has an account already."))
            taken = message("Somebody else has this user name. Choose another one.")
            raise ValidationFailed({"username": taken})
        account = account_of(own, person_id)
        assert account is not None
        own.audit("core.account_created", account, person=person_id)
        return account


def _insert(tx: UnitOfWork) -> Any:
    on_sqlite = Session.connection(tx.session).dialect.name == "sqlite"
    return (sqlite if on_sqlite else postgresql).insert(accounts)


def disable(tx: UnitOfWork, account: AccountFacts) -> None:
    """Close an account, sign its devices out, void its links. Raises Conflict for one's own."""
    if account.person_id == tx.actor.person_id:
        raise Conflict(message("You cannot close your own account. Ask another administrator."))
    refuse_stronger(tx, account.person_id)
    with tx.acting_for("core", reason=REASON) as own:
        if change_account(own, account.id, accounts.c.active, active=False):
            ended = end_everything(own, account.id)
            revoke_feeds(own.session, own.now, account.person_id)
            own.audit("core.account_disabled", account, devices=ended)


def enable(tx: UnitOfWork, account: AccountFacts) -> None:
    """Open a closed account again; the old password holds."""
    refuse_stronger(tx, account.person_id)
    with tx.acting_for("core", reason=REASON) as own:
        if change_account(own, account.id, ~accounts.c.active, active=True):
            own.audit("core.account_enabled", account)


def save_preferences(tx: UnitOfWork, account: AccountFacts, **values: str | None) -> None:
    """Store how a person likes the portal (language, time_zone, theme, sidebar, single_keys)."""
    of_person = {k: v for k, v in values.items() if k in {"language", "time_zone"}}
    of_account = {k: v for k, v in values.items() if k in {"theme", "sidebar", "single_keys"}}
    with tx.acting_for("core", reason=REASON) as own:
        if of_person:
            change = update(people).where(people.c.id == account.person_id)
            change = change.values(**of_person, version=people.c.version + 1)
            kernel_execute(own.session, change)
        if of_account:
            change_account(own, account.id, **of_account)


def change_password(
    tx: UnitOfWork,
    proof: Proof,
    password_hash: str,
    *,
    keep: int | None = None,
    short: bool = False,
) -> None:
    """Set a new password for whoever proved the old one; sign out all but session ``keep``.

    Raises Overtaken when the old one is no longer the password. See store_password for ``short``.
    """
    with tx.acting_for("core", reason=REASON) as own:
        hold(own, proof)
        in_the_name_of(own, proof.person_id, proof.person_name)
        store_password(
            own, proof.account_id, password_hash, keep=keep, means="password", short=short
        )


def set_password(tx: UnitOfWork, account: AccountFacts, password_hash: str) -> None:
    """Set a password without the old one: for the command line and demo data, never for a page."""
    with tx.acting_for("core", reason=REASON) as own:
        store_password(own, account.id, password_hash, means="command line")


def store_password(
    own: UnitOfWork,
    account_id: int,
    password_hash: str,
    *,
    means: str,
    keep: int | None = None,
    short: bool = False,
) -> None:
    """Set a password and sign out; one that is too ``short`` to stand alone only beside a second
    step, else raise Overtaken.
    """
    beside = update(factors).where(factors.c.account_id == account_id).values(short=short)
    held = kernel_execute(own.session, beside.returning(factors.c.account_id)).one_or_none()
    if short and held is None:
        raise Overtaken()
    change_account(own, account_id, password_hash=password_hash, password_at=own.now)
    ended = end_everything(own, account_id, but=keep)
    account = facts_of(own, account_id)
    if means != "password":  # It was not the old one that proved who sets it.
        revoke_feeds(own.session, own.now, account.person_id)
    own.audit("core.account_password_set", account, means=means, devices=ended)


def hold(own: UnitOfWork, proof: Proof) -> None:
    """Hold the account until the commit, so that no session outlives the password it came from."""
    wanted = select(accounts.c.active, accounts.c.password_hash)
    row = kernel_execute(
        own.session, wanted.where(accounts.c.id == proof.account_id).with_for_update()
    ).one()
    if not row.active or row.password_hash != proof.stored:
        raise Overtaken()


def keep_renewed(tx: UnitOfWork, proof: Proof) -> Proof:
    """Store the password of a proof as it is hashed today, if it was hashed otherwise."""
    if proof.renewed is None:
        return proof
    with tx.acting_for("core", reason=REASON) as own:
        hold(own, proof)
        change_account(own, proof.account_id, password_hash=proof.renewed)
    return dataclasses.replace(proof, stored=proof.renewed, renewed=None)


def facts_of(tx: UnitOfWork, account_id: int) -> AccountFacts:
    wanted = _WANTED.where(accounts.c.id == account_id)
    return _facts(kernel_execute(tx.session, wanted).one())


def change_account(tx: UnitOfWork, account_id: int, *only: Any, **values: Any) -> bool:
    """Change an account, if ``only`` holds, and return whether it did."""
    change = update(accounts).where(accounts.c.id == account_id, *only)
    change = change.values(**values, version=accounts.c.version + 1).returning(accounts.c.id)
    return kernel_execute(tx.session, change).one_or_none() is not None


def end_everything(tx: UnitOfWork, account_id: int, *, but: int | None = None) -> int:
    void_links(tx, account_id)
    return sessions.revoke(tx.session, tx.now, account_id=account_id, but=but)


def void_links(tx: UnitOfWork, account_id: int) -> None:
    mine = and_(links.c.account_id == account_id, links.c.used_at.is_(None))
    kernel_execute(
        tx.session, update(links).where(mine, links.c.expires_at > tx.now).values(expires_at=tx.now)
    )


def in_the_name_of(tx: UnitOfWork, person_id: int, name: str) -> None:
    """Let what follows be audited as the act of the person who is just coming in."""
    tx.actor = dataclasses.replace(tx.actor, person_id=person_id, name=name)
