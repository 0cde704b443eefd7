"""Linking records with one another."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import delete, func, or_, select

from portal.errors import NotFound, ValidationFailed
from portal.guard import kernel_execute
from portal.idempotency import dialect_of
from portal.messages import message
from portal.orm import PUBLIC_ID, new_public_id, sort_key
from portal.reach import visible
from portal.subjects.services import (
    Described,
    as_described,
    describe,
    described,
    find_by_id,
    find_record,
    handles,
    naming,
    subject_named,
    subjects,
)
from portal.work import UnitOfWork

from .models import RecordLink
from .rules import in_order

related = RecordLink.__table__
MOST = 50  # links of one record
_ID = re.compile(rf"[2-9a-z]{{{PUBLIC_ID}}}")


def link(tx: UnitOfWork, kind: str, public_id: str, words: str, note: str = "") -> Described:
    """Link a record with another that the actor sees: the one whose address, number or name
    ``words`` are. Return the record; a pair that is linked already stays so.

    Raises ValidationFailed where there is no such record, or more than one.
    """
    subject = subject_named(tx, kind)
    row = find_record(tx, kind, public_id)
    here = describe(tx, subject, row)
    found = [one for one in named(tx, words) if one.key != here.key]
    if len(found) != 1:
        raise ValidationFailed({"record": _not_one(found)})
    first, second = in_order(here.key, found[0].key)
    _require_room(tx, here.key)
    pair = {
        "public_id": new_public_id(),
        "kind": first[0],
        "record_id": first[1],
        "other_kind": second[0],
        "other_id": second[1],
        "note": note,
        "made_by_id": tx.actor.person_id,
        "at": tx.now,
    }
    made = dialect_of(tx.session).insert(related).values(pair).on_conflict_do_nothing()
    if kernel_execute(tx.session, made.returning(related.c.id)).one_or_none() is not None:
        tx.audit("core.related_added", row)
        other = find_by_id(tx, *found[0].key)[1]
        tx.audit("core.related_added", other)
    return here


def _not_one(found: list[Described]) -> Any:
    if not found:
        return message("Nothing like that is here. Paste the address of its page, or its number.")
    names = ", ".join(f"{one.number} {one.label}".strip() for one in found[:5])
    return message("This fits several: {names}. Paste the address of the one.", names=names)


def named(tx: UnitOfWork, words: str) -> list[Described]:
    """Return the records the actor sees whose address, number or name ``words`` are: ten at most
    of a kind.
    """
    words = words.strip()
    if not words:
        return []
    address = re.split(r"[?#]", words)[0].rstrip("/").split("/")
    if len(address) > 1:
        return _at(tx, address)
    found: list[Described] = []
    for subject in subjects(tx).values():
        if not tx.actor.holds(subject.permission):
            continue
        same = []
        if subject.number:
            number = getattr(subject.model, subject.number)
            same.append(number.in_(sorted({words, words.upper()})))
        if subject.label == "name" and hasattr(subject.model, "name_key"):
            same.append(subject.model.name_key == sort_key(words))
        if same:
            wanted = visible(naming(subject).where(or_(*same)), subject.permission, tx.actor)
            found += [as_described(subject, each) for each in tx.session.execute(wanted.limit(10))]
    return found


def _at(tx: UnitOfWork, address: list[str]) -> list[Described]:
    """Return the record behind an address of its page: the last part that looks like an id."""
    ids = [part for part in address if _ID.fullmatch(part)]
    found: list[Described] = []
    for subject in subjects(tx).values() if ids else ():
        if tx.actor.holds(subject.permission):
            wanted = naming(subject).where(subject.model.public_id == ids[-1])
            rows = tx.session.execute(visible(wanted, subject.permission, tx.actor))
            found += [as_described(subject, row) for row in rows]
    return found


def _require_room(tx: UnitOfWork, key: tuple[str, int]) -> None:
    ends = or_(
        (related.c.kind == key[0]) & (related.c.record_id == key[1]),
        (related.c.other_kind == key[0]) & (related.c.other_id == key[1]),
    )
    if kernel_execute(tx.session, select(func.count()).where(ends)).scalar_one() >= MOST:
        said = message("A record can be linked with {most} others.", most=MOST)
        raise ValidationFailed({"record": said})


def unlink(tx: UnitOfWork, kind: str, public_id: str, link_id: str) -> Described:
    """Take a link of a record away, one's own or of a record one handles, or raise NotFound; both
    its records must be in sight.
    """
    subject = subject_named(tx, kind)
    row = find_record(tx, kind, public_id)
    wanted = select(related).where(related.c.public_id == link_id)
    found = kernel_execute(tx.session, wanted).one_or_none()
    here = describe(tx, subject, row)
    if found is None:
        raise NotFound
    if found.made_by_id != tx.actor.person_id and not handles(tx, subject, row):
        raise NotFound
    ends = {(found.kind, found.record_id), (found.other_kind, found.other_id)}
    if here.key not in ends or len(described(tx, ends)) != 2:
        raise NotFound
    kernel_execute(tx.session, delete(related).where(related.c.id == found.id))
    for end in sorted(ends):
        tx.audit("core.related_removed", find_by_id(tx, *end)[1])
    return here
