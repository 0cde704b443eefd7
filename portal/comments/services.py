"""Writing comments, changing and removing one's own, and telling whom they name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, or_, select, update

from portal.attachments.services import Received, attach
from portal.auth.models import Account
from portal.errors import Conflict, EditConflict, Forbidden, NotFound, ValidationFailed
from portal.guard import kernel_execute
from portal.messages import Message, message
from portal.notices.services import notify
from portal.orm import new_public_id
from portal.people.models import Person
from portal.roles.compiled import principal_of
from portal.subjects.rules import Subject
from portal.subjects.services import (
    Described,
    describe,
    find_by_id,
    find_record,
    handles,
    may,
    subject_named,
)
from portal.undo.services import CORE, undoable
from portal.watchers.services import begin_watching
from portal.work import UnitOfWork

from .models import Comment
from .rules import MOST_MENTIONED, named_in, possible_names

comments, people, accounts = Comment.__table__, Person.__table__, Account.__table__
REMOVED = "core.comment_removed"  # the name of the step that puts one back
KEPT = timedelta(days=30)  # after it was removed


@dataclass(frozen=True, kw_only=True, slots=True)
class WriteComment:
    """What is said of a record, and whether only to those who handle it."""

    text: str
    internal: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """A comment that was written: its record, and whom it names who may not see it."""

    public_id: str
    record: Described
    blind: tuple[str, ...] = ()


def write(
    tx: UnitOfWork,
    kind: str,
    public_id: str,
    command: WriteComment,
    files: Sequence[Received] = (),
) -> Written:
    """Say something about a record the actor sees, with files if there are any.

    Whoever it names is told, unless they may not see it. Raises ValidationFailed for a comment
    with neither text nor files, and for an internal one of somebody who does not handle the record.
    """
    subject = talking_about(tx, kind)
    row = find_record(tx, kind, public_id)
    if not (command.text or files):
        raise ValidationFailed({"text": message("Write something, or attach a file.")})
    if command.internal and not handles(tx, subject, row):
        said = message("Internal notes are for those who handle this. Untick the box.")
        raise ValidationFailed({"internal": said})
    record = describe(tx, subject, row)
    named = _named(tx, command.text)
    made = {
        "public_id": new_public_id(),
        "version": 1,
        "kind": subject.name,
        "record_id": row.id,
        "author_id": tx.actor.person_id,
        "text": command.text,
        "mentions": {name: who[1] for name, who in named.items()},
        "internal": command.internal,
        "at": tx.now,
    }
    comment_id = kernel_execute(
        tx.session, insert(comments).values(made).returning(comments.c.id)
    ).scalar_one()
    attach(tx, subject, row, files, internal=command.internal, comment_id=comment_id)
    tx.audit("core.comment_written", row, internal=command.internal)
    assert tx.actor.person_id is not None
    begin_watching(tx, record.key, [tx.actor.person_id])
    blind = _tell(tx, record, named, internal=command.internal)
    return Written(public_id=str(made["public_id"]), record=record, blind=tuple(blind))


def past_comment(tx: UnitOfWork, row: Any, *, person_id: int, text: str, at: datetime) -> None:
    """Write a comment of an earlier day down: of the demo, or of what was used before.

    Nobody is told, and nothing begins to be watched but by who wrote it. Raises Forbidden unless
    the portal itself is at work, in a demo or a job.
    """
    if tx.actor.realm is None:
        raise Forbidden
    written = {
        "public_id": new_public_id(),
        "version": 1,
        "kind": type(row).__kind__,
        "record_id": row.id,
        "author_id": person_id,
        "text": text,
        "mentions": {name: who[1] for name, who in _named(tx, text).items()},
        "internal": False,
        "at": at,
    }
    kernel_execute(tx.session, insert(comments).values(written))
    begin_watching(tx, (type(row).__kind__, row.id), [person_id])


def talking_about(tx: UnitOfWork, kind: str) -> Subject:
    """Return a kind of record that can be talked about, or raise NotFound."""
    subject = subject_named(tx, kind)
    if not subject.talk:
        raise NotFound
    return subject


def _named(tx: UnitOfWork, text: str) -> dict[str, tuple[int, str]]:
    """Return name as written -> (id, public id) of the people behind the ``@`` of a text."""
    names = sorted(possible_names(text))
    if not names:
        return {}
    wanted = (
        select(people.c.id, people.c.public_id, people.c.name_key, accounts.c.username)
        .select_from(people.outerjoin(accounts, accounts.c.person_id == people.c.id))
        .where(
            or_(people.c.name_key.in_(names), accounts.c.username.in_(names)),
            or_(people.c.active_until.is_(None), people.c.active_until > tx.today),
        )
        .order_by(people.c.id)
    )
    known: dict[str, str] = {}
    ids: dict[str, int] = {}
    for row in kernel_execute(tx.session, wanted):
        ids[row.public_id] = row.id
        for name in filter(None, (row.name_key, row.username)):
            known.setdefault(name, row.public_id)
    return {name: (ids[who], who) for name, who in named_in(text, known).items()}


def _tell(
    tx: UnitOfWork,
    record: Described,
    named: Mapping[str, tuple[int, str]],
    *,
    internal: bool,
) -> list[str]:
    """Tell those whom a comment names, who watch from then on; return who may not see it."""
    subject, told, blind = record.subject, list[int](), list[str]()
    needed = subject.staff if internal else subject.permission
    for name, (person_id, _) in list(named.items())[:MOST_MENTIONED]:
        if person_id == tx.actor.person_id:
            continue
        who = principal_of(tx, person_id)
        if (
            who is not None
            and may(tx, who, subject, record.id, needed)
            and may(tx, who, subject, record.id)
        ):
            told.append(person_id)
        else:
            blind.append(name)
    begin_watching(tx, record.key, told)
    said = (
        message("{name} mentions you", name=tx.actor.name)
        if subject.confidential
        else message("{name} mentions you: {record}", name=tx.actor.name, record=record.title)
    )
    notify(
        tx,
        "core.comment_mentioned",
        told,
        said,
        endpoint=subject.endpoint,
        values={"public_id": record.public_id, "_anchor": "talk"},
        record=f"{subject.name}:{record.public_id}",
    )
    return blind


def find(tx: UnitOfWork, public_id: str) -> tuple[Any, Subject, Any]:
    """Return a comment's row, its kind of record and its record, or raise NotFound for one whose
    record the actor may not see, or an internal note they do not handle.
    """
    wanted = select(comments).where(
        comments.c.public_id == public_id, comments.c.removed_at.is_(None)
    )
    found = kernel_execute(tx.session, wanted).one_or_none()
    if found is None:
        raise NotFound
    subject, row = find_by_id(tx, found.kind, found.record_id)
    if found.internal and not handles(tx, subject, row):
        raise NotFound
    return found, subject, row


def find_own(tx: UnitOfWork, public_id: str) -> tuple[Any, Subject, Any]:
    """Return one of the actor's own comments as ``find`` does, or raise NotFound."""
    found, subject, row = find(tx, public_id)
    if found.author_id != tx.actor.person_id:
        raise NotFound
    return found, subject, row


