"""Uploads: who sent which content under which name, and how long it is kept."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.errors import NotFound, ValidationFailed
from portal.guard import kernel_execute
from portal.messages import message
from portal.orm import new_public_id
from portal.work import UnitOfWork

from .models import StoredFile, Upload
from .store import Content, Store

QUOTA = 500 * 1024 * 1024  # bytes of temporary files that one person may have at once
UNUSED = timedelta(days=1)  # a content without a row is kept so long: its row may still be coming
stored, uploads = StoredFile.__table__, Upload.__table__


@dataclass(frozen=True, kw_only=True)
class KeptFile:
    """An upload as its owner may use it."""

    public_id: str
    name: str
    sha256: str
    size: int
    created_at: datetime


def keep(
    tx: UnitOfWork, content: Content, *, name: str, purpose: str, kept: timedelta | None = None
) -> str:
    """Note that the actor sent ``content``; return its public id, or raise ValidationFailed."""
    _require_room(tx, content.size)
    upload = {
        "public_id": new_public_id(),
        "owner_id": tx.actor.person_id,
        "file_id": note_content(tx, content),
        "name": clean_name(name),
        "purpose": purpose,
        "created_at": tx.now,
        "expires_at": tx.now + kept if kept is not None else None,
    }
    kernel_execute(tx.session, insert(uploads).values(upload))
    return str(upload["public_id"])


def note_content(tx: UnitOfWork, content: Content) -> int:
    """Return the number of a content's row, for a row that names it; made if it is new."""
    dialect = Session.connection(tx.session).dialect.name
    upsert: Any = (sqlite if dialect == "sqlite" else postgresql).insert(stored)
    row = {"sha256": content.sha256, "size": content.size, "created_at": tx.now}
    # Renewed when it is known already, so that no cleaning takes it away under us.
    renewed = upsert.values(row).on_conflict_do_update(
        index_elements=[stored.c.sha256], set_={"created_at": tx.now}
    )
    return int(kernel_execute(tx.session, renewed.returning(stored.c.id)).scalar_one())


def find(tx: UnitOfWork, public_id: str, *, purpose: str | None = None) -> KeptFile:
    """Return an upload of the actor's own, or raise NotFound, as for those of others."""
    columns = (uploads.c.public_id, uploads.c.name, uploads.c.created_at)
    wanted = (
        select(*columns, stored.c.sha256, stored.c.size)
        .join_from(uploads, stored, uploads.c.file_id == stored.c.id)
        .where(
            uploads.c.public_id == public_id,
            uploads.c.owner_id == tx.actor.person_id,
            (uploads.c.expires_at.is_(None)) | (uploads.c.expires_at > tx.now),
        )
    )
    if purpose is not None:
        wanted = wanted.where(uploads.c.purpose == purpose)
    found = kernel_execute(tx.session, wanted).one_or_none()
    if found is None:
        raise NotFound
    return KeptFile(**found._mapping)


def expire(tx: UnitOfWork) -> int:
    """Forget the uploads whose time is over; return how many."""
    ended = delete(uploads).where(uploads.c.expires_at <= tx.now).returning(uploads.c.id)
    gone = len(kernel_execute(tx.session, ended).all())
    unused = [
        ~exists().where(column == stored.c.id).correlate(stored) for column in _naming_columns()
    ]
    old = stored.c.created_at < tx.now - UNUSED
    kernel_execute(tx.session, delete(stored).where(old, *unused))
    return gone


def _naming_columns() -> list[Any]:
    """Return every column that points at a content: uploads, attachments of mails and so on."""
    return [
        key.parent
        for table in stored.metadata.sorted_tables
        for key in table.foreign_keys
        if key.references(stored)
    ]


def unused_contents(tx: UnitOfWork, store: Store) -> list[str]:
    """Return the contents that no row names and that nobody has sent again for a day."""
    lying = list(store.stored_before(tx.now - UNUSED))
    known: set[str] = set()
    for start in range(0, len(lying), 500):
        some = select(stored.c.sha256).where(stored.c.sha256.in_(lying[start : start + 500]))
        known |= set(kernel_execute(tx.session, some).scalars())
    return [sha256 for sha256 in lying if sha256 not in known]


def clean_name(name: str) -> str:
    """Return a file's name without folders and signs that no screen shows."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip(" .")
    return shown[-255:] or "file"


def _require_room(tx: UnitOfWork, size: int) -> None:
    mine = (
        select(func.coalesce(func.sum(stored.c.size), 0))
        .join_from(uploads, stored, uploads.c.file_id == stored.c.id)
        .where(uploads.c.owner_id == tx.actor.person_id, uploads.c.expires_at.is_not(None))
    )
    if kernel_execute(tx.session, mine).scalar_one() + size > QUOTA:
        raise ValidationFailed(
            {"file": message("You have sent too many files lately. Try again in some days.")}
        )
