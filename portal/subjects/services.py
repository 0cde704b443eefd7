"""Finding records by their kind, as far as whoever asks may see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Select, inspect, literal, or_, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import True_

from portal.errors import NotFound
from portal.guard import kernel_execute
from portal.messages import Message
from portal.reach import Principal, visible
from portal.work import UnitOfWork

from .rules import Subject

Key = tuple[str, int]  # kind and id of a record


@dataclass(frozen=True, kw_only=True, slots=True)
class Described:
    """A record as others name it: of which kind, by what name and number, and where it lies."""

    subject: Subject
    id: int
    public_id: str
    label: str
    number: str

    @property
    def title(self) -> Message | str:
        """What it is called: its name, or its kind and number."""
        if self.label:
            return self.label
        return Message("{kind} {number}", {"kind": self.subject.title, "number": self.number})

    @property
    def key(self) -> Key:
        return self.subject.name, self.id


def subjects(tx: UnitOfWork) -> Mapping[str, Subject]:
    """Return the kinds of records of the portal and of the plugins the actor works with; to the
    portal at work itself, all of them.
    """
    runtime = tx.session.runtime
    known: Mapping[str, Subject] = runtime.subjects() if runtime is not None else {}
    who = tx.actor
    return {
        name: subject
        for name, subject in known.items()
        if subject.slug == "core" or subject.slug in who.active or who.realm is not None
    }


def subject_named(tx: UnitOfWork, kind: str) -> Subject:
    """Return a kind of record, or raise NotFound."""
    found = subjects(tx).get(kind)
    if found is None:
        raise NotFound
    return found


def find_record(tx: UnitOfWork, kind: str, public_id: str) -> Any:
    """Return the row of a record the actor may see, or raise NotFound."""
    subject = subject_named(tx, kind)
    seen = visible(select(subject.model), subject.permission, tx.actor)
    return tx.one(seen, public_id=public_id)


def find_by_id(tx: UnitOfWork, kind: str, record_id: int) -> tuple[Subject, Any]:
    """Return a kind of record and the row of one that the actor may see, or raise NotFound."""
    subject = subject_named(tx, kind)
    seen = visible(select(subject.model), subject.permission, tx.actor)
    return subject, tx.one(seen, id=record_id)


def described(tx: UnitOfWork, keys: Iterable[Key]) -> dict[Key, Described]:
    """Return those of many records that the actor may see: a statement for each kind."""
    ids: dict[str, set[int]] = defaultdict(set)
    for kind, record_id in keys:
        ids[kind].add(record_id)
    known, found = subjects(tx), {}
    for kind in sorted(ids.keys() & known.keys()):
        subject = known[kind]
        if not tx.actor.holds(subject.permission) and tx.actor.realm is None:
            continue
        wanted = naming(subject, unnamed=tx.actor.realm is not None)
        wanted = wanted.where(subject.model.id.in_(sorted(ids[kind])))
        for row in tx.session.execute(visible(wanted, subject.permission, tx.actor)):
            one = as_described(subject, row)
            found[one.key] = one
    return found


def describe(tx: UnitOfWork, subject: Subject, row: Any) -> Described:
    """Return a record that was loaded as others name it."""
    named: Any = row
    for part in subject.label.split(".") if subject.label else ():
        named = getattr(named, part, None)
    return Described(
        subject=subject,
        id=row.id,
        public_id=row.public_id,
        label=str(named or "") if subject.label else "",
        number=str(getattr(row, subject.number) or "") if subject.number else "",
    )


def naming(subject: Subject, *, unnamed: bool = False) -> Select[Any]:
    """Return a select of what names the records of a kind: id, public_id, label, number.

    Those whose name lies in another row, out of sight, only if ``unnamed``: their page is not
    shown either.
    """
    model = subject.model
    number = getattr(model, subject.number) if subject.number else literal("")
    way, _, last = subject.label.rpartition(".")
    if not way:
        label = getattr(model, last) if last else literal("")
        return select(model.id, model.public_id, label.label("label"), number.label("number"))
    target = aliased(inspect(model).relationships[way].mapper.class_)
    columns = (model.id, model.public_id, getattr(target, last).label("label"))
    found: Any = select(*columns, number.label("number"))
    found = found.outerjoin(target, getattr(model, way).of_type(target))
    if unnamed:
        return found
    [(key, _)] = inspect(model).relationships[way].local_remote_pairs
    return found.where(or_(key.is_(None), target.id.is_not(None)))


def as_described(subject: Subject, row: Any) -> Described:
    """Return a row of ``naming()`` as a record."""
    return Described(
        subject=subject,
        id=row.id,
        public_id=row.public_id,
        label=row.label or "",
        number=row.number or "",
    )


def handles(tx: UnitOfWork, subject: Subject, row: Any) -> bool:
    """Return whether the actor is of those who handle a record: who read its internal notes."""
    return may(tx, tx.actor, subject, row.id, subject.staff)


def may(
    tx: UnitOfWork,
    who: Principal,
    subject: Subject,
    record_id: int,
    permission: str | None = None,
) -> bool:
    """Return whether somebody, the actor or another, may use ``permission`` on a record: see it if
    it is None.
    """
    return bool(who_may_on(tx, who, subject, [record_id], permission))


def who_may_on(
    tx: UnitOfWork,
    who: Principal,
    subject: Subject,
    ids: Iterable[int],
    permission: str | None = None,
) -> set[int]:
    """Return those of many records of a kind on which somebody may use ``permission``: to see one
    if it is None; none if it is empty.
    """
    needed, model = subject.permission if permission is None else permission, subject.model
    if who.owns(model):
        return set(ids)
    held = who.grants.get(needed)
    if held is None or not (subject.slug == "core" or subject.slug in who.active):
        return set()
    # Of the table, not the class: the session would add what its own actor may see.
    columns = SimpleNamespace(**dict(model.__table__.c.items()))
    allowed = model.rows(columns, held, who, needed in who.writing)
    if isinstance(allowed, True_):
        return set(ids)
    wanted = select(columns.id).where(columns.id.in_(sorted(set(ids))), allowed)
    return set(kernel_execute(tx.session, wanted).scalars())
