"""Finding out whether somebody is who they say, at the same cost and with one answer for all."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

from flask import current_app, g
from sqlalchemy import exists, select

from portal.db import db
from portal.gate import client_address
from portal.guard import kernel_execute

from . import passwords, rules, throttle
from .codes import Sealing
from .models import Account, AccountSession
from .services import Proof
from .services.accounts import people
from .sessions import Visitor

log = logging.getLogger("kantor.auth")
FAMILIAR = timedelta(days=30)
accounts, sessions = Account.__table__, AccountSession.__table__


def prove(username: str, password: str) -> Proof | None:
    """Return what these credentials prove, or None; raise TooMany when tried too often.

    Known, unknown and closed accounts, and those without a password, cost one verification each.
    """
    name, address = rules.normal_username(username[:200]), client_address()
    rates = current_app.extensions["kantor_config"].rates
    throttle.hit("sign_in", address, rates.sign_in)
    found, key = find_account(accounts.c.username == name), _key(name, address)
    throttle.try_account(
        key, rates.failures
    )  # Ends the reading so far, too: no transaction waits for the hash.
    named = found
    right = passwords.verify(found.password_hash if found else None, password)
    if not right:
        found = _proved_by_plugin(name, password)
    if found is None or not may_come_in(found):
        log.warning(
            "sign-in refused", extra={"account": named.id if named else None, "address": address}
        )
        return None
    throttle.forget("account", key)
    return Proof(
        account_id=found.id,
        person_id=found.person_id,
        person_name=found.name,
        stored=found.password_hash,
        username=found.username,
        renewed=_renewed(found.password_hash, password) if right else None,
    )


def try_code(proof: Proof) -> str:
    """Take one try at the codes of an account and return what it is counted under; raise TooMany
    when tried too often.
    """
    address, rates = client_address(), current_app.extensions["kantor_config"].rates
    throttle.hit("code", address, rates.sign_in)
    key = _key(proof.username, address, "code ")
    throttle.try_account(key, rates.failures)
    return key


def code_was_right(key: str) -> None:
    """Forget the wrong codes before a right one."""
    throttle.forget("account", key)


def sealing() -> Sealing:
    """Return what opens the seeds of this portal."""
    old = current_app.config["SECRET_KEY_FALLBACKS"] or ()
    return Sealing([current_app.config["SECRET_KEY"], *old])


def find_account(condition: Any) -> Any:
    columns = (
        accounts.c.id,
        accounts.c.person_id,
        accounts.c.username,
        accounts.c.active,
        accounts.c.demo,
        accounts.c.password_hash,
        people.c.name,
        people.c.active_from,
        people.c.active_until,
    )
    wanted = select(*columns).join_from(accounts, people, accounts.c.person_id == people.c.id)
    return kernel_execute(db.session(), wanted.where(condition)).one_or_none()


def _key(name: str, address: str, what: str = "") -> str:
    """Return what tries at a name count under; where its owner signed in lately, that place alone.

    So nobody keeps a colleague out by typing wrong passwords for them somewhere else.
    """
    familiar = (
        exists()
        .where(sessions.c.account_id == accounts.c.id, accounts.c.username == name)
        .where(sessions.c.address == address[:64])
        .where(sessions.c.created_at > datetime.now(UTC) - FAMILIAR)
    )
    known = kernel_execute(db.session(), select(familiar)).scalar_one()
    return throttle.account_key(what + name, address if known else "")


def _proved_by_plugin(name: str, password: str) -> Any:
    """Return the account of the person for whom a plugin vouches, or None."""
    person_id = current_app.extensions["kantor"].first(
        "authenticate", username=name, password=password
    )
    return None if person_id is None else find_account(accounts.c.person_id == person_id)


def may_come_in(found: Any) -> bool:
    day = current_app.extensions["kantor_visitors"].compiler.today(datetime.now(UTC))
    until = found.active_until
    employed = found.active_from <= day and (until is None or until > day)
    return bool(found.active and employed and (not found.demo or is_local()))


def _renewed(stored: str | None, password: str) -> str | None:
    return passwords.hashed(password) if stored and passwords.outdated(stored) else None


def is_local() -> bool:
    """Return whether the portal serves this machine alone and the request comes from it."""
    if not current_app.extensions["kantor_config"].loopback:
        return False
    try:
        return ip_address(client_address()).is_loopback
    except ValueError:
        return False


def load_visitor(token: str) -> Visitor | None:
    """Return the visitor behind a cookie's token; a demo account works on this machine only."""
    if g.get("offline"):  # An error page is made, which must not ask the database again.
        return None
    visitor: Visitor | None = current_app.extensions["kantor_visitors"].load(token)
    return None if visitor is not None and visitor.demo and not is_local() else visitor
