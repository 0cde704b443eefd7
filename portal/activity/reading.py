"""What happened to a record, read in one statement; and what lies beside it, in another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    Select,
    and_,
    bindparam,
    cast,
    false,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from portal.approvals.models import ApprovalDecision, ApprovalRequest
from portal.attachments.models import Attachment
from portal.audit.models import AuditEntry
from portal.comments.models import Comment
from portal.guard import kernel_execute
from portal.orm import Instant
from portal.people.models import Person
from portal.related.models import RecordLink
from portal.watchers.models import Watcher
from portal.work import UnitOfWork

comments, files, acts = Comment.__table__, Attachment.__table__, AuditEntry.__table__
approvals, decisions = ApprovalRequest.__table__, ApprovalDecision.__table__
watchers, related, people = Watcher.__table__, RecordLink.__table__, Person.__table__
NUMBER = people.c.id.type
KIND: Any = bindparam("kind")
RECORD: Any = bindparam("record_id", type_=NUMBER)
SHOWN_AS_THEMSELVES = (
    "core.comment_changed",
    "core.comment_put_back",
    "core.comment_removed",
    "core.comment_written",
    "core.file_attached",
    "core.file_put_back",
)
ONLY = {"": ("act", "comment", "decision", "file"), "comments": ("comment",)}
ONLY |= {"files": ("file",), "changes": ("act", "decision")}
SHOWN, FILES_SHOWN, WATCHERS_SHOWN, RELATED_SHOWN = 20, 12, 50, 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Before:
    """A place in a story: everything before it is older."""

    at: datetime
    part: str
    id: int

    @property
    def address(self) -> str:
        """How an address names the place: its instant in microseconds, the kind, the number."""
        passed = self.at - datetime(1970, 1, 1, tzinfo=UTC)
        return f"{passed // timedelta(microseconds=1)}~{self.part}~{self.id}"


def entries_of(  # long: who asks says what they want of the story
    tx: UnitOfWork,
    kind: str,
    record_id: int,
    public_id: str,
    *,
    internal: bool,
    only: str = "",
    before: Before | None = None,
    most: int = SHOWN,
) -> Sequence[Any]:
    """Return comments, files, acts and decisions of a record, newest first: one more than ``most``
    if there are more.

    ``internal`` ones are among them if asked for. ``only`` is comments, files or changes.
    """
    statement = _story(internal, only, before is not None)
    values = {"kind": kind, "record_id": record_id, "public_id": public_id, "most": most + 1}
    if before is not None:
        values |= {"at": before.at, "part": before.part, "id": before.id}
    return list(kernel_execute(tx.session, statement, values).all())


@cache
def _story(internal: bool, only: str, paged: bool) -> Select[Any]:
    arms = {"act": _acts, "comment": _comments, "decision": _decisions, "file": _files}
    parts = []
    for part in ONLY[only]:
        arm = arms[part](internal, only == "files").subquery()
        chosen = select(arm)
        if paged:
            chosen = chosen.where(_older(arm))
        newest = chosen.order_by(arm.c.at.desc(), arm.c.id.desc()).limit(bindparam("most"))
        parts.append(select(newest.subquery()))
    all_of_them = union_all(*parts).subquery()
    order = (all_of_them.c.at.desc(), all_of_them.c.part, all_of_them.c.id.desc())
    return select(all_of_them).order_by(*order).limit(bindparam("most"))


def _older(arm: Any) -> Any:
    at = bindparam("at", type_=Instant())
    same = arm.c.at == at
    return or_(
        arm.c.at < at,
        and_(same, arm.c.part > bindparam("part")),
        and_(same, arm.c.part == bindparam("part"), arm.c.id < bindparam("id")),
    )


def _arm(part: str, at: Any, key: Any, **columns: Any) -> Select[Any]:
    """Return one kind of entry with the columns that all have in common."""
    every = {
        "public_id": literal(""),
        "person": literal(""),
        "behalf": literal(""),
        "person_id": cast(null(), NUMBER),
        "text": literal(""),
        "name": literal(""),
        "number": cast(null(), NUMBER),
        "internal": false(),
        "changed_at": cast(null(), Instant()),
        "extra": cast(null(), JSON()),
    } | columns
    named = [column.label(name) for name, column in every.items()]
    return select(literal(part).label("part"), at.label("at"), key.label("id"), *named)


def _comments(internal: bool, _every: bool) -> Select[Any]:
    arm = _arm(
        "comment",
        comments.c.at,
        comments.c.id,
        public_id=comments.c.public_id,
        person=people.c.name,
        person_id=comments.c.author_id,
        text=comments.c.text,
        internal=comments.c.internal,
        changed_at=comments.c.changed_at,
        extra=comments.c.mentions,
    ).join_from(comments, people, people.c.id == comments.c.author_id)
    return arm.where(*_of_record(comments, internal))


def _files(internal: bool, every: bool) -> Select[Any]:
    """Return the files, those that came with a comment only if every file is wanted."""
    arm = _arm(
        "file",
        files.c.at,
        files.c.id,
        public_id=files.c.public_id,
        person=people.c.name,
        person_id=files.c.owner_id,
        text=files.c.type,
        name=files.c.name,
        number=files.c.size,
        internal=files.c.internal,
    ).join_from(files, people, people.c.id == files.c.owner_id)
    arm = arm.where(*_of_record(files, internal))
    return arm if every else arm.where(files.c.comment_id.is_(None))


def _of_record(table: Any, internal: bool) -> list[Any]:
    found = [table.c.kind == KIND, table.c.record_id == RECORD, table.c.removed_at.is_(None)]
    return found if internal else [*found, table.c.internal.is_(False)]


def _acts(_internal: bool, _every: bool) -> Select[Any]:
    return (
        _arm(
            "act",
            acts.c.at,
            acts.c.id,
            person=acts.c.actor_name,
            person_id=acts.c.actor_id,
            behalf=func.coalesce(people.c.name, ""),
            text=acts.c.action,
            extra=acts.c.detail,
        )
        .select_from(acts.outerjoin(people, people.c.id == acts.c.on_behalf_of_id))
        .where(
            acts.c.subject_kind == KIND,
            acts.c.subject_id == RECORD,
            acts.c.action.not_in(SHOWN_AS_THEMSELVES),
        )
    )


def _decisions(_internal: bool, _every: bool) -> Select[Any]:
    for_whom = people.alias()
    tables = (
        decisions.join(approvals, approvals.c.id == decisions.c.approval_id)
        .join(people, people.c.id == decisions.c.person_id)
        .outerjoin(for_whom, for_whom.c.id == decisions.c.on_behalf_of_id)
    )
    return (
        _arm(
            "decision",
            decisions.c.at,
            decisions.c.id,
            public_id=approvals.c.public_id,
            person=people.c.name,
            person_id=decisions.c.person_id,
            behalf=func.coalesce(for_whom.c.name, ""),
            text=decisions.c.verdict,
            name=decisions.c.comment,
        )
        .select_from(tables)
        .where(approvals.c.kind == KIND, approvals.c.subject == bindparam("public_id"))
    )


def beside(tx: UnitOfWork, kind: str, record_id: int, *, internal: bool) -> Sequence[Any]:
    """Return what lies beside a record, each with its ``part``: file (newest first), watcher (the
    longest first), related (the newest first).
    """
    return list(
        kernel_execute(tx.session, _beside(internal), {"kind": kind, "record_id": record_id}).all()
    )


@cache
def _beside(internal: bool) -> Any:
    """Return the arms as one: each has what names a row, who, and numbers that mean its own."""
    limited = [_files_there(internal), _watching(), *_linked()]
    return union_all(*[select(part.subquery()) for part in limited])


def _files_there(internal: bool) -> Select[Any]:
    return (
        select(
            literal("file").label("part"),
            files.c.id.label("id"),
            files.c.public_id.label("public_id"),
            files.c.name.label("name"),
            files.c.type.label("text"),
            files.c.size.label("number"),
            files.c.comment_id.label("other"),
            files.c.internal.label("internal"),
            files.c.owner_id.label("person_id"),
        )
        .where(*_of_record(files, internal))
        .order_by(files.c.at.desc(), files.c.id.desc())
        .limit(FILES_SHOWN + 1)
    )


def _watching() -> Select[Any]:
    return (
        select(
            literal("watcher"),
            watchers.c.id,
            people.c.public_id,
            people.c.name,
            literal(""),
            cast(null(), NUMBER),
            cast(null(), NUMBER),
            false(),
            watchers.c.person_id,
        )
        .join_from(watchers, people, people.c.id == watchers.c.person_id)
        .where(watchers.c.kind == KIND, watchers.c.record_id == RECORD, watchers.c.active)
        .order_by(watchers.c.id)
        .limit(WATCHERS_SHOWN)
    )


def _linked() -> Iterator[Select[Any]]:
    """Yield the links of a record as the first of a pair, and as the other."""
    here = and_(related.c.kind == KIND, related.c.record_id == RECORD)
    there = and_(related.c.other_kind == KIND, related.c.other_id == RECORD)
    for condition, other_kind, other_id in (
        (here, related.c.other_kind, related.c.other_id),
        (there, related.c.kind, related.c.record_id),
    ):
        yield (
            select(
                literal("related"),
                related.c.id,
                related.c.public_id,
                related.c.note,
                other_kind,
                other_id,
                cast(null(), NUMBER),
                false(),
                related.c.made_by_id,
            )
            .where(condition)
            .order_by(related.c.id.desc())
            .limit(RELATED_SHOWN)
        )


def files_of_comments(tx: UnitOfWork, ids: Sequence[int]) -> Sequence[Any]:
    """Return the files that came with comments, by the comments' ids, in their order."""
    if not ids:
        return []
    wanted = (
        select(files.c.comment_id, files.c.public_id, files.c.name, files.c.type, files.c.size)
        .where(files.c.comment_id.in_(sorted(ids)), files.c.removed_at.is_(None))
        .order_by(files.c.comment_id, files.c.id)
    )
    return list(kernel_execute(tx.session, wanted).all())
