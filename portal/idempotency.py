"""Forms that are sent twice: the key of each is claimed in the transaction of its work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from .auth.models import Idempotency
from .errors import AlreadyDone, KeyReused, TooMany
from .guard import Change, GuardedSession, kernel_execute

_KEYS = Idempotency.__table__
_MINE = (_KEYS.c.owner == bindparam("mine"), _KEYS.c.key == bindparam("form"))
_NEW: dict[str, Any] = {
    name: bindparam(f"new_{name}") for name in ("owner", "key", "digest", "created_at")
}
_others = _KEYS.alias()
_LATELY = select(func.count()).where(
    _others.c.owner == bindparam("new_owner"),
    _others.c.created_at > bindparam("since", type_=_KEYS.c.created_at.type),
    _others.c.key != bindparam("new_key"),
)
_CLAIMED = {
    dialect: dialect.insert(_KEYS)
    .values(_NEW)
    .on_conflict_do_nothing()
    .returning(_LATELY.scalar_subquery())
    for dialect in (sqlite, postgresql)
}
_CLAIM_OF_TWIN = select(_KEYS.c.digest, _KEYS.c.answer).where(*_MINE)
_REMEMBERED = update(_KEYS).where(*_MINE).values(answer=bindparam("answered"))


@dataclass(frozen=True, kw_only=True)
class FormKey:
    """What makes sending one form twice the same as sending it once.

    ``most`` is how many forms one person may send in a minute, None for any number.
    """

    key: str
    digest: str
    most: int | None = None


def dialect_of(session: GuardedSession) -> Any:
    """Return SQLAlchemy's module for the database of ``session``."""
    on_sqlite = Session.connection(session).dialect.name == "sqlite"
    return sqlite if on_sqlite else postgresql


def claim(session: GuardedSession, owner: int, form: FormKey, now: datetime) -> None:
    """Reserve the key inside this transaction; a twin waits here until the first is through.

    Raise TooMany if this person has had too many forms done in the last minute.
    """
    row = {"new_owner": owner, "new_key": form.key, "new_digest": form.digest}
    times = {"new_created_at": now, "since": now - timedelta(minutes=1)}
    claimed = _CLAIMED[dialect_of(session)]
    lately = kernel_execute(session, claimed, row | times).scalar_one_or_none()
    if lately is None:
        mine = {"mine": owner, "form": form.key}
        found = kernel_execute(session, _CLAIM_OF_TWIN, mine).one()
        raise AlreadyDone(found.answer) if found.digest == form.digest else KeyReused()
    if form.most is not None and lately >= form.most:
        raise TooMany()


def remembering(owner: int, form: FormKey, answer: str | None) -> Change:
    """Return the change that keeps where a twin of this form is to be sent."""
    return _REMEMBERED, {"mine": owner, "form": form.key, "answered": answer}
