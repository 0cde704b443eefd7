"""Writing the audit chain and proving that nobody has touched it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Insert, Update, bindparam, func, insert, select
from sqlalchemy.orm import Session

from portal.guard import Change, kernel_execute

from .models import AuditEntry

GENESIS = "0" * 64
entries = AuditEntry.__table__
SEALED = (
    "actor_id",
    "actor_name",
    "on_behalf_of_id",
    "action",
    "subject_kind",
    "subject_id",
    "subject_label",
    "detail",
    "request_id",
)
_NEWEST = select(entries.c.hash).order_by(entries.c.id.desc()).limit(1)
_ADDED = insert(entries).inline()
_names = ("at", *SEALED)
_seal = func.core_audit_seal(bindparam("content")).table_valued("previous", "hash")
_SEALED_THERE = insert(entries).from_select(
    (*_names, "previous", "hash"),
    select(
        *(bindparam(name, type_=entries.c[name].type) for name in _names),
        _seal.c.previous,
        _seal.c.hash,
    ),
)


def sealed(previous: str, row: Mapping[str, Any]) -> str:
    """Return the hash of an entry: SHA-256 over the previous hash and the entry as
    canonical JSON.
    """
    return hashlib.sha256(f"[{json.dumps(previous)},{_content(row)}".encode()).hexdigest()


def _content(row: Mapping[str, Any]) -> str:
    """Return what is sealed of an entry as JSON, from behind the previous hash on."""
    at = row["at"].astimezone(UTC).isoformat(timespec="microseconds")
    said = [at, *(row[name] for name in SEALED)]
    return json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))[1:]


def append(session: Session, rows: Sequence[dict[str, Any]], also: Change | None = None) -> None:
    """Add entries to the end of the chain; must be the last thing before a commit.

    ``also`` is made with them: on PostgreSQL by the same statement, which seals them there. Who
    adds an entry waits for the writer before, and keeps the next waiting for no more than that.
    """
    if Session.connection(session).dialect.name == "postgresql":
        statement, more = (_SEALED_THERE, {}) if also is None else (_sealed_with(also[0]), also[1])
        sent = [{**row, **more, "content": _content(row)} for row in rows]
    else:  # The writer has the database alone.
        if also is not None:
            kernel_execute(session, *also)
        statement, sent = _ADDED, _sealed_here(session, rows)
    kernel_execute(session, statement, sent if len(sent) > 1 else sent[0])


@cache
def _sealed_with(change: Update) -> Insert:
    return _SEALED_THERE.add_cte(change.cte("also"))


def _sealed_here(session: Session, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    previous = kernel_execute(session, _NEWEST).scalar() or GENESIS
    for row in rows:
        row["previous"] = previous
        previous = row["hash"] = sealed(previous, row)
    return list(rows)


def broken(session: Session) -> Iterator[int]:
    """Yield the id of every entry whose seal does not fit, oldest first."""
    previous, last = GENESIS, 0
    while True:
        chunk = kernel_execute(
            session, select(entries).where(entries.c.id > last).order_by(entries.c.id).limit(1000)
        ).all()
        if not chunk:
            return
        for found in chunk:
            row = found._mapping
            if row["previous"] != previous or sealed(row["previous"], row) != row["hash"]:
                yield row["id"]
            previous, last = row["hash"], row["id"]


def entry(
    *,
    at: datetime,
    actor_id: int | None,
    actor_name: str,
    action: str,
    on_behalf_of_id: int | None = None,
    subject: Any = None,
    detail: Mapping[str, Any] | None = None,
    request_id: str = "",
) -> dict[str, Any]:
    """Return one entry, not yet sealed; ``subject`` is a row, named by its kind and id."""
    label = getattr(subject, "audit_label", None) or getattr(subject, "name", "") or ""
    return {
        "at": at,
        "actor_id": actor_id,
        "actor_name": actor_name,
        "on_behalf_of_id": on_behalf_of_id,
        "action": action,
        "subject_kind": type(subject).__kind__ if subject is not None else "",
        "subject_id": getattr(subject, "id", None),
        "subject_label": str(label)[:200],
        "detail": json.loads(json.dumps(dict(detail or {}), default=str)),
        "request_id": request_id,
    }
