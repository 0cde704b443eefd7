"""Which records somebody opened last, as far as they may still see them."""

from __future__ import annotations

from sqlalchemy import delete, select

from portal.errors import NotFound
from portal.guard import kernel_execute
from portal.idempotency import dialect_of
from portal.subjects.services import Described, described, find_record, subject_named
from portal.work import UnitOfWork

from .models import RecentRecord

KEPT = 20
table = RecentRecord.__table__


def is_noted(tx: UnitOfWork, kind: str, public_id: str) -> bool:
    """Return whether a record is the one the actor opened last; raise NotFound if it is not theirs
    to see, or of a confidential kind.
    """
    if subject_named(tx, kind).confidential:
        raise NotFound
    row = find_record(tx, kind, public_id)
    newest = select(table.c.kind, table.c.record_id).where(table.c.person_id == tx.actor.person_id)
    newest = newest.order_by(table.c.opened_at.desc(), table.c.id.desc()).limit(1)
    found = kernel_execute(tx.session, newest).one_or_none()
    return found is not None and tuple(found) == (kind, row.id)


def note(tx: UnitOfWork, kind: str, public_id: str) -> None:
    """Note that the actor opened a record, and keep the newest only; raise NotFound likewise."""
    if is_noted(tx, kind, public_id):
        return
    row = find_record(tx, kind, public_id)
    values = {"person_id": tx.actor.person_id, "kind": kind, "record_id": row.id}
    made = dialect_of(tx.session).insert(table).values(**values, opened_at=tx.now)
    made = made.on_conflict_do_update(
        index_elements=["person_id", "kind", "record_id"], set_={"opened_at": tx.now}
    )
    kernel_execute(tx.session, made)
    mine = table.c.person_id == tx.actor.person_id
    newest = select(table.c.id).where(mine)
    newest = newest.order_by(table.c.opened_at.desc(), table.c.id.desc()).limit(KEPT)
    kernel_execute(tx.session, delete(table).where(mine, table.c.id.not_in(newest)))


def recents(tx: UnitOfWork, most: int) -> list[Described]:
    """Return the records the actor opened last and may still see, the newest first."""
    mine = select(table.c.kind, table.c.record_id).where(table.c.person_id == tx.actor.person_id)
    mine = mine.order_by(table.c.opened_at.desc(), table.c.id.desc()).limit(KEPT)
    keys = [(row.kind, row.record_id) for row in kernel_execute(tx.session, mine)]
    found = described(tx, keys)
    return [found[key] for key in keys if key in found and not found[key].subject.confidential][
        :most
    ]
