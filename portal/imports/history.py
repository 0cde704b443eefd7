"""Imports that were done: who, when, which file, how many rows; and all that undoing one needs."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, insert, or_, select, true, update

from portal.errors import Conflict, NotFound
from portal.guard import kernel_execute
from portal.jobs.models import Job
from portal.jobs.sentences import packed, unpacked
from portal.messages import Message, message
from portal.orm import new_public_id
from portal.people.models import Person
from portal.reach import NOTHING
from portal.work import UnitOfWork

from .models import ImportRun
from .rules import Checked, Import, ImportDone, ImportStays

UNDONE_BEFORE = message("This import was undone before. Nothing was changed again.")
KEPT = timedelta(days=30)  # so long an import can be undone
PAGE = 50
runs, people, jobs = ImportRun.__table__, Person.__table__, Job.__table__


def note(
    tx: UnitOfWork, declared: Import, file_name: str, checked: Checked, done: Iterable[ImportDone]
) -> str:
    """Keep what an import has done; return its public id."""
    record = pack(done) if declared.undo is not None else None
    row = {
        "public_id": new_public_id(),
        "owner_id": tx.actor.person_id,
        "name": declared.name,
        "file_name": file_name,
        "new": checked.new,
        "changed": checked.changed,
        "same": checked.same,
        "wrong": checked.wrong,
        "state": "done",
        "done_at": tx.now,
        "record": record,
    }
    kernel_execute(tx.session, insert(runs).values(row))
    return str(row["public_id"])


def past(tx: UnitOfWork, declared: Import, before: int | None = None) -> Sequence[Any]:
    """Return the imports the actor may see, the newest first; one more than a page."""
    wanted = _seen(tx, declared).order_by(runs.c.id.desc()).limit(PAGE + 1)
    if before is not None:
        wanted = wanted.where(runs.c.id < before)
    return list(kernel_execute(tx.session, wanted).all())


def find(tx: UnitOfWork, declared: Import, public_id: str) -> Any:
    """Return an import that was done, or raise NotFound, as for those of others."""
    wanted = _seen(tx, declared).where(runs.c.public_id == public_id)
    found = kernel_execute(tx.session, wanted).one_or_none()
    if found is None:
        raise NotFound
    return found


def record(tx: UnitOfWork, run: Any) -> list[ImportDone] | None:
    """Return what an import did row by row; None when that is not kept any more."""
    packed = kernel_execute(
        tx.session, select(runs.c.record).where(runs.c.id == run.id)
    ).scalar_one()
    return None if packed is None else unpack(packed)


def stayed(tx: UnitOfWork, run: Any) -> list[tuple[ImportDone, Message | str]]:
    """Return what undoing an import has left, and why; nothing once that is not kept any more."""
    if run.state != "undone":
        return []
    left = [one for one in record(tx, run) or [] if "reason" in one.data]
    return [(one, unpacked(one.data["reason"])) for one in left]


def ask_to_undo(tx: UnitOfWork, run: Any, job: str) -> None:
    """Note which job undoes an import, or raise Conflict when one has or is about to."""
    # Held first, so that the next statement sees the job of whoever was faster.
    kernel_execute(tx.session, select(runs.c.id).where(runs.c.id == run.id).with_for_update())
    failed = select(jobs.c.id).where(jobs.c.public_id == runs.c.undo_job, jobs.c.state != "failed")
    asked = (
        update(runs)
        .where(
            runs.c.id == run.id,
            runs.c.state == "done",
            or_(runs.c.undo_job.is_(None), ~failed.exists()),
        )
        .values(undo_job=job)
        .returning(runs.c.id)
    )
    if kernel_execute(tx.session, asked).one_or_none() is None:
        raise Conflict(UNDONE_BEFORE)


def note_undone(
    tx: UnitOfWork, run: Any, counts: Mapping[str, int], stays: Iterable[ImportStays]
) -> None:
    """Say that an import is undone and what stays of it, or raise Conflict when it was before."""
    values = {"state": "undone", "undone_at": tx.now, "undone_by_id": tx.actor.person_id}
    values["record"] = pack(replace(one.done, data={"reason": packed(one.reason)}) for one in stays)
    undone = (
        update(runs)
        .where(runs.c.id == run.id, runs.c.state == "done")
        .values(values | dict(counts))
        .returning(runs.c.id)
    )
    if kernel_execute(tx.session, undone).one_or_none() is None:
        raise Conflict(UNDONE_BEFORE)


def forget(tx: UnitOfWork, now: datetime) -> None:
    """Drop what undoing needs once the time for it is over."""
    old = (runs.c.done_at < now - KEPT, runs.c.record.is_not(None))
    kernel_execute(tx.session, update(runs).where(*old).values(record=None))


def pack(done: Iterable[ImportDone]) -> bytes:
    """Return what was done as a few bytes."""
    rows = [[one.row, one.label, one.new, dict(one.data)] for one in done]
    return zlib.compress(json.dumps(rows, separators=(",", ":")).encode(), 1)


def unpack(packed: bytes) -> list[ImportDone]:
    """Return what ``pack`` was given."""
    return [
        ImportDone(row=row, label=label, new=new, data=data)
        for row, label, new, data in json.loads(zlib.decompress(packed))
    ]


def _seen(tx: UnitOfWork, declared: Import) -> Any:
    """Return the imports of one's own, and everybody's for who may import for everybody."""
    held = tx.actor.grants.get(declared.permission, NOTHING)
    mine: ColumnElement[bool] = runs.c.owner_id == tx.actor.person_id
    columns = [column for column in runs.c if column.name != "record"]
    undoer = people.alias()
    return (
        select(
            *columns,
            runs.c.record.is_not(None).label("can_be_undone"),
            people.c.name.label("owner"),
            undoer.c.name.label("undone_by"),
        )
        .join(people, people.c.id == runs.c.owner_id)
        .outerjoin(undoer, undoer.c.id == runs.c.undone_by_id)
        .where(runs.c.name == declared.name, true() if held.everything else mine)
    )