def change(tx: UnitOfWork, public_id: str, text: str, version: int | None) -> Described:
    """Put other words into one's own comment; who is newly named is told. Return its record.

    Raises EditConflict when it was changed since, on another page.
    """
    found, subject, row = find_own(tx, public_id)
    if not text:
        raise ValidationFailed({"text": message("Fill this in. To take it away, remove it.")})
    named = _named(tx, text)
    changed = (
        update(comments)
        .where(comments.c.id == found.id, comments.c.version == version)
        .values(
            text=text,
            mentions={name: who[1] for name, who in named.items()},
            changed_at=tx.now,
            version=comments.c.version + 1,
        )
    )
    if kernel_execute(tx.session, changed).rowcount == 0:
        raise EditConflict(theirs={"text": found.text})
    record = describe(tx, subject, row)
    tx.audit("core.comment_changed", row)
    before = set(found.mentions.values())
    new = {name: who for name, who in named.items() if who[1] not in before}
    _tell(tx, record, new, internal=found.internal)
    return record


def remove(tx: UnitOfWork, public_id: str) -> tuple[Described, str]:
    """Take a comment away, one's own or of a record one handles; return its record and the step
    that undoes it.
    """
    found, subject, row = find(tx, public_id)
    if found.author_id != tx.actor.person_id and not handles(tx, subject, row):
        raise NotFound
    gone = update(comments).where(comments.c.id == found.id, comments.c.removed_at.is_(None))
    kernel_execute(tx.session, gone.values(removed_at=tx.now, removed_by_id=tx.actor.person_id))
    tx.audit(REMOVED, row)
    return describe(tx, subject, row), undoable(tx, REMOVED, comment=public_id)


def put_back(tx: UnitOfWork, *, comment: str) -> Message:
    """Bring a removed comment back; raise Conflict if it is too late or somebody did."""
    back = (
        update(comments)
        .where(
            comments.c.public_id == comment,
            comments.c.removed_by_id == tx.actor.person_id,
            comments.c.removed_at > tx.now - KEPT,
        )
        .values(removed_at=None, removed_by_id=None)
        .returning(comments.c.kind, comments.c.record_id)
    )
    found = kernel_execute(tx.session, back).one_or_none()
    if found is None:
        raise Conflict(message("This comment is back already, or gone for good."))
    _, row = find_by_id(tx, found.kind, found.record_id)
    tx.audit("core.comment_put_back", row)
    return message("The comment is back.")


CORE[REMOVED] = put_back


def forget_removed(tx: UnitOfWork, now: datetime) -> None:
    """Forget the comments that were removed a month ago, with the files that came with them."""
    kernel_execute(tx.session, delete(comments).where(comments.c.removed_at < now - KEPT))
