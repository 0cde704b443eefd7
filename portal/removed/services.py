"""What the actor has removed in the last month, as long as they may see where it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import literal, select, union_all

from portal.attachments import services as attachments
from portal.attachments.models import Attachment
from portal.comments import services as comments
from portal.comments.models import Comment
from portal.errors import Conflict, NotFound
from portal.guard import kernel_execute
from portal.messages import Message
from portal.subjects.services import Described, described, who_may_on
from portal.work import UnitOfWork

KEPT = comments.KEPT
SHOWN = 50  # a page

_PUT_BACK: Mapping[str, Callable[[UnitOfWork, str], Message]] = {
    "comment": lambda tx, public_id: comments.put_back(tx, comment=public_id),
    "file": lambda tx, public_id: attachments.put_back(tx, file=public_id),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Removed:
    """A comment or a file in the bin, and the record it was with."""

    part: str  # comment or file
    public_id: str
    words: str
    removed_at: datetime
    until: date  # the last day it can be put back
    record: Described


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """What was removed last, and the instant before which the next page begins."""

    things: Sequence[Removed]
    older: datetime | None


def page(tx: UnitOfWork, before: datetime | None = None) -> Page:
    """Return a page of what the actor removed in the last month, the newest first.

    Left out is what lay with a record they may no longer see, or in an internal note of a record
    they no longer handle. Costs a statement, and one or two for each kind of record.
    """
    rows = _rows(tx, before)
    shown = rows[:SHOWN]
    known = described(tx, [(row.kind, row.record_id) for row in shown])
    inside = _handled(tx, known, [row for row in shown if row.internal])
    things = [
        Removed(
            part=row.part,
            public_id=row.public_id,
            words=row.words,
            removed_at=row.removed_at,
            until=(row.removed_at + KEPT).astimezone(tx.zone).date(),
            record=known[key],
        )
        for row in shown
        if (key := (row.kind, row.record_id)) in known and (not row.internal or key in inside)
    ]
    return Page(things=things, older=shown[-1].removed_at if len(rows) > SHOWN else None)


def put_back(tx: UnitOfWork, part: str, public_id: str) -> Message:
    """Bring back what the actor removed; return what to say.

    Raise NotFound for what is not in their bin, any more or at all, or lay where they may no longer
    look.
    """
    restore = _PUT_BACK.get(part)
    if restore is None:
        raise NotFound
    try:
        return restore(tx, public_id)
    except Conflict:
        raise NotFound from None


def _rows(tx: UnitOfWork, before: datetime | None) -> list[Any]:
    """Return one row more than a page has."""
    arms = []
    for part, table, words in (
        ("comment", Comment.__table__, Comment.__table__.c.text),
        ("file", Attachment.__table__, Attachment.__table__.c.name),
    ):
        columns = (table.c.public_id, table.c.kind, table.c.record_id, table.c.internal)
        arm = select(
            literal(part).label("part"), *columns, words.label("words"), table.c.removed_at
        ).where(table.c.removed_by_id == tx.actor.person_id, table.c.removed_at > tx.now - KEPT)
        if before is not None:
            arm = arm.where(table.c.removed_at < before)
        newest = arm.order_by(table.c.removed_at.desc()).limit(SHOWN + 1).subquery(part)
        arms.append(select(newest))
    both = union_all(*arms).subquery("removed")
    wanted = select(both).order_by(both.c.removed_at.desc()).limit(SHOWN + 1)
    return list(kernel_execute(tx.session, wanted))


def _handled(
    tx: UnitOfWork, known: Mapping[Any, Described], rows: Sequence[Any]
) -> set[tuple[str, int]]:
    """Return the records of these rows that the actor handles."""
    ids: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        ids[row.kind].add(row.record_id)
    found = set()
    for record in known.values():
        kind = record.subject.name
        if (wanted := ids.pop(kind, None)) is not None:
            staff = who_may_on(tx, tx.actor, record.subject, wanted, record.subject.staff)
            found |= {(kind, number) for number in staff}
    return found
