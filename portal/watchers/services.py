"""Watching records, and telling watchers what the audit says happened to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import exists, func, insert, select, tuple_, update

from portal.activity.reading import SHOWN_AS_THEMSELVES
from portal.audit.models import AuditEntry
from portal.audit.words import ACTIONS
from portal.guard import kernel_execute
from portal.idempotency import dialect_of
from portal.messages import Message, message
from portal.notices.services import notify
from portal.reach import Principal
from portal.roles.compiled import principal_of
from portal.subjects.rules import Subject
from portal.subjects.services import (
    Described,
    Key,
    describe,
    described,
    find_record,
    may,
    subject_named,
    subjects,
)
from portal.work import UnitOfWork

from .models import Watcher, WatcherMark

watchers, marks, entries = Watcher.__table__, WatcherMark.__table__, AuditEntry.__table__
AT_ONCE = 20_000  # acts that one run looks at; what nobody watches stays in the database
TALK = "core.comment_written"


def begin_watching(tx: UnitOfWork, key: Key, people: Iterable[int]) -> None:
    """Let people watch a record, by person id, unless they have said that they do not want to."""
    rows = [
        {"kind": key[0], "record_id": key[1], "person_id": person, "active": True, "since": tx.now}
        for person in sorted(set(people))
    ]
    if rows:
        again = dialect_of(tx.session).insert(watchers).values(rows).on_conflict_do_nothing()
        kernel_execute(tx.session, again)


def watch(tx: UnitOfWork, row: Any, people: Iterable[int]) -> None:
    """Let people, by person id, be told of what happens to a record, such as who asked for it.

    Who has said that they do not want to hear of it is left alone.
    """
    begin_watching(tx, (type(row).__kind__, row.id), people)


def choose(tx: UnitOfWork, kind: str, public_id: str, active: bool) -> Described:
    """Watch a record the actor sees, or stop; return the record."""
    subject = subject_named(tx, kind)
    row = find_record(tx, kind, public_id)
    chosen = {
        "kind": subject.name,
        "record_id": row.id,
        "person_id": tx.actor.person_id,
        "active": active,
        "since": tx.now,
    }
    made: Any = dialect_of(tx.session).insert(watchers).values(chosen)
    columns = [watchers.c.kind, watchers.c.record_id, watchers.c.person_id]
    said = made.on_conflict_do_update(index_elements=columns, set_={"active": active})
    kernel_execute(tx.session, said)
    return describe(tx, subject, row)


def tell(tx: UnitOfWork) -> None:
    """Tell watchers of the acts since the last run, as far as they may see the record by now.

    Acts are numbered in the order of their commits, so none comes late below the mark.
    """
    mark = kernel_execute(tx.session, select(marks.c.audit_id)).scalar_one_or_none()
    newest = kernel_execute(tx.session, select(func.max(entries.c.id))).scalar() or 0
    if mark is None:  # What was before anybody could watch is no news.
        kernel_execute(tx.session, insert(marks).values(id=1, audit_id=newest))
        return
    last = min(newest, mark + AT_ONCE)
    moved = update(marks).where(marks.c.id == 1, marks.c.audit_id == mark).values(audit_id=last)
    if last == mark or kernel_execute(tx.session, moved).rowcount == 0:
        return
    acts = _acts(tx, mark, last)
    watching = _watching(tx, acts)
    known: dict[int, Principal | None] = {}
    records = _records(tx, watching)
    for key in sorted(watching):
        if key in records:
            for person in watching[key]:
                if person not in known:
                    known[person] = principal_of(tx, person)
                if (who := known[person]) is not None:
                    _tell_one(tx, who, records[key], acts[key])


def _acts(tx: UnitOfWork, after: int, last: int) -> dict[Key, list[Any]]:
    """Return the acts that somebody is to be told of, by the record on which they were done."""
    known = [name for name, subject in subjects(tx).items() if subject.talk]
    wanted = (
        select(
            entries.c.subject_kind,
            entries.c.subject_id,
            entries.c.actor_id,
            entries.c.actor_name,
            entries.c.action,
            entries.c.detail,
        )
        .where(entries.c.id > after, entries.c.id <= last, entries.c.subject_kind.in_(known))
        .where(
            exists().where(
                watchers.c.kind == entries.c.subject_kind,
                watchers.c.record_id == entries.c.subject_id,
                watchers.c.active,
            )
        )
        .order_by(entries.c.id)
    )
    found: dict[Key, list[Any]] = defaultdict(list)
    for act in kernel_execute(tx.session, wanted):
        known_act = act.action == TALK or act.action not in SHOWN_AS_THEMSELVES
        if act.action in ACTIONS and act.subject_id is not None and known_act:
            found[act.subject_kind, act.subject_id].append(act)
    return dict(found)


def _watching(tx: UnitOfWork, keys: Iterable[Key]) -> dict[Key, list[int]]:
    found: dict[Key, list[int]] = defaultdict(list)
    keys = sorted(keys)
    for start in range(0, len(keys), 200):
        some = tuple_(watchers.c.kind, watchers.c.record_id).in_(keys[start : start + 200])
        wanted = select(watchers.c.kind, watchers.c.record_id, watchers.c.person_id)
        rows = kernel_execute(tx.session, wanted.where(some, watchers.c.active))
        for kind, record_id, person in rows:
            found[kind, record_id].append(person)
    return dict(found)


def _records(tx: UnitOfWork, keys: Iterable[Key]) -> dict[Key, Described]:
    """Return the records with these keys; each plugin's are read in its own right."""
    by_slug: dict[str, list[Key]] = defaultdict(list)
    for kind, record_id in keys:
        by_slug[kind.partition(".")[0]].append((kind, record_id))
    found: dict[Key, Described] = {}
    for slug, some in by_slug.items():
        with tx.acting_for(slug, reason="watchers are told") as own:
            found |= described(own, some)
    return found


def _tell_one(tx: UnitOfWork, who: Principal, record: Described, acts: Iterable[Any]) -> None:
    """Tell one watcher of what others did to a record."""
    subject = record.subject
    if not may(tx, who, subject, record.id):
        return
    handles = bool(subject.staff) and may(tx, who, subject, record.id, subject.staff)
    for act in acts:
        if act.actor_id == who.person_id or (act.detail.get("internal") and not handles):
            continue
        kind = "core.record_commented" if act.action == TALK else "core.record_changed"
        assert who.person_id is not None
        notify(
            tx,
            kind,
            [who.person_id],
            _said(subject, record, act),
            endpoint=subject.endpoint,
            values={"public_id": record.public_id, "_anchor": "talk"},
            record=f"{subject.name}:{record.public_id}",
        )


def _said(subject: Subject, record: Described, act: Any) -> Message:
    if subject.confidential:
        return message("There is something new on a record you watch")
    gaps: Mapping[str, Any] = {"name": act.actor_name, "record": record.title}
    if act.action == TALK:
        return message("{name} commented: {record}", **gaps)
    return Message("{record}: {act} ({name})", {"act": ACTIONS[act.action], **gaps})
