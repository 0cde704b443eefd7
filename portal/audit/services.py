"""Writing the audit chain and proving that nobody has touched it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from portal.guard import kernel_execute

from .models import AuditEntry

GENESIS = "0" * 64
LOCK = 7062  # one writer of the chain at a time
entries = AuditEntry.__table__
NEWEST = select(entries.c.hash).order_by(entries.c.id.desc()).limit(1)


def sealed(previous: str, row: Mapping[str, Any]) -> str:
    """Return the hash of an entry: SHA-256 over the previous hash and the entry as
    canonical JSON.
    """
    at = row["at"].astimezone(UTC).isoformat(timespec="microseconds")
    content = [
        previous,
        at,
        *(
            row[key]
            for key in (
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
        ),
    ]
    text_ = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text_.encode()).hexdigest()


def append(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Add entries to the end of the chain; must be the last thing before a commit."""
    connection = Session.connection(session)
    if connection.dialect.name == "postgresql":  # On SQLite the writer already has the database.
        kernel_execute(session, text(f"SELECT pg_advisory_xact_lock({LOCK})"))
    previous = kernel_execute(session, NEWEST).scalar() or GENESIS
    for row in rows:
        row["previous"] = previous
        previous = row["hash"] = sealed(previous, row)
    kernel_execute(session, insert(entries).inline(), rows if len(rows) > 1 else rows[0])


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
    """Return one entry, not yet sealed; ``subject`` is a row, named by its table and id."""
    label = getattr(subject, "audit_label", None) or getattr(subject, "name", "") or ""
    return {
        "at": at,
        "actor_id": actor_id,
        "actor_name": actor_name,
        "on_behalf_of_id": on_behalf_of_id,
        "action": action,
        "subject_kind": type(subject).__noun__ if subject is not None else "",
        "subject_id": getattr(subject, "id", None),
        "subject_label": str(label)[:200],
        "detail": json.loads(json.dumps(dict(detail or {}), default=str)),
        "request_id": request_id,
    }
