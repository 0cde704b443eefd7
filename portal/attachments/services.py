"""Putting files with records, finding them again, and taking them away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from sqlalchemy import delete, func, insert, select, update

from portal.errors import Conflict, NotFound, ValidationFailed
from portal.files.models import StoredFile
from portal.files.services import KeptFile, clean_name, note_content
from portal.files.store import Content, Store
from portal.guard import kernel_execute
from portal.messages import Message, message
from portal.orm import new_public_id
from portal.subjects.rules import Subject
from portal.subjects.services import find_by_id, handles
from portal.undo.services import CORE, undoable
from portal.work import UnitOfWork

from .models import Attachment
from .photos import drawn_anew
from .rules import HEAD, MOST_FILES, PICTURES, picture_kind, refusal

attachments, stored = Attachment.__table__, StoredFile.__table__
QUOTA = 5 * 1024**3  # bytes that one person's files may have together
REMOVED = "core.file_removed"  # the name of the step that puts one back
KEPT = timedelta(days=30)  # after it was removed


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """A file that lies in the store already and in no row yet."""

    name: str
    type: str
    content: Content
    preview: Content | None = None
    width: int | None = None
    height: int | None = None


def receive(store: Store, sent: Iterable[tuple[str, BinaryIO]]) -> list[Received]:
    """Put files into the store, pictures drawn anew; raise ValidationFailed for what is not taken.

    No row names them yet: what is never attached goes with the cleaning of the next day.
    """
    files = [(clean_name(name), source) for name, source in sent]
    if len(files) > MOST_FILES:
        said = message("Attach at most {most} files at once.", most=MOST_FILES)
        raise ValidationFailed({"files": said})
    for name, source in files:
        source.seek(0)
        if why := refusal(name, source.read(HEAD)):
            raise ValidationFailed({"files": why})
    return [_received(store, name, source) for name, source in files]


def _received(store: Store, name: str, source: BinaryIO) -> Received:
    source.seek(0)
    if picture_kind(source.read(HEAD)) not in PICTURES:
        return Received(name=name, type="file", content=store.put(source))
    with drawn_anew(source, name) as picture:
        return Received(
            name=_named_after(name, picture.kind),
            type=picture.kind,
            content=store.put(picture.body),
            preview=store.put(picture.preview),
            width=picture.width,
            height=picture.height,
        )


def _named_after(name: str, kind: str) -> str:
    """Return a name with the ending of what the file is now."""
    fitting = {"jpeg": ("jpg", "jpeg", "jfif"), "png": ("png",)}[kind]
    stem, dot, ending = name.rpartition(".")
    if dot and ending.casefold() in fitting:
        return name
    return f"{(stem or name)[:250]}.{fitting[0]}"


def attach(
    tx: UnitOfWork,
    subject: Subject,
    row: Any,
    files: Iterable[Received],
    *,
    internal: bool = False,
    comment_id: int | None = None,
) -> list[str]:
    """Put received files with a record the actor sees; return their public ids.

    Raises ValidationFailed when the actor's files would be larger than the quota.
    """
    files = list(files)
    if not files:
        return []
    _require_room(tx, sum(file.content.size for file in files))
    rows = [
        {
            "public_id": new_public_id(),
            "kind": subject.name,
            "record_id": row.id,
            "comment_id": comment_id,
            "internal": internal,
            "owner_id": tx.actor.person_id,
            "file_id": note_content(tx, file.content),
            "preview_id": note_content(tx, file.preview) if file.preview else None,
            "name": file.name,
            "type": file.type,
            "size": file.content.size,
            "width": file.width,
            "height": file.height,
            "at": tx.now,
        }
        for file in files
    ]
    kernel_execute(tx.session, insert(attachments), rows)
    names = [file.name for file in files]
    tx.audit("core.file_attached", row, files=names, internal=internal)
    return [str(row["public_id"]) for row in rows]


def _require_room(tx: UnitOfWork, size: int) -> None:
    mine = select(func.coalesce(func.sum(attachments.c.size), 0)).where(
        attachments.c.owner_id == tx.actor.person_id, attachments.c.removed_at.is_(None)
    )
    if kernel_execute(tx.session, mine).scalar_one() + size > QUOTA:
        raise ValidationFailed(
            {"files": message("Your files take up all the room you have. Remove some first.")}
        )


def find(tx: UnitOfWork, public_id: str) -> tuple[Any, Subject, Any]:
    """Return a file's row, its kind of record and its record, or raise NotFound for one whose
    record the actor may not see, or of an internal note they do not handle.
    """
    wanted = select(attachments).where(
        attachments.c.public_id == public_id, attachments.c.removed_at.is_(None)
    )
    found = kernel_execute(tx.session, wanted).one_or_none()
    if found is None:
        raise NotFound
    subject, row = find_by_id(tx, found.kind, found.record_id)
    if found.internal and not handles(tx, subject, row):
        raise NotFound
    return found, subject, row


def find_picture(tx: UnitOfWork, public_id: str) -> Any:
    """Return the row of a picture as ``find`` does, or raise NotFound for any other file."""
    found = find(tx, public_id)[0]
    if found.type == "file":
        raise NotFound
    return found


def content_of(tx: UnitOfWork, found: Any, *, preview: bool = False) -> KeptFile:
    """Return what is sent of a file that ``find`` has found."""
    which = found.preview_id if preview else found.file_id
    wanted = select(stored.c.sha256, stored.c.size).where(stored.c.id == which)
    kept = kernel_execute(tx.session, wanted).one_or_none()
    if kept is None:
        raise NotFound
    return KeptFile(
        public_id=found.public_id,
        name=found.name,
        sha256=kept.sha256,
        size=kept.size,
        created_at=found.at,
    )


def remove(tx: UnitOfWork, public_id: str) -> str:
    """Take a file away, one's own or of a record one handles; return the step that undoes it."""
    found, subject, row = find(tx, public_id)
    if found.owner_id != tx.actor.person_id and not handles(tx, subject, row):
        raise NotFound
    gone = update(attachments).where(
        attachments.c.id == found.id, attachments.c.removed_at.is_(None)
    )
    kernel_execute(tx.session, gone.values(removed_at=tx.now, removed_by_id=tx.actor.person_id))
    tx.audit(REMOVED, row, files=[found.name])
    return undoable(tx, REMOVED, file=public_id)


def put_back(tx: UnitOfWork, *, file: str) -> Message:
    """Bring a removed file back; raise Conflict if it is too late or somebody did."""
    back = (
        update(attachments)
        .where(
            attachments.c.public_id == file,
            attachments.c.removed_by_id == tx.actor.person_id,
            attachments.c.removed_at > tx.now - KEPT,
        )
        .values(removed_at=None, removed_by_id=None)
        .returning(attachments.c.name, attachments.c.kind, attachments.c.record_id)
    )
    found = kernel_execute(tx.session, back).one_or_none()
    if found is None:
        raise Conflict(message("This file is back already, or gone for good."))
    _, row = find_by_id(tx, found.kind, found.record_id)
    tx.audit("core.file_put_back", row, files=[found.name])
    return message("{name} is back.", name=found.name)


CORE[REMOVED] = put_back


def forget_removed(tx: UnitOfWork, now: datetime) -> None:
    """Forget the files that were removed a month ago; their contents go with the next cleaning."""
    kernel_execute(tx.session, delete(attachments).where(attachments.c.removed_at < now - KEPT))
