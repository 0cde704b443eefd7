"""Forms that are sent twice: the key of each is claimed in the transaction of its work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from .auth.models import Idempotency
from .errors import AlreadyDone, KeyReused
from .guard import GuardedSession, kernel_execute

_KEYS = Idempotency.__table__
_MINE = (_KEYS.c.owner == bindparam("mine"), _KEYS.c.key == bindparam("form"))
_CLAIMED = {
    dialect: dialect.insert(_KEYS).on_conflict_do_nothing().returning(_KEYS.c.id)
    for dialect in (sqlite, postgresql)
}
_CLAIM_OF_TWIN = select(_KEYS.c.digest, _KEYS.c.answer).where(*_MINE)
_REMEMBERED = update(_KEYS).where(*_MINE).values(answer=bindparam("answered"))


@dataclass(frozen=True, kw_only=True)
class FormKey:
    """What makes sending one form twice the same as sending it once."""

    key: str
    digest: str


def dialect_of(session: GuardedSession) -> Any:
    """Return SQLAlchemy's module for the database of ``session``."""
    on_sqlite = Session.connection(session).dialect.name == "sqlite"
    return sqlite if on_sqlite else postgresql


def claim(session: GuardedSession, owner: int, form: FormKey, now: datetime) -> None:
    """Reserve the key inside this transaction; a twin waits here until the first is through."""
    row = {"owner": owner, "key": form.key, "digest": form.digest, "created_at": now}
    # An INSERT's rowcount cannot be relied on.
    if kernel_execute(session, _CLAIMED[dialect_of(session)], row).one_or_none():
        return
    mine = {"mine": owner, "form": form.key}
    found = kernel_execute(session, _CLAIM_OF_TWIN, mine).one()
    raise AlreadyDone(found.answer) if found.digest == form.digest else KeyReused()


def remember(session: GuardedSession, owner: int, form: FormKey, answer: str | None) -> None:
    """Keep where a twin of this form is to be sent."""
    mine = {"mine": owner, "form": form.key, "answered": answer}
    kernel_execute(session, _REMEMBERED, mine)
